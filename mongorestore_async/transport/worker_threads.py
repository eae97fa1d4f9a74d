"""Threads of our own for what blocks: files, large answers, CA files.

The default executor of the loop belongs to the application. Its work there would hold up an answer that has arrived,
or keep a file locked. Threads start when there is something to do, and end when they are let go of.
"""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["WorkerThreads"]

ParametersT = ParamSpec("ParametersT")
ResultT = TypeVar("ResultT")


class WorkerThreads:
    """A few threads.

    Args:
        name: What they are called in a debugger or a thread dump.
        most: How many there may be.

    """

    def __init__(self, name: str, most: int) -> None:
        self._name = f"mongorestore_async {name}"
        self._most = most
        self._executor: ThreadPoolExecutor | None = None

    async def run(
        self, function: Callable[ParametersT, ResultT], *args: ParametersT.args, **kwargs: ParametersT.kwargs
    ) -> ResultT:
        """Call a function in a thread. When this is cancelled, it is not called any more, or its result is dropped."""
        return await self.start(function, *args, **kwargs)

    def start(
        self, function: Callable[ParametersT, ResultT], *args: ParametersT.args, **kwargs: ParametersT.kwargs
    ) -> asyncio.Future[ResultT]:
        """As :meth:`run`, as a future; a failure that nobody asks for is dropped."""
        called = asyncio.wrap_future(self.submit(function, *args, **kwargs))
        called.add_done_callback(lambda done: done.cancelled() or done.exception())
        return called

    def submit(
        self, function: Callable[ParametersT, ResultT], *args: ParametersT.args, **kwargs: ParametersT.kwargs
    ) -> Future[ResultT]:
        """Have a function called in a thread, whatever becomes of the task that asks for it."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._most, self._name)
        context = contextvars.copy_context()
        return self._executor.submit(lambda: context.run(function, *args, **kwargs))

    def close(self) -> None:
        """Let the threads end when what was submitted is done; does not wait. A later call starts new ones."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)
