"""What a file system gives a download: room, locks, writes that survive a crash; and what it means if it does not.

Network and user-space file systems leave things out: they know no free space, have no locks, do not sync. What is not
known is no reason to fail, and what protects from others is done without where it does not exist. All functions block.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

from mongorestore_async.errors import DiskFull, DownloadError

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = [
    "HashedFile",
    "Hold",
    "PartDamaged",
    "disk_error",
    "open_locked",
    "require_room",
    "sync",
    "sync_directory",
    "write_file",
]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: What says that a file cannot be synced at all. An I/O error says that data were lost.
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.EPERM})
#: Of a directory, which some systems do not even open.
_NO_DIRECTORY_SYNC = _NO_SYNC | {errno.EACCES, errno.EBADF, errno.EISDIR, errno.EROFS}
#: How often a file is opened anew because another one has its name. Some file systems change inode numbers.
_REOPENED = 8


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


def require_room(path: Path, size: int | None, *, reserved: int, received: int, advice: str) -> None:
    """See whether the rest of a file fits onto the disk, as far as size and room are known.

    Args:
        path: The file.
        size: Bytes of the whole, None while unknown: one more must fit.
        reserved: Bytes that other downloads are going to need.
        received: Bytes that are there.
        advice: How to go on once there is room.

    Raises:
        DiskFull: It does not fit.

    """
    try:
        usage = shutil.disk_usage(path.parent)
    except OSError:
        return  # the file system does not tell
    needed = 1 if size is None else max(0, size - received)
    if not usage.total or needed + reserved <= usage.free:  # nor does one that has 0 bytes in all
        return
    rest = f"the rest of {path.name} is" if size is None else f"{needed} bytes of {path.name} are"
    also = f", plus {reserved} bytes for other downloads" if reserved else ""
    raise DiskFull(
        f"{rest} still to come{also}, and the disk of {path.parent} has {usage.free} bytes free; free up space, "
        f"then {advice}",
        file_name=path.name,
        received=received,
    )


def open_locked(path: Path) -> FileIO:
    """Open a file for reading and writing, made if need be, with a lock that ends with the process at the latest.

    On Windows, and on file systems that know none, there is no such lock.

    Raises:
        BlockingIOError: Someone else has it, in this process or another.
        OSError: It cannot be opened, or is a symbolic link.

    """
    tried = 0
    while True:
        file = open(path, "r+b", buffering=0, opener=_create)  # noqa: SIM115 - the caller closes it
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


def sync(descriptor: int) -> bool:
    """Bring what was written to disk; False where the file system cannot.

    Raises:
        OSError: It could not: data were lost, or there is no room.

    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
        return False
    return True


def sync_directory(directory: Path) -> None:
    """Flush renames in a directory to disk, where the system supports it."""
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise


def write_file(path: Path, content: bytes) -> None:
    """Write a small file atomically.

    Raises:
        OSError: It cannot be written.

    """
    fresh = path.with_name(path.name + ".tmp")
    with open(fresh, "wb", opener=_create) as file:
        file.write(content)
        file.flush()
        sync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)


def disk_error(error: OSError, path: Path, *, received: int, advice: str) -> DownloadError:
    """Make the error of a download for one of the operating system.

    Args:
        error: What the system said.
        path: The file.
        received: Bytes of it that are there.
        advice: How to go on once there is room.

    """
    if error.errno in _FULL:
        return DiskFull(
            f"the disk of {path.parent} is full after {received} bytes of {path.name}; free up space, then {advice}",
            file_name=path.name,
            received=received,
        )
    return DownloadError(
        f"{path} could not be written: {error.strerror or error}", file_name=path.name, received=received
    )


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


def _create(path: str, flags: int) -> int:
    # Not through a symbolic link: only an attacker puts one there, and it may point anywhere.
    return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
