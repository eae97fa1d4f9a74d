"""Resuming a file where it broke off: range requests of RFC 9110 section 14, as a pure decision.

No vendor's page promises ranges. They are asked for only with a validator that is strong (section 8.8), under
``If-Range`` (section 13.1.5), and what comes back is believed only if it fits what is there to the byte.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mongorestore_async.models.headers import Headers

__all__ = [
    "Action",
    "ContentRange",
    "Continuation",
    "Kept",
    "Validator",
    "continue_with",
    "is_validator",
    "parse_content_range",
]

_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_RANGE = re.compile(r"bytes\s+(?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)", re.IGNORECASE | re.ASCII)
_LENGTH = re.compile(r"\d{1,19}", re.ASCII)

_OK = 200
_PARTIAL = 206
_NOT_SATISFIABLE = 416


@attrs.frozen
class Validator:
    """The validator that shows whether a file is still the same, byte for byte.

    Attributes:
        if_range: Value for ``If-Range``: a strong entity tag, or the date of the last change.

    """

    if_range: str

    @classmethod
    def of(cls, headers: Headers) -> Validator | None:
        """Read the strong validator of an answer; None where there is none, or where ranges are ruled out.

        A date counts only without an entity tag, and a second before the answer's own date (section 8.8.2.2):
        until then the file may change once more in the same second.
        """
        if headers.get("Accept-Ranges", "").strip().lower() == "none":
            return None
        etag = headers.get("ETag")
        if etag is not None:
            return cls(etag.strip()) if _ETAG.fullmatch(etag.strip()) else None
        changed = headers.get("Last-Modified", "").strip()
        changed_at, sent_at = _moment(changed), _moment(headers.get("Date", ""))
        if changed_at is None or sent_at is None or (sent_at - changed_at).total_seconds() < 1:
            return None
        return cls(changed) if is_validator(changed) else None


@attrs.frozen
class ContentRange:
    """A parsed ``Content-Range`` (section 14.4).

    Attributes:
        first: Offset of the first byte sent, None in an answer 416.
        last: Offset of the last one, None likewise.
        total: Size of the whole file, None when the server does not know it.

    """

    first: int | None
    last: int | None
    total: int | None


@attrs.frozen
class Kept:
    """What is there of a file.

    Attributes:
        size: Bytes.
        total: Size of the whole file, None where it is not known.
        validator: Of the answer the bytes came in; None where they cannot be resumed.

    """

    size: int
    total: int | None = None
    validator: Validator | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Headers that ask for the rest; none where the whole has to come again."""
        if not self.size or self.validator is None:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator.if_range}


class Action(Enum):
    """What to do with an answer."""

    APPEND = auto()
    RESTART = auto()
    COMPLETE = auto()
    UNFIT = auto()


@attrs.frozen
class Continuation:
    """What an answer means for the bytes that are there.

    Attributes:
        action: Append its body; throw away what is there and begin with its body; nothing was missing; or the
            answer does not fit, and the file has to be asked for as a whole.
        total: Size of the whole file, None where the answer does not say.

    """

    action: Action
    total: int | None = None


def is_validator(text: str) -> bool:
    """Whether a text can be sent as ``If-Range``: a strong entity tag, or a date."""
    return _ETAG.fullmatch(text) is not None or (text.isascii() and text.isprintable() and _moment(text) is not None)


def parse_content_range(text: str) -> ContentRange | None:
    """Parse a ``Content-Range``; None for another unit, and for one that contradicts itself."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        return None
    first, last, total = (None if group is None or group == "*" else int(group) for group in found.groups())
    if first is None or last is None:
        return None if total is None else ContentRange(None, None, total)
    if last < first or (total is not None and last >= total):
        return None
    return ContentRange(first, last, total)


def continue_with(status: int, headers: Headers, kept: Kept) -> Continuation | None:
    """Decide what an answer means for a file that is there in part; None if it carries no bytes of a file.

    Args:
        status: HTTP status.
        headers: Headers of the answer.
        kept: What is there, and what was asked for with it.

    """
    sent = parse_content_range(headers.get("Content-Range", ""))
    if status == _OK:
        return Continuation(Action.RESTART, _length(headers))
    if status == _PARTIAL:
        return _continue_with_part(headers, sent, kept) or Continuation(Action.UNFIT)
    if status == _NOT_SATISFIABLE and kept.headers:
        whole = sent is not None and sent.total == kept.size and kept.total in {None, kept.size}
        return Continuation(Action.COMPLETE, kept.size) if whole else Continuation(Action.UNFIT)
    return None


def _continue_with_part(headers: Headers, sent: ContentRange | None, kept: Kept) -> Continuation | None:
    if sent is None or sent.first is None or sent.last is None:
        return None
    if not kept.headers:
        # No range was requested: only the whole file is usable.
        return Continuation(Action.RESTART, sent.total) if sent.first == 0 and sent.total == sent.last + 1 else None
    fits = sent.first == kept.size and _same(headers, kept)
    fits = fits and _length(headers) in {None, sent.last + 1 - sent.first}
    fits = fits and (sent.total is None or kept.total in {None, sent.total})
    return Continuation(Action.APPEND, kept.total if sent.total is None else sent.total) if fits else None


def _same(headers: Mapping[str, str], kept: Kept) -> bool:
    """Whether an answer to ``If-Range`` names no other validator than the one it was asked with."""
    told = [headers[name].strip() for name in ("ETag", "Last-Modified") if name in headers]
    return not told or kept.validator is None or kept.validator.if_range in told


def _length(headers: Headers) -> int | None:
    text = headers.get("Content-Length", "").strip()
    # Of a body in chunks it says nothing (RFC 9112 section 6.3).
    return int(text) if _LENGTH.fullmatch(text) and "Transfer-Encoding" not in headers else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
