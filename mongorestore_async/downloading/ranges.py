"""Resuming a file where it broke off: range requests of RFC 9110 section 14, as a pure decision.

No vendor's page promises ranges. They are asked for only with a validator that is strong (section 8.8), under
``If-Range`` (section 13.1.5), and what comes back is believed only if it fits what is there to the byte: the range, the
total, and every validator that both answers have. What contradicts that is never taken for the whole file either.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import ConnectionBroken

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.models.headers import Headers

__all__ = [
    "Action",
    "ContentRange",
    "Continuation",
    "Kept",
    "PartOfRange",
    "Representation",
    "allows_ranges",
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


class PartOfRange(ConnectionBroken):
    """The whole of a range arrived that is shorter than the one asked for (RFC 9110 section 15.3.7)."""


@attrs.frozen
class Representation:
    """Which version of a file an answer carries, by everything it says about that.

    Attributes:
        strong: The validator that shows whether a file is still the same, byte for byte: a strong entity tag, or the
            date of the last change; sent as ``If-Range``. None without one.
        etag: ``ETag`` as it was sent, strong or weak.
        last_modified: ``Last-Modified`` as it was sent.
        encoding: Codings of ``Content-Encoding``; the bytes of one version differ by them.

    """

    strong: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    encoding: str = ""

    @classmethod
    def of(cls, headers: Headers) -> Representation:
        """Read what an answer says.

        A date is strong only without an entity tag, and a second before the answer's own date (section 8.8.2.2):
        until then the file may change once more in the same second.
        """
        etag, changed = _text(headers, "ETag"), _text(headers, "Last-Modified")
        strong = etag if etag is not None and _ETAG.fullmatch(etag) else None
        if etag is None and changed is not None and is_validator(changed):
            changed_at, sent_at = _moment(changed), _moment(headers.get("Date", ""))
            if changed_at is not None and sent_at is not None and (sent_at - changed_at).total_seconds() >= 1:
                strong = changed
        return cls(strong, etag, changed, _codings(headers))

    def contradicts(self, other: Representation) -> bool:
        """Whether something that both say differs."""
        differs = None not in {self.etag, other.etag} and self.etag != other.etag
        if self.last_modified is not None and other.last_modified is not None:
            differs = differs or not _same_moment(self.last_modified, other.last_modified)
        return differs or self.encoding != other.encoding

    def is_same(self, other: Representation) -> bool:
        """Whether an answer repeats the strong validator of this one, and contradicts it in nothing."""
        repeated = self.strong is not None and self.strong in {other.etag, other.last_modified}
        return repeated and not self.contradicts(other)

    def resembles(self, other: Representation) -> bool:
        """Whether an answer claims to be of this version by any validator, weak ones included."""
        named = None not in {self.etag, other.etag} or None not in {self.last_modified, other.last_modified}
        return named and not self.contradicts(other)

    def merge(self, other: Representation) -> Representation:
        """Add what another answer says about the same version."""
        return Representation(
            self.strong, self.etag or other.etag, self.last_modified or other.last_modified, self.encoding
        )


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
    """What is there of a file, and what is known of it.

    Attributes:
        size: Bytes.
        total: Size of the whole file, None where it is not known.
        representation: Of the answers the bytes came in.
        ranges: Whether the rest may be asked for; else the whole has to come again.

    """

    size: int
    total: int | None = None
    representation: Representation = Representation()
    ranges: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """Headers that ask for the rest; none where the whole has to come again."""
        if not self.size or not self.ranges or self.representation.strong is None:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.representation.strong}


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
        total: Size of the whole file, None where it is not known.
        until: Size of the part once the body was received, None where the answer does not say.
        representation: What is known of the version afterwards.
        same: Whether a body that begins again is of the version that is there: it begins with the same bytes, and
            has no fewer.
        problem: Why an answer does not fit.

    """

    action: Action
    total: int | None = None
    until: int | None = None
    representation: Representation = Representation()
    same: bool = False
    problem: str = ""


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
    sent = _content_range(headers)
    if status == _OK or (status == _PARTIAL and not kept.headers):
        return _begin(status, headers, sent, kept)
    if status == _PARTIAL:
        return _append(headers, sent, kept)
    if status == _NOT_SATISFIABLE and kept.headers:
        whole = sent is not None and sent.total == kept.size and kept.total in {None, kept.size}
        # The body is a message: its coding says nothing about the file.
        named = attrs.evolve(Representation.of(headers), encoding=kept.representation.encoding)
        if whole and not kept.representation.contradicts(named):
            return Continuation(Action.COMPLETE, kept.size, kept.size, kept.representation)
        return _unfit(_MISFIT)
    return None


