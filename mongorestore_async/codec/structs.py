"""The fast way: one msgspec Struct per model, and one generated function that makes the model of it.

msgspec decodes and checks a Struct in C. It has the fields of the model in the plainest JSON types: what it takes, the
hooks of :mod:`~mongorestore_async.codec.structuring` take with the same result, and odd forms are left to them. The
function for ``ProjectSummary`` begins::

    def copy(source, received, origin):
        made = blank()
        made.id = source.id
        made.name = source.name
        ...
        made.__class__ = model
        return made

"""

from __future__ import annotations

import functools
import types
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast, get_args, get_origin

import attrs
import msgspec

from mongorestore_async.codec.scalars import vocabulary
from mongorestore_async.codec.structuring import ABSENT_WITHOUT, is_vocabulary, kind_of, received_fields
from mongorestore_async.models.document import JobDocument, wire_names
from mongorestore_async.models.secret import Secret, UndecodedItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ItemStruct", "copier_of", "struct_of", "utc_check_of"]

#: What a field of a kind looks like on the wire: a date must name its zone, and one URL may stand for an array of them.
#: Unlike lists, tuples of Structs are soon none of the garbage collector's business.
_WIRE: dict[Any, Any] = {
    str: str,
    int: int,
    bool: bool,
    datetime: Annotated[datetime, msgspec.Meta(tz=True)],
    Secret: str,
    tuple[str, ...]: tuple[str, ...],
    tuple[Secret, ...]: list[str] | str,
}

#: What becomes of the ``value`` of such a field, where it does not stay.
_TAKEN: dict[Any, str] = {
    Secret: "Secret(value)",
    tuple[Secret, ...]: "tuple(map(Secret, [value] if value and value.__class__ is str else value))",
}


class ItemStruct(UndecodedItem, msgspec.Struct):
    """What all Structs have in common. Written as JSON again, one gives the item it was decoded from."""

    __rich_repr__: ClassVar[Any] = None  # tracebacks may be printed with local variables, and one may hold a secret

    def encoded(self) -> bytes:
        """Write it as JSON."""
        return msgspec.json.encode(self)


@functools.cache
def struct_of(model: Any) -> type[ItemStruct]:
    """Make the Struct of a model, its members in the order of the alphabet, as the vendor's servers write them."""
    fields: list[tuple[str, Any, Any]] = []
    names: dict[str, str] = {}
    for field in received_fields(model):
        default = msgspec.NODEFAULT if field.default is attrs.NOTHING and model not in ABSENT_WITHOUT else None
        kind = _wire_kind(kind_of(field.type))
        for spelling, name in zip(_spellings(field), wire_names(field), strict=True):
            names[spelling] = name
            fields.append((spelling, kind if default is msgspec.NODEFAULT else kind | None, default))
    fields.sort(key=lambda each: names[each[0]])
    label = f"{model.__name__}Struct"
    made = msgspec.defstruct(
        label, fields, bases=(ItemStruct,), rename=names, kw_only=True, gc=False, omit_defaults=True
    )
    return cast("type[ItemStruct]", made)


def _spellings(field: attrs.Attribute[Any]) -> list[str]:
    """Name the fields of the Struct, one for each of the spellings a member comes in."""
    return [field.name if number == 0 else f"{field.name}_{number}" for number in range(len(wire_names(field)))]


def _wire_kind(kind: Any) -> Any:
    if kind in _WIRE or is_vocabulary(kind):
        return _WIRE.get(kind, str)
    return tuple[struct_of(get_args(kind)[0]), ...] if get_origin(kind) is tuple else struct_of(kind)  # type: ignore[misc]


@functools.cache
def utc_check_of(model: Any) -> Callable[[Any], bool]:
    """Generate the check that all dates of a Struct are in UTC: others may lie outside of the calendar."""
    source = f"lambda source: {_utc_condition(model, 'source') or True}"
    return cast("Callable[[Any], bool]", eval(source, {"utc": UTC}))  # noqa: S307 - nothing received is in it


