"""What differs between the document and this package, a line each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from api_drift.package import fields_of, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api_drift.document import Document, Member, Operation, Version
    from api_drift.package import Use

__all__ = ["differences"]

#: What an operation that we do not use has to do with us.
_NEAR = re.compile(r"restore|/backup/|snapshot|checkpoint", re.IGNORECASE)
#: Flags of the session: they may be sent with any operation, and need not be.
_FLAGS = frozenset({"envelope", "pretty"})


def differences(document: Document) -> list[str]:
    """Compare; each line begins with ``new``, ``gone`` or ``different``, and comes once."""
    known = list(uses())
    found = dict.fromkeys(line for use in known for line in _use(document, use))
    schemas: dict[type, list[Any]] = {}
    for use in known:
        version = _version(document, use)
        if use.model is not None and version is not None:
            schemas.setdefault(use.model, []).append(document.item(version.schema))
    for model, written in schemas.items():
        found |= dict.fromkeys(_members(document, model.__name__, written, model))
    ours = {use.name for use in known}
    found |= dict.fromkeys(
        f"new operation {operation.name}, at {_dates(operation)}"
        for operation in document.operations.values()
        if operation.name not in ours and _NEAR.search(operation.path)
    )
    return sorted(found)


def _version(document: Document, use: Use) -> Version | None:
    """The version that the server takes for the one that is asked for: the newest that is not newer."""
    versions = document.operations[use.name].versions if use.name in document.operations else ()
    return next((one for one in versions if one.date <= use.version), versions[-1] if versions else None)


def _use(document: Document, use: Use) -> Iterator[str]:
    operation = document.operations.get(use.name)
    if operation is None:
        yield f"gone operation {use.name}, of {use.family}"
        return
    yield from (f"new parameter {name} of {use.name}" for name in operation.query - use.query - _FLAGS)
    yield from (f"gone parameter {name} of {use.name}" for name in use.query - operation.query)
    version = _version(document, use)
    if version is None:
        return  # its answer has no body
    if version.date != use.version:
        yield f"gone version {use.version} of {use.name}, which has {_dates(operation)}"
    newer = [one.date for one in operation.versions if one.date > use.version]
    yield from (f"new version {date} of {use.name}, where {use.version} is asked for" for date in newer)
    if version.sunset is not None:
        yield f"different: {use.name} at {version.date} ends on {version.sunset}"


def _members(document: Document, place: str, written: list[Any], model: type) -> Iterator[str]:
    """Members that the model lacks, or has for nothing, in whatever answer; and the words of its enumerations."""
    members: dict[str, list[Member]] = {}
    for schema in written:
        for name, member in document.members(schema).items():
            members.setdefault(name, []).append(member)
    fields = fields_of(model)
    names = {name for field in fields for name in field.names}
    yield from (f"new member {name} of {place}" for name in members.keys() - names)
    for field in fields:
        found = [member for name in field.names for member in members.get(name, ())]
        if not found:
            yield f"gone member {field.names[0]} of {place}"
            continue
        words = frozenset(word for member in found for word in member.words)
        if field.words and words:
            yield from (f"new word {word} in {field.names[0]} of {place}" for word in words - field.words)
            yield from (f"gone word {word} in {field.names[0]} of {place}" for word in field.words - words)
        inner = [one for member in found if (one := document.item(member.schema)).get("properties")]
        if field.model is not None and inner:
            yield from _members(document, f"{field.names[0]} in {place}", inner, field.model)


def _dates(operation: Operation) -> str:
    return ", ".join(map(_date, operation.versions)) or "no version"


def _date(version: Version) -> str:
    return version.date if version.sunset is None else f"{version.date} (ends on {version.sunset})"
