"""Durations as people write them in a plan: ``90s``, ``30m``, ``2h``, ``1d``, ``1h30m``, and ISO 8601 (``PT30M``).

Months and years have no length, so they are refused and never guessed: ``30M`` is neither minutes nor months here.
"""

from __future__ import annotations

import re

from mongorestore_async.errors import ConfigError

__all__ = ["format_duration", "parse_duration"]

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SHORT = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?", re.ASCII)
_ISO = re.compile(
    r"P(?:(?P<d>\d+)D)?(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?|P(?P<w>\d+)W", re.ASCII
)
#: A hundred years: more is a slip of the pen.
_MOST = 100 * 366 * 86400


def parse_duration(text: str) -> float:
    """Read a duration.

    Args:
        text: Such as ``"90s"``, ``"1h30m"`` or ``"PT30M"``.

    Returns:
        Seconds, more than 0.

    Raises:
        ConfigError: It is none, is 0, or says months or years.

    """
    found = _SHORT.fullmatch(text) or _ISO.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ConfigError(f"{text!r} is no duration: {_advice(text)}")
    parts = {unit: float(value) for unit, value in found.groupdict().items() if value}
    seconds = sum(value * _UNITS.get(unit, 7 * 86400) for unit, value in parts.items())
    if not 0 < seconds <= _MOST:
        raise ConfigError(f"{text!r} is no duration to wait for: it must be more than 0 and at most 100 years")
    return seconds


def _advice(text: str) -> str:
    if re.search(r"\d\s*(M|mo|y|Y)", text) and "T" not in text:
        return "months and years have no fixed length, and minutes are 30m or PT30M"
    if text.strip().isdecimal():
        return f"say the unit, such as {text.strip()}s or {text.strip()}m"
    return "write 90s, 30m, 2h, 1d, 1h30m, or ISO 8601 such as PT30M"


def format_duration(seconds: float) -> str:
    """Write a duration as :func:`parse_duration` reads it: ``90 s`` is ``1m30s``.

    Args:
        seconds: From 0; less than a minute keeps one decimal, more is rounded to seconds.

    Returns:
        The text.

    """
    if seconds < _UNITS["m"] - 0.05:
        return f"{seconds:.1f}s"
    left, words = round(seconds), ""
    for unit, length in _UNITS.items():
        count, left = divmod(left, length)
        words += f"{count}{unit}" if count else ""
    return words
