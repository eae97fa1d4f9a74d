"""From JSON to models: the one cattrs converter.

What is tolerated, and no more:

- a member that is null counts as absent, and members no field is made for are left to ``raw``;
- whole numbers come as integers, as floats without a fraction, or as strings of digits; never as booleans;
- dates come as ISO 8601 text (no zone means UTC) or as epoch seconds;
- words of open enumerations are met in any case, unknown ones stay text;
- links without ``href`` are skipped, and ``deliveryUrl`` is one string or an array.

Everything else is a :class:`DataError` that tells paths and JSON types, never a value: a document may hold secrets.

Documents that fit are made fast by generated functions (:mod:`~mongorestore_async.codec.generated`); one that those
refuse is read once more the slow way (:mod:`~mongorestore_async.codec.misfits`), which finds all misfits.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_origin

from cattrs import Converter

from mongorestore_async.codec.generated import array_maker, is_plain, maker_of
from mongorestore_async.codec.items import are_packed, read_packed, unpack
from mongorestore_async.codec.misfits import explain
from mongorestore_async.codec.scalars import ValidationError
from mongorestore_async.errors import DataError
from mongorestore_async.models.document import stamp
from mongorestore_async.models.secret import MAX_DEPTH, conceal, is_deeper, reveal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.models.job_ref import JobRef

    Hook = Callable[[Any, Any], Any]

__all__ = ["structure", "structure_each"]

T = TypeVar("T")

# A page of five hundred broken jobs must not make a message of five hundred lines.
_MISFITS_SHOWN = 10


def structure(model: type[T], document: Any, *, path: str = "$") -> T:
    """Make a model of a received JSON value.

    Args:
        model: An attrs class; a :class:`~mongorestore_async.models.Document` keeps the value as ``raw``.
        document: The value, as a JSON decoder made it, or a ``raw`` of before.
        path: Where the value stood in the answer, for the error.

    Raises:
        DataError: The value does not fit. ``path`` names the first misfit, the message all of them.

    """
    # Tracebacks may be printed with local variables, so none of a frame that stays in one holds a bare document.
    document = conceal(document)
    made, misfits = _attempt(model, document, path)
    if misfits:
        raise _refusal(model, misfits)
    return cast("T", made)


def structure_each(model: type[T], documents: Any, *, path: str = "$", origin: JobRef | None = None) -> Sequence[T]:
    """Make models of a received JSON array, packed or not; as :func:`structure`, with the index in the path.

    Args:
        model: An attrs class.
        documents: The array.
        path: Where it stood in the answer.
        origin: Where restore jobs were found, None for other models.

    Returns:
        The models; those of packed items are made when they are looked at.

    """
    documents = conceal(documents)
    made, misfits = _attempt_each(model, documents, path, origin)
    if misfits:
        raise _refusal(model, misfits)
    return cast("Sequence[T]", made)


def _attempt_each(model: Any, veiled: Any, path: str, origin: JobRef | None) -> tuple[Any, Sequence[tuple[str, str]]]:
    documents = reveal(veiled)
    if are_packed(documents):
        made = read_packed(model, documents, origin)
        if made is not None:
            return made, ()
        documents, broken = unpack(documents, path)
        if broken:
            return None, broken
    made, misfits = _attempt(tuple[model, ...], documents, path)
    if origin is not None and made is not None:
        for job in made:
            stamp(job, origin)
    return made, misfits


def _attempt(model: Any, veiled: Any, path: str) -> tuple[Any, Sequence[tuple[str, str]]]:
    """Return what was made, and every misfit as path and complaint. Never raises, so it leaves no frame behind."""
    document = reveal(veiled)
    try:
        return _hook(model)(document, model), ()
    except ValidationError:
        pass
    if is_deeper(document, MAX_DEPTH):
        return None, [(path, f"nested deeper than {MAX_DEPTH} levels")]
    return explain(model, document, path)


def _refusal(model: type, misfits: Sequence[tuple[str, str]]) -> DataError:
    shown = "; ".join(f"{path}: {complaint}" for path, complaint in misfits[:_MISFITS_SHOWN])
    more = f"; and {len(misfits) - _MISFITS_SHOWN} more" if len(misfits) > _MISFITS_SHOWN else ""
    return DataError(
        f"not the documented form of {model.__name__.strip('_')}: {shown}{more}."
        " Check that the product family and the base URL belong to this server",
        path=misfits[0][0],
    )


@functools.cache
def _converter() -> Converter:
    converter = Converter(detailed_validation=False)
    # cattrs asks the newest factory first.
    converter.register_structure_hook_factory(lambda _: True, _no_hook)
    converter.register_structure_hook_factory(is_plain, _object_hook)
    converter.register_structure_hook_factory(_is_array, _array_hook)
    return converter


@functools.cache
def _hook(model: Any) -> Hook:
    return _converter().get_structure_hook(model)


def _is_array(model: Any) -> bool:
    return get_origin(model) is tuple and is_plain(get_args(model)[0])


def _object_hook(model: Any) -> Hook:
    make = maker_of(model)
    return lambda value, _: make(value)


def _array_hook(model: Any) -> Hook:
    make = array_maker(get_args(model)[0])
    return lambda value, _: make(value)


def _no_hook(_model: Any) -> Hook:
    """Leave classes that are not plain to the slow way."""

    def refuse(value: Any, _: Any) -> Any:
        raise ValidationError("a plain class", value)

    return refuse
