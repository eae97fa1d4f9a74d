"""JSON values that are no objects and arrays: which forms of them are taken, and what they become.

Each function raises :class:`ValidationError` for anything else.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mongorestore_async.models.states import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

__all__ = ["ValidationError", "Vocabulary", "boolean", "moment", "text", "vocabulary", "whole_number"]

# No documented number has more digits; ``int`` of a long string takes quadratic time or refuses.
_DIGITS = re.compile(r"-?[0-9]{1,32}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JSON_NAMES = {
    "NoneType": "null",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "string",
    "Secret": "string",
    "list": "array",
    "dict": "object",
}


class ValidationError(Exception):
    """A value is not of the expected kind. Knows the kinds, never the value."""

    def __init__(self, expected: str, value: Any) -> None:
        kind = type(value).__name__
        super().__init__(f"expected {expected}, got {_JSON_NAMES.get(kind, kind)}")


def text(value: Any) -> str:
    """Take text."""
    if not isinstance(value, str):
        raise ValidationError("string", value)
    return value


def boolean(value: Any) -> bool:
    """Take true and false: not 0, not ``"false"``."""
    if not isinstance(value, bool):
        raise ValidationError("boolean", value)
    return value


def whole_number(value: Any) -> int:
    """Take an integer, a float without a fraction, or a string of digits; never a boolean."""
    if type(value) is int:
        return value
    if (isinstance(value, float) and value.is_integer()) or (isinstance(value, str) and _DIGITS.fullmatch(value)):
        return int(value)
    raise ValidationError("integer", value)


def moment(value: Any) -> datetime:
    """Take ISO 8601 text (no zone means UTC) or epoch seconds; the result is in UTC, within the years 1 to 9999.

    What is finer than microseconds is cut off. RFC 3339 allows small letters ("t", "z") as well.
    """
    try:
        if not isinstance(value, str):
            return _EPOCH + timedelta(seconds=whole_number(value))
        read = datetime.fromisoformat(value[:-1] + "Z" if value.endswith("z") else value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (OverflowError, ValueError, ValidationError):
        raise ValidationError("ISO 8601 date", value) from None


class Vocabulary(dict[str, "StrEnum | str"]):
    """Members of an open enumeration by their word: exact words are found as in any dict, others by comparison."""

    def __init__(self, enumeration: type[StrEnum]) -> None:
        super().__init__({member.value: member for member in enumeration})
        self._folded: Mapping[str, StrEnum] = words(enumeration)

    def __missing__(self, word: str) -> StrEnum | str:
        """Give the member in whatever case the word came, and an unknown word as it is."""
        return self._folded.get(word.casefold(), word)


#: Makes the vocabulary of an enumeration, once.
vocabulary: Callable[[type[StrEnum]], Vocabulary] = functools.cache(Vocabulary)
