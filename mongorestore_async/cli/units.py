"""Sizes, durations and times, as people write and read them; texts and directories that are needed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cyclopts import Token

__all__ = [
    "format_duration",
    "format_size",
    "format_time",
    "make_directory",
    "parse_duration",
    "parse_time",
    "require_text",
    "shorten_time",
]

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_WRITTEN = re.compile("".join(f"(?:({_NUMBER}){letter})?" for letter in _SECONDS))


def format_size(count: int) -> str:
    """Write a number of bytes for people, such as ``4.3 GB``."""
    from rich.filesize import decimal

    return decimal(count)


def format_time(value: datetime | None) -> str:
    """Write a UTC time in whole seconds, ISO 8601; empty for None."""
    return "" if value is None else value.isoformat(timespec="seconds").replace("+00:00", "Z")


def shorten_time(written: str) -> str:
    """Shorten a time of :func:`format_time` for a table: whole minutes."""
    return written[:16].replace("T", " ")


def format_duration(given: timedelta) -> str:
    """Write a duration in the form :func:`parse_duration` reads: ``6h``, ``1h30m``, ``45s``."""
    left = given.total_seconds()
    written = ""
    for letter, seconds in _SECONDS.items():
        count, rest = divmod(left, seconds)
        if letter != "s":
            written += f"{count:.0f}{letter}" if count else ""
            left = rest
    return written + (f"{left:g}s" if left or not written else "")


def parse_duration(_type: Any, tokens: Sequence[Token]) -> timedelta:
    """Read a duration of the command line: ``6h``, ``1h30m``, ``2d``, or a number of seconds.

    Raises:
        ValueError: It is none, or zero.

    """
    text = tokens[0].value.strip().lower()
    found = _WRITTEN.fullmatch(f"{text}s" if text[-1:].isdecimal() else text)
    numbers = zip(found.groups("0"), _SECONDS.values(), strict=True) if found else ()
    given = timedelta(seconds=sum(float(number) * seconds for number, seconds in numbers))
    if not given:
        raise ValueError("not a duration such as 6h, 90m, 1h30m or 45s")
    return given


def parse_time(_type: Any, tokens: Sequence[Token]) -> datetime:
    """Read an ISO 8601 time with a time zone.

    Raises:
        ValueError: It is none.

    """
    try:
        found = datetime.fromisoformat(tokens[0].value)
    except ValueError:
        raise ValueError("not an ISO 8601 date such as 2026-11-02T12:00:00Z") from None
    if found.utcoffset() is None:
        raise ValueError("no time zone; add Z for UTC, or an offset such as +02:00")
    return found


def make_directory(path: Path) -> None:
    """Make the directory of ``--output``, before anything is read that would then have no place to go.

    Raises:
        ConfigError: It cannot be made.

    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the directory of --output cannot be used: {error.strerror}") from None


def require_text(_type: Any, value: str | None) -> None:
    """Refuse an empty id or name, such as an unset variable of a shell gives.

    Raises:
        ValueError: It is empty.

    """
    if value is not None and not value:
        raise ValueError("it is empty; pass it as the API shows it")
