"""Lists of documents that stand next to restore jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.models.base import Document
from mongorestore_async.models.secret import unveil, veil
from mongorestore_async.protocol.converter import structure_each
from mongorestore_async.protocol.items import is_empty
from mongorestore_async.resources.listing import ListSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mongorestore_async.families import Family
    from mongorestore_async.resources.caller import Caller

__all__ = ["documents_of"]

DocumentT = TypeVar("DocumentT", bound=Document)


def documents_of(
    caller: Caller,
    family: Family[Any],
    path: str,
    model: type[DocumentT],
    identify: Callable[[DocumentT], str],
    names: Mapping[str, str],
) -> ListSource[DocumentT]:
    """Say where a list of documents is.

    Empty objects among them are skipped: an example of the vendor's snapshot list has one.

    Args:
        caller: What to call the API with.
        family: The product family.
        path: Path with placeholders.
        model: What its items are.
        identify: Gives the id of an item.
        names: Identifiers for the path.

    """
    return ListSource(
        caller=caller,
        family=family,
        path=path,
        names=names,
        read=lambda results: structure_each(model, _without_empty(results), path="$.results"),
        identify=identify,
        packed=True,
    )


def _without_empty(results: Sequence[Any]) -> Any:
    return veil([unveil(item) for item in results if not is_empty(item)])
