"""The fast way: one msgspec Struct per model, and one generated function that makes the model of it.

msgspec decodes and checks a Struct in C. It has the fields of the model in the plainest JSON types: what it takes, the
hooks of :mod:`~mongorestore_async.codec.structuring` take with the same result, and odd forms are left to them.
Other orders of members, and members that no field is made for, are learned from received pages, so that what a Struct
was decoded from can be written again exactly as it came. The function for ``ProjectSummary`` begins::

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
from mongorestore_async.models.document import Document, JobDocument, wire_names
from mongorestore_async.models.secret import Secret, UndecodedItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["ItemStruct", "Order", "copier_of", "learn_order", "struct_of", "utc_check_of"]

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

#: The members of an object in their order, each with the order of the object, or of the objects, in it. The empty tuple
#: stands for the usual order: known members only, in the order of the alphabet, as the vendor's servers write them.
Order: TypeAlias = "tuple[tuple[str, Order], ...]"

# So many names of members are remembered for one object, and so long ones: a hostile server may send any.
_MOST_NAMES = 100
_LONGEST_NAME = 100

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


@functools.lru_cache(maxsize=256)
def struct_of(model: Any, order: Order = ()) -> type[ItemStruct]:
    """Make the Struct of a model, its members in the order that :func:`learn_order` gave."""
    inner = dict(order)
    fields: dict[str, tuple[str, Any, Any]] = {}
    for field in received_fields(model):
        default = msgspec.NODEFAULT if field.default is attrs.NOTHING and model not in ABSENT_WITHOUT else None
        for spelling, name in zip(_spellings(field), wire_names(field), strict=True):
            kind = _wire_kind(kind_of(field.type), inner.get(name, ()))
            fields[name] = (spelling, kind if default is msgspec.NODEFAULT else kind | None, default)
    for number, name in enumerate(inner):
        fields.setdefault(name, (f"unknown_{number}", Any, msgspec.UNSET))
    names = list(inner) or sorted(fields)
    made = msgspec.defstruct(
        f"{model.__name__}Struct",
        [fields[name] for name in names],
        bases=(ItemStruct,),
        rename={fields[name][0]: name for name in names},
        kw_only=True,
        gc=False,
        omit_defaults=True,
    )
    return cast("type[ItemStruct]", made)


def learn_order(model: Any, values: Iterable[Any], before: Order = ()) -> Order:
    """Learn in which order objects have their members, and which of them no field is made for.

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
    forms = [tuple(inner), *list(dict.fromkeys(map(tuple, objects)))[:_MOST_NAMES]]
    names = _merged([*forms, usual])
    if len(names) > _MOST_NAMES or max(map(len, names)) > _LONGEST_NAME:
        return ()
    order: list[tuple[str, Order]] = []
    for name in names:
        part, known = parts.get(name), inner.get(name, ())
        if attrs.has(part):  # type: ignore[arg-type]
            arrays = [each[name] if isinstance(each.get(name), list) else [each.get(name)] for each in objects]
            known = learn_order(part, chain.from_iterable(arrays), known)
        order.append((name, known))
    return tuple(order) if names != usual or any(known for _, known in order) else ()


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


def _spellings(field: attrs.Attribute[Any]) -> list[str]:
    """Name the fields of the Struct, one for each of the spellings a member comes in."""
    return [field.name if number == 0 else f"{field.name}_{number}" for number in range(len(wire_names(field)))]


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
                conditions.append(f"({place}.{spelling} is None or {condition})")
    return " and ".join(conditions)


@functools.cache
def copier_of(model: Any) -> Callable[..., Any]:
    """Generate the function that makes a model of its Struct.

    Beside the Struct it takes the item as received, which a :class:`~mongorestore_async.models.Document` keeps,
    and where it was found, which a restore job does. It never raises: by then the page is known to fit.
    """
    names: dict[str, Any] = {"Secret": Secret, "blank": _unfrozen(model), "model": model}
    lines = ["made = blank()", *chain.from_iterable(_field_lines(field, names) for field in received_fields(model))]
    lines += ["made._received = received"] if issubclass(model, Document) else []
    lines += ["made._origin = origin"] if issubclass(model, JobDocument) else []
    lines += ["made.__class__ = model", "return made"]
    source = "\n    ".join(["def copy(source, received=None, origin=None):", *lines])
    exec(compile(source, f"<copy of {model.__name__}>", "exec"), names)  # noqa: S102 - nothing received is in it
    return cast("Callable[..., Any]", names["copy"])


def _unfrozen(model: type[Any]) -> type[Any]:
    """Make a twin of a frozen class with the same slots, to be filled by assignments.

    The ``__init__`` of a frozen class calls ``object.__setattr__`` for each field, which takes five times as long. An
    instance of the twin becomes one of the model by its ``__class__``.
    """
    own = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return types.new_class(f"Unfrozen{model.__name__}", (model,), exec_body=lambda body: body.update(own, __slots__=()))


def _field_lines(field: attrs.Attribute[Any], names: dict[str, Any]) -> Iterator[str]:
    """Give the lines that copy a field, and put what they need among the names."""
    kind, part = kind_of(field.type), part_of(field.type)
    spelling, *others = _spellings(field)
    taken = _TAKEN.get(kind, "value")
    if is_vocabulary(kind):
        names[f"words_{field.name}"] = vocabulary(kind)
        taken = f"words_{field.name}[value]"
    elif attrs.has(part):
        copy = f"copy_{field.name}"
        names[copy] = copier_of(part)
        present = " or ".join(f"value.{name} is not None" for name in ABSENT_WITHOUT.get(part, ())) or "True"
        one = f"{copy}(value) if {present} else None"
        each = f"tuple([{copy}(value) for value in value if {present}])"
        taken = one if part is kind else each
    if taken == "value" and not others and field.default in (attrs.NOTHING, None):
        yield f"made.{field.name} = source.{spelling}"
        return
    names[f"default_{field.name}"] = field.default
    yield f"value = source.{spelling}"
    yield from (f"if value is None: value = source.{other}" for other in others)
    yield f"made.{field.name} = default_{field.name} if value is None else {taken}"
