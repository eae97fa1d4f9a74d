"""The lines of a log of evidence: writing an entry, reading one, and what is seen of a line that may be none."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, cast

import attrs

from mongorestore_async.evidence.canonical_json import canonical_bytes, digest, form_fault, read_json

__all__ = ["FIRST_BEFORE", "MOST_BYTES", "Entry", "Head", "SeenLine", "read_entry", "see_line"]

#: What the first entry has in place of the hash of the line before.
FIRST_BEFORE = "0" * 64

#: Bytes of the longest line.
MOST_BYTES = 4 * 2**20

_HASH = re.compile(r"[0-9a-f]{64}")


@attrs.frozen
class Head:
    """The end of a log, to be kept elsewhere: with it a cut tail and a rewritten file are found.

    Attributes:
        hash: SHA-256 of the last line without its line feed, in hexadecimal; zeros while there is none.
        count: How many entries there are.

    """

    hash: str
    count: int


@attrs.frozen(kw_only=True)
class Entry:
    """One line of a log.

    Attributes:
        n: Its number, from 1.
        at: When it was written, UTC, ISO 8601.
        what: What happened.
        who: The user, or what the program calls itself.
        where: The host.
        version: Version of this library.
        data: What is to be kept of it, redacted.
        before: Hash of the line before.

    """

    n: int
    at: str
    what: str
    who: str
    where: str
    version: str
    data: dict[str, Any]
    before: str

    def to_line(self) -> bytes:
        """Write the line, without its line feed.

        Returns:
            The line in UTF-8, JSON in its canonical form (RFC 8785).

        """
        return canonical_bytes(attrs.asdict(self, recurse=False))


_MEMBERS = {field.name: {"n": int, "data": dict}.get(field.name, str) for field in attrs.fields(Entry)}


@attrs.frozen(kw_only=True)
class SeenLine:
    """What the check of the chain needs to know of a line.

    Attributes:
        line: Where it stands, from 1.
        n: Its number, None if it has none.
        before: The hash it has of the line before, None if it has none.
        hash: Hash of its canonical bytes, None if it has none.
        fault: What is wrong with the line itself; empty for an entry as it was written.

    """

    line: int
    n: int | None = None
    before: str | None = None
    hash: str | None = None
    fault: str = ""

    def follows(self, n: int, last: str | None) -> bool:
        """Whether it is the line after one with this number and this hash."""
        return self.n == n + 1 and self.before is not None and self.before == last


def read_entry(line: bytes) -> Entry:
    """Read a line, without its line feed, that is to be an entry exactly as it was written.

    Raises:
        ValueError: It is none.

    """
    value = _object(line)
    if fault := _members_fault(value) or _bytes_fault(line, canonical_bytes(value)):
        raise ValueError(fault)
    return Entry(**value)


def see_line(number: int, line: bytes) -> SeenLine:
    """See what a line is, without its line feed, whatever it is."""
    try:
        value = _object(line)
        written = canonical_bytes(value)
    except ValueError as error:
        return SeenLine(line=number, fault=f"it is no entry: {error}")
    n, before = value.get("n"), value.get("before")
    return SeenLine(
        line=number,
        n=n if type(n) is int else None,
        before=before if isinstance(before, str) else None,
        hash=digest(written),
        fault=_members_fault(value) or _bytes_fault(line, written),
    )


def _object(line: bytes) -> dict[str, Any]:
    if not line.strip():
        raise ValueError("it is empty")
    value = read_json(line)
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - a text that is wrong, not an argument
    return cast("dict[str, Any]", value)


def _members_fault(value: dict[str, Any]) -> str:
    if missing := _MEMBERS.keys() - value.keys():
        return f"it lacks the member {min(missing)!r}"
    if value.keys() - _MEMBERS.keys():
        return "it has members that entries do not have"
    wrong = [name for name, kind in _MEMBERS.items() if type(value[name]) is not kind]
    if not wrong and (value["n"] < 1 or not _HASH.fullmatch(value["before"]) or not _is_time(value["at"])):
        wrong = ["n" if value["n"] < 1 else "at" if _HASH.fullmatch(value["before"]) else "before"]
    return f"its member {wrong[0]!r} is not what entries have there" if wrong else ""


def _bytes_fault(line: bytes, written: bytes) -> str:
    return "" if line == written else form_fault(line)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text.endswith("Z")
