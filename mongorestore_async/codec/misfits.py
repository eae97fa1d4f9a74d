"""Why a document does not fit: the slow way from JSON to models, which knows the place of every misfit.

It takes and makes exactly what the generated functions do. It is gone only where those said no, and for classes
they cannot be generated for.
"""

from __future__ import annotations

import functools
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin

import attrs
from cattrs import BaseValidationError, ClassValidationError, Converter, IterableValidationError, override
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.gen import make_dict_structure_fn

from mongorestore_async.codec.generated import ABSENT_WITHOUT, OWN_FIELDS, kind_of
from mongorestore_async.codec.scalars import ValidationError, boolean, moment, secret, text, vocabulary, whole_number
from mongorestore_async.models.document import Document, attach, wire_names
from mongorestore_async.models.secret import RawDocument, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Hook = Callable[[Any, Any], Any]
    JsonObject = dict[str, Any]

__all__ = ["explain", "explainer"]


def explain(model: Any, document: Any, path: str) -> tuple[Any, Sequence[tuple[str, str]]]:
    """Return what is made of a document, or every misfit as path and complaint."""
    try:
        return explainer().structure(document, model), ()
    except (BaseValidationError, ValidationError) as error:
        return None, tuple(_misfits(error, document, path))


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
        yield path, str(error) if isinstance(error, ValidationError) else "required, but missing or null"


# Hooks: one per class, with the hooks of its fields looked up when it is generated.


@functools.cache
def explainer() -> Converter:
    """Make the converter that tells every misfit, once."""
    converter = Converter(detailed_validation=True)
    for kind, take in {str: text, Secret: secret, bool: boolean, int: whole_number, datetime: moment}.items():
        converter.register_structure_hook(kind, _hook_of(take))
    # cattrs asks the newest factory first.
    converter.register_structure_hook_factory(attrs.has, _object_hook)
    converter.register_structure_hook_factory(_is_array, _array_hook)
    converter.register_structure_hook_factory(_is_union, _union_hook)
    return converter


def _hook_of(take: Callable[[Any], Any]) -> Hook:
    return lambda value, _: take(value)


def _is_array(model: Any) -> bool:
    return get_origin(model) is tuple


def _is_union(model: Any) -> bool:
    return get_origin(model) in (Union, UnionType)


def _union_hook(model: Any) -> Hook:
    """``X | None`` (null never gets here), and ``Words | str | None``."""
    kind = kind_of(model)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        known = vocabulary(kind)
        return lambda value, _: known[text(value)]
    return explainer().get_structure_hook(kind)


def _array_hook(model: Any, converter: Converter) -> Hook:
    structure_items = homogenous_tuple_structure_factory(model, converter)
    kind = get_args(model)[0]

    def structure_array(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError("array", value)
        return structure_items(cast("Sequence[Any]", value), model)

    def structure_present(value: Any, _: Any) -> Any:
        return tuple(item for item in structure_array(value, model) if item is not None)

    def structure_urls(value: Any, _: Any) -> Any:
        if isinstance(value, str):
            return (Secret(value),) if value else ()
        return structure_array(value, model)

    if kind is Secret:
        return structure_urls
    return structure_present if kind in ABSENT_WITHOUT else structure_array


@functools.cache
def _object_hook(model: type[Any]) -> Hook:
    attrs.resolve_types(model)
    fields = {field.name: wire_names(field) for field in attrs.fields(model)}
    is_document = issubclass(model, Document)
    own = OWN_FIELDS if is_document else ()
    overrides: dict[str, Any] = {name: override(omit=name in own, rename=names[0]) for name, names in fields.items()}
    generated = cast("Hook", make_dict_structure_fn(model, explainer(), **overrides))
    aliases = [names for names in fields.values() if len(names) > 1]
    needed = ABSENT_WITHOUT.get(model)

    def structure_object(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("object", value)
        document = cast("JsonObject", value)
        members = {name: item for name, item in document.items() if item is not None}
        if needed is not None and not members.keys() & needed:
            return None
        for names in aliases:
            members = _with_alias(members, names)
        made = generated(members, model)
        return attach(made, RawDocument.of(document)) if is_document else made

    return structure_object


def _with_alias(members: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """Put the value of the first spelling that is there under the documented name."""
    found = next((name for name in names if name in members), names[0])
    return members if found == names[0] else {**members, names[0]: members[found]}
