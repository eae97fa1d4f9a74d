"""One msgspec Struct per model, and one generated function that makes the model of it.

msgspec decodes and checks a Struct in C. It has the fields of the model in the plainest JSON types, so what it takes is
taken by :mod:`~mongorestore_async.codec.generated` as well; the odd forms that only those take are left to them. The
function for ``ProjectSummary`` begins::

    def copy_ProjectSummary(source, received, origin):
        made = draft()
        made.id = source.id
        made.name = source.name
        ...
        made.__class__ = model
        return made

Only imported where msgspec is installed, which is what the extra ``speed`` does.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args, get_origin

import attrs
import msgspec

from mongorestore_async.codec.empty_models import draft_of
from mongorestore_async.codec.generated import ABSENT_WITHOUT, array_maker, is_vocabulary, kind_of, received_fields
from mongorestore_async.codec.scalars import ValidationError, in_utc, vocabulary
from mongorestore_async.models.document import Document, JobDocument, wire_names
from mongorestore_async.models.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["copier_of", "struct_of"]

#: What a field of a kind looks like on the wire: a date must name its zone.
_WIRE: dict[Any, Any] = {
    str: str,
    int: int,
    bool: bool,
    datetime: Annotated[datetime, msgspec.Meta(tz=True)],
    Secret: str,
}

#: What becomes of the ``value`` of such a field.
_TAKEN: dict[Any, str] = {
    str: "value",
    int: "value",
    bool: "value",
    datetime: "value if value.tzinfo is utc else in_utc(value)",
    Secret: "Secret(value)",
}

#: What a traceback with local variables, or a debugger, shows of a Struct: nothing, for it may hold a secret.
_UNSEEN: dict[str, Any] = {"__repr__": object.__repr__, "__rich_repr__": None}


@functools.cache
def struct_of(model: Any) -> type[msgspec.Struct]:
    """Make the Struct of a model that :func:`~mongorestore_async.codec.generated.is_plain`."""
    fields: list[Any] = []
    names: dict[str, str] = {}
    for field in received_fields(model):
        for number, name in enumerate(wire_names(field)):
            own, kind = _spelling(field, number), _wire_type(kind_of(field.type))
            names[own] = name
            is_needed = field.default is attrs.NOTHING and model not in ABSENT_WITHOUT
            fields.append((own, kind) if is_needed else (own, kind | None, None))
    label = f"{model.__name__.strip('_')}Struct"
    return msgspec.defstruct(label, fields, namespace=dict(_UNSEEN), rename=names, kw_only=True, gc=False)


def _spelling(field: attrs.Attribute[Any], number: int) -> str:
    """Name the field of the Struct for one of the spellings a member comes in."""
    return field.name if number == 0 else f"{field.name}_{number}"


def _wire_type(kind: Any) -> Any:
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        # One URL may stand where an array of them was promised. Unlike lists, tuples of Structs are soon none of the
        # garbage collector's business.
        return list[str] | str if item is Secret else tuple[_wire_type(item), ...]  # type: ignore[misc]
    return str if is_vocabulary(kind) else _WIRE.get(kind) or struct_of(kind)


@functools.cache
def copier_of(model: Any) -> Callable[..., Any]:
    """Generate the function that makes a model of its Struct, and those of its parts in passing.

    Beside the Struct it takes the document as received, which a :class:`~mongorestore_async.models.Document` keeps,
    and where it was found, which a restore job does. It never raises: by then the page is known to fit.
    """
    names: dict[str, Any] = {
        "Secret": Secret,
        "in_utc": _in_utc,
        "urls": array_maker(Secret),
        "utc": UTC,
    }
    label = f"copy_{model.__name__.strip('_')}"
    lines = [f"def {label}(source, received, origin):", *_indented(_object_lines(model, "", names))]
    if issubclass(model, Document):
        lines.append("    made._received = received")
    if issubclass(model, JobDocument):
        lines.append("    made._origin = origin")
    lines += _indented(["made.__class__ = model", "return made"])
    exec(compile("\n".join(lines), f"<{label}>", "exec"), names)  # noqa: S102 - of our own classes, nothing received is in it
    return cast("Callable[..., Any]", names[label])


def _in_utc(read: datetime) -> datetime:
    """Take a moment of any zone; one that no calendar has in UTC becomes the nearest that it has."""
    try:
        return in_utc(read)
    except ValidationError:
        return datetime.min.replace(tzinfo=UTC) if read.year == 1 else datetime.max.replace(tzinfo=UTC)


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _object_lines(model: Any, place: str, names: dict[str, Any]) -> Iterator[str]:
    """Give the lines that make ``made`` of ``source``, both with the place of the object appended to their names."""
    names |= {f"draft{place}": draft_of(model), f"model{place}": model}
    yield f"made{place} = draft{place}()"
    for field in received_fields(model):
        yield from _field_lines(field, place, names)


def _field_lines(field: attrs.Attribute[Any], place: str, names: dict[str, Any]) -> Iterator[str]:
    kind = kind_of(field.type)
    target = f"made{place}.{field.name}"
    spelling, *others = (_spelling(field, number) for number in range(len(wire_names(field))))
    is_needed = field.default is attrs.NOTHING
    if _TAKEN.get(kind) == "value" and (is_needed or field.default is None) and not others:
        yield f"{target} = source{place}.{spelling}"
        return
    yield f"value = source{place}.{spelling}"
    yield from (f"if value is None: value = source{place}.{other}" for other in others)
    lines = _value_lines(kind, target, f"{place}_{field.name}", names)
    if is_needed:
        yield from lines
    else:
        names[f"default{place}_{field.name}"] = field.default
        yield f"if value is None: {target} = default{place}_{field.name}"
        yield "else:"
        yield from _indented(lines)


def _value_lines(kind: Any, target: str, place: str, names: dict[str, Any]) -> Iterator[str]:
    """Give the lines that set the target to what becomes of ``value``."""
    item = get_args(kind)[0] if get_origin(kind) is tuple else None
    if kind in _TAKEN:
        yield f"{target} = {_TAKEN[kind]}"
    elif is_vocabulary(kind):
        names[f"words{place}"] = vocabulary(kind)
        yield f"{target} = words{place}[value]"
    elif item is Secret:
        yield f"{target} = urls(value)"
    elif item in _TAKEN:
        yield f"{target} = tuple(value)"
    elif item is None:
        yield f"source{place} = value"
        yield from _part_lines(kind, place, names, keep=f"{target} = made{place}", skip=f"{target} = None")
    else:
        yield f"items{place} = []"
        yield f"for source{place} in value:"
        lines = _part_lines(item, place, names, keep=f"items{place}.append(made{place})", skip="continue")
        yield from _indented(lines)
        yield f"{target} = tuple(items{place})"


def _part_lines(model: Any, place: str, names: dict[str, Any], *, keep: str, skip: str) -> Iterator[str]:
    lines = [*_object_lines(model, place, names), f"made{place}.__class__ = model{place}", keep]
    if model in ABSENT_WITHOUT:
        absent = " and ".join(f"source{place}.{name} is None" for name in ABSENT_WITHOUT[model])
        yield f"if {absent}: {skip}"
        yield "else:"
        lines = _indented(lines)
    yield from lines
