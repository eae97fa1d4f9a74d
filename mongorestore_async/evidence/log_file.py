"""The file of a log: who may write it, what its last line is, and what becomes of half a line.

A process that dies while it writes leaves half a line at the end. The next one that opens the log moves it aside, into
``NAME.half``: first that file is on disk, then the log is cut behind its last whole line, then an entry tells of it,
and ``NAME.half`` gets the number of this entry. So it is never lost and always told of, whatever happens in between.
All functions block.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mongorestore_async.downloading.disk.file_system import create, sync, sync_directory
from mongorestore_async.downloading.disk.locks import open_locked
from mongorestore_async.errors import RestoreError
from mongorestore_async.evidence.entries import MOST_BYTES

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = ["EvidenceError", "LogFile", "half_path"]

_BLOCK = 65536


class EvidenceError(RestoreError):
    """A log of evidence cannot be written, continued or signed as it is."""


def half_path(path: Path, n: int | None = None) -> Path:
    """Where half a line is moved to, and where it stays once the entry with this number tells of it."""
    return path.with_name(f"{path.name}.half" if n is None else f"{path.name}.half-{n}")


class LogFile:
    """A log that this process alone writes.

    Args:
        path: The file; it is made if need be.

    Attributes:
        path: As passed.
        size: Bytes of the file as this process knows it.

    Raises:
        EvidenceError: Another one has it, or it is no file.
        OSError: It cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        self._process = os.getpid()
        self.size: int = os.fstat(self._file.fileno()).st_size
        if not self.size:
            sync_directory(path.absolute().parent)

    def close(self) -> None:
        """Let the next one have it."""
        self._file.close()

    def last_line(self) -> tuple[bytes | None, bytes]:
        """Read the last line that is whole, None without one, and what stands behind it; both without a line feed.

        Raises:
            EvidenceError: They are longer than any line of a log.

        """
        start, size = self.size, _BLOCK
        read = b""
        while start and len(read) <= 2 * MOST_BYTES and read.find(b"\n") == read.rfind(b"\n"):  # less than two
            start = max(0, self.size - size)
            size *= 2
            self._file.seek(start)
            read = self._file.read(self.size - start)
        whole, feed, half = read.rpartition(b"\n")
        last = whole.rpartition(b"\n")[2] if feed else None
        if max(len(half), len(last or b"")) > MOST_BYTES + 1:
            raise EvidenceError(f"{self.path} is no log of evidence: a line is too long")
        return last, half

    def write(self, written: bytes) -> None:
        """Write at the end, and bring it to disk.

        Raises:
            EvidenceError: Someone else has written, removed or replaced the file, or this is another process.
            OSError: It could not be written, or not all of it.

        """
        self._require_alone()
        self._file.seek(self.size)
        left = memoryview(written)
        while left:
            left = left[self._file.write(left) :]
        sync(self._file.fileno())
        self.size += len(written)

    def move_half_aside(self, half: bytes) -> None:
        """Move what stands behind the last whole line into the file beside the log."""
        self._require_alone()
        with open(half_path(self.path), "ab", opener=create) as aside:
            aside.write(half + b"\n")
            aside.flush()
            sync(aside.fileno())
        sync_directory(self.path.absolute().parent)
        self._file.truncate(self.size - len(half))
        sync(self._file.fileno())
        self.size -= len(half)

    def _require_alone(self) -> None:
        if os.getpid() != self._process:
            raise EvidenceError("this log was opened before the process forked: open another file in the new process")
        try:
            sizes = {os.fstat(self._file.fileno()).st_size, self.path.stat().st_size}
        except FileNotFoundError:
            raise EvidenceError(f"{self.path} was removed or renamed in the meantime: open the log again") from None
        if sizes != {self.size}:
            raise EvidenceError(f"{self.path} was written or replaced by someone else in the meantime: verify it")


def _open(path: Path) -> FileIO:
    try:
        file = open_locked(path)
    except BlockingIOError:
        raise EvidenceError(f"{path} is being written by another process: wait for it, or use another file") from None
    if sys.platform == "win32":
        _lock_on_windows(file, path)
    return file


if sys.platform == "win32":

    def _lock_on_windows(file: FileIO, path: Path) -> None:
        """Lock a byte far behind the end: such a lock keeps readers from what it covers."""
        import msvcrt  # which other systems do not have

        file.seek(2**40)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            file.close()
            raise EvidenceError(f"{path} is being written by another process: use another file") from None
