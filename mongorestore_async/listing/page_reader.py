"""A list on the server: where it is, what is asked of it, and reading its pages one after the other."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs

from mongorestore_async.codec.list_documents import DecodedItems, decode_in_turns, has_next, identities, pick, read_list
from mongorestore_async.errors import BadRequest, ConfigError, PaginationError, RestoreError, ResumePoint
from mongorestore_async.listing.materialize import materialize, read_in_slices
from mongorestore_async.listing.page import Page
from mongorestore_async.listing.paging import PageFacts, Walk
from mongorestore_async.models.validators import require_flag, require_whole
from mongorestore_async.transport.options import MAX_ITEMS_PER_PAGE
from mongorestore_async.transport.session_view import attach_request, check_query

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from mongorestore_async.codec.list_documents import ListDocument
    from mongorestore_async.families import Family
    from mongorestore_async.models import Link
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.transport.loop_binding import DecodeLocks
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["LIST_ARGUMENTS", "ListQuery", "ListSource", "PageReader", "Received"]

ItemT = TypeVar("ItemT")

#: The API's own default and the largest page of old releases: what is asked for when 500 is refused.
_SMALL_PAGE = 100

#: Query parameters of all lists with an argument of their own, and those of the lists of jobs and what is beside them.
LIST_ARGUMENTS = {"pageNum": "starting_at", "itemsPerPage": "items_per_page", "includeCount": "include_count"}
_ARGUMENTS = {**LIST_ARGUMENTS, "batchId": "batch_id"}
_REFUSED_SIZE = frozenset(
    {None, "INVALID_QUERY_PARAMETER", "INVALID_ATTRIBUTE", "VALIDATION_ERROR", "UNEXPECTED_ERROR"}
)


@attrs.define(eq=False, repr=False)
class ListSource(Generic[ItemT]):
    """Where the items of a list come from.

    Attributes:
        view: What to call the API with.
        family: The product family, None for a list below the base URL.
        path: Path with placeholders.
        names: Identifiers for the path.
        read: Structures the ``results`` of a page.
        identify: Gives the id of an item, by which repeated ones are recognised; reads one field and nothing else.
        model: What the items are, where ``read`` takes items that were decoded with the body of the page; else None.
        read_document: Reads the document of a page.

    """

    view: SessionView
    family: Family[Any] | None
    path: str
    names: Mapping[str, str]
    read: Callable[[Sequence[Any]], Sequence[ItemT]]
    identify: Callable[[ItemT], str]
    model: type[Any] | None = attrs.field(default=None, kw_only=True)
    read_document: Callable[[Any], ListDocument] = attrs.field(default=read_list, kw_only=True)


def _check_size(name: str, value: object) -> None:
    if require_whole(name, value) > MAX_ITEMS_PER_PAGE:
        raise ConfigError(
            f"items_per_page is the page size, at most {MAX_ITEMS_PER_PAGE}; to limit the total use limit={value}"
        )


@attrs.define(kw_only=True, eq=False)
class ListQuery:
    """What is asked of a list; see :meth:`ClusterBase.restore_jobs` for the meaning.

    Attributes:
        filters: Parameters that choose items, as they stand on the wire.
        extra: Further parameters of the user's.

    Raises:
        ConfigError: A number out of its range, or a parameter in ``extra`` that has an argument of its own.

    """

    items_per_page: int | None = None
    limit: int | None = None
    starting_at: int = 1
    include_count: bool | None = None
    filters: Mapping[str, Any] = attrs.field(factory=dict[str, str])
    extra: Mapping[str, Any] | None = None

    def __attrs_post_init__(self) -> None:
        # Most lists are asked for with none of these: a validator for each would cost more than the checks.
        if self.items_per_page is not None:
            _check_size("items_per_page", self.items_per_page)
        if self.limit is not None:
            require_whole("limit", self.limit)
        if type(self.starting_at) is not int or self.starting_at < 1:
            require_whole("starting_at", self.starting_at)
            if isinstance(self.starting_at, ResumePoint) and self.starting_at.items_per_page is not None:
                _check_size("starting_at", self.starting_at.items_per_page)
        if self.include_count is not None:
            require_flag("include_count", self.include_count)
        if self.extra is not None:
            check_query(self.extra, _ARGUMENTS)
            self.extra = dict(self.extra)  # the caller may change his


@attrs.define(eq=False, repr=False)
class Received(Generic[ItemT]):
    """A page as received.

    Attributes:
        items: Its items, which may become models only when they are accessed.
        number: Page number, from 1.
        total_count: All items of the list as counted by the server, None when it did not count.
        links: Links of the list.
        reply: The answer it came in.
        length: How many items there were, those that were skipped included.
        drifted: Whether this page showed that the list changed while it was walked.

    """

    items: Sequence[ItemT]
    number: int
    total_count: int | None
    links: tuple[Link, ...]
    reply: Reply
    length: int
    drifted: bool = False

    async def page(self, decode_locks: DecodeLocks) -> Page[ItemT]:
        """Make the page that callers get, its items a few at a time."""
        return Page(
            items=await materialize(self.items, decode_locks),
            number=self.number,
            total_count=self.total_count,
            links=self.links,
            status=self.reply.status,
            headers=self.reply.headers,
            drifted=self.drifted,
            service_version=self.reply.service_version,
        )


class PageReader(Generic[ItemT]):
    """Reads the pages of one walk.

    Args:
        source: Where the list is.
        query: What is asked of it, but for its limit.
        limit: At most so many items, None for all.

    Attributes:
        status: Status of the last page, 0 before the first.
        left: How many items the query's limit leaves, None without one.
        ended: Whether no page follows.
        decode_locks: Those of the session, for long pages.

    """

    def __init__(self, source: ListSource[ItemT], query: ListQuery, limit: int | None) -> None:
        self.status: int = 0
        self.left = limit
        self.decode_locks: DecodeLocks = source.view.transport.decode_locks
        self._source = source
        self._query = query
        self.ended: bool = False
        start, total, size = query.starting_at, None, query.items_per_page
        if isinstance(start, ResumePoint) and start > 1:
            total = start.total_count
            start, size = (int(start), start.items_per_page) if size is None else (start.in_pages_of(size), size)
        # The size stays the same for the whole walk: page numbers have no meaning otherwise.
        self._size = size or min(source.view.options.items_per_page, source.view.transport.server_info.page_limit)
        self._pages = source.family is None or source.path not in source.family.unpaged
        if size is None and start == 1 and limit is not None:  # no larger than needed
            self._size = min(self._size, limit)
        self._may_shrink = size is None and self._size > _SMALL_PAGE and self._pages
        self._start = start
        self._total_count = total if start > 1 else None
        self._is_at_start = True

    @cached_property
    def _walk(self) -> Walk:
        return Walk(
            self._start,
            size=self._size if self._pages else None,
            total_count=self._total_count,
            trusts_count=self._query.include_count is not False,
        )

    @property
    def number(self) -> int:
        """The page to ask for next."""
        return self._start if self._is_at_start else self._walk.number

    def resume_point(self, number: int | None = None) -> ResumePoint:
        """Say where to resume the walk.

        Args:
            number: The page, that from which nothing is missing unless given.

        """
        walk = self._walk
        number = walk.resume_at if number is None else number
        # As many as the server gives for what was asked for, once that is known.
        size = min(self._size, walk.length or self._size)
        return ResumePoint(
            number,
            size,
            position=(number - 1) * min(size, walk.received or size),
            total_count=walk.total_count if number > 1 else None,
        )

    @property
    def start_point(self) -> ResumePoint:
        """Where the walk began."""
        return self.resume_point(self._start)

    async def step(self, fetch: Callable[[int], Awaitable[Received[ItemT]]] | None = None) -> Received[ItemT] | None:
        """Take the walk one page further; None at its end. Items that earlier pages had are left out.

        Args:
            fetch: Gets a page by its number; :meth:`fetch` unless given.

        Raises:
            RestoreError: Any error of the call, with ``resume_at``.

        """
        if self.ended:
            return None
        number = self.number
        try:
            received = await (self.read(number, await self.ask(number)) if fetch is None else fetch(number))
        except RestoreError as error:
            error.resume_at = self.resume_point()
            raise
        self.status = received.reply.status
        more = has_next(received.links)
        total, length = received.total_count, len(received.items)
        if not self._pages and not more and (total is None or total <= received.length):
            total = length  # one that has no pages and says nothing of more is whole with its first answer
        items, drifted = received.items, False
        if self._is_at_start and self._start == 1 and 0 < length == total and not more:
            self.ended = True  # one page is the whole list, as most are: nothing to compare, nothing to remember
        else:
            self._is_at_start = False
            ids = identities(items, self._source.identify)
            try:
                step = self._walk.receive(PageFacts(ids, total, more, received.length - length))
            except PaginationError as error:
                error.request, error.resume_at = received.reply.request, self.resume_point(error.resume_at)
                raise
            items = items if len(step.fresh) == length else pick(items, step.fresh)
            self.ended, drifted = step.next_number is None, step.drifted
        if self.left is not None:
            items = items[: self.left]
            self.left -= len(items)
            self.ended |= self.left == 0
        same = items is received.items and drifted == received.drifted
        return received if same else attrs.evolve(received, items=items, drifted=drifted)

    async def fetch(self, number: int) -> Received[ItemT]:
        """Get a page by its number."""
        return await self.read(number, await self.ask(number))

    async def ask(self, number: int) -> Reply:
        """Call for a page by its number.

        A 400 on the default page size falls back to the size that old releases take, once for the session.
        """
        source, query = self._source, self._query
        if self._may_shrink:  # another walk may have found out meanwhile what the server takes
            self._size = min(self._size, source.view.transport.server_info.page_limit)
        shrunk = False
        while True:
            try:
                reply = await source.view.call(
                    "GET",
                    source.path,
                    family=source.family,
                    names=source.names,
                    query={
                        "pageNum": number if self._pages or number > 1 else None,
                        "itemsPerPage": self._size if self._pages else query.items_per_page,
                        "includeCount": query.include_count,
                        **query.filters,
                        **(query.extra or {}),
                    },
                    decode_list=None if source.model is None else partial(decode_in_turns, source.model),
                )
            except BadRequest as error:
                if shrunk or not self._may_shrink or error.error_code not in _REFUSED_SIZE:
                    raise
                self._size, shrunk = _SMALL_PAGE, True
                continue
            if shrunk:
                source.view.transport.server_info.page_limit = _SMALL_PAGE
            self._may_shrink = False
            return reply

    async def read(self, number: int, reply: Reply) -> Received[ItemT]:
        """Structure the items of what :meth:`ask` gave."""
        try:
            document = self._source.read_document(reply.document)
            read, results = self._source.read, cast("Sequence[Any]", document.results)
            at_once = isinstance(results, DecodedItems)  # decoded and checked with the body
            items = read(results) if at_once else await read_in_slices(read, results, self.decode_locks)
        except RestoreError as error:
            attach_request(error, reply)
            raise
        length = len(document.results)
        return Received(items, number, document.total_count, document.links, reply, length)
