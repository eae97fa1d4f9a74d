"""One page of a list, with what came around its items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, overload

import attrs

from mongorestore_async.models import JobDocument
from mongorestore_async.models.rows import job_table, text_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.models import Headers, Link, ServiceVersion
    from mongorestore_async.models.rows import JobRow

__all__ = ["Page"]

ItemT_co = TypeVar("ItemT_co", covariant=True)


@attrs.frozen(kw_only=True, repr=False)
class Page(Generic[ItemT_co]):
    """One page of a list: ``page[0]``, ``page[-1]``, ``page[2:5]`` (a tuple), ``len(page)``, ``for item in page``.

    Attributes:
        items: The items. In a walk (``pages()``) those that earlier pages already had are left out.
        number: Page number, from 1.
        total_count: All items of the list as counted by the server, None when it did not count.
        links: Links of the list.
        status: HTTP status of the answer, or the inner one of an envelope.
        headers: Headers of the answer.
        drifted: Whether this page showed that the list changed while it was walked.
        service_version: Release of the server, None when it did not say.

    """

    items: tuple[ItemT_co, ...]
    number: int
    total_count: int | None
    links: tuple[Link, ...]
    status: int
    headers: Headers
    drifted: bool = False
    service_version: ServiceVersion | None = None

    def __repr__(self) -> str:
        total = "" if self.total_count is None else f" of {self.total_count}"
        return f"<Page {self.number}: {len(self.items)}{total} items>"

    def _repr_html_(self) -> str:
        """Show it in a notebook: its first items, without links and secrets."""
        caption, jobs = repr(self)[1:-1], [item for item in self.items if isinstance(item, JobDocument)]
        if len(jobs) < len(self.items):
            return text_list(caption, self.items)
        return job_table(caption, [job.to_row() for job in jobs])

    def __iter__(self) -> Iterator[ItemT_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> ItemT_co: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ItemT_co, ...]: ...

    def __getitem__(self, index: int | slice) -> ItemT_co | tuple[ItemT_co, ...]:
        return self.items[index]

    def to_rows(self: Page[JobDocument]) -> list[JobRow]:
        """Make a flat row of each restore job, for data frames and tables: see :class:`JobRow`."""
        return [job.to_row() for job in self.items]
