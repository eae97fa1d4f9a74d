"""A whole archive that stands under its name, and whose record is gone: recognized by the hash its job publishes.

The records go when a batch is finished and compared. The same download again must not need the link, which may be used
up by then. All functions but :func:`recognize` block.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.downloading.file_names import PART_SUFFIX, RECORD_SUFFIX
from mongorestore_async.downloading.resume_record import write_file
from mongorestore_async.models import RestoreJob

if TYPE_CHECKING:
    from pathlib import Path

    from mongorestore_async.downloading.resume_record import PartRecord
    from mongorestore_async.models import JobDocument

__all__ = ["published_name", "recognize"]

#: Bytes read in one step.
_BLOCK = 8 * 1024 * 1024
_SHA1 = re.compile(r"[0-9a-f]{40}")


def published_name(job: JobDocument) -> str | None:
    """Name of the one archive that a job publishes a hash of: a job whose link is gone does not tell it otherwise."""
    if not isinstance(job, RestoreJob) or len(job.hashes) != 1 or not _published(job):
        return None
    return (job.hashes[0].file_name or "").replace("\\", "/").rpartition("/")[2] or None


async def recognize(path: Path, record: PartRecord, job: JobDocument) -> bool:
    """Whether a file is the archive of a job; then its record is written again.

    Args:
        path: Where the archive would be.
        record: What its record says besides size and hash.
        job: The job as read last.

    Raises:
        OSError: The file cannot be read, or the record not be written.

    """
    published = _published(job)
    if not published or not await asyncio.to_thread(_is_alone, path):
        return False
    digest, size = hashlib.sha1(usedforsecurity=False), 0

    def add(offset: int) -> int:
        with path.open("rb") as file:
            file.seek(offset)
            block = file.read(_BLOCK)
        digest.update(block)
        return len(block)

    # One step in a thread: an archive has terabytes, and a cancelled download must not go on reading.
    while read := await asyncio.to_thread(add, size):
        size += read
    if digest.hexdigest() not in published:
        return False
    found = attrs.evolve(record, size=size, sha1=digest.hexdigest())
    await asyncio.to_thread(write_file, path.with_name(path.name + RECORD_SUFFIX), found.to_json())
    return True


def _published(job: JobDocument) -> frozenset[str]:
    if not isinstance(job, RestoreJob):
        return frozenset()
    hashes = ((each.hash or "").strip().lower() for each in job.hashes)
    return frozenset(text for text in hashes if _SHA1.fullmatch(text))


def _is_alone(path: Path) -> bool:
    """Whether it is a regular file without a part or a record of a download beside it."""
    beside = (path.with_name(path.name + suffix) for suffix in (PART_SUFFIX, RECORD_SUFFIX))
    return path.is_file() and not path.is_symlink() and not any(other.exists() for other in beside)
