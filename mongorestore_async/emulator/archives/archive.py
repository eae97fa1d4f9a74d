"""A restore archive, a real ``.tar.gz`` of any size, of which nothing is kept."""

from __future__ import annotations

import functools
import hashlib
import struct
import threading
from typing import TYPE_CHECKING

from mongorestore_async.emulator.archives.tarball import BLOCK, LEAST, Member, Tarball
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SMALLEST", "Archive"]

#: A stored block of deflate (RFC 1951 section 3.2.4): five bytes, then up to so many as they are.
_STORED = 65_535
_INTRO = 5
_WHOLE = _INTRO + _STORED
#: Gzip (RFC 1952): ten bytes and a comment at the front, CRC and length at the end. The comment fills up the size.
_FIXED = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
_COMMENT = b"emulated restore\0"
_TRAILER = 8
#: The smallest archive, in bytes.
SMALLEST = len(_FIXED) + len(_COMMENT) + _INTRO + LEAST + _TRAILER
_CHUNK = 1024 * 1024


class Archive:
    """A ``.tar.gz``; may be used from any thread.

    Its bytes are computed when asked for, from any position on: memory stays flat whatever the size.

    Args:
        key: Same key and size, same bytes.
        size: In bytes, exactly; at least :data:`SMALLEST`.
        stamp: Modification time of the files in it, seconds since 1970.

    Raises:
        ConfigError: It is smaller than :data:`SMALLEST`.

    Attributes:
        size: In bytes.
        tag: Another one for each other archive, 16 hexadecimal digits.

    """

    def __init__(self, key: str, size: int, stamp: int = 1_700_000_000) -> None:
        if size < SMALLEST:
            raise ConfigError(f"An archive of {size} bytes cannot be made; choose {SMALLEST} or more.")
        self.size = size
        self.tag = hashlib.blake2b(f"{key} {size}".encode(), digest_size=8).hexdigest()
        self._tar = Tarball(key, _tar_size(size), stamp)
        self._blocks = -(-self._tar.size // _STORED)
        filler = size - _around(self._tar.size) - len(_COMMENT)
        self._head = _FIXED + b" " * filler + _COMMENT
        self._body_end = size - _TRAILER
        self._lock = threading.Lock()

    @property
    def members(self) -> tuple[Member, ...]:
        """The files in it."""
        return self._tar.members

    def content_digest(self, name: str) -> str:
        """SHA-256 of a file in it, to compare an unpacked file with.

        Raises:
            ConfigError: There is no such file.

        """
        found = hashlib.sha256()
        for piece in self._tar.file(name):
            found.update(piece)
        return found.hexdigest()

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` up to ``stop``, which may lie beyond the end."""
        return b"".join(self._pieces(max(0, start), min(stop, self.size)))

    def sha1(self) -> str:
        """SHA-1 of all of it, in hexadecimal digits. It is read through the first time: use a thread."""
        with self._lock:
            return self._sha1

    @functools.cached_property
    def _sha1(self) -> str:
        found = hashlib.sha1(usedforsecurity=False)
        for start in range(0, self.size, _CHUNK):
            found.update(self.read(start, start + _CHUNK))
        return found.hexdigest()

    @functools.cached_property
    def _trailer(self) -> bytes:
        return struct.pack("<II", self._tar.crc(), self._tar.size & 0xFFFFFFFF)

    def _pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        head = len(self._head)
        if start < min(stop, head):
            yield self._head[start:stop]
        start = max(start, head)
        while start < min(stop, self._body_end):
            block, offset = divmod(start - head, _WHOLE)
            end = min(_WHOLE, offset + min(stop, self._body_end) - start)
            if offset < _INTRO:
                yield self._intro(block)[offset:end]
            first = block * _STORED - _INTRO
            yield from self._tar.pieces(first + max(_INTRO, offset), first + end)
            start += end - offset
        if stop > self._body_end:
            yield self._trailer[max(0, start - self._body_end) : stop - self._body_end]

    def _intro(self, block: int) -> bytes:
        last = block == self._blocks - 1
        length = self._tar.size - block * _STORED if last else _STORED
        return struct.pack("<BHH", last, length, length ^ 0xFFFF)


def _around(tar: int) -> int:
    """The bytes of a gzip file but for a comment, for a tar stream of so many bytes."""
    return len(_FIXED) + tar + _INTRO * -(-tar // _STORED) + _TRAILER


def _tar_size(size: int) -> int:
    """The longest tar stream that fits."""
    room = size - len(_COMMENT)
    tar = room * _STORED // _WHOLE // BLOCK * BLOCK + BLOCK
    while _around(tar) > room:
        tar -= BLOCK
    return tar
