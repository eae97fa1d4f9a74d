"""What a data file of an archive holds: bytes of any number, each of which can be told without those before it."""

from __future__ import annotations

import hashlib
import random
import zlib
from typing import TYPE_CHECKING

from mongorestore_async.emulator.archives.checksums import joined_crc

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Content", "noise"]

#: Pages are alike but for their first bytes, which tell file and page: a page at the wrong place is seen.
_PAGE = 256 * 1024
_MARK = 16


def noise(key: str) -> bytes:
    """The random bytes that the pages of an archive share."""
    return random.Random(key).randbytes(_PAGE - _MARK)  # noqa: S311 - data to look at, not a secret


class Content:
    """The bytes of one file.

    Args:
        key: Tells this file from all others.
        shared: See :func:`noise`; the files of an archive share it to save memory.
        size: In bytes.

    """

    def __init__(self, key: str, shared: bytes, size: int) -> None:
        self.size = size
        self._key = key
        self._shared = shared

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        """The bytes from ``start`` up to ``stop``, in pieces."""
        shared = memoryview(self._shared)
        while start < stop:
            page, offset = divmod(start, _PAGE)
            end = min(_PAGE, offset + stop - start)
            if offset < _MARK:
                yield self._mark(page)[offset:end]
            if end > _MARK:
                yield shared[max(0, offset - _MARK) : end - _MARK]
            start += end - offset

    def crc(self) -> int:
        """The CRC-32 of all of it."""
        rest = zlib.crc32(self._shared)
        total = 0
        pages = self.size // _PAGE
        for page in range(pages):
            whole = joined_crc(zlib.crc32(self._mark(page)), rest, _PAGE - _MARK)
            total = joined_crc(total, whole, _PAGE)
        for piece in self.pieces(pages * _PAGE, self.size):
            total = zlib.crc32(piece, total)
        return total

    def _mark(self, page: int) -> bytes:
        return hashlib.blake2b(f"{self._key} {page}".encode(), digest_size=_MARK).digest()
