"""Times, durations and sizes as pages show them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["NOTHING", "duration_text", "moment_text", "moment_value", "plural", "size_text"]

_LEAST, _MINUTE, _HOUR, _DAY = 0.1, 60, 3600, 86400
_THOUSAND = 1000
_UNITS = ("kB", "MB", "GB", "TB", "PB")
#: What stands in a cell for what is not known.
NOTHING = "–"  # noqa: RUF001 - a dash in a cell, no hyphen


def duration_text(seconds: float | None) -> str:
    """Write a duration with its two greatest units: ``4 s``, ``12 min 30 s``, ``1 h 5 min``, ``3 d 4 h``."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < 10:  # noqa: PLR2004 - below it, a decimal says something
        return f"{seconds:.1f} s" if seconds >= _LEAST else f"< {_LEAST} s"
    left = round(seconds)
    if left < _MINUTE:
        return f"{left} s"
    if left < _HOUR:
        return _two(left, _MINUTE, "min", 1, "s")
    if left < _DAY:
        return _two(left, _HOUR, "h", _MINUTE, "min")
    return _two(left, _DAY, "d", _HOUR, "h")


def _two(left: int, great: int, great_unit: str, small: int, small_unit: str) -> str:
    count, rest = divmod(left, great)
    rest //= small
    return f"{count} {great_unit}" + (f" {rest} {small_unit}" if rest else "")


def moment_text(moment: datetime | None) -> str:
    """Write a moment for people: UTC, whole minutes."""
    return NOTHING if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def moment_value(moment: datetime | None) -> str:
    """Write a moment for programs: ISO 8601, UTC; empty for None."""
    return "" if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def size_text(count: int | None) -> str:
    """Write a number of bytes for people, such as ``4.3 GB``."""
    if count is None:
        return NOTHING
    if count < _THOUSAND:
        return f"{count} B"
    size, unit = float(count), ""
    for unit in _UNITS:  # noqa: B007 - the last one stays
        size /= _THOUSAND
        if size < _THOUSAND - 0.05:
            break
    return f"{size:.1f} {unit}"


def plural(count: int, noun: str) -> str:
    """Write a number with its noun, such as ``2 clusters``."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
