"""What this package knows of Atlas v2, in the terms of the document."""

from __future__ import annotations

import re
import typing
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async import FAMILIES, RestoredCollection
from mongorestore_async.codec.structuring import received_fields
from mongorestore_async.models import wire_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.families import Family

__all__ = ["Field", "Use", "fields_of", "uses"]

_API = "/api/atlas/v2"
_METHODS = {"create_path": "POST", "download_path": "POST", "cancel_path": "DELETE", "ranges_path": "POST"}
#: Parameters of lists.
_PAGED = frozenset({"pageNum", "itemsPerPage", "includeCount"})


@attrs.frozen
class Field:
    """A field of a model.

    Attributes:
        names: Members it is read from.
        words: The words its enumeration knows; empty without one.
        model: Of an object in it; None without one.

    """

    names: tuple[str, ...]
    words: frozenset[str] = frozenset()
    model: type | None = None


@attrs.frozen
class Use:
    """A path of a family.

    Attributes:
        family: Its name.
        method: In capitals.
        path: Below the API, with its parameters as ``{}``.
        version: Date of the version that is asked for.
        query: Parameters that are sent or can be.
        model: What is made of the answer; None where that is only passed on.

    """

    family: str
    method: str
    path: str
    version: str
    query: frozenset[str]
    model: type | None

    @property
    def name(self) -> str:
        """As in ``GET /groups/{}/clusters``."""
        return f"{self.method} {self.path}"


def uses() -> Iterator[Use]:
    """Every path of every family of v2."""
    for family in FAMILIES.values():
        if family.api_path != _API:
            continue
        for field in attrs.fields(type(family)):
            path = getattr(family, field.name)
            if field.name.endswith("_path") and field.name != "api_path" and isinstance(path, str):
                yield _use(family, field.name, path)


def _use(family: Family[Any], name: str, path: str) -> Use:
    version = re.search(r"\d{4}-\d\d-\d\d", family.media_type_of(path))
    assert version is not None, f"{family.name} names no version for {path}"
    filters = family.filters if name == "jobs_path" else frozenset()
    paged = _PAGED if name.endswith("s_path") and path not in family.unpaged else frozenset()
    return Use(
        family=family.name,
        method=_METHODS.get(name, "GET"),
        path=re.sub(r"\{[^}]*\}", "{}", path),
        version=version[0],
        query=paged | filters,
        model=_model(family, name),
    )


def _model(family: Family[Any], name: str) -> type | None:
    if name in {"jobs_path", "job_path", "create_path", "download_path"}:
        return family.job_type
    return {
        "snapshots_path": family.snapshot_type,
        "snapshot_path": family.snapshot_type,
        "sharded_snapshots_path": family.snapshot_type,
        "sharded_snapshot_path": family.snapshot_type,
        "restored_collections_path": RestoredCollection,
        "restored_collection_path": RestoredCollection,
    }.get(name)


def fields_of(model: type) -> list[Field]:
    """Fields of a model that are received."""
    types = typing.get_type_hints(model)
    return [_field(wire_names(field), types[field.name]) for field in received_fields(model)]


def _field(names: tuple[str, ...], kind: Any) -> Field:
    classes = [part for part in _parts(kind) if isinstance(part, type)]
    enums = [part for part in classes if issubclass(part, StrEnum)]
    words = frozenset(member.value for part in enums for member in part)
    return Field(names, words, next((part for part in classes if attrs.has(part)), None))


def _parts(kind: Any) -> Iterator[Any]:
    """A type, and what unions and tuples are made of."""
    yield kind
    for part in typing.get_args(kind):
        yield from _parts(part)
