"""Logs of evidence to tamper with: their lines, and lines that an attacker hashes anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import rfc8785

from mongorestore_async.evidence.canonical_json import digest
from mongorestore_async.evidence.entries import FIRST_BEFORE, Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["changed", "hashed_anew", "make_entry", "make_lines", "written_as"]


def make_entry(n: int = 1, before: str = FIRST_BEFORE, **data: Any) -> Entry:
    """An entry that nobody else wrote at this time."""
    return Entry(
        n=n,
        at="2026-11-29T12:00:00.000000Z",
        what="restore created",
        who="tests",
        where="host",
        version="0.0",
        data=data or {"size": n * 1000},
        before=before,
    )


def make_lines(count: int, **data: Any) -> list[bytes]:
    """Lines of a log, each after the one before; with ``data`` they are those of another log."""
    lines: list[bytes] = []
    for n in range(1, count + 1):
        lines.append(make_entry(n, digest(lines[-1]) if lines else FIRST_BEFORE, **data).to_line())
    return lines


def changed(line: bytes, **members: Any) -> bytes:
    """The line with other members, in its canonical form."""
    return rfc8785.dumps({**json.loads(line), **members})


def hashed_anew(lines: Sequence[bytes], begin: int) -> list[bytes]:
    """The lines with numbers and hashes that fit from this place on, as somebody who writes a file anew makes them."""
    made = list(lines[:begin])
    for line in lines[begin:]:
        made.append(changed(line, n=len(made) + 1, before=digest(made[-1]) if made else FIRST_BEFORE))
    return made


def written_as(lines: Sequence[bytes]) -> bytes:
    """What a file with these lines holds."""
    return b"".join(line + b"\n" for line in lines)
