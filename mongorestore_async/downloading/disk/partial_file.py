"""The files of one download: the part, what is known about it, and the archive it becomes.

Beside ``NAME`` there are, as long as the batch is not complete and compared, ``NAME.part`` with the bytes so far and
``NAME.part.json`` with a :class:`PartRecord`. The record is on disk before the first byte it speaks of, so a process
may be killed anywhere: what is left can be resumed. Nothing stands under ``NAME`` before it is whole.

All functions and methods here block: they are called in threads.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.downloading.disk.file_system import sync_directory, write_file
from mongorestore_async.downloading.disk.locks import Hold, open_locked
from mongorestore_async.downloading.disk.recorded_part import RecordedPart
from mongorestore_async.downloading.disk.resume_record import PartRecord
from mongorestore_async.downloading.file_names import RECORD_SUFFIX
from mongorestore_async.errors import DownloadError, Hint, HintKind

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = ["Archive"]


class Archive(RecordedPart):
    """One archive on its way to disk. A lock keeps other downloads, of this process or another, from its part.

    Its methods may be called from any thread, one at a time; a write that comes after :meth:`close` does nothing.
    :meth:`leave` alone does not block.

    Args:
        directory: Where the file is to be.
        name: Its safe name.
        record: What is known about it before anything was read from disk.
        allowed: How often its link may be used, None for no limit.

    """

    def __init__(self, directory: Path, name: str, record: PartRecord, allowed: int | None = None) -> None:
        super().__init__(directory / name, record, allowed)
        self._hold = Hold(self._part)

    @property
    def changed(self) -> bool:
        """Whether a finished file, once hashed, is another than the one that was received."""
        return self.finished and self.record.sha1 not in {None, self.sha1}

    def open(self, *, overwrite: bool) -> None:
        """Lock the part and find out what is there.

        Args:
            overwrite: Whether to replace a finished file, and a part that belongs to another download.

        Raises:
            DownloadError: Another download is writing it, or another file exists there.

        """
        with self._using, self._telling():
            if self._closed or self.file is not None:
                return
            if not self._is_finished():
                self._open_part()
            # Who had the lock before may have given the file its name just now.
            if self.finished or self._is_finished():
                self._let_go()
                self.file = self.path.open("rb", buffering=0)
            elif self.path.exists() and not overwrite:
                self._let_go()
                raise self.error(
                    f"{self.path} already exists and is not known to be this archive",
                    hint=Hint(HintKind.OVERWRITE_FILES),
                )
            else:
                self._take_up(overwrite=overwrite)

    def adopt(self) -> bool:
        """Open a file that stands alone under the name, to hash it: it may be the archive. False for none."""
        with self._using, self._telling():
            alone = not (self._part.exists() or self._note.exists() or self.path.is_symlink())
            if alone and self.path.is_file() and not self._closed:
                self.file = self.path.open("rb", buffering=0)
                self.kept, self.finished = self.path.stat().st_size, True
                self.record = attrs.evolve(self.record, size=self.kept)
            return self.finished

    def finish(self, *, overwrite: bool) -> None:
        """Give the file its name, safely on disk.

        Raises:
            DownloadError: A file with that name was created in the meantime, or the file system does not rename.

        """
        with self._using, self._telling():
            if self.file is None or self.finished:
                return
            self._sync(sha1=self.sha1, size=self.kept)
            if self.path.exists() and not overwrite:
                raise self.error(f"{self.path} was created in the meantime; remove it and download again")
            try:
                self._rename(self.path)
            except OSError as error:
                # Some directories join file systems. A copy made here would stand under the name unfinished.
                if error.errno != errno.EXDEV:
                    raise
                raise self.error(
                    f"{self._part} is whole, and its file system cannot rename it; move it to {self.path} yourself, "
                    "then download again: nothing is fetched any more"
                ) from error
            self.finished: bool = True

    def reopen(self) -> None:
        """Begin a finished file anew, to replace it.

        Raises:
            DownloadError: Another download is writing its part.

        """
        with self._using, self._telling():
            if self.file is not None:
                self.file.close()
                self.finished = False
                self._open_part()
                self.restart()

    def set_aside(self, suffix: str, message: bytes | None = None) -> Path:
        """Keep what is not the archive under another name, for a used link cannot give another one.

        Args:
            suffix: Makes the name.
            message: What came in place of the file, whose part stays; None for the file.

        """
        with self._using, self._telling():
            kept = self.path.with_name(self.name + suffix)
            if message is None:
                self._rename(kept)
                self.forget()
            else:
                write_file(kept, message)
            return kept

    def forget(self) -> None:
        """Remove the record: nothing is left to be done."""
        with self._using, self._telling():
            self._note.unlink(missing_ok=True)

    def leave(self) -> None:
        """Begin no further write: :meth:`close` follows. Who wants the part meanwhile waits for that."""
        self._closed = True
        self._hold.leave()

    def close(self, *, sync: bool = False) -> None:
        """Close the files; what is on disk stays. A download that never got a byte leaves nothing behind.

        Args:
            sync: Whether to bring to disk first what was received, so that also a crash leaves it.

        """
        self._closed = True
        # A sync that is under way knows the file by its number, which may be that of another one afterwards.
        with self._syncing, self._using:
            with contextlib.suppress(OSError, DownloadError):
                if self.file is None or self.finished:
                    pass
                elif not self.kept and not self.record.requests:
                    self._part.unlink(missing_ok=True)
                    self._note.unlink(missing_ok=True)
                elif sync and self.kept != self._synced and self._note.exists():
                    self._sync()
            self.close_file()
            self._hold.release()

    def _is_finished(self) -> bool:
        record = PartRecord.read(self._note)
        if record is None or record.key != self.record.key or record.sha1 is None:
            return False
        begun = self._part.exists() and self._part.stat().st_size
        if begun or not self.path.exists() or self.path.stat().st_size != record.size:
            return False
        self.record, self.kept = record, self.path.stat().st_size
        self.finished = True
        return True

    def _let_go(self) -> None:
        """Close a part of another download; removes it only if opening it created it."""
        self.close_file()
        if (self.finished or not self._note.exists()) and self._part.exists() and not self._part.stat().st_size:
            self._part.unlink()
        self._hold.release()

    def _open_part(self) -> None:
        try:
            self._hold.take()
            self.file: FileIO | None = open_locked(self._part)
        except BlockingIOError:
            self._hold.release()
            raise self.error(
                f"another download is writing {self._part.name}; wait for it, or choose another directory"
            ) from None

    def _take_up(self, *, overwrite: bool) -> None:
        there = self._part.stat().st_size
        record = PartRecord.read(self._note)
        if record is not None and record.key == self.record.key:
            self.record: PartRecord = record
            self.kept: int = record.safe_size(there)
            self._synced = min(self.kept, record.synced or 0)
            if record.size is not None and there > record.size:
                self.restart()
            elif self.kept < there and self.file is not None:
                self.file.truncate(self.kept)
        elif (there or record is not None) and not overwrite:
            self._let_go()
            raise self.error(
                f"{self._part} belongs to another download; finish it, or remove it and its {RECORD_SUFFIX}",
                hint=Hint(HintKind.OVERWRITE_FILES),
            )
        else:
            self.restart()
            self._note.unlink(missing_ok=True)

    def _rename(self, target: Path) -> None:
        if sys.platform == "win32" and self.file is not None:
            self.file.close()  # there no open file can be renamed
        (self.path if self.finished else self._part).replace(target)
        sync_directory(target.parent)
