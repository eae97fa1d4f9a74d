"""A file on its way to disk, hashed as it is written. Everything here blocks."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from mongorestore_async.errors import DownloadError

if TYPE_CHECKING:
    from io import FileIO

__all__ = ["HashedFile", "PartDamaged"]


class PartDamaged(DownloadError):
    """A part was thrown away because its bytes are no longer those that were received."""


class HashedFile:
    """An open file, and the SHA-1 of its first bytes.

    Attributes:
        kept: Bytes that are there.
        file: The file, None while it is closed.

    """

    def __init__(self) -> None:
        self.kept: int = 0
        self.file: FileIO | None = None
        self._hash = hashlib.sha1(usedforsecurity=False)
        self._hashed = 0

    @property
    def sha1(self) -> str:
        """Hexadecimal SHA-1 of the bytes hashed so far."""
        return self._hash.hexdigest()

    @property
    def hashed(self) -> int:
        """How many bytes are hashed."""
        return self._hashed

    def hash_more(self, most: int) -> int:
        """Hash up to ``most`` further bytes; returns how many."""
        if self.file is None:
            return 0
        self.file.seek(self._hashed)
        block = self.file.read(most)
        self._hash.update(block)
        self._hashed += len(block)
        return len(block)

    def read_at(self, offset: int, size: int) -> bytes:
        """Read bytes that are there."""
        if self.file is None:
            return b""
        self.file.seek(offset)
        return self.file.read(size)

    def append(self, data: bytes | memoryview) -> int:
        """Write some bytes to the end, hashed too unless earlier ones are not; returns how many.

        Less than all is written where the disk becomes full: hash and size stay those of the file.
        """
        if self.file is None:
            return len(data)
        self.file.seek(self.kept)
        written = self.file.write(data) or 0
        if self._hashed == self.kept:
            self._hash.update(data[:written])
            self._hashed += written
        self.kept += written
        return written

    def clear(self) -> None:
        """Throw away what is there."""
        if self.file is not None:
            self.file.seek(0)
            self.file.truncate()
            self._hash = hashlib.sha1(usedforsecurity=False)
            self._hashed = self.kept = 0

    def close_file(self) -> None:
        """Close the file; what cannot be written then is lost, as in a crash."""
        file, self.file = self.file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
