"""One function per model, generated, that checks the types of a JSON object and makes the model of it.

The functions take what the vendor's servers send in a straight line and leave the odd forms to
:mod:`~mongorestore_async.codec.scalars`. The one for ``ProjectSummary`` begins::

    def make_ProjectSummary(members):
        if members.__class__ is not dict: check_object(members)
        get = members.get
        found = 0
        made = draft()
        value = get('id')
        if value is None: raise ValidationError('value', None)
        found += 1
        made.id = value if value.__class__ is str else text(value)
        value = get('name')
        if value is None: made.name = default_name
        else:
            found += 1
            made.name = value if value.__class__ is str else text(value)
        ...
        if found < len(members): check_depth(members)
        made._received = conceal(members)
        made.__class__ = model
        return made

A misfit is raised without its place: who catches it finds the place the slow way.
"""

from __future__ import annotations

import functools
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin

import attrs

from mongorestore_async.codec.empty_models import draft_of
from mongorestore_async.codec.scalars import ValidationError, boolean, moment, secret, text, vocabulary, whole_number
from mongorestore_async.models.document import Document, JobDocument, wire_names
from mongorestore_async.models.secret import MAX_DEPTH, RawDocument, Secret, is_deeper
from mongorestore_async.models.values import Link, OplogTimestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "ABSENT_WITHOUT",
    "OWN_FIELDS",
    "array_maker",
    "is_plain",
    "is_vocabulary",
    "kind_of",
    "maker_of",
    "received_fields",
]

#: Members of which one must be there for an object to count as present.
ABSENT_WITHOUT: dict[type[Any], tuple[str, ...]] = {Link: ("href",), OplogTimestamp: ("date", "increment", "time")}

#: Fields of a document that are not read from a member.
OWN_FIELDS = frozenset({"_received", "_origin"})

#: Kinds of fields, with the source of what becomes of their ``value``.
_SIMPLE: dict[Any, str] = {
    str: "value if value.__class__ is str else text(value)",
    int: "value if value.__class__ is int else whole_number(value)",
    bool: "value if value.__class__ is bool else boolean(value)",
    datetime: "moment(value)",
    Secret: "Secret(value) if value.__class__ is str else secret(value)",
}

#: Kinds of items, beside models.
_ITEMS: dict[Any, Callable[[Any], Any]] = {str: text, Secret: secret}

# Members nobody documented are looked into as far as this; documents that go deeper are measured exactly elsewhere.
_SHALLOW = MAX_DEPTH // 2


def kind_of(annotation: Any) -> Any:
    """Tell what the value of a field is when it is there: of ``X | None`` it is X, of ``Words | str`` it is Words."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return next((kind for kind in kinds if is_vocabulary(kind)), kinds[0])


@functools.cache
def is_plain(model: Any) -> bool:
    """Whether the function of a class can be generated: it only keeps its fields, all of them of known kinds."""
    if not attrs.has(model) or "__slots__" not in vars(model) or hasattr(model, "__attrs_post_init__"):
        return False
    fields = received_fields(model)
    names = [name for field in fields for name in wire_names(field)]
    return len(set(names)) == len(names) and all(
        field.validator is None
        and field.converter is None
        and not isinstance(field.default, attrs.Factory)  # type: ignore[arg-type]
        and _is_known(kind_of(field.type))
        for field in fields
    )


def _is_known(kind: Any) -> bool:
    if get_origin(kind) is tuple:
        kind = get_args(kind)[0]
        return kind in _ITEMS or is_plain(kind)
    return kind in _SIMPLE or is_vocabulary(kind) or is_plain(kind)


def is_vocabulary(kind: Any) -> bool:
    """Whether a kind is an open enumeration: known words become its members, others stay text."""
    return isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, StrEnum)


@functools.cache
def maker_of(model: Any) -> Callable[[Any], Any]:
    """Generate the function of a model that :func:`is_plain`.

    It raises :class:`~mongorestore_async.codec.scalars.ValidationError`, and returns None for what counts as absent.
    """
    names: dict[str, Any] = {
        "ValidationError": ValidationError,
        "Secret": Secret,
        "boolean": boolean,
        "check_depth": _check_depth,
        "check_object": _check_object,
        "conceal": RawDocument.of,
        "draft": draft_of(model),
        "model": model,
        "moment": moment,
        "secret": secret,
        "text": text,
        "whole_number": whole_number,
    }
    lines = ["if members.__class__ is not dict: check_object(members)", "get = members.get"]
    if model in ABSENT_WITHOUT:
        absent = " and ".join(f"get({name!r}) is None" for name in ABSENT_WITHOUT[model])
        lines.append(f"if {absent}: return check_depth(members)")
    lines += ["found = 0", "made = draft()"]
    for field in received_fields(model):
        lines += _field_lines(field, names)
    lines.append("if found < len(members): check_depth(members)")
    if issubclass(model, Document):
        lines.append("made._received = conceal(members)")
    if issubclass(model, JobDocument):
        lines.append("made._origin = None")
    lines += ["made.__class__ = model", "return made"]
    label = f"make_{model.__name__.strip('_')}"
    source = "\n    ".join([f"def {label}(members):", *lines])
    exec(compile(source, f"<{label}>", "exec"), names)  # noqa: S102 - of our own classes, nothing received is in it
    return cast("Callable[[Any], Any]", names[label])


def received_fields(model: type[Any]) -> list[Any]:
    """Fields that are read from members: all but those a document has of its own."""
    attrs.resolve_types(model)
    own = OWN_FIELDS if issubclass(model, Document) else ()
    return [field for field in attrs.fields(model) if field.name not in own]


def _field_lines(field: attrs.Attribute[Any], names: dict[str, Any]) -> Iterator[str]:
    name, *aliases = wire_names(field)
    yield f"value = get({name!r})"
    yield from (f"if value is None: value = get({alias!r})" for alias in aliases)
    taken = _expression(field, names)
    if field.default is attrs.NOTHING:
        yield "if value is None: raise ValidationError('value', None)"
        yield "found += 1"
        yield f"made.{field.name} = {taken}"
    else:
        names[f"default_{field.name}"] = field.default
        yield f"if value is None: made.{field.name} = default_{field.name}"
        yield "else:"
        yield "    found += 1"
        yield f"    made.{field.name} = {taken}"


def _expression(field: attrs.Attribute[Any], names: dict[str, Any]) -> str:
    """Give the source of what becomes of ``value``, and put what it needs among the names."""
    kind = kind_of(field.type)
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_vocabulary(kind):
        names[f"words_{field.name}"] = vocabulary(kind)
        return f"words_{field.name}[value if value.__class__ is str else text(value)]"
    names[f"make_{field.name}"] = array_maker(get_args(kind)[0]) if get_origin(kind) is tuple else maker_of(kind)
    return f"make_{field.name}(value)"


@functools.cache
def array_maker(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Make the function for arrays of a kind: of text, of secrets, or of a model that :func:`is_plain`."""
    make = _ITEMS[kind] if kind in _ITEMS else maker_of(kind)

    def make_array(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValidationError("array", value)
        found: list[Any] = []
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            made = make(item)
            if made is not None:  # so for what counts as absent
                found.append(made)
        return tuple(found)

    def make_urls(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            return (Secret(value),) if value else ()
        return make_array(value)

    return make_urls if kind is Secret else make_array


def _check_object(value: Any) -> None:
    if not isinstance(value, dict):
        raise ValidationError("object", value)


def _check_depth(members: dict[str, Any]) -> None:
    if any(is_deeper(value, _SHALLOW) for value in members.values() if isinstance(value, (dict, list))):
        raise ValidationError("something shallow", members)
