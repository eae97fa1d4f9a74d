"""The part of an archive and the record of it: what is written, hashed, and safe from a crash of the system.

A system may crash anywhere, and lose or zero what it had not written to disk: from time to time the part is synced,
then its size and its SHA-1 go into the record. After a crash what lies behind is fetched again.

All functions and methods here block: they are called in threads.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.downloading.disk.file_system import disk_error, require_room, sync, write_file
from mongorestore_async.downloading.disk.hashed_file import HashedFile, PartDamaged
from mongorestore_async.downloading.file_names import PART_SUFFIX, RECORD_SUFFIX
from mongorestore_async.downloading.links import next_step
from mongorestore_async.errors import DownloadError, Hint

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from mongorestore_async.downloading.disk.resume_record import PartRecord

__all__ = ["RecordedPart"]

#: Bytes that are hashed in one step.
_REHASHED = 8 * 1024 * 1024


class RecordedPart(HashedFile):
    """The part of one archive. Its methods may be called from any thread: one at a time acts, save :meth:`sync_kept`.

    Args:
        path: Where the archive is to be.
        record: What is known about it before anything was read from disk.
        allowed: How often its link may be used, None for no limit.

    Attributes:
        finished: Whether ``file`` is the archive under its name.

    """

    def __init__(self, path: Path, record: PartRecord, allowed: int | None) -> None:
        super().__init__()
        self.path = path
        self.allowed = allowed
        self.record: PartRecord = record
        self.finished: bool = False
        self._part = path.with_name(path.name + PART_SUFFIX)
        self._note = path.with_name(path.name + RECORD_SUFFIX)
        self._synced = 0
        self._restarts = 0
        self._closed = False  # an opening that was cancelled may still be on its way to a thread
        self._using = threading.RLock()
        self._syncing = threading.Lock()  # taken before the other one

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def whole(self) -> bool:
        """Whether every byte is there."""
        return self.record.size is not None and self.kept == self.record.size

    def note(self, **changes: Any) -> None:
        """Change the record, on disk before this returns."""
        with self._using, self._telling():
            self.record = self.record.changed(**changes)
            if self.file is not None:
                write_file(self._note, self.record.to_json())

    def restart(self) -> None:
        """Throw away what is there."""
        with self._using, self._telling():
            if self.file is not None:
                self.clear()
                self._synced = 0
                self._restarts += 1
                self.record = attrs.evolve(self.record, synced=0, synced_sha1=None)

    def rehash(self, most: int = _REHASHED) -> bool:
        """Hash up to ``most`` further bytes of those that are not hashed yet; True when none are left.

        Raises:
            PartDamaged: They are not those that were written; the part was thrown away.
            DownloadError: The file became shorter meanwhile.

        """
        with self._using, self._telling():
            if self.file is None or self.hashed >= self.kept:
                return True
            until, is_part = self.record.synced or 0, not self.finished
            until = until if is_part and self.hashed < until < self.kept else self.kept
            if not self.hash_more(min(most, until - self.hashed)):
                raise self.error("the file was truncated while it was read; start again, and do not modify it")
            if is_part and self.hashed == self.record.synced and self.record.synced_sha1 not in {None, self.sha1}:
                self.restart()
                self.note()
                raise PartDamaged("the partial file was modified after it was written, and was discarded")
            return self.hashed == self.kept

    def read(self, offset: int, size: int) -> bytes:
        """Read bytes that are there."""
        with self._using, self._telling():
            return self.read_at(offset, size)

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append, and hash unless earlier bytes are still to be hashed; nothing any more once it is closed.

        Raises:
            DiskFull: There is no room left.

        """
        with self._using, self._telling():
            for piece in pieces:
                rest = memoryview(piece)
                while rest and not self._closed:
                    rest = rest[self.append(rest) :]

    @property
    def unsynced(self) -> int:
        """Bytes that are lost if the system crashes now."""
        return self.kept - self._synced

    def sync_kept(self) -> None:
        """Bring to disk what is there by now, while further writes go on.

        Raises:
            DownloadError: Data were lost, or there is no room left.

        """
        with self._syncing:
            with self._using:
                if self.file is None or self._closed:
                    return
                descriptor, point, restarts = self.file.fileno(), self._point(), self._restarts
            with self._telling():
                done = sync(descriptor)
            with self._using:
                if not self._closed and restarts == self._restarts:
                    self._note_synced(point, done=done)

    def check_room(self, reserved: int = 0) -> None:
        """See whether the rest of the file fits onto the disk, as far as both are known.

        Args:
            reserved: Bytes that other downloads of the batch are going to need.

        Raises:
            DiskFull: It does not.

        """
        require_room(self.path, self.record.size, reserved=reserved, received=self.kept, advice=self.next_step)

    @property
    def next_step(self) -> str:
        """How the download can be completed, if it ends now."""
        return next_step(self.record.requests, self.allowed)

    def error(
        self, message: str, kind: type[DownloadError] = DownloadError, *, hint: Hint | None = None
    ) -> DownloadError:
        """Make an error about this file."""
        return kind(message, file_name=self.name, received=self.kept, hint=hint)

    def _sync(self, **changes: Any) -> None:
        """Bring what is there to disk, then that it is."""
        if self.file is not None:
            self._note_synced(self._point(), done=sync(self.file.fileno()), **changes)

    def _point(self) -> tuple[int, str | None]:
        """How many bytes are there, and their SHA-1 if it is known."""
        return self.kept, self.sha1 if self.hashed == self.kept else None

    def _note_synced(self, point: tuple[int, str | None], *, done: bool, **changes: Any) -> None:
        self._synced, sha1 = point
        if done:
            changes |= {"synced": self._synced, "synced_sha1": sha1}
        self.note(**changes)

    @contextlib.contextmanager
    def _telling(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise disk_error(error, self.path, received=self.kept, advice=self.next_step) from error
