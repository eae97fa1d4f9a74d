"""List documents: what a page holds besides its items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.codec.converter import structure
from mongorestore_async.codec.generated import array_maker
from mongorestore_async.codec.items import SplitList
from mongorestore_async.errors import DataError
from mongorestore_async.models.secret import RawDocument, RawList, conceal, reveal
from mongorestore_async.models.values import Link

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ListDocument", "has_next", "read_list"]

_ADVICE = ". Check that the product family and the base URL belong to this server"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ListDocument:
    """A list document of the API ("Lists").

    Attributes:
        results: The items as received, or packed.
        total_count: All items there are, not this page's; None when it was not counted.
        links: Links of the list; empty when it has none.

    """

    results: Sequence[Any]
    total_count: int | None
    links: tuple[Link, ...]


def has_next(links: tuple[Link, ...]) -> bool:
    """Whether a list has a ``next`` link. It is a yes or no: where it points to is never followed."""
    return any("next" in link.rel and link.name == "next" for link in links)


def read_list(content: Any) -> ListDocument:
    """Read a list document, its items left as they are.

    Raises:
        DataError: It is no list document: a list without ``results`` is an error, not an empty list.

    """
    if isinstance(content, SplitList):
        links: tuple[Link, ...] = array_maker(Link)(content.links)  # made at the first list, not with the module
        return ListDocument(results=content.items, total_count=content.total_count, links=links)
    # Tracebacks may be printed with local variables, so no frame that stays in one holds a bare document.
    content = conceal(content)
    if not isinstance(content, RawDocument):
        raise DataError(f"$: expected a list document with results{_ADVICE}", path="$")
    results = content.get("results")
    if not isinstance(results, RawList):
        raise DataError(
            f"$.results: expected array, got {'nothing' if results is None else 'another type'}{_ADVICE}",
            path="$.results",
        )
    facts = structure(_Facts, {name: value for name, value in reveal(content).items() if name != "results"})
    return ListDocument(results=results, total_count=facts.total_count, links=facts.links)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Facts:
    total_count: int | None = None
    links: tuple[Link, ...] = ()
