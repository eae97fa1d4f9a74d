"""Who has a part: one download of this process, and one process.

Network and user-space file systems may have no locks: what protects from others is done without where it does not
exist. All functions block, but :meth:`Hold.leave`.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

from mongorestore_async.downloading.disk.file_system import create

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = ["Hold", "open_locked"]

#: How often a file is opened anew because another one has its name. Some file systems change inode numbers.
_REOPENED = 8


class Hold:
    """The part that one download of this process has; other processes are kept away by the lock of the file.

    Where a file system knows no locks, this is all there is.

    Args:
        path: The part.

    """

    _taken: dict[str, Hold] = {}  # noqa: RUF012 - one for the process

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = ""
        self._leaving = False
        self._over = threading.Event()

    def take(self) -> None:
        """Take the part; waits for one who is about to let go of it.

        Raises:
            BlockingIOError: Another download has it.

        """
        self._key = os.path.realpath(self._path)
        self._over.clear()
        while (other := self._taken.setdefault(self._key, self)) is not self:
            if not other._leaving:  # noqa: SLF001 - of this class
                raise BlockingIOError(errno.EAGAIN, "held by this process")
            other._over.wait()  # noqa: SLF001 - likewise

    def leave(self) -> None:
        """Say that :meth:`release` follows as soon as a write that is under way has ended; does not wait."""
        self._leaving = True

    def release(self) -> None:
        """Let the next one have it."""
        if self._taken.get(self._key) is self:
            del self._taken[self._key]
        self._over.set()

    @classmethod
    def forget_all(cls) -> None:
        """Forget what the parent of a forked process has."""
        cls._taken.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Hold.forget_all)


def open_locked(path: Path) -> FileIO:
    """Open a file for reading and writing, made if need be, with a lock that ends with the process at the latest.

    On Windows, and on file systems that know none, there is no such lock.

    Raises:
        BlockingIOError: Someone else has it, in this process or another.
        OSError: It cannot be opened, or is a symbolic link.

    """
    tried = 0
    while True:
        file = open(path, "r+b", buffering=0, opener=create)  # noqa: SIM115 - the caller closes it
        tried += 1
        try:
            _lock(file, path)
            # Between opening and locking, the one before may have renamed it.
            if path.exists() and (tried >= _REOPENED or os.path.samestat(os.fstat(file.fileno()), path.stat())):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _lock(file: FileIO, path: Path) -> None:
    """Lock a file if that can be done.

    A lock protects from others and is needed for nothing else: whatever prevents it, except that someone has it, is
    passed over. EACCES may mean either (``fcntl``, POSIX): of a new file nobody has the lock.

    Raises:
        BlockingIOError: Someone else has it.

    """
    if sys.platform == "win32":
        return
    import fcntl  # which Windows does not have

    how = fcntl.LOCK_EX | fcntl.LOCK_NB
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        raise
    except PermissionError:
        try:
            with tempfile.TemporaryFile(dir=path.parent) as fresh:
                fcntl.flock(fresh, how)
        except OSError:
            return
        raise BlockingIOError(errno.EAGAIN, "locked by someone else") from None
    except OSError:
        return
