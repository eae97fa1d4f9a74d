"""A whole archive that stands under its name, and whose record is gone: recognized by the hash its job publishes.

The records go when a batch is finished and compared. The same download again must not need the link, which may be used
up by then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.downloading.file_names import PART_SUFFIX, RECORD_SUFFIX
from mongorestore_async.downloading.file_system import HashedFile, write_file
from mongorestore_async.models import RestoreJob

if TYPE_CHECKING:
    from pathlib import Path

    from mongorestore_async.downloading.resume_record import PartRecord
    from mongorestore_async.models import JobDocument
    from mongorestore_async.transport.worker_threads import WorkerThreads

__all__ = ["published_name", "recognize"]

#: Bytes read in one step.
_BLOCK = 8 * 1024 * 1024
_SHA1 = re.compile(r"[0-9a-f]{40}")


def published_name(job: JobDocument) -> str | None:
    """Name of the one archive that a job publishes a hash of: a job whose link is gone does not tell it otherwise."""
    if not isinstance(job, RestoreJob) or len(job.hashes) != 1 or not _published(job):
        return None
    return (job.hashes[0].file_name or "").replace("\\", "/").rpartition("/")[2] or None


async def recognize(path: Path, record: PartRecord, job: JobDocument, threads: WorkerThreads) -> bool:
    """Whether a file is the archive of a job; then its record is written again.

    Args:
        path: Where the archive would be.
        record: What its record says besides size and hash.
        job: The job as read last.
        threads: Where the file is read.

    Raises:
        OSError: The file cannot be read, or the record not be written.

    """
    published = _published(job)
    if not published or not await threads.run(_is_alone, path):
        return False
    standing = HashedFile()

    def hash_more() -> int:
        with path.open("rb", buffering=0) as standing.file:
            return standing.hash_more(_BLOCK)

    # One step in a thread: an archive has terabytes, and a cancelled download must not go on reading.
    while await threads.run(hash_more):
        pass
    if standing.sha1 not in published:
        return False
    found = attrs.evolve(record, size=standing.hashed, sha1=standing.sha1)
    await threads.run(write_file, path.with_name(path.name + RECORD_SUFFIX), found.to_json())
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
