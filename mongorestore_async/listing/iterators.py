"""What users iterate: objects whose ``anext`` can be cancelled without losing anything.

An async generator ends when the task that waits for its next item is cancelled, and after that says that the list is
over. So none is handed to users. The rules:

- What is ready is handed out without waiting. Getting more waits, and hands nothing out.
- Whatever :meth:`ResumableIterator._refill` has received is kept in an attribute before it waits again. So a cancelled
  ``anext`` loses nothing: the next one goes on where it stopped, or sends the same call again.
- No lock, task or response is held while an item is with the user. So an iterator may be left at any time, and there
  is nothing to close.
- After the last item every ``anext`` raises ``StopAsyncIteration``. After an error of a call the next one repeats the
  call. Where a repetition would not help, the same error is raised each time.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from mongorestore_async.errors import ConfigError, PaginationError, RestoreError
from mongorestore_async.listing.materialize import FEW, rest, slices
from mongorestore_async.listing.page import Page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from mongorestore_async.listing.page_reader import PageReader, Received
    from mongorestore_async.models.rows import JobRow

__all__ = ["BlockIterator", "ItemIterator", "PageIterator", "ResumableIterator", "RowIterator"]

ItemT = TypeVar("ItemT")
ItemT_co = TypeVar("ItemT_co", covariant=True)


class ResumableIterator(ABC, Generic[ItemT_co]):
    """Base of the iterators; the docstring of this module has the rules.

    A subclass implements :meth:`_refill`.
    """

    def __init__(self) -> None:
        self._ready: Iterator[ItemT_co] = iter(())
        self._refilling = False
        self._failure: Exception | None = None  # raised each time
        self._is_last = False  # nothing follows what is ready

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ItemT_co:
        """Give the next item.

        Raises:
            StopAsyncIteration: There is none.
            RuntimeError: Another ``anext`` of this iterator is waiting.

        """
        while True:
            try:
                for item in self._ready:
                    return item
            except Exception as error:  # of a model that is made when its item is handed out
                self._failure = error
                self._ready = iter(())
                raise
            if self._refilling:
                raise RuntimeError("another anext() of this iterator is waiting: use one iterator per task")
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            if self._is_last:
                raise StopAsyncIteration
            self._refilling = True
            try:
                await self._refill()
            except PaginationError as error:
                self._failure = error
                raise
            finally:
                self._refilling = False

    @abstractmethod
    async def _refill(self) -> None:
        """Wait for more items and put them into ``_ready``, with no ``await`` after that.

        Where it is known that they are the last ones, ``_is_last`` spares one more look.

        Raises:
            StopAsyncIteration: There are no more, now and later.

        """


class BlockIterator(ResumableIterator[ItemT_co]):
    """Base of those that a task fills while their ``async with`` block is open. A block is entered once.

    A subclass implements :meth:`_run` and :meth:`_leave`, and its :meth:`_refill` calls :meth:`_check_entered` first.

    Attributes:
        noun: What it is called in messages.
        call: The call that makes one.

    """

    noun: ClassVar[str]
    call: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._entered: tuple[asyncio.TaskGroup, asyncio.Task[None]] | None = None

    async def __aenter__(self) -> Self:
        if self._entered is not None:
            raise ConfigError(f"this {self.noun} was already used; create a new one with {self.call}")
        group = asyncio.TaskGroup()
        await group.__aenter__()
        self._entered = group, group.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._entered is None:
            return
        group, task = self._entered
        task.cancel()
        # Without the error that ended the block: the group would wrap it into an exception group.
        await group.__aexit__(None, None, None)
        self._leave(ConfigError(f"the {self.noun} has ended: read it inside its `async with` block"))
        self._ready = iter(())

    def _check_entered(self) -> None:
        if self._entered is None:
            raise ConfigError(f"read a {self.noun} inside its own block: async with {self.call} as {self.noun}")

    @abstractmethod
    async def _run(self) -> None:
        """Fill it; cancelled when the block is left."""

    @abstractmethod
    def _leave(self, error: Exception) -> None:
        """Drop what was not handed out, and raise this from now on unless another error has ended it."""


class PageIterator(ResumableIterator[Page[ItemT]]):
    """The pages of one walk; made by :meth:`Pager.pages`.

    Args:
        reader: Reads them.
        fetch: Gets a page by its number; a call of its own unless given.

    """

    def __init__(
        self, reader: PageReader[ItemT], fetch: Callable[[int], Awaitable[Received[ItemT]]] | None = None
    ) -> None:
        super().__init__()
        self._reader = reader
        self._fetch = fetch
        self._received: Received[ItemT] | None = None  # the walk has passed it, the user has not got it

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close. Exists for ``contextlib.aclosing``."""

    async def _refill(self) -> None:
        received = self._received = self._received or await self._reader.step(self._fetch)
        if received is None:
            raise StopAsyncIteration
        try:
            page = await received.page(self._reader.decode_locks)
        except RestoreError as error:
            error.resume_at = self._reader.resume_point(received.number)
            raise
        await rest(len(page))
        self._received, self._ready = None, iter((page,))


class ItemIterator(ResumableIterator[ItemT]):
    """The items of one walk; made by ``aiter(pager)``."""

    def __init__(self, reader: PageReader[ItemT]) -> None:
        super().__init__()
        self._reader = reader
        self._parts: Iterator[Sequence[ItemT]] = iter(())
        self._part: Sequence[ItemT] | None = None

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close. Exists for ``contextlib.aclosing``."""

    async def _refill(self) -> None:
        # A page that is still there while the next one is read costs the garbage collector half as much again.
        self._ready = iter(())
        while self._part is None:
            self._part = next(self._parts, None)
            if self._part is None:
                received = await self._reader.step()
                if received is None:
                    raise StopAsyncIteration
                items = received.items
                if len(items) <= FEW:
                    self._ready, self._is_last = iter(items), self._reader.ended
                    return
                self._parts = slices(items)
                del received, items
        await rest(len(self._part))
        self._ready, self._part = iter(self._part), None


class RowIterator(Generic[ItemT]):
    """The rows of restore jobs, as they arrive; made by ``to_rows()``. It waits and ends as the iterator of the jobs.

    Args:
        items: The jobs, or what was found.
        row: Makes the row of one.

    """

    def __init__(self, items: AsyncIterator[ItemT], row: Callable[[ItemT], JobRow]) -> None:
        self._items = items
        self._row = row

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> JobRow:
        """Give the next row; see :meth:`ResumableIterator.__anext__`."""
        return self._row(await anext(self._items))
