"""Values of drills as JSON objects and back. What comes back must have the types it should have: nothing is coerced."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import cattrs
from cattrs import transform_error

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["from_json", "to_json"]

_ValueT = TypeVar("_ValueT")


def _exactly(kind: type[Any], value: Any, _type: Any) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"must be {kind.__name__}, not {type(value).__name__}")
    return value


def _moment(value: Any, _type: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, such as Z")
    return found.astimezone(UTC)


@functools.cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (str, int, bool, float):
        converter.register_structure_hook(kind, functools.partial(_exactly, kind))
    converter.register_structure_hook(datetime, _moment)
    converter.register_unstructure_hook(datetime, lambda moment: moment.astimezone(UTC).isoformat())
    return converter


def to_json(value: object) -> dict[str, Any]:
    """Give a value as a JSON object.

    Args:
        value: A plan, a report, or a part of one.

    """
    document: dict[str, Any] = json.loads(json.dumps(_converter().unstructure(value)))  # tuples become lists
    return document


def from_json(document: Mapping[str, Any], kind: type[_ValueT], what: str) -> _ValueT:
    """Read what :func:`to_json` gave.

    Args:
        document: The JSON object.
        kind: What it is.
        what: The same in words, for the error.

    Raises:
        ConfigError: It is none; the message names the member.

    """
    try:
        return _converter().structure(document, kind)
    except cattrs.BaseValidationError as error:
        raise ConfigError(f"no {what}: {'; '.join(transform_error(error))}") from None
