"""Checks of values a caller hands in; each refuses with :class:`ConfigError` and says what to do."""

from __future__ import annotations

import re
from typing import Any

from mongorestore_async.errors import ConfigError

__all__ = ["require_text", "require_whole_number"]

# Control characters break request lines and logs; a lone surrogate has no UTF-8 form at all.
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def require_text(what: str, value: Any) -> str:
    """Return ``value`` if it is text that can be sent as an id or a name.

    Args:
        what: How the error calls the value, such as ``"snapshot id"``.
        value: What the caller passed.

    Raises:
        ConfigError: ``value`` is no str, is empty, starts or ends with white space, or holds a control
            character or a lone surrogate.

    """
    if not isinstance(value, str):
        raise ConfigError(f"{what} must be a str, not {type(value).__name__}: pass it as the API shows it")
    if not value:
        raise ConfigError(f"{what} is empty: pass it as the API shows it")
    if value != value.strip():
        raise ConfigError(f"{what} starts or ends with white space: strip it first")
    if _UNSENDABLE.search(value):
        raise ConfigError(f"{what} holds a control character or half a surrogate pair: pass it as the API shows it")
    return value


def require_whole_number(what: str, value: Any, *, below: int | None = None, instead: str = "") -> int:
    """Return ``value`` if it is an int (never a bool) of at least 1.

    Args:
        what: How the error calls the value.
        value: What the caller passed.
        below: The first number that is too large, if there is one.
        instead: What else the caller may pass, added to the error.

    Raises:
        ConfigError: ``value`` is no such number.

    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{what} must be an int{instead}, not {type(value).__name__}")
    if value < 1 or (below is not None and value >= below):
        limit = "" if below is None else f" and below {below}"
        raise ConfigError(f"{what} must be at least 1{limit}{instead}")
    return value