_MISFIT = "the download host sent a range that does not match the request"


def _begin(status: int, headers: Headers, sent: ContentRange | None, kept: Kept) -> Continuation:
    """Take an answer for the whole file, unless it says or shows that it is not."""
    length = _length(headers)
    if status == _PARTIAL or "Content-Range" in headers:
        # With a range beside it a 200 says two things: the body of some servers is the range then.
        if sent is None or sent.total is None or _is_multipart(headers):
            return _unfit(_MISFIT)
        of_all = sent.first is None if status == _OK else False
        if not (of_all or (sent.first == 0 and sent.last == sent.total - 1)) or length not in {None, sent.total}:
            return _unfit(_MISFIT)
        length = sent.total
    found = Representation.of(headers)
    if not kept.representation.is_same(found):
        return Continuation(Action.RESTART, length, length, found)
    known, least = kept.total, kept.size if kept.total is None else kept.total
    if length is not None and (length < least or known not in {None, length}):
        return _unfit(
            f"the download host announces {length} bytes now and sent or announced {least} before, under the same "
            f"validator"
        )
    total = known if length is None else length
    return Continuation(Action.RESTART, total, total, kept.representation.merge(found), same=True)


def _append(headers: Headers, sent: ContentRange | None, kept: Kept) -> Continuation:
    """Take an answer for the rest of the file, or for a part of it."""
    found = Representation.of(headers)
    if sent is None or sent.first is None or sent.last is None or _is_multipart(headers):
        return _unfit(_MISFIT)
    total = kept.total if sent.total is None else sent.total
    # Without any total nothing would tell the end of a range from the end of the file.
    fits = total is not None and sent.last < total and kept.total in {None, total}
    fits = fits and sent.first == kept.size and _length(headers) in {None, sent.last + 1 - sent.first}
    # The validator that was asked with stands in the answer (RFC 9110 section 15.3.7): else nothing vouches for it.
    if not fits or not kept.representation.is_same(found):
        return _unfit(_MISFIT)
    return Continuation(Action.APPEND, total, sent.last + 1, kept.representation.merge(found), same=True)


def _unfit(problem: str) -> Continuation:
    return Continuation(Action.UNFIT, problem=problem)


def allows_ranges(headers: Headers) -> bool:
    """Whether an answer does not rule ranges out."""
    return headers.get("Accept-Ranges", "").strip().lower() != "none"


def _content_range(headers: Headers) -> ContentRange | None:
    fields = headers.getall("Content-Range")
    return parse_content_range(fields[0]) if len(fields) == 1 else None


def _is_multipart(headers: Headers) -> bool:
    return headers.get("Content-Type", "").strip().lower().startswith("multipart/")


def _codings(headers: Headers) -> str:
    codings = (coding.strip().lower() for field in headers.getall("Content-Encoding") for coding in field.split(","))
    return ", ".join(coding.removeprefix("x-") for coding in codings if coding not in {"", "identity"})


def _length(headers: Headers) -> int | None:
    text = headers.get("Content-Length", "").strip()
    # Of a body in chunks it says nothing (RFC 9112 section 6.3).
    return int(text) if _LENGTH.fullmatch(text) and "Transfer-Encoding" not in headers else None


def _text(headers: Headers, name: str) -> str | None:
    return headers.get(name, "").strip() or None


def _same_moment(one: str, other: str) -> bool:
    moment = _moment(one)
    return one == other or (moment is not None and moment == _moment(other))


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
