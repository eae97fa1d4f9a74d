"""The event loop and the process a session belongs to."""

from __future__ import annotations

import asyncio
import os

from mongorestore_async.errors import WrongLoop

__all__ = ["Home"]


class Home:
    """Where a session was opened: its connections, locks and tasks work nowhere else."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process: int | None = None

    def settle(self) -> None:
        """Belong to the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()

    def check(self) -> None:
        """Refuse use from elsewhere; does nothing before :meth:`settle`.

        Raises:
            WrongLoop: Another loop runs here, or this is a forked child.

        """
        if self._loop is None:
            return
        # First: in a child that goes on in the parent's coroutine no loop is running at all.
        if self._process != os.getpid():
            raise WrongLoop(
                "this session was opened before the process forked, and its connections belong to the parent; make a "
                "new AsyncSession in each process"
            )
        if self._loop is not asyncio.get_running_loop():
            raise WrongLoop(
                "this session was opened on another event loop; make one AsyncSession per loop (inside the coroutine "
                "that asyncio.run() gets, not at import), and do not share it between threads"
            )
