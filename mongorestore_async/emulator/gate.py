"""A gate requests wait at: for tests that need several requests in the server at once."""

from __future__ import annotations

import asyncio

__all__ = ["Gate"]


class Gate:
    """Lets requests pass, or holds them back as they arrive, before anything is looked at.

    Open at first. :meth:`close` and :meth:`open` may be called from any thread::

        emulator.gate.close()
        calls = [asyncio.create_task(...) for _ in range(32)]
        while emulator.gate.waiting < 32:
            await asyncio.sleep(0)
        emulator.gate.open()
    """

    def __init__(self) -> None:
        self._closed = False
        self._held: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many requests are held."""
        return len(self._held)

    def close(self) -> None:
        """Hold requests from now on."""
        self._closed = True

    def open(self) -> None:
        """Let all held requests pass, and those to come."""
        self._closed = False
        held, self._held = self._held, []
        for loop, future in held:
            loop.call_soon_threadsafe(_release, future)

    async def wait(self) -> None:
        """Wait while it is closed."""
        if self._closed:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            self._held.append((loop, future))
            await future


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
