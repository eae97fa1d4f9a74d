"""Whether a file fits onto its disk, and what an error of the disk means for a download."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING

from mongorestore_async.errors import DiskFull, DownloadError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PartDamaged", "disk_error", "require_room"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def require_room(path: Path, needed: int, *, reserved: int, received: int) -> None:
    """See whether the rest of a file fits onto the disk.

    Args:
        path: The file.
        needed: Bytes still to come.
        reserved: Bytes that other downloads are going to need.
        received: Bytes that are there.

    Raises:
        DiskFull: It does not fit.
        OSError: The disk cannot be asked.

    """
    free = shutil.disk_usage(path.parent).free
    if needed + reserved > free:
        also = f", plus {reserved} bytes for other downloads" if reserved else ""
        raise DiskFull(
            f"{needed} bytes of {path.name} are still to come{also}, and the disk of {path.parent} has "
            f"{free} free; free up space and download again to resume",
            file_name=path.name,
            received=received,
        )


def disk_error(error: OSError, path: Path, *, received: int) -> DownloadError:
    """Make the error of a download for one of the operating system.

    Args:
        error: What the system said.
        path: The file.
        received: Bytes of it that are there.

    """
    if error.errno in _FULL:
        return DiskFull(
            f"the disk of {path.parent} is full after {received} bytes of {path.name}; free up space and "
            f"download again to resume",
            file_name=path.name,
            received=received,
        )
    return DownloadError(
        f"{path} could not be written: {error.strerror or error}", file_name=path.name, received=received
    )


class PartDamaged(DownloadError):
    """A part was thrown away because its bytes are no longer those that were received."""
