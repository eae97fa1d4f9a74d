"""The last step of a download: is the file the one that was published?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mongorestore_async.errors import ApiError, DataError, DownloadTruncated, HashMismatch, RestoreError, TransportError
from mongorestore_async.protocol.gzip_check import GzipCheck
from mongorestore_async.protocol.verification import Verification, verify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.models import JobDocument
    from mongorestore_async.resources.archives import Archive
    from mongorestore_async.resources.downloaded import DownloadRules

__all__ = ["check"]

_BLOCK = 1024 * 1024
_GZIP = b"\x1f\x8b"


async def check(
    archive: Archive,
    job: JobDocument,
    refresh: Callable[[], Awaitable[JobDocument]],
    rules: DownloadRules,
) -> Verification:
    """Compare a whole file with what its job publishes, by itself where that is nothing; wrong bytes are set aside.

    Args:
        archive: The file.
        job: The job as read last.
        refresh: Reads it again: a hash is published only after the file was served.
        rules: How often that is tried, and whether the gzip data are looked through.

    Raises:
        HashMismatch: It is another file.
        DownloadTruncated: Its gzip data are damaged or end too early.

    """
    verdict = await _compare(archive, job, refresh, rules)
    if verdict is Verification.MISMATCH:
        kept = await asyncio.to_thread(archive.set_aside)
        raise HashMismatch(
            f"the SHA-1 of {archive.name} is not the one the job publishes; the bytes are kept as {kept}; download "
            f"again if the link allows it, or create a new restore job",
            file_name=archive.name,
            received=archive.kept,
        )
    if verdict is not Verification.VERIFIED and not archive.finished:
        # Without an announced size only the gzip data tell whether the file is whole; encrypted ones may be none.
        doubtful = not archive.record.announced and await asyncio.to_thread(archive.read, 0, 2) == _GZIP
        if rules.check_gzip or doubtful:
            await _check_gzip(archive)
    return verdict


async def _compare(
    archive: Archive, job: JobDocument, refresh: Callable[[], Awaitable[JobDocument]], rules: DownloadRules
) -> Verification:
    name = archive.record.source_name or archive.name
    verdict = verify(job, name, archive.sha1)
    for tried in range(rules.verify_tries):
        if verdict is not Verification.NOT_YET:
            break
        if tried:
            await asyncio.sleep(rules.verify_pause)
        try:
            job = await refresh()
        except (TransportError, ApiError, DataError):
            continue  # the file is whole: that nothing can be compared now is no reason to lose it
        except RestoreError:
            break  # nor that the key was revoked or the session closed, which asking again does not change
        verdict = verify(job, name, archive.sha1)
    return verdict


async def _check_gzip(archive: Archive) -> None:
    looking = GzipCheck()

    def feed(offset: int) -> int:
        data = archive.read(offset, _BLOCK)
        looking.feed(data)
        return 0 if looking.fault is not None else len(data)

    offset = 0
    while read := await asyncio.to_thread(feed, offset):
        offset += read
    fault = await asyncio.to_thread(looking.finish)
    if fault is not None:
        kept = await asyncio.to_thread(archive.set_aside)
        raise DownloadTruncated(
            f"{archive.name} is not whole: {fault}; the bytes are kept as {kept}; download again if the link allows "
            f"it, or create a new restore job",
            file_name=archive.name,
            received=archive.kept,
        )
