"""What a file system gives a download: room, names, writes that survive a crash; and what it means if it does not.

Network and user-space file systems leave things out: they know no free space, do not sync. What is not known is no
reason to fail. All functions block.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from typing import TYPE_CHECKING

from mongorestore_async.errors import DiskFull, DownloadError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "create",
    "disk_error",
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
    with open(fresh, "wb", opener=create) as file:
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


def create(path: str, flags: int) -> int:
    """Open a file for :func:`open`, made if need be."""
    # Not through a symbolic link: only an attacker puts one there, and it may point anywhere.
    return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
