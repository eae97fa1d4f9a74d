"""Lists: a lazy query that is iterated, awaited, or collected."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from mongorestore_async.codec.documents import read_batch, read_jobs
from mongorestore_async.errors import Hint, HintKind, NotFound, NotUnique, RestoreError, Unsupported
from mongorestore_async.listing.iterators import ItemIterator, PageIterator, RowIterator
from mongorestore_async.listing.materialize import materialize
from mongorestore_async.listing.page_reader import ListSource, PageReader
from mongorestore_async.listing.pages_ahead import PagesAhead, collect_ahead
from mongorestore_async.models.validators import require_whole
from mongorestore_async.protocol.urls import check_identifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.listing.page import Page
    from mongorestore_async.listing.page_reader import ListQuery, Received
    from mongorestore_async.models import JobT
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["Pager", "list_jobs"]

ItemT_co = TypeVar("ItemT_co", covariant=True)

_ID = attrgetter("id")


class Pager(Generic[ItemT_co]):
    """A lazy list: a query, not a cursor.

    Making it does no I/O. ``async for`` walks all items, page after page, and iterating again starts again;
    ``break`` is safe at any point. Awaiting it gives its first page. An error in a walk carries in
    ``resume_at`` what to pass as ``starting_at``, a :class:`ResumePoint`.

    ``aiter(pager)`` gives a new iterator each time, an object of which only one ``anext`` may wait at a time. A
    cancelled ``anext``, such as one that ``asyncio.timeout`` ended, loses nothing: the next one asks for that page
    again. So does the next one after an error of a call. After a :class:`PaginationError` or an item that cannot
    become a model, the same error is raised again.

    The list may change while it is walked. Items that appear twice are yielded once; when ``totalCount``
    falls, the pages that items may have moved to are read again. A page that is empty or repeats others ends
    a walk only if neither a link nor the count says that there is more. What the server does not tell cannot be
    known: a list without a count, or a deletion balanced by a creation, may hide an item. Memory stays flat.
    """

    def __init__(self, source: ListSource[ItemT_co], query: ListQuery) -> None:
        self._source = source
        self._query = query

    def __repr__(self) -> str:
        return f"<Pager of {self._source.path} {self._query}>"

    def __aiter__(self) -> AsyncIterator[ItemT_co]:
        return ItemIterator(self.reader())

    def __await__(self) -> Generator[Any, None, Page[ItemT_co]]:
        return self.page().__await__()

    async def page(self) -> Page[ItemT_co]:
        """Read the first page (the one of ``starting_at``), whole: ``limit`` bounds walks only.

        Returns:
            The page.

        Raises:
            RestoreError: Any error of the call.

        """
        reader = PageReader(self._source, self._query, None)
        received = await reader.read(reader.number, await reader.ask(reader.number))
        return await received.page(reader.decode_locks)

    def pages(self) -> PageIterator[ItemT_co]:
        """Walk the pages; items that earlier pages had are left out, so a page may be empty.

        What is said above of iterators holds for the one returned. It has an ``aclose()`` that does nothing.

        Returns:
            An iterator over the pages.

        Raises:
            RestoreError: Any error of a call, with ``resume_at``; raised by ``anext``.
            PaginationError: The pages contradict each other, or the walk starts behind the end; raised by ``anext``.

        """
        return PageIterator(self.reader())

    def to_rows(self: Pager[JobT]) -> RowIterator[JobT]:
        """Walk all restore jobs as flat rows, for data frames and tables: ``async for row in pager.to_rows()``.

        What is said above of iterators holds for the one returned. Each row is a :class:`JobRow`.

        Returns:
            An iterator over the rows.

        Raises:
            RestoreError: Any error of a call, with ``resume_at``; raised by ``anext``.

        """
        return RowIterator(aiter(self), lambda job: job.to_row())

    async def first(self) -> ItemT_co | None:
        """Read the first item.

        Where there has to be one, ``await cluster.restore_jobs(limit=1).one()`` gives it, or raises ``NotFound``.

        Returns:
            The item, or None where the list is empty.

        Raises:
            RestoreError: Any error of a call.

        """
        reader = self.reader(limit=1)
        while (received := await reader.step()) is not None:
            for item in received.items:
                return item
        return None

    async def one(self) -> ItemT_co:
        """Read the only item.

        Returns:
            The item.

        Raises:
            NotFound: There is none.
            NotUnique: There are several.
            RestoreError: Any error of a call.

        """
        reader = self.reader(limit=2)
        found: list[ItemT_co] = []
        last: Received[ItemT_co] | None = None
        while (received := await reader.step()) is not None:
            last = received
            found += received.items
        if len(found) == 1:
            return found[0]
        request = None if last is None else last.reply.request
        if not found:
            raise NotFound("the list is empty, exactly one item was expected", status=reader.status, request=request)
        raise NotUnique("the list has several items, exactly one was expected; narrow the query", request=request)

    async def collect(self, *, limit: int | None = None, concurrency: int = 1) -> list[ItemT_co]:
        """Read all items into a list, in order.

        Args:
            limit: At most so many items; the smaller of this and the query's own limit counts.
            concurrency: Pages to ask for at once. Above 1, pages are asked for ahead as far as ``totalCount``
                says there are some; one whose count differs from the page before it is read again.

        Returns:
            The items.

        Raises:
            ConfigError: ``limit`` or ``concurrency`` below 1.
            RestoreError: Any error of a call; nothing is returned then, so ``resume_at`` is the start.

        """
        require_whole("concurrency", concurrency)
        reader = self.reader(limit=limit)
        try:
            if concurrency > 1:
                return await collect_ahead(reader, concurrency)
            items: list[ItemT_co] = []
            while (received := await reader.step()) is not None:
                items += await materialize(received.items, reader.decode_locks)
        except RestoreError as error:
            error.resume_at = reader.start_point
            raise
        return items

    def ahead(self, pages: int = 1) -> PagesAhead[ItemT_co]:
        """Walk the pages while the ones behind are on their way: ``async with pager.ahead(2) as pages``.

        For lists whose pages take longer to arrive than to be worked off. The calls ahead are made as far as
        ``totalCount`` says that there are pages, and belong to the block: leaving it, for whatever reason, cancels
        those in flight and leaves no task behind.

        Args:
            pages: How many pages to be ahead, from 1.

        Returns:
            The block, which gives an iterator over the pages.

        Raises:
            ConfigError: ``pages`` is below 1.

        """
        require_whole("pages", pages)
        return PagesAhead(self.reader(), pages)

    def reader(self, *, limit: int | None = None) -> PageReader[ItemT_co]:
        """Begin a walk whose calls are made one by one: for the rooms of this library, not for users.

        Args:
            limit: At most so many items; the smaller of this and the query's own limit counts.

        Returns:
            The walk, at its start.

        """
        own = self._query.limit
        if limit is not None:
            require_whole("limit", limit)
            own = limit if own is None else min(limit, own)
        return PageReader(self._source, self._query, own)


def list_jobs(
    view: SessionView, family: Family[JobT], names: Mapping[str, str], query: ListQuery, *, batch_id: str | None
) -> Pager[JobT]:
    """List restore jobs; see :meth:`ClusterBase.restore_jobs`.

    Args:
        view: What to call the API with.
        family: The product family.
        names: Identifiers for the path.
        query: What to ask for.
        batch_id: Only the jobs of this batch, None for all.

    Returns:
        The list as a query.

    Raises:
        ConfigError: An identifier that could change the path.
        Unsupported: ``batch_id`` for a family whose lists have no such filter.

    """
    if batch_id is None:
        read = partial(read_jobs, family, **names)
    else:
        if "batchId" not in family.filters:
            raise Unsupported(
                f"{family.title} lists have no batch filter", hint=Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"})
            )
        query = attrs.evolve(query, filters={"batchId": check_identifier("batch id", batch_id)})
        read = partial(read_batch, family, batch_id=batch_id, **names)
    return Pager(ListSource(view, family, family.jobs_path, names, read, _ID, model=family.job_type), query)
