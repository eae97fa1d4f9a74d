"""Lists of documents that stand next to restore jobs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from mongorestore_async.codec.list_documents import DecodedItems
from mongorestore_async.codec.structuring import structure_each
from mongorestore_async.listing.page_reader import ListSource
from mongorestore_async.models.document import Document, conceal, reveal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["documents_of"]

DocumentT = TypeVar("DocumentT", bound=Document)


def documents_of(
    view: SessionView,
    family: Family[Any],
    path: str,
    model: type[DocumentT],
    identify: Callable[[DocumentT], str],
    names: Mapping[str, str],
) -> ListSource[DocumentT]:
    """Say where a list of documents is.

    Empty objects among them are skipped: an example of the vendor's snapshot list has one.

    Args:
        view: What to call the API with.
        family: The product family.
        path: Path with placeholders.
        model: What its items are.
        identify: Gives the id of an item.
        names: Identifiers for the path.

    """
    return ListSource(
        view=view,
        family=family,
        path=path,
        names=names,
        read=partial(_read, model),
        identify=identify,
        model=model,
    )


def _read(model: type[DocumentT], results: Sequence[Any]) -> Sequence[DocumentT]:
    if isinstance(results, DecodedItems):  # none of them is empty, for all have an id
        return cast("DecodedItems[DocumentT]", results)
    return structure_each(model, conceal([reveal(item) for item in results if item != {}]), path="$.results")
