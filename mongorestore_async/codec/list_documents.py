"""List documents: what a page holds besides its items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.codec.converter import structure
from mongorestore_async.codec.explainer import ADVICE
from mongorestore_async.codec.items import DecodedList
from mongorestore_async.errors import DataError
from mongorestore_async.models.secret import RawDocument, RawList, conceal, reveal
from mongorestore_async.models.values import Link, find_link

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ListDocument", "has_next", "read_list"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ListDocument:
    """A list document of the API ("Lists").

    Attributes:
        results: The items: decoded, or as received.
        total_count: All items there are, not this page's; None when it was not counted.
        links: Links of the list; empty when it has none.

    """

    results: Sequence[Any]
    total_count: int | None
    links: tuple[Link, ...]


def has_next(links: tuple[Link, ...]) -> bool:
    """Whether a list has a ``next`` link. It is a yes or no: where it points to is never followed."""
    return find_link(links, "next") is not None


def read_list(content: Any) -> ListDocument:
    """Read a list document, its items left as they are.

    Raises:
        DataError: It is no list document: a list without ``results`` is an error, not an empty list.

    """
    if isinstance(content, DecodedList):
        facts = structure(_Facts, {"links": content.links})
        return ListDocument(results=content.items, total_count=content.total_count, links=facts.links)
    # Tracebacks may be printed with local variables, so no frame that stays in one holds a bare document.
    content = conceal(content)
    if not isinstance(content, RawDocument):
        raise DataError(f"$: expected a list document with results. {ADVICE}", path="$")
    results = content.get("results")
    if not isinstance(results, RawList):
        raise DataError(
            f"$.results: expected array, got {'nothing' if results is None else 'another type'}. {ADVICE}",
            path="$.results",
        )
    facts = structure(_Facts, {name: value for name, value in reveal(content).items() if name != "results"})
    return ListDocument(results=results, total_count=facts.total_count, links=facts.links)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Facts:
    total_count: int | None = None
    links: tuple[Link, ...] = ()
