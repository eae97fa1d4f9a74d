"""What the first bytes of a file show it to be: an archive, one that was unpacked or packed again, or a message.

Bytes outweigh labels: servers send good archives as ``text/plain`` (the default of some), and proxies send their pages
as anything. Bytes of no known kind may be an encrypted archive, so only what reads as text is certainly none.
"""

from __future__ import annotations

import re
import zlib
from enum import Enum, auto

__all__ = ["LEAST_SIZE", "SNIFFED", "Content", "is_gzip", "is_message", "is_packed_name", "sniff"]

#: Bytes that are looked at; the mark of a tar ends before.
SNIFFED = 512
#: Bytes of the smallest gzip file; what is smaller is no archive of any kind.
LEAST_SIZE = 18

_GZIP = b"\x1f\x8b\x08"
#: Zstandard, LZ4, zip, xz, bzip2.
_PACKED = (b"(\xb5/\xfd", b"\x04\x22\x4d\x18", b"PK\x03\x04", b"\xfd7zXZ\x00", b"BZh")
_TAR = slice(257, 262)
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<(?:[!?]|[a-z][a-z\d:-]*[\s/>])", re.IGNORECASE)
#: Control characters that text has: tab, line ends, form feed, and the escape of terminals.
_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\x0b\f\r\x1b") | {0x7F}
_MESSAGES = re.compile(r"text/(?!plain\b)|[\w.-]+/(?:[\w.-]+\+)?(?:json|xml|javascript|html)\b", re.IGNORECASE)
_PACKED_NAMES = (".gz", ".tgz")


class Content(Enum):
    """What the first bytes of a file show.

    ``PACKED``: a compressed file. ``PACKED_TWICE``: a gzip file in a gzip file. ``PACKED_TEXT``: a gzip file with a
    text in it, which no archive is. ``DAMAGED``: what begins like a gzip file and cannot be one. ``TAR``: an archive
    that is not compressed. ``TEXT``: a text, any markup included. ``UNKNOWN``: something else, such as an encrypted
    archive.
    """

    PACKED = auto()
    PACKED_TWICE = auto()
    PACKED_TEXT = auto()
    DAMAGED = auto()
    TAR = auto()
    TEXT = auto()
    UNKNOWN = auto()


def sniff(head: bytes) -> Content:
    """Tell what a file is by its first bytes, up to :data:`SNIFFED` or all of it."""
    if head.startswith(_GZIP):
        inside = zlib.decompressobj(31)
        try:
            begin = inside.decompress(head, SNIFFED)
        except zlib.error:
            return Content.DAMAGED
        if begin.startswith(_GZIP):
            return Content.PACKED_TWICE
        # Of a few letters it cannot be told: they may be the name of the first file in a tar.
        is_seen = inside.eof or len(begin) >= _TAR.stop
        return Content.PACKED_TEXT if is_seen and _is_text(begin) else Content.PACKED
    if head[_TAR] == b"ustar":
        return Content.TAR
    if head.startswith(_PACKED) and not _is_text(head):
        return Content.PACKED
    return Content.TEXT if _is_text(head) else Content.UNKNOWN


def is_message(content: Content, content_type: str, encoding: str = "") -> bool:
    """Whether an answer is a message and not an archive.

    Of bytes that show nothing the label decides only if something packed them: else they may be an encrypted archive.

    Args:
        content: What its first bytes show.
        content_type: ``Content-Type``, empty without one.
        encoding: ``Content-Encoding``, likewise.

    """
    labelled = _MESSAGES.match(content_type.strip()) is not None
    hidden = content is Content.DAMAGED or (content is Content.UNKNOWN and bool(encoding))
    return content in {Content.TEXT, Content.PACKED_TEXT} or (labelled and hidden)


def is_gzip(head: bytes) -> bool:
    """Whether a file begins like a gzip file; True for nothing that was seen of it."""
    return head[: len(_GZIP)] == _GZIP[: len(head)]


def is_packed_name(name: str) -> bool:
    """Whether a name promises a gzip file."""
    return name.lower().endswith(_PACKED_NAMES)


def _is_text(head: bytes) -> bool:
    """Whether bytes read as text, in an encoding of eight bits or in UTF-16."""
    narrow = head.replace(b"\0", b"")
    if _MARKUP.match(narrow):
        return True
    is_wide = head.startswith(_BOMS) or (len(head) > 1 and not (any(head[::2]) and any(head[1::2])))
    text = narrow.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff") if is_wide else head
    return bool(text) and _CONTROLS.isdisjoint(text)
