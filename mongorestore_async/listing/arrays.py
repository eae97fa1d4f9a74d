"""Lists of documents that stand next to restore jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.codec.converter import structure_each
from mongorestore_async.codec.items import is_empty
from mongorestore_async.listing.page_reader import ListSource
from mongorestore_async.models.document import Document
from mongorestore_async.models.secret import conceal, reveal

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
        read=lambda results: structure_each(model, _without_empty(results), path="$.results"),
        identify=identify,
        packed=True,
    )


def _without_empty(results: Sequence[Any]) -> Any:
    return conceal([reveal(item) for item in results if not is_empty(item)])
