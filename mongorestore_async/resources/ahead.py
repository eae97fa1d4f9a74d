"""Reading a list with several pages under way at once."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Generic, TypeVar

from mongorestore_async.errors import RestoreError

if TYPE_CHECKING:
    from mongorestore_async.resources.listing import PageReader, Received

__all__ = ["collect_ahead"]

ItemT = TypeVar("ItemT")


async def collect_ahead(reader: PageReader[ItemT], concurrency: int) -> list[ItemT]:
    """Read a whole list in order, with at most ``concurrency`` calls under way.

    Raises:
        RestoreError: The first error of a page that the walk needed.

    """
    items: list[ItemT] = []
    failure: RestoreError | None = None
    async with asyncio.TaskGroup() as group:
        window = _Window(reader, group, concurrency)
        try:
            while (page := await reader.step(window.fetch)) is not None:
                items += page.items
        except RestoreError as error:
            failure = error
        finally:
            window.drop()
    # Outside of the group, which would wrap it into an exception group.
    if failure is not None:
        raise failure
    return items


class _Window(Generic[ItemT]):
    """Pages asked for before the walk needs them."""

    def __init__(self, reader: PageReader[ItemT], group: asyncio.TaskGroup, concurrency: int) -> None:
        self._reader = reader
        self._group = group
        self._width = concurrency - 1
        self._ahead: dict[int, asyncio.Task[Received[ItemT] | RestoreError]] = {}
        self._length = 0  # of the first page as received: servers cap page sizes
        self._count: int | None = None

    async def fetch(self, number: int) -> Received[ItemT]:
        """Give the page the walk needs now, and ask for those that it will need."""
        received = await self._take(number) or await self._reader.fetch(number)
        self._count = received.page.total_count
        self._length = self._length or len(received.page)
        self._ask_ahead(number)
        return received

    def drop(self) -> None:
        """Give up what was asked for ahead."""
        for task in self._ahead.values():
            task.cancel()
        self._ahead.clear()

    async def _take(self, number: int) -> Received[ItemT] | None:
        task = self._ahead.pop(number, None)
        if task is None:
            return None
        outcome = await task
        if isinstance(outcome, RestoreError):
            raise outcome
        # It may have been read before the page in front of it: with another count, what lay on the boundary
        # may have moved between the two reads unseen.
        return outcome if outcome.page.total_count == self._count else None

    def _ask_ahead(self, number: int) -> None:
        if self._count is None or not self._length:
            return
        last = math.ceil(self._count / self._length)
        if self._reader.left is not None:
            last = min(last, number + math.ceil(self._reader.left / self._length) - 1)
        for later in range(number + 1, min(last, number + self._width) + 1):
            if later not in self._ahead:
                self._ahead[later] = self._group.create_task(self._fetch_ahead(later))

    async def _fetch_ahead(self, number: int) -> Received[ItemT] | RestoreError:
        # An error counts only once the walk needs the page; raised here it would end the whole group.
        try:
            return await self._reader.fetch(number)
        except RestoreError as error:
            return error
