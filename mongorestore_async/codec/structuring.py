"""JSON values to models by cattrs: the converter, and the hooks it has from the start.

What the hooks tolerate, and no more:

- a member that is null counts as absent, and members no field is made for are left to ``raw``;
- whole numbers come as integers, as floats without a fraction, or as strings of digits; never as booleans;
- dates come as ISO 8601 text (no zone means UTC) or as epoch seconds;
- words of open enumerations are met in any case, unknown ones stay text;
- links without ``href`` are skipped, and ``deliveryUrl`` is one string or an array.

Everything else is a :class:`DataError` that names paths and JSON types, never a value: a document may hold secrets.
"""

from __future__ import annotations

import functools
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, Union, cast, get_args, get_origin

import attrs
from cattrs import Converter, override
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.gen import make_dict_structure_fn

from mongorestore_async.codec.explainer import problems_of, refusal
from mongorestore_async.codec.scalars import ValidationError, boolean, moment, text, vocabulary, whole_number
from mongorestore_async.errors import DataError
from mongorestore_async.models.document import (
    Document,
    RawDocument,
    RawList,
    attach,
    conceal,
    reveal,
    wire_names,
)
from mongorestore_async.models.job import JobDocument, stamp
from mongorestore_async.models.secret import MAX_DEPTH, Secret
from mongorestore_async.models.values import Link, OplogTimestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.codec.explainer import Problem
    from mongorestore_async.models.job import JobRef

    Hook = Callable[[Any, Any], Any]
    JsonObject = dict[str, Any]

__all__ = [
    "ABSENT_WITHOUT",
    "contradicts",
    "converter",
    "is_deeper",
    "is_standard",
    "is_vocabulary",
    "kind_of",
    "part_of",
    "received_fields",
    "require_id",
    "reset_hooks",
    "structure",
    "structure_by_id",
    "structure_each",
]

T = TypeVar("T")


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


DocumentT = TypeVar("DocumentT", bound=_WithId)

#: Members of which one must be there for an object to count as present.
ABSENT_WITHOUT: dict[type[Any], tuple[str, ...]] = {Link: ("href",), OplogTimestamp: ("date", "increment", "time")}

#: Fields of documents that no member is read for.
_OWN = frozenset(field.name for field in attrs.fields(JobDocument) if field.name.startswith("_"))

_MODELS = Document.__module__.rpartition(".")[0] + "."

_SCALARS: dict[Any, Callable[[Any], Any]] = {
    str: text,
    Secret: lambda value: Secret(text(value)),
    bool: boolean,
    int: whole_number,
    datetime: moment,
}


@functools.cache
def converter() -> Converter:
    """Give the cattrs converter that makes every model of this library.

    Register hooks of your own on it, for a class: a model, a part of one such as
    :class:`~mongorestore_async.models.Delivery`, or the type of a field such as ``datetime``. They count for everything
    that is structured from then on: lists, single documents and :func:`load_job`. A hook for a model returns an
    instance of that model. Where a hook raises, the document is refused with a :class:`DataError` that names the path
    and the type of the exception. Register them before the first call; the converter is shared by the whole process.

    Items of lists whose models no hook of yours concerns are structured without cattrs, several times as fast.

    Returns:
        The converter.

    """
    return _shared_converter()


@functools.cache
def _shared_converter() -> Converter:
    made = Converter(detailed_validation=True)
    for kind, take in _SCALARS.items():
        made.register_structure_hook(kind, _hook_of(take))
    made.register_structure_hook(StrEnum, lambda value, kind: vocabulary(kind)[text(value)])
    # cattrs asks the newest factory first.
    made.register_structure_hook_factory(attrs.has, _object_hook)
    made.register_structure_hook_factory(_is_array, _array_hook)
    made.register_structure_hook_factory(_is_union, _union_hook)
    return made


def structure(model: type[T], document: Any, *, path: str = "$") -> T:
    """Make a model of a received JSON value.

    Args:
        model: An attrs class; a :class:`~mongorestore_async.models.Document` keeps the value as ``raw``.
        document: The value, as a JSON decoder made it, or a ``raw`` of before.
        path: Where the value stood in the answer, for the error.

    Raises:
        DataError: The value does not fit. ``path`` names the first problem, the message all of them.

    """
    # Tracebacks may be printed with local variables, so none of a frame that stays in one holds a bare document.
    document = conceal(document)
    made, problems = _attempt(model, document, path)
    if problems:
        raise refusal(model, problems)
    return cast("T", made)


def structure_by_id(model: type[DocumentT], document: Any, *, asked: str) -> DocumentT:
    """Make the model of what was asked for by its id; as :func:`structure`.

    Args:
        model: A document with an ``id``.
        document: The value, as a JSON decoder made it.
        asked: The id it was asked for by.

    Raises:
        DataError: It is another one.

    """
    return require_id(structure(model, document), asked)


def contradicts(found: str, asked: str) -> bool:
    """Whether an id in an answer is another one than the one asked for.

    Servers take and give ids in either case. The vendor's examples, which tests replay, hold placeholders such as
    ``{JOB-ID}``, which no server sends: those contradict nothing.
    """
    return found.casefold() != asked.casefold() and not (found.startswith("{") and found.endswith("}"))


def require_id(made: DocumentT, asked: str) -> DocumentT:
    """Check that an answer is about what was asked for: a cache or a gateway may give the answer to another call.

    Only the id is compared, without regard to case. What else an answer names need not be what its path names: a job
    of a shard may show the shard's cluster id, and clusters are addressed by name here and by id there.

    Raises:
        DataError: It has another id.

    """
    if contradicts(made.id, asked):
        raise DataError(
            f"$.id: the answer is about another {type(made).__name__} than the one asked for, so it proves nothing;"
            f" ask again, and look for a cache or gateway that mixes up answers",
            path="$.id",
        )
    return made


