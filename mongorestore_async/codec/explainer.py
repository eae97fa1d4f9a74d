"""Why a document does not fit: the errors of cattrs as paths and complaints, and the error that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import attrs
from cattrs import ClassValidationError, IterableValidationError

from mongorestore_async.codec.scalars import ValidationError
from mongorestore_async.errors import DataError
from mongorestore_async.models.document import wire_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ADVICE", "Problem", "problems_of", "refusal"]

#: A place of a document, as a JSON path, and what is wrong with it.
Problem: TypeAlias = tuple[str, str]

#: What to do about a document of another form.
ADVICE = "Check that the product family and the base URL match this server"

# A page of five hundred broken jobs must not make a message of five hundred lines.
_MOST_TOLD = 10


def refusal(model: type, problems: Sequence[Problem]) -> DataError:
    """Make the error that lists the problems of a document; its path is that of the first one."""
    told = "; ".join(f"{path}: {complaint}" for path, complaint in problems[:_MOST_TOLD])
    more = f"; and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
    return DataError(
        f"does not match the documented form of {model.__name__.strip('_')}: {told}{more}. {ADVICE}",
        path=problems[0][0],
    )


def problems_of(error: Exception, document: Any, path: str) -> Iterator[Problem]:
    """Walk cattrs' tree of errors along with the document, which shows the spelling a member was read from.

    Args:
        error: What structuring the document raised.
        document: The JSON value that was structured.
        path: Where it stands.

    """
    if isinstance(error, ClassValidationError) and isinstance(document, dict):
        members = cast("dict[str, Any]", document)
        noted, refused = error.group_exceptions()
        for inner, note in noted:
            fields = attrs.fields_dict(error.cl) if attrs.has(error.cl) else {}
            names = wire_names(fields[note.name]) if note.name in fields else (note.name,)
            name = next((name for name in names if members.get(name) is not None), names[0])
            yield from problems_of(inner, members.get(name), f"{path}.{name}")
        yield from ((path, f"refused by the model with {type(inner).__name__}") for inner in refused)
    elif isinstance(error, IterableValidationError) and isinstance(document, list):
        for inner, place in error.group_exceptions()[0]:
            index = cast("int", place.index)
            yield from problems_of(inner, document[index], f"{path}[{index}]")
    elif isinstance(error, ValidationError):
        yield path, str(error)
    else:
        yield path, f"refused with {type(error).__name__}" if document is not None else "required, but missing or null"
