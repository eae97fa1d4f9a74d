"""Whether an archive is the one that was published: its SHA-1, its first bytes, and its gzip frame."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.downloading.file_names import FOREIGN_SUFFIX, MISMATCH_SUFFIX
from mongorestore_async.downloading.links import downloads_allowed
from mongorestore_async.downloading.published_hashes import Comparison, compare
from mongorestore_async.downloading.sniffing import LEAST_SIZE, SNIFFED, Content, is_message, is_packed_name, sniff
from mongorestore_async.errors import (
    ApiError,
    DataError,
    DownloadTruncated,
    HashMismatch,
    Hint,
    HintKind,
    NotAnArchive,
    RestoreError,
    TransportError,
)
from mongorestore_async.models import RestoreJob

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from mongorestore_async.downloading.archive_fetcher import ArchiveReply
    from mongorestore_async.downloading.disk.partial_file import Archive
    from mongorestore_async.downloading.download_types import DownloadRules
    from mongorestore_async.downloading.links import DownloadLink
    from mongorestore_async.models import JobDocument

__all__ = ["GzipCheck", "check", "keep_message"]


_GZIP = 31
_MAGIC = b"\x1f\x8b"
#: Bytes of a page that are kept, for people to look at.
_PAGE = 256 * 1024
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
#: The end of a tar: two blocks of zeros.
_TAR_BLOCK = 512
_TAR_END = 2 * _TAR_BLOCK

_UNPACKED = "something in between unpacked the file: it is a tar, and no published SHA-1 is that of it"
_NO_GZIP = "the file does not begin like a gzip file: it may be encrypted, or something else"
_ENCODED_TWICE = "there is a second gzip layer around the file: unpack it once to have the archive"


async def check(
    archive: Archive,
    job: JobDocument,
    refresh: Callable[[], Awaitable[JobDocument]],
    rules: DownloadRules,
) -> Comparison:
    """Compare a whole file with what its job publishes, by itself where that is nothing; wrong bytes are set aside.

    Args:
        archive: The file, all of it hashed in this call.
        job: The job as read last.
        refresh: Reads it again: a hash is published only after the file was served.
        rules: How often that is tried, and whether the gzip data are checked.

    Raises:
        HashMismatch: It is another file.
        NotAnArchive: It is no archive at all.
        DownloadTruncated: It ends too early, or its gzip data are damaged.

    """
    names = (archive.record.source_name, archive.name)
    found = compare(job, names, archive.sha1)
    if found.result is Verification.VERIFIED:
        return found
    content = sniff(await rules.threads.run(archive.read, 0, SNIFFED))
    if not archive.changed and (archive.kept < LEAST_SIZE or is_message(content, "")):
        kept = await rules.threads.run(archive.set_aside, FOREIGN_SUFFIX)
        raise _not_an_archive(archive, job, content, kept)
    found = await _compare_again(archive, job, names, refresh, rules)
    if found.result is Verification.VERIFIED:
        return found
    if archive.changed:
        raise HashMismatch(
            f"{archive.path} was modified after it was received: its SHA-1 is no longer the recorded one; remove it "
            f"and download again if the link allows it",
            file_name=archive.name,
            received=archive.kept,
            hint=Hint(HintKind.OVERWRITE_FILES),
        )
    if content is Content.TAR and is_packed_name(archive.name):
        await _check_tar_end(archive, rules)
        return Comparison(Verification.UNPACKED, _UNPACKED)
    if content is Content.PACKED_TWICE:
        await _check_gzip(archive, rules, content)
        return Comparison(Verification.ENCODED_TWICE, _ENCODED_TWICE)
    if found.result is Verification.MISMATCH:
        kept = await rules.threads.run(archive.set_aside, MISMATCH_SUFFIX)
        raise HashMismatch(
            f"the SHA-1 of {archive.name} does not match the one published by the job; the file is kept as {kept}; "
            f"download again if the link allows it, or create a new restore job",
            file_name=archive.name,
            received=archive.kept,
        )
    await _check_gzip(archive, rules, content)
    if content is Content.UNKNOWN and is_packed_name(archive.name):
        return attrs.evolve(found, reason="; ".join(filter(None, [found.reason, _NO_GZIP])))
    return found


async def keep_message(
    reply: ArchiveReply,
    archive: Archive,
    job: JobDocument,
    content: Content,
    link: DownloadLink,
    rules: DownloadRules,
) -> NotAnArchive:
    """Keep a page beside what is there of the file, without the secrets it may repeat.

    Args:
        reply: The answer with the page, not read so far.
        archive: What was asked for.
        job: Its job.
        content: What the first bytes of the page show.
        link: Where it was asked for.
        rules: The threads that write it.

    """
    page = (await reply.peek(_PAGE, broken=True))[:_PAGE]
    kept = await rules.threads.run(lambda: archive.set_aside(FOREIGN_SUFFIX, link.redact(page)))
    return _not_an_archive(archive, job, content, kept)


def _not_an_archive(archive: Archive, job: JobDocument, content: Content, kept: Path) -> NotAnArchive:
    """Make the error for a link that gave something else.

    Args:
        archive: What was asked for.
        job: Its job, which says how often its link may be used.
        content: What came.
        kept: Where the bytes that came are.

    """
    what = "something too small" if content is Content.UNKNOWN else "a message or web page"
    used, allowed = archive.record.requests, downloads_allowed(job)
    if allowed is None:
        advice = "download again, or create a new restore job"
    elif used < allowed:
        advice = f"{used} of {allowed} uses of the link are spent; download again"
    else:
        advice = f"the link may be used up by that ({used} of {allowed} uses); if so, create a new restore job"
    return NotAnArchive(
        f"the download host sent {what} instead of an archive for {archive.name}; it is kept as {kept}: look into it, "
        f"and check for a proxy in between; {advice}",
        file_name=archive.name,
        received=archive.kept,
    )


async def _compare_again(
    archive: Archive,
    job: JobDocument,
    names: tuple[str, str],
    refresh: Callable[[], Awaitable[JobDocument]],
    rules: DownloadRules,
) -> Comparison:
    """Read the job until it shows a hash: once where it shows one, for that may be of an archive before this one."""
    found, is_fresh = compare(job, names, archive.sha1), not isinstance(job, RestoreJob)
    for tried in range(rules.verify_tries):
        if is_fresh and found.final:
            break
        if tried:
            await asyncio.sleep(rules.verify_pause)
        try:
            job = await refresh()
        except (TransportError, ApiError, DataError):
            continue  # the file is whole: that nothing can be compared now is no reason to lose it
        except RestoreError:
            break  # nor that the key was revoked or the session closed, which asking again does not change
        found, is_fresh = compare(job, names, archive.sha1), True
    return found


async def _check_tar_end(archive: Archive, rules: DownloadRules) -> None:
    """See that a tar whose size was not announced has its end."""
    if archive.record.announced or archive.finished:
        return
    end = await rules.threads.run(archive.read, max(0, archive.kept - _TAR_END), _TAR_END)
    if archive.kept % _TAR_BLOCK or len(end) < _TAR_END or any(end):
        raise await _truncated(archive, rules, "the tar ends before its last blocks")


async def _check_gzip(archive: Archive, rules: DownloadRules, content: Content) -> None:
    # Without an announced size only the gzip data tell whether the file is whole; encrypted ones may be none.
    is_packed = content in {Content.PACKED, Content.PACKED_TWICE}
    is_gzip = is_packed and await rules.threads.run(archive.read, 0, 2) == _MAGIC
    is_doubtful = content is Content.DAMAGED or (is_gzip and not archive.record.announced)
    if archive.finished or not (rules.check_gzip or is_doubtful):
        return
    looking = GzipCheck()

    def feed(offset: int) -> int:
        data = archive.read(offset, _BLOCK)
        looking.feed(data)
        return 0 if looking.fault is not None else len(data)

    offset = 0
    while read := await rules.threads.run(feed, offset):
        offset += read
    fault = await rules.threads.run(looking.finish)
    if fault is not None:
        raise await _truncated(archive, rules, fault)


async def _truncated(archive: Archive, rules: DownloadRules, fault: str) -> DownloadTruncated:
    kept = await rules.threads.run(archive.set_aside, MISMATCH_SUFFIX)
    return DownloadTruncated(
        f"{archive.name} is incomplete: {fault}; the file is kept as {kept}; download again if the link allows "
        f"it, or create a new restore job",
        file_name=archive.name,
        received=archive.kept,
    )
