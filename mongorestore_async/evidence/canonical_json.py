"""One value, one sequence of bytes: JSON in the canonical form of RFC 8785, and reading it without losing anything.

What is hashed is what is written. A reader compares the bytes of a line with the canonical bytes of its value, because
a number in another form, blanks, escapes or a member written twice leave the value, and so its hash, as it was.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LARGEST_INT", "canonical_bytes", "digest", "form_fault", "read_json", "require_canonical_json"]

#: The largest integer that every JSON reader takes for what it is; RFC 8785 refuses larger ones.
LARGEST_INT = 2**53 - 1

#: A number of more characters is beyond :data:`LARGEST_INT`.
_MOST_DIGITS = 17


@functools.cache
def require_canonical_json() -> Callable[[Any], bytes]:
    """Give the function of the library that writes canonical JSON.

    Raises:
        ConfigError: The extra ``evidence`` is not installed.

    """
    try:
        from rfc8785 import dumps
    except ImportError:
        raise ConfigError("evidence requires the package rfc8785: install mongorestore-async[evidence]") from None
    return dumps


def canonical_bytes(value: Any) -> bytes:
    """Write a JSON value in its canonical form.

    Raises:
        ValueError: It has none: an integer beyond 2**53 - 1, no number, a lone surrogate, or nested too deeply.
        ConfigError: The extra ``evidence`` is not installed.

    """
    try:
        return require_canonical_json()(value)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def digest(line: bytes) -> str:
    """Hash a line: SHA-256 in hexadecimal."""
    return hashlib.sha256(line).hexdigest()


def read_json(line: bytes, see: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Read a JSON value; numbers beyond 2**53 - 1 are floats, as in RFC 8785.

    Args:
        line: What is to be read.
        see: Makes the objects of their members, None for dictionaries.

    Raises:
        ValueError: It is no JSON value, and why.

    """
    try:
        return json.loads(
            line.decode(), parse_int=_whole, parse_float=_real, parse_constant=_refuse, object_pairs_hook=see
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError:
        raise ValueError("it is no JSON") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def form_fault(line: bytes) -> str:
    """Say in which way the bytes of a JSON value differ from its canonical form."""
    twice = False

    def see(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        made = dict(pairs)
        twice = twice or len(made) < len(pairs)
        return made

    read_json(line, see)
    if twice:
        return "a member is written more than once"
    if line.strip() != line:
        return "it has blanks around it"
    return "it is not in the canonical form: blanks, escapes, the order of members or the form of a number differ"


def _whole(text: str) -> int | float:
    number = _real(text) if len(text) > _MOST_DIGITS else int(text)
    return number if abs(number) <= LARGEST_INT else float(number)


def _real(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _refuse(_: str) -> float:
    raise ValueError("a number is not finite")
