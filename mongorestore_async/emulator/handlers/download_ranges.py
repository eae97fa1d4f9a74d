"""Ranges and validators of downloads (RFC 9110 sections 8.8, 13 and 14)."""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.downloads import Validators

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Part", "Version", "part_of"]

#: One range; several in one header may be ignored, and are.
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


@attrs.frozen
class Part:
    """What is to be sent.

    Attributes:
        start: Its first byte.
        stop: The byte after its last one.
        partial: Whether that is a 206.

    """

    start: int
    stop: int
    partial: bool = False


@attrs.frozen
class Version:
    """The validators of an answer.

    Attributes:
        etag: ``ETag``, or None.
        modified: ``Last-Modified``, or None.

    """

    etag: str | None = None
    modified: str | None = None

    @classmethod
    def of(cls, tag: str, modified: datetime, validators: Validators, number: int) -> Version:
        """The validators of an archive.

        Args:
            tag: What tells it from others.
            modified: When it was made.
            validators: Which validators there are.
            number: Of the request.

        """
        date = format_datetime(modified.replace(microsecond=0), usegmt=True)
        if validators is Validators.NONE:
            return cls()
        if validators is Validators.DATE:
            return cls(modified=date)
        if validators is Validators.CHANGING:
            return cls(etag=f'"{tag}-{number}"')
        return cls(etag=f'W/"{tag}"' if validators is Validators.WEAK else f'"{tag}"', modified=date)

    def matches(self, if_range: str) -> bool:
        """Whether ``If-Range`` names this version; a weak tag never does (RFC 9110 section 13.1.5)."""
        if if_range.startswith(('"', "W/")):
            return if_range == self.etag and not if_range.startswith("W/")
        return if_range == self.modified


def part_of(size: int, header: str | None, if_range: str | None, version: Version) -> Part | None:
    """What of an archive a request asks for; None if its range lies beyond the end (416).

    Args:
        size: Of the archive.
        header: ``Range``, or None. One that is malformed, or lists several ranges, is ignored.
        if_range: ``If-Range``, or None.
        version: The validators of the archive.

    """
    whole = Part(0, size)
    found = _RANGE.fullmatch(header.replace(" ", "")) if header is not None else None
    if found is None or found.group(1) == found.group(2) == "":
        return whole
    if if_range is not None and not version.matches(if_range):
        return whole
    first, last = found.groups()
    if not first:
        return Part(max(0, size - int(last)), size, partial=True) if int(last) else None
    if last and int(last) < int(first):
        return whole
    if int(first) >= size:
        return None
    return Part(int(first), min(size, int(last) + 1) if last else size, partial=True)
