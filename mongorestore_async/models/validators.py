"""Checks of values that a caller passes; each refuses with :class:`ConfigError` and says what to pass.

``require_...`` checks a value and returns it; the others make attrs validators that do the same for a field. They check
when they run, because users without a type checker pass anything.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    import attrs

__all__ = [
    "FieldValidator",
    "flag",
    "number",
    "require_flag",
    "require_number",
    "require_seconds",
    "require_text",
    "require_whole",
    "seconds",
    "seconds_of",
    "whole",
]

#: What attrs calls with the instance, the field and its value.
FieldValidator: TypeAlias = "Callable[[Any, attrs.Attribute[Any], Any], object]"

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
        raise ConfigError(f"{what} has leading or trailing whitespace: strip it first")
    if _UNSENDABLE.search(value):
        raise ConfigError(f"{what} contains a control character or lone surrogate: pass it as the API shows it")
    return value


def require_whole(name: str, value: Any, *, least: int = 1, most: int | None = None, instead: str = "") -> int:
    """Return ``value`` if it is an int, never a bool, within its bounds.

    Args:
        name: How the error calls the value.
        value: What the caller passed.
        least: The smallest number that is taken.
        most: The largest one, None for no bound.
        instead: What else the caller may pass, added to the error.

    Raises:
        ConfigError: ``value`` is no such number.

    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        bound = "" if most is None else f" to {most}"
        raise ConfigError(f"{name} must be a whole number from {least}{bound}{instead}, not {value!r}")
    return value


def require_flag(name: str, value: Any) -> bool:
    """Return ``value`` if it is a bool. The error does not show it: it may be a secret passed by mistake.

    Raises:
        ConfigError: It is none.

    """
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be True or False, not {type(value).__name__}")
    return value


def require_number(name: str, value: Any, *, least: float, most: float = math.inf) -> float:
    """Return ``value`` if it is a finite number, never a bool, within its bounds.

    Raises:
        ConfigError: It is none.

    """
    if not _is_number(value) or not least <= value <= most or value == math.inf:
        bound = "" if most == math.inf else f" to {most:g}"
        raise ConfigError(f"{name} must be a number from {least:g}{bound}, not {value!r}")
    found: float = value
    return found


def require_seconds(name: str, value: Any, *, zero: bool = False) -> float:
    """Return ``value`` if it is a finite number of seconds, positive or, with ``zero``, from 0.

    Raises:
        ConfigError: It is none.

    """
    if not _is_number(value) or not 0 <= value < math.inf or not (zero or value):
        kind = "number of seconds from 0" if zero else "positive number of seconds"
        raise ConfigError(f"{name} must be a {kind}, not {value!r}")
    found: float = value
    return found


def seconds_of(timeout: timedelta | float | None) -> float | None:
    """Read a time-out as seconds; None is no end.

    Raises:
        ConfigError: It is no positive time.

    """
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if seconds is None:
        return None
    if not _is_number(seconds) or not 0 < seconds <= sys.float_info.max:
        raise ConfigError(
            f"timeout must be a positive timedelta or number of seconds, or None for no limit, not {timeout!r}"
        )
    return seconds


def whole(least: int = 1, most: int | None = None, *, of: str = "") -> FieldValidator:
    """Make the attrs validator that is :func:`require_whole`; ``of`` is put behind the name of the field."""
    return lambda _instance, field, value: require_whole(field.name + of, value, least=least, most=most)


def flag(*, of: str = "") -> FieldValidator:
    """Make the attrs validator that is :func:`require_flag`."""
    return lambda _instance, field, value: require_flag(field.name + of, value)


def number(least: float, most: float = math.inf, *, of: str = "") -> FieldValidator:
    """Make the attrs validator that is :func:`require_number`."""
    return lambda _instance, field, value: require_number(field.name + of, value, least=least, most=most)


def seconds(*, zero: bool = False, of: str = "") -> FieldValidator:
    """Make the attrs validator that is :func:`require_seconds`."""
    return lambda _instance, field, value: require_seconds(field.name + of, value, zero=zero)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
