"""Items on their way from the event loop to standard output."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

    from mongorestore_async.cli.outputs import Writer

__all__ = ["Outlet"]

ItemT = TypeVar("ItemT")

#: Items kept while others are written.
_ROOM = 500


class Outlet(Generic[ItemT]):
    """Writes items in a thread, in their order: a pager at the other end may take minutes to take the next line.

    On the event loop that would hold up the calls under way until their time is over. On leaving, what was taken is
    written to its end, whatever ended the block; what collects everything for one table or array does so then.

    Args:
        writer: Writes them.

    """

    def __init__(self, writer: Writer[ItemT]) -> None:
        self._writer = writer
        self._waiting: list[ItemT] = []
        self._writing: asyncio.Task[None] | None = None
        self._taken = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._finish_writing()
        await self._write()
        if error is None or self._taken:
            await asyncio.to_thread(self._writer.finish)

    async def put(self, item: ItemT) -> None:
        """Take an item; it is written at once, or as soon as the ones before it are.

        Raises:
            OSError: One before it could not be written.

        """
        self._taken = True
        self._waiting.append(item)
        if self._writing is not None and (self._writing.done() or len(self._waiting) >= _ROOM):
            await self._finish_writing()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            items, self._waiting = self._waiting, []
            await asyncio.to_thread(self._writer.add, items)

    async def _finish_writing(self) -> None:
        if (writing := self._writing) is not None:
            # Not awaited itself: whoever cancels this must not cancel a write that a thread goes on with.
            await asyncio.wait([writing])
            self._writing = None
            writing.result()
