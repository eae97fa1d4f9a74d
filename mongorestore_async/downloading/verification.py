"""Whether an archive is the one that was published: its SHA-1, and its gzip frame."""

from __future__ import annotations

import asyncio
import re
import zlib
from typing import TYPE_CHECKING

from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.errors import ApiError, DataError, DownloadTruncated, HashMismatch, RestoreError, TransportError
from mongorestore_async.models import RestoreJob

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.downloading.download_types import DownloadRules
    from mongorestore_async.downloading.partial_file import Archive
    from mongorestore_async.models import FileHash, JobDocument

__all__ = ["GzipCheck", "check", "verify"]


_SHA1 = re.compile(r"[0-9a-f]{40}")


def verify(job: JobDocument, file_name: str, sha1: str) -> Verification:
    """Compare a file with the checksums its job shows.

    Args:
        job: The job as it is now.
        file_name: What the server calls the file: the last segment of its URL.
        sha1: Hexadecimal SHA-1 of the bytes received.

    """
    if not isinstance(job, RestoreJob):
        return Verification.NOT_VERIFIABLE
    published = {
        each.hash.strip().lower()
        for each in job.hashes
        if each.hash is not None and _is_sha1(each) and _is_of(each, file_name, alone=len(job.hashes) == 1)
    }
    if not published:
        return Verification.NOT_YET
    return Verification.VERIFIED if sha1.lower() in published else Verification.MISMATCH


def _is_sha1(each: FileHash) -> bool:
    kind = (each.type_name or "SHA1").upper().replace("-", "").replace("_", "")
    return kind == "SHA1" and _SHA1.fullmatch((each.hash or "").strip().lower()) is not None


def _is_of(each: FileHash, file_name: str, *, alone: bool) -> bool:
    if not each.file_name:
        return alone
    return each.file_name.replace("\\", "/").rpartition("/")[2] == file_name


_GZIP = 31
#: Unpacked bytes held at once.
_PIECE = 1024 * 1024


class GzipCheck:
    """Takes a file piece by piece and reports at its end what is wrong with it."""

    def __init__(self) -> None:
        self._unpacking = zlib.decompressobj(_GZIP)
        self._seen = False
        self._fault: str | None = None

    @property
    def fault(self) -> str | None:
        """What is wrong so far, apart from a missing end; None for nothing."""
        return self._fault

    def feed(self, data: bytes) -> None:
        """Take the next bytes; does nothing once something was wrong."""
        try:
            while data and self._fault is None:
                if self._unpacking.eof:
                    data = self._next_member(data)
                    continue
                self._seen = True
                self._unpacking.decompress(data, _PIECE)
                data = self._unpacking.unconsumed_tail or self._unpacking.unused_data
        except zlib.error as error:
            self._fault = f"the gzip data are damaged ({error})"

    def finish(self) -> str | None:
        """Return what is wrong with the whole; None for nothing."""
        try:
            while not self._unpacking.eof and self._unpacking.decompress(b"", _PIECE):
                pass  # what did not fit into the last piece
        except zlib.error as error:
            self._fault = self._fault or f"the gzip data are damaged ({error})"
        if self._fault is None and not self._seen:
            return "the file is not gzip data"
        if self._fault is None and not self._unpacking.eof:
            return "the gzip data end before their trailer"
        return self._fault

    def _next_member(self, data: bytes) -> bytes:
        # Tools pad archives with zeros behind the last member, and gzip itself takes that.
        rest = data.lstrip(b"\0")
        if rest:
            self._unpacking = zlib.decompressobj(_GZIP)
        return rest


_BLOCK = 1024 * 1024
_GZIP_checking = b"\x1f\x8b"


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
        rules: How often that is tried, and whether the gzip data are checked.

    Raises:
        HashMismatch: It is another file.
        DownloadTruncated: Its gzip data are damaged or end too early.

    """
    verdict = await _compare(archive, job, refresh, rules)
    if verdict is Verification.MISMATCH:
        kept = await asyncio.to_thread(archive.set_aside)
        raise HashMismatch(
            f"the SHA-1 of {archive.name} does not match the one published by the job; the file is kept as {kept}; "
            f"download again if the link allows it, or create a new restore job",
            file_name=archive.name,
            received=archive.kept,
        )
    if verdict is not Verification.VERIFIED and not archive.finished:
        # Without an announced size only the gzip data tell whether the file is whole; encrypted ones may be none.
        doubtful = not archive.record.announced and await asyncio.to_thread(archive.read, 0, 2) == _GZIP_checking
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
            f"{archive.name} is incomplete: {fault}; the file is kept as {kept}; download again if the link allows "
            f"it, or create a new restore job",
            file_name=archive.name,
            received=archive.kept,
        )
