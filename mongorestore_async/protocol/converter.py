"""From JSON to models: the one cattrs converter.

What is tolerated, and no more:

- a member that is null counts as absent, and members no field is made for are left to ``raw``;
- whole numbers come as integers, as floats without a fraction, or as strings of digits; never as booleans;
- dates come as ISO 8601 text (no zone means UTC) or as epoch seconds;
- words of open enumerations are met in any case, unknown ones stay text;
- links without ``href`` are skipped, and ``deliveryUrl`` is one string or an array.

Everything else is a :class:`DataError` that tells paths and JSON types, never a value: a document may hold secrets.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin

import attrs
from cattrs import BaseValidationError, ClassValidationError, Converter, IterableValidationError, override
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.gen import make_dict_structure_fn

from mongorestore_async.errors import DataError
from mongorestore_async.models.base import Document, attach, wire_names
from mongorestore_async.models.link import Link
from mongorestore_async.models.secret import MAX_DEPTH, RawDocument, Secret, unveil, veil
from mongorestore_async.models.states import words
from mongorestore_async.models.timestamp import OplogTimestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Hook = Callable[[Any, Any], Any]
    JsonObject = dict[str, Any]

__all__ = ["structure", "structure_each"]

T = TypeVar("T")

# A page of five hundred broken jobs must not make a message of five hundred lines.
_MISFITS_SHOWN = 10
# No documented number has more digits; ``int`` of a long string takes quadratic time or refuses.
_DIGITS = re.compile(r"-?[0-9]{1,32}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JSON_NAMES = {
    "NoneType": "null",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "string",
    "Secret": "string",
    "list": "array",
    "dict": "object",
}


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
    document = veil(document)
    made, misfits = _attempt(model, document, path)
    if misfits:
        raise _refusal(model, misfits)
    return cast("T", made)


def structure_each(model: type[T], documents: Any, *, path: str = "$") -> tuple[T, ...]:
    """Make models of a received JSON array; as :func:`structure`, with the index in the path."""
    documents = veil(documents)
    made, misfits = _attempt(tuple[model, ...], documents, path)  # type: ignore[valid-type]
    if misfits:
        raise _refusal(model, misfits)
    return cast("tuple[T, ...]", made)


def _attempt(model: Any, veiled: Any, path: str) -> tuple[Any, Sequence[tuple[str, str]]]:
    """Return what was made, and every misfit as path and complaint. Never raises, so it leaves no frame behind."""
    document = unveil(veiled)
    if _is_too_deep(document):
        return None, [(path, f"nested deeper than {MAX_DEPTH} levels")]
    try:
        return _hook(model)(document, model), ()
    except (BaseValidationError, _Misfit) as error:
        return None, tuple(_misfits(error, document, path))


def _refusal(model: type, misfits: Sequence[tuple[str, str]]) -> DataError:
    shown = "; ".join(f"{path}: {complaint}" for path, complaint in misfits[:_MISFITS_SHOWN])
    more = f"; and {len(misfits) - _MISFITS_SHOWN} more" if len(misfits) > _MISFITS_SHOWN else ""
    return DataError(
        f"not the documented form of {model.__name__.strip('_')}: {shown}{more}."
        " Check that the product family and the base URL belong to this server",
        path=misfits[0][0],
    )


def _is_too_deep(document: Any) -> bool:
    level = [document]
    for _ in range(MAX_DEPTH + 1):
        level = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in cast("Sequence[Any]", value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


# Errors


class _Misfit(Exception):
    """A value is not of the expected kind. Knows the kinds, never the value."""

    def __init__(self, expected: str, value: Any) -> None:
        kind = type(value).__name__
        super().__init__(f"expected {expected}, got {_JSON_NAMES.get(kind, kind)}")


def _misfits(error: Exception, document: Any, path: str) -> Iterator[tuple[str, str]]:
    """Walk cattrs' tree of errors along with the document, which tells the spelling a member was read from."""
    if isinstance(error, ClassValidationError):
        fields = attrs.fields_dict(error.cl)
        noted, refused = error.group_exceptions()
        for inner, note in noted:
            names = wire_names(fields[note.name])
            name = next((name for name in names if document.get(name) is not None), names[0])
            yield from _misfits(inner, document.get(name), f"{path}.{name}")
        yield from ((path, f"refused by the model with {type(inner).__name__}") for inner in refused)
    elif isinstance(error, IterableValidationError):
        for inner, index in error.group_exceptions()[0]:
            yield from _misfits(inner, document[cast("int", index.index)], f"{path}[{index.index}]")
    else:
        yield path, str(error) if isinstance(error, _Misfit) else "required, but missing or null"


