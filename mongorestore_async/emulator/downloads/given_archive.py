"""An archive whose bytes somebody gives, such as a data directory that a server wrote."""

from __future__ import annotations

import functools
import hashlib

__all__ = ["GivenArchive"]


class GivenArchive:
    """Hands out given bytes as an archive; what ``generated_archive.Archive`` computes is kept in memory here.

    Args:
        data: The bytes.

    Attributes:
        size: In bytes.
        tag: 16 hexadecimal digits that differ for every archive.

    """

    def __init__(self, data: bytes) -> None:
        self.size: int = len(data)
        self.tag: str = hashlib.blake2b(data, digest_size=8).hexdigest()
        self._data = data

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` up to ``stop``, which may lie beyond the end."""
        return self._data[max(0, start) : stop]

    def sha1(self) -> str:
        """SHA-1 of all of it, in hexadecimal digits."""
        return self._sha1

    @functools.cached_property
    def _sha1(self) -> str:
        return hashlib.sha1(self._data, usedforsecurity=False).hexdigest()