def structure_each(model: type[T], documents: Any, *, path: str = "$", origin: JobRef | None = None) -> tuple[T, ...]:
    """Make models of a received JSON array; as :func:`structure`, with the index in the path.

    Args:
        model: An attrs class.
        documents: The array.
        path: Where it stood in the answer.
        origin: Where restore jobs were found, None for other models.

    """
    documents = conceal(documents)
    if not isinstance(documents, RawList):
        raise refusal(model, [(path, str(ValidationError("array", reveal(documents))))])
    found = [_attempt(model, document, f"{path}[{index}]") for index, document in enumerate(documents)]
    problems = [problem for _, inner in found for problem in inner]
    if problems:
        raise refusal(model, problems)
    return tuple(made if origin is None else stamp(made, origin) for made, _ in found)


def _attempt(model: Any, document: Any, path: str) -> tuple[Any, Sequence[Problem]]:
    """Return what was made, and every problem. Never raises; the outcome leaves no frame behind."""
    value = reveal(document)
    if is_deeper(value, MAX_DEPTH):
        return None, [(path, f"nested deeper than {MAX_DEPTH} levels")]
    try:
        return _shared_converter().structure(value, model), ()
    except Exception as error:  # noqa: BLE001 - hooks of users may raise anything
        return None, tuple(problems_of(error, value, path))


def is_deeper(value: Any, levels: int) -> bool:
    """Whether more than so many arrays and objects stand inside one another."""
    level = [value]
    for _ in range(levels):
        level = [
            item
            for inner in level
            if isinstance(inner, (dict, list, tuple))
            for item in cast("list[Any]", inner.values() if isinstance(inner, dict) else inner)
        ]
        if not level:
            return False
    return any(isinstance(inner, (dict, list, tuple)) for inner in level)


def kind_of(annotation: Any) -> Any:
    """Tell what the value of a field is when it is there: of ``X | None`` it is X, of ``Words | str`` it is Words."""
    if not _is_union(annotation):
        return annotation
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return next(filter(is_vocabulary, kinds), kinds[0])


def part_of(annotation: Any) -> Any:
    """Tell of what kind the items of a field are when it is an array, else what its value is."""
    kind = kind_of(annotation)
    return get_args(kind)[0] if _is_array(kind) else kind


def is_vocabulary(kind: Any) -> bool:
    """Whether a kind is an open enumeration: known words become its members, others stay text."""
    return isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, StrEnum)


def received_fields(model: type[Any]) -> list[attrs.Attribute[Any]]:
    """Fields that are read from members: all but those that a document has of its own."""
    attrs.resolve_types(model)
    return [field for field in attrs.fields(model) if field.name not in _OWN and wire_names(field)]


def is_standard(model: Any) -> bool:
    """Whether a model is one of this library, and made by the hooks of this library alone, as its parts and fields."""
    if not model.__module__.startswith(_MODELS):
        return False
    if not converter.cache_info().currsize:  # not created yet, so no hooks are registered
        return True
    get_hook = converter().get_structure_hook
    return all(getattr(get_hook(kind), "__module__", None) == __name__ for kind in _kinds_in(model))


def reset_hooks() -> None:
    """Forget all hooks that were registered: for tests."""
    converter.cache_clear()
    _shared_converter.cache_clear()


@functools.cache
def _kinds_in(annotation: Any) -> frozenset[Any]:
    part = part_of(annotation)
    inner: list[Any] = [field.type for field in received_fields(part)] if attrs.has(part) else []
    return frozenset({annotation, kind_of(annotation), part}).union(*map(_kinds_in, inner))


# Hooks. cattrs makes one for each class, when it is first needed and after a registration.


def _hook_of(take: Callable[[Any], Any]) -> Hook:
    return lambda value, _: take(value)


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _union_hook(union: Any, made: Converter) -> Hook:
    """``X | None`` (null never gets here), and ``Words | str | None``."""
    kind = kind_of(union)
    structure_kind = made.get_structure_hook(kind)
    return lambda value, _: structure_kind(value, kind)


def _array_hook(model: Any, made: Converter) -> Hook:
    structure_items = homogenous_tuple_structure_factory(model, made)
    kind = get_args(model)[0]

    def structure_array(value: Any, _: Any) -> Any:
        if kind is Secret and isinstance(value, str):
            return (Secret(value),) if value else ()
        if not isinstance(value, (list, tuple)):  # documents that are loaded may hold either
            raise ValidationError("array", value)
        items = structure_items(cast("Sequence[Any]", value), model)
        return tuple(item for item in items if item is not None) if kind in ABSENT_WITHOUT else items

    return structure_array


def _object_hook(model: type[Any], made: Converter) -> Hook:
    names = {field.name: wire_names(field) for field in received_fields(model)}
    overrides: dict[str, Any] = {field.name: override(omit=True) for field in attrs.fields(model)}
    overrides |= {name: override(rename=spellings[0]) for name, spellings in names.items()}
    generated = cast("Hook", make_dict_structure_fn(model, made, **overrides))
    aliases = [spellings for spellings in names.values() if len(spellings) > 1]
    needed = ABSENT_WITHOUT.get(model)

    def structure_object(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("object", value)
        document = cast("JsonObject", value)
        members = {name: item for name, item in document.items() if item is not None}
        if needed is not None and not members.keys() & needed:
            return None
        for spellings in aliases:  # the value of the first spelling that is there, under the documented name
            found = next((name for name in spellings if name in members), None)
            if found is not None:
                members[spellings[0]] = members[found]
        document_made = generated(members, model)
        return attach(document_made, RawDocument.of(document)) if issubclass(model, Document) else document_made

    return structure_object