# Hooks: one per class, with the hooks of its fields looked up when it is generated.


@functools.cache
def _converter() -> Converter:
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(int, _whole_number)
    converter.register_structure_hook(datetime, _moment)
    # cattrs asks the newest factory first.
    converter.register_structure_hook_factory(attrs.has, _object_hook)
    converter.register_structure_hook_factory(_is_array, _array_hook)
    converter.register_structure_hook_factory(_is_union, _union_hook)
    return converter


@functools.cache
def _hook(model: Any) -> Hook:
    return _converter().get_structure_hook(model)


def _is_array(model: Any) -> bool:
    return get_origin(model) is tuple


def _is_union(model: Any) -> bool:
    return get_origin(model) in (Union, UnionType)


def _union_hook(model: Any) -> Hook:
    """``X | None`` (null never gets here), and ``Words | str | None``."""
    kinds = [kind for kind in get_args(model) if kind is not NoneType]
    enumeration = next((kind for kind in kinds if issubclass(kind, StrEnum)), None)
    return _hook(kinds[0]) if enumeration is None else _word_hook(enumeration)


def _word_hook(enumeration: type[StrEnum]) -> Hook:
    known = words(enumeration)

    def structure_word(value: Any, _: Any) -> Any:
        return known.get(_text(value, str).casefold(), value)

    return structure_word


def _array_hook(model: Any, converter: Converter) -> Hook:
    structure_items = homogenous_tuple_structure_factory(model, converter)
    kind = get_args(model)[0]

    def structure_array(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise _Misfit("array", value)
        return structure_items(cast("Sequence[Any]", value), model)

    def structure_links(value: Any, _: Any) -> Any:
        return tuple(link for link in structure_array(value, model) if link is not None)

    def structure_urls(value: Any, _: Any) -> Any:
        if isinstance(value, str):
            return (Secret(value),) if value else ()
        return structure_array(value, model)

    return {Link: structure_links, Secret: structure_urls}.get(kind, structure_array)


@functools.cache
def _object_hook(model: type[Any]) -> Hook:
    attrs.resolve_types(model)
    fields = {field.name: wire_names(field) for field in attrs.fields(model)}
    is_document = issubclass(model, Document)
    own = ("raw", "ref") if is_document else ()
    overrides: dict[str, Any] = {name: override(omit=name in own, rename=names[0]) for name, names in fields.items()}
    generated = cast("Hook", make_dict_structure_fn(model, _converter(), **overrides))
    aliases = [names for names in fields.values() if len(names) > 1]

    def structure_object(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise _Misfit("object", value)
        members = cast("JsonObject", value)
        if None in members.values():
            members = {name: item for name, item in members.items() if item is not None}
        for names in aliases:
            members = _with_alias(members, names)
        return generated(members, model)

    def structure_document(value: Any, _: Any) -> Any:
        return attach(structure_object(value, model), raw=RawDocument(value))

    def structure_link(value: Any, _: Any) -> Any:
        if isinstance(value, dict) and cast("JsonObject", value).get("href") is None:
            return None
        return structure_object(value, model)

    def structure_timestamp(value: Any, _: Any) -> Any:
        moment = structure_object(value, model)
        return None if moment == OplogTimestamp() else moment

    if is_document:
        return structure_document
    special: dict[type[Any], Hook] = {Link: structure_link, OplogTimestamp: structure_timestamp}
    return special.get(model, structure_object)


def _with_alias(members: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """Put the value of the first spelling that is there under the documented name."""
    found = next((name for name in names if name in members), names[0])
    return members if found == names[0] else {**members, names[0]: members[found]}


# Scalars


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise _Misfit("string", value)
    return value


def _secret(value: Any, _: Any) -> Secret:
    return Secret(_text(value, str))


def _boolean(value: Any, _: Any) -> bool:
    if not isinstance(value, bool):
        raise _Misfit("boolean", value)
    return value


def _whole_number(value: Any, _: Any) -> int:
    if type(value) is int:
        return value
    if (isinstance(value, float) and value.is_integer()) or (isinstance(value, str) and _DIGITS.fullmatch(value)):
        return int(value)
    raise _Misfit("integer", value)


def _moment(value: Any, _: Any) -> datetime:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return _EPOCH + timedelta(seconds=_whole_number(value, int))
    except (ValueError, OverflowError, _Misfit):
        raise _Misfit("ISO 8601 date", value) from None
