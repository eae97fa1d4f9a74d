"""What the standard library leaves open about files: locked, safely on disk, all or nothing."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = ["open_locked", "sync_directory", "write_file"]

#: What a file system answers that cannot do it at all: networks, user space.
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def open_locked(path: Path) -> FileIO:
    """Open a file for reading and writing, made if need be, with a lock that ends with the process at the latest.

    On Windows, and on file systems that know none, there is no such lock.

    Raises:
        BlockingIOError: Someone else has it, in this process or another.
        OSError: It cannot be opened, or is a symbolic link.

    """
    while True:
        file = open(path, "r+b", buffering=0, opener=_create)  # noqa: SIM115 - the caller closes it
        try:
            _lock(file)
            # Between opening and locking, the one before may have renamed it.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def sync_directory(directory: Path) -> None:
    """Make renamings in a directory last, where directories can be synchronised."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


def write_file(path: Path, content: bytes) -> None:
    """Write a small file so that it has its old content or the new one, whatever happens.

    Raises:
        OSError: It cannot be written.

    """
    fresh = path.with_name(path.name + ".tmp")
    with open(fresh, "wb", opener=_create) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)


def _lock(file: FileIO) -> None:
    if sys.platform == "win32":
        return
    import fcntl  # which Windows does not have

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _create(path: str, flags: int) -> int:
    # Not through a link: nobody but an attacker puts one there, and it may lead anywhere.
    return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
