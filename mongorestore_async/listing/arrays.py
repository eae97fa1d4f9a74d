"""Documents that stand next to restore jobs: lists of them, single ones, and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.codec.converter import structure, structure_each
from mongorestore_async.codec.items import is_empty
from mongorestore_async.errors import RestoreError
from mongorestore_async.listing.page_reader import ListSource
from mongorestore_async.models.document import Document
from mongorestore_async.models.secret import conceal, reveal
from mongorestore_async.transport.session_view import attach_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["documents_of", "read_array", "read_document"]

DocumentT = TypeVar("DocumentT", bound=Document)
ModelT = TypeVar("ModelT")


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


async def read_document(
    view: SessionView, family: Family[Any], path: str, model: type[DocumentT], names: Mapping[str, str]
) -> DocumentT:
    """Read one document.

    Raises:
        NotFound: There is none.
        DataError: The answer is no such document.
        RestoreError: Any other failure of the call.

    """
    reply = await view.call("GET", path, family=family, names=names)
    try:
        return structure(model, reply.document)
    except RestoreError as error:
        attach_request(error, reply)
        raise


async def read_array(
    view: SessionView, family: Family[Any], path: str, model: type[ModelT], names: Mapping[str, str]
) -> tuple[ModelT, ...]:
    """Read an array that is asked for with a POST, although that only reads: the vendor has it so.

    Raises:
        DataError: The answer is no array of these.
        RestoreError: Any other failure of the call.

    """
    reply = await view.call("POST", path, family=family, names=names)
    try:
        return tuple(structure_each(model, reply.document))
    except RestoreError as error:
        attach_request(error, reply)
        raise


def _without_empty(results: Sequence[Any]) -> Any:
    return conceal([reveal(item) for item in results if not is_empty(item)])