def _utc_condition(model: Any, place: str) -> str:
    conditions: list[str] = []
    for field in received_fields(model):
        kind = kind_of(field.type)
        part = get_args(kind)[0] if get_origin(kind) is tuple else kind
        each = f"{place}.{field.name}" if part is kind else f"each_{field.name}"
        condition = f"{each}.tzinfo is utc" if kind is datetime else attrs.has(part) and _utc_condition(part, each)
        if condition and part is not kind:
            condition = f"all({condition} for {each} in {place}.{field.name})"
        if condition:
            conditions.append(f"({place}.{field.name} is None or {condition})")
    return " and ".join(conditions)


@functools.cache
def copier_of(model: Any) -> Callable[..., Any]:
    """Generate the function that makes a model of its Struct.

    Beside the Struct it takes the item as received, which a :class:`~mongorestore_async.models.Document` keeps,
    and where it was found, which a restore job does. It never raises: by then the page is known to fit.
    """
    names: dict[str, Any] = {"Secret": Secret}
    lines = [*_object_lines(model, "", names), "made._received = received"]
    lines += ["made._origin = origin"] if issubclass(model, JobDocument) else []
    source = "\n    ".join(["def copy(source, received, origin):", *lines, "made.__class__ = model", "return made"])
    exec(compile(source, f"<copy of {model.__name__}>", "exec"), names)  # noqa: S102 - nothing received is in it
    return cast("Callable[..., Any]", names["copy"])


def _unfrozen(model: type[Any]) -> type[Any]:
    """Make a twin of a frozen class with the same slots, to be filled by assignments.

    The ``__init__`` of a frozen class calls ``object.__setattr__`` for each field, which takes five times as long. An
    instance of the twin becomes one of the model by its ``__class__``.
    """
    own = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return types.new_class(f"Unfrozen{model.__name__}", (model,), exec_body=lambda body: body.update(own, __slots__=()))


def _object_lines(model: Any, place: str, names: dict[str, Any]) -> Iterator[str]:
    """Give the lines that fill ``made`` from ``source``, both with the place of the object appended to their names."""
    names |= {f"blank{place}": _unfrozen(model), f"model{place}": model}
    yield f"made{place} = blank{place}()"
    for field in received_fields(model):
        kind = kind_of(field.type)
        part = get_args(kind)[0] if get_origin(kind) is tuple else kind
        lines = _part_lines if attrs.has(part) else _value_lines
        yield from lines(field, part, place, names)


def _value_lines(field: attrs.Attribute[Any], kind: Any, place: str, names: dict[str, Any]) -> Iterator[str]:
    spelling, *others = _spellings(field)
    taken = _TAKEN.get(kind_of(field.type), "value")
    if is_vocabulary(kind):
        names[f"words{place}_{field.name}"] = vocabulary(kind)
        taken = f"words{place}_{field.name}[value]"
    if taken == "value" and not others and field.default in (attrs.NOTHING, None):
        yield f"made{place}.{field.name} = source{place}.{spelling}"
        return
    names[f"default{place}_{field.name}"] = field.default
    yield f"value = source{place}.{spelling}"
    yield from (f"if value is None: value = source{place}.{other}" for other in others)
    yield f"made{place}.{field.name} = default{place}_{field.name} if value is None else {taken}"


def _part_lines(field: attrs.Attribute[Any], part: Any, place: str, names: dict[str, Any]) -> Iterator[str]:
    source, target, inner = f"source{place}.{field.name}", f"made{place}.{field.name}", f"{place}_{field.name}"
    presence = " or ".join(f"source{inner}.{name} is not None" for name in ABSENT_WITHOUT.get(part, ())) or "True"
    made = [*_object_lines(part, inner, names), f"made{inner}.__class__ = model{inner}"]
    if part is kind_of(field.type):
        yield f"{target} = None"
        yield f"source{inner} = {source}"
        yield f"if source{inner} is not None and ({presence}):"
        yield from (f"    {line}" for line in [*made, f"{target} = made{inner}"])
    else:
        yield f"items{inner} = []"
        yield f"for source{inner} in {source} or ():"
        yield f"    if {presence}:"
        yield from (f"        {line}" for line in [*made, f"items{inner}.append(made{inner})"])
        yield f"{target} = tuple(items{inner})"
