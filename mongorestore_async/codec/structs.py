"""The fast way: one msgspec Struct per model, and one generated function that makes the model of it.

msgspec decodes and checks a Struct in C. It has the fields of the model in the plainest JSON types: what it takes, the
hooks of :mod:`~mongorestore_async.codec.structuring` take with the same result, and odd forms are left to them.
Other orders of members, members that no field is made for, and nulls are learned from received pages, so that what a
Struct was decoded from can be written again exactly as it came. The function for ``ProjectSummary`` begins::

    def copy(source, received=None, origin=None):
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
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, cast

import attrs
import msgspec

from mongorestore_async.codec.scalars import vocabulary
from mongorestore_async.codec.structuring import ABSENT_WITHOUT, is_vocabulary, kind_of, part_of, received_fields
from mongorestore_async.models.document import DecodedItem, Document, wire_names
from mongorestore_async.models.job import JobDocument
from mongorestore_async.models.secret import Secret, hide, hide_document, hide_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "ItemStruct",
    "Order",
    "copier_of",
    "late_fields_of",
    "learn_order",
    "nulls_in",
    "struct_of",
    "unfrozen",
    "utc_check_of",
]

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

#: The members of an object in their order, each with the order of the object, or of the objects, in it, and whether it
#: is a field that may come as null. The empty tuple stands for the usual order: known members only, none of them null,
#: in the order of the alphabet, as the vendor's servers write them.
Order: TypeAlias = "tuple[tuple[str, tuple[Order, bool]], ...]"

_USUAL: tuple[Order, bool] = ((), False)

# So many names of members are remembered for one object, and so long ones: a hostile server may send any.
_MOST_NAMES = 100
_LONGEST_NAME = 100

#: How fields of such a kind hide their ``value``.
_HIDDEN: dict[Any, str] = {
    Secret: "hide(value)",
    tuple[Secret, ...]: "hide_each((value,) if value.__class__ is str and value else value)",
}

#: What generated functions refer to.
_NAMES: dict[str, Any] = {
    "UNSET": msgspec.UNSET,
    "hide": hide,
    "hide_document": hide_document,
    "hide_each": hide_each,
}


class ItemStruct(DecodedItem, msgspec.Struct):
    """What all Structs have in common. Written as JSON again, one gives the object it was decoded from."""

    __rich_repr__: ClassVar[Any] = None  # tracebacks may be printed with local variables, and one may hold a secret
    order: ClassVar[Order] = ()  # what it was made for

    def opened(self) -> dict[str, Any]:
        """Make the object it was decoded from."""
        document: dict[str, Any] = msgspec.to_builtins(self, enc_hook=_number)
        return document


def _number(text: msgspec.Raw) -> float:
    return float(bytes(text))


@functools.lru_cache(maxsize=256)
def struct_of(model: Any, order: Order = ()) -> type[ItemStruct]:
    """Make the Struct of a model, its members in the order that :func:`learn_order` gave."""
    inner = dict(order)
    fields: dict[str, tuple[str, Any, Any]] = {}
    for field in received_fields(model):
        is_required = field.default is attrs.NOTHING and model not in ABSENT_WITHOUT
        for spelling, name in zip(_spellings(field), wire_names(field), strict=True):
            known, is_nullable = inner.get(name, _USUAL)
            kind = _wire_kind(kind_of(field.type), known)
            default = msgspec.NODEFAULT if is_required else msgspec.UNSET if is_nullable else None  # is not written
            fields[name] = (spelling, kind if is_required else kind | None | msgspec.UnsetType, default)
    for number, name in enumerate(inner):
        fields.setdefault(name, (f"unknown_{number}", Any, msgspec.UNSET))
    names = list(inner) or sorted(fields)
    made = msgspec.defstruct(
        f"{model.__name__}Struct",
        [fields[name] for name in names],
        bases=(ItemStruct,),
        namespace={"order": order, "late": late_fields_of(model, nulls_in(order))},
        rename={fields[name][0]: name for name in names},
        kw_only=True,
        gc=False,
        omit_defaults=True,
    )
    return cast("type[ItemStruct]", made)


def learn_order(model: Any, values: Iterable[Any], before: Order = ()) -> Order:
    """Learn in which order objects have their members, which no field is made for, and which of the others are null.

    Args:
        model: What the objects are.
        values: The objects.
        before: What was learned from other objects, which is to fit them still.

    Returns:
        The order; the usual one where there are too many names, or too long ones.

    """
    objects = [cast("dict[str, Any]", value) for value in values if isinstance(value, dict)]
    parts = {name: part_of(field.type) for field in received_fields(model) for name in wire_names(field)}
    usual, inner = sorted(parts), dict(before)
    nulls = parts.keys() & {name for each in objects for name, value in each.items() if value is None}
    forms = [tuple(inner), *list(dict.fromkeys(map(tuple, objects)))[:_MOST_NAMES]]
    names = _merged([*forms, usual])
    if len(names) > _MOST_NAMES or max(map(len, names)) > _LONGEST_NAME:
        return ()
    order: list[tuple[str, tuple[Order, bool]]] = []
    for name in names:
        part, (known, is_nullable) = parts.get(name), inner.get(name, _USUAL)
        if attrs.has(part):  # type: ignore[arg-type]
            arrays = [each[name] if isinstance(each.get(name), list) else [each.get(name)] for each in objects]
            known = learn_order(part, chain.from_iterable(arrays), known)
        order.append((name, (known, is_nullable or name in nulls)))
    return tuple(order) if names != usual or any(learned != _USUAL for _, learned in order) else ()


def nulls_in(order: Order) -> Order:
    """Leave out of an order all that :func:`copier_of` does not depend on: members that are not null."""
    found = ((name, (nulls_in(inner), is_nullable)) for name, (inner, is_nullable) in order)
    return tuple(each for each in found if each[1] != _USUAL)


def _merged(forms: list[Sequence[str]]) -> list[str]:
    """Merge several orders of names into one that fits all of them, if there is one."""
    if all(list(form) == sorted(form) for form in forms):
        return sorted(set(chain.from_iterable(forms)))
    names: list[str] = []
    for form in forms:
        place = 0
        for name in form[: _MOST_NAMES + 1]:
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
    return names


def _spellings(field: attrs.Attribute[Any]) -> list[Any]:
    """Name the fields of the Struct, one for each of the spellings a member comes in."""
    return [field.alias if number == 0 else f"{field.alias}_{number}" for number in range(len(wire_names(field)))]


def _wire_kind(kind: Any, order: Order) -> Any:
    if kind in _WIRE or is_vocabulary(kind):
        return _WIRE.get(kind, str)
    made: Any = struct_of(part_of(kind), order)
    return made if part_of(kind) is kind else tuple[made, ...]


@functools.cache
def utc_check_of(model: Any) -> Callable[[Any], bool]:
    """Generate the check that all dates of a Struct are in UTC: others may lie outside of the calendar."""
    source = f"lambda source: {_utc_condition(model, 'source') or True}"
    return cast("Callable[[Any], bool]", eval(source, {"utc": UTC}))  # noqa: S307 - nothing received is in it


def _utc_condition(model: Any, place: str) -> str:
    conditions: list[str] = []
    for field in received_fields(model):
        kind, part = kind_of(field.type), part_of(field.type)
        for spelling in _spellings(field):
            each = f"{place}.{spelling}" if part is kind else f"each_{spelling}"
            condition = f"{each}.tzinfo is utc" if kind is datetime else attrs.has(part) and _utc_condition(part, each)
            if condition and part is not kind:
                condition = f"all({condition} for {each} in {place}.{spelling})"
            if condition:
                conditions.append(f"(not {place}.{spelling} or {condition})")
    return " and ".join(conditions)


@functools.lru_cache(maxsize=256)
def copier_of(model: Any, nulls: Order = ()) -> Callable[..., Any]:
    """Generate the function that makes a model of its Struct.

    Beside the Struct it takes where the item was found, which a restore job keeps, and the item as received where that
    cannot be made of the Struct. A :class:`~mongorestore_async.models.Document` keeps the Struct: its parts, its
    secrets and ``raw`` are made when they are looked at. The function never raises: by then the page is known to fit.
    What :func:`nulls_in` gives for the order of the Struct tells which fields may be ``UNSET``, which becomes None.
    """
    names: dict[str, Any] = {**_NAMES, "blank": unfrozen(model), "model": model}
    late = late_fields_of(model, nulls)
    fields = (field for field in received_fields(model) if field.name not in late)
    lines = [f"made.{field.name} = {_expression(field, nulls, names)}" for field in fields]
    if issubclass(model, Document):
        lines += ["made._item = source", "if received is not None: made._received = hide_document(received)"]
    lines += ["made._origin = origin"] if issubclass(model, JobDocument) else []
    lines += [f"made.{field.name} = None" for field in attrs.fields(model) if not wire_names(field)]
    lines = ["made = blank()", *lines, "made.__class__ = model", "return made"]
    source = "\n    ".join(["def copy(source, origin=None, received=None):", *lines])
    exec(compile(source, f"<copy of {model.__name__}>", "exec"), names)  # noqa: S102 - nothing received is in it
    return cast("Callable[..., Any]", names["copy"])


@functools.lru_cache(maxsize=256)
def late_fields_of(model: Any, nulls: Order = ()) -> dict[str, Callable[[Any], Any]]:
    """Generate the functions that make those fields of a document that are not made with it."""
    if not issubclass(model, Document):
        return {}
    found: dict[str, Callable[[Any], Any]] = {"_received": hide_document}
    for field in received_fields(model):
        kind = kind_of(field.type)
        if kind in _HIDDEN or attrs.has(part_of(kind)):
            names = dict(_NAMES)
            source = f"lambda source: {_expression(field, nulls, names)}"
            found[field.name] = eval(source, names)  # noqa: S307 - nothing received is in it
    return found


@functools.cache
def unfrozen(model: type[Any]) -> type[Any]:
    """Make a twin of a frozen class with the same slots, to be filled by assignments.

    The ``__init__`` of a frozen class calls ``object.__setattr__`` for each field, which takes five times as long. An
    instance of the twin becomes one of the model by its ``__class__``.
    """
    own = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return types.new_class(f"Unfrozen{model.__name__}", (model,), exec_body=lambda body: body.update(own, __slots__=()))


def _expression(field: attrs.Attribute[Any], nulls: Order, names: dict[str, Any]) -> str:
    """Write what a field of a model is made of, and put what that needs among the names."""
    kind, part = kind_of(field.type), part_of(field.type)
    members = [dict(nulls).get(name, _USUAL) for name in wire_names(field)]
    form = "(None if source.{0} is UNSET else source.{0})" if any(each[1] for each in members) else "source.{0}"
    place, *others = map(form.format, _spellings(field))
    for other in others:
        place = f"({place} if {place} is not None else {other})"
    if is_vocabulary(kind):
        names[f"words_{field.name}"] = vocabulary(kind)
        taken = f"words_{field.name}[value]"
    elif attrs.has(part):
        copy, inner = f"copy_{field.name}", members[0][0]
        names[copy] = copier_of(part, inner)
        there = "not in (None, UNSET)" if inner else "is not None"
        present = " or ".join(f"value.{name} {there}" for name in ABSENT_WITHOUT.get(part, ())) or "True"
        one = f"{copy}(value) if {present} else None"
        taken = one if part is kind else f"tuple([{copy}(value) for value in value if {present}])"
    elif kind in _HIDDEN:
        taken = _HIDDEN[kind]
    elif field.default in (attrs.NOTHING, None):
        return place
    else:
        taken = "value"
    names[f"default_{field.name}"] = field.default
    return f"default_{field.name} if (value := {place}) is None else {taken}"
