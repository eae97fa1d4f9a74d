"""Reading a list with several pages in flight at once."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Generic, TypeVar

from mongorestore_async.errors import ConfigError
from mongorestore_async.listing.iterators import PageIterator, ResumableIterator
from mongorestore_async.listing.materialize import materialize
from mongorestore_async.listing.page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from mongorestore_async.listing.page_reader import PageReader, Received
    from mongorestore_async.transport.loop_binding import DecodeLocks

__all__ = ["PagesAhead", "collect_ahead"]

ItemT = TypeVar("ItemT")

_Calls = dict[int, "asyncio.Task[Received[ItemT] | Exception]"]


async def collect_ahead(reader: PageReader[ItemT], concurrency: int) -> list[ItemT]:
    """Read a whole list in order, with at most ``concurrency`` calls in flight.

    Raises:
        RestoreError: The first error of a page that the walk needed.

    """
    parts: asyncio.Queue[Sequence[ItemT] | None] = asyncio.Queue()
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        # Beside the walk: the next call is made as soon as a page is known to fit.
        making = group.create_task(_make(parts, reader.decode_locks))
        window = _Window(reader, group, concurrency)
        try:
            while (received := await reader.step(window.fetch)) is not None:
                parts.put_nowait(received.items)
                window.learn(is_empty=not received.items, drifted=received.drifted)
        except Exception as error:  # noqa: BLE001 - raised below: the group would wrap it into an exception group
            failure = error
        finally:
            window.drop()
            parts.put_nowait(None)
    outcome = failure or making.result()
    if isinstance(outcome, Exception):
        try:
            raise outcome
        finally:
            del outcome, failure, making  # its traceback has this frame: a cycle
    return outcome


async def _make(parts: asyncio.Queue[Sequence[ItemT] | None], decode_locks: DecodeLocks) -> list[ItemT] | Exception:
    items: list[ItemT] = []
    try:
        while (part := await parts.get()) is not None:
            items += await materialize(part, decode_locks)
    except Exception as error:  # noqa: BLE001 - the same
        return error
    return items


class PagesAhead(ResumableIterator[Page[ItemT]]):
    """The pages of one walk, with those behind the current one on their way. Made by :meth:`Pager.ahead`.

    Used as ``async with pager.ahead(2) as pages: async for page in pages``. Items that earlier pages had are left out
    of a page. An error is raised with the page that the walk needed, and carries ``resume_at``. A cancelled ``anext``
    loses nothing: its call and those for the pages behind it continue, and the next ``anext`` waits for them.
    """

    def __init__(self, reader: PageReader[ItemT], width: int) -> None:
        super().__init__()
        self._reader = reader
        self._width = width
        self._group: asyncio.TaskGroup | None = None
        self._window: _Window[ItemT] | None = None
        self._pages: PageIterator[ItemT] | None = None

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise ConfigError("these pages were already read; call pager.ahead() again")
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._window = _Window(self._reader, self._group, self._width + 1)
        self._pages = PageIterator(self._reader, self._window.fetch)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        window, self._window = self._window, None
        if window is not None and self._group is not None:
            window.drop()
            # Without the error that ended the block: the group would wrap it into an exception group.
            await self._group.__aexit__(None, None, None)

    async def _refill(self) -> None:
        window, pages = self._window, self._pages
        if window is None or pages is None:
            raise _outside()
        page = await anext(pages)
        window.learn(is_empty=not page.items, drifted=page.drifted)
        self._ready = iter((page,))


def _outside() -> ConfigError:
    return ConfigError("read the pages inside their block: async with pager.ahead() as pages")


class _Window(Generic[ItemT]):
    """Pages asked for before the walk needs them; the docstring of the room has an example.

    Attributes:
        eager: Whether to keep requesting ahead; not while pages bring nothing new, because that may never end.

    """

    def __init__(self, reader: PageReader[ItemT], group: asyncio.TaskGroup, concurrency: int) -> None:
        self.eager = True
        self._reader = reader
        self._group = group
        self._width = concurrency - 1
        self._ahead: _Calls[ItemT] = {}
        self._needed: _Calls[ItemT] = {}  # of the page that the walk needs now, unless that was asked for ahead
        self._frontier = 0  # the highest page the walk needed so far
        self._length = 0  # of the first page as received: servers cap page sizes
        self._count: int | None = None
        self._came_first: set[int] = set()  # pages that came before the last one that the walk needed
        self._has_changed = False  # the count of the last page differed from that of the page before

    async def fetch(self, number: int) -> Received[ItemT]:
        """Give the page the walk needs now, while those that it will need are on their way."""
        # Its own call first; one that a cancelled anext() waited for is still under way.
        if number not in self._ahead and number not in self._needed:
            self._ask(number)
        self._ask_ahead(number)
        received = await self._take(number)
        if received is None:
            self._ask(number)
            received = await self._wait_for(number, self._needed)
        self._has_changed = None not in {received.total_count, self._count} and received.total_count != self._count
        self._count = received.total_count
        self._came_first = {later for later, task in self._ahead.items() if task.done()}
        self._length = self._length or len(received.items)
        return received

    def learn(self, *, is_empty: bool, drifted: bool) -> None:
        """Take note of what the walk made of the page it got last.

        Items that it had before, at the same count: that count does not tell of changes, so what was asked for ahead
        may have been read before them and is asked for again.
        """
        self.eager = not is_empty
        if drifted and not self._has_changed:
            for task in self._ahead.values():
                task.cancel()
            self._ahead.clear()

    def drop(self) -> None:
        """Give up what is under way."""
        for task in (*self._ahead.values(), *self._needed.values()):
            task.cancel()

    def _ask(self, number: int) -> None:
        self._needed[number] = self._group.create_task(self._fetch(number))

    async def _wait_for(self, number: int, calls: _Calls[ItemT]) -> Received[ItemT]:
        """Wait for a call, which goes on when this is cancelled: the next ``anext`` waits for it."""
        task = calls[number]
        await asyncio.wait((task,))
        del calls[number]
        if task.cancelled():
            raise _outside()
        outcome = task.result()
        if isinstance(outcome, Exception):
            try:
                raise outcome
            finally:
                del outcome, task  # its traceback has this frame: a cycle
        return outcome

    async def _take(self, number: int) -> Received[ItemT] | None:
        if number in self._needed:
            return await self._wait_for(number, self._needed)
        came_first = number in self._came_first
        outcome = await self._wait_for(number, self._ahead)
        # It may have been read before the page in front of it: with another count, what lay on the boundary
        # may have moved between the two reads unseen. Without a count only their order tells.
        is_sure = outcome.total_count == self._count and (self._count is not None or not came_first)
        return outcome if is_sure else None

    def _ask_ahead(self, number: int) -> None:
        # A page behind the frontier is read again to see it as it is now: never from a read of before.
        self._frontier = max(self._frontier, number)
        if self._count is None or not self._length or not self.eager:
            return
        last = math.ceil(self._count / self._length)
        if self._reader.left is not None:
            last = min(last, number + math.ceil(self._reader.left / self._length) - 1)
        for later in range(self._frontier + 1, min(last, number + self._width) + 1):
            if later not in self._ahead:
                self._ahead[later] = self._group.create_task(self._fetch(later))

    async def _fetch(self, number: int) -> Received[ItemT] | Exception:
        # An error counts only once the walk needs the page; raised here it would end the whole group.
        try:
            return await self._reader.fetch(number)
        except Exception as error:  # noqa: BLE001
            return error.with_traceback(None)  # its frames hold the call, the task and so the error: a cycle
