"""One archive: fetched, resumed where it broke off, checked, given its name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn

from mongorestore_async.downloading.disk.hashed_file import PartDamaged
from mongorestore_async.downloading.download_types import DownloadedFile, DownloadProgress
from mongorestore_async.downloading.link_use import LinkUse
from mongorestore_async.downloading.links import refusal
from mongorestore_async.downloading.ranges import Action, PartOfRange, allows_ranges, continue_with
from mongorestore_async.downloading.receiving import BLOCK, PartWriter
from mongorestore_async.downloading.sniffing import SNIFFED, is_gzip, is_message, sniff
from mongorestore_async.downloading.verification import check, keep_message
from mongorestore_async.errors import (
    ApiError,
    ConnectFailed,
    ConnectionBroken,
    DownloadTruncated,
    TransportError,
)
from mongorestore_async.transport.observers import Operation, OperationEvent, observe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher, ArchiveReply
    from mongorestore_async.downloading.disk.partial_file import Archive
    from mongorestore_async.downloading.download_types import DownloadRules
    from mongorestore_async.downloading.links import DownloadLink
    from mongorestore_async.downloading.ranges import Continuation, Kept
    from mongorestore_async.models import JobDocument
    from mongorestore_async.transport.observers import Notify

__all__ = ["Transfer"]

#: Seconds between two progress reports.
_PROGRESS_SECONDS = 0.25

_OTHER_BYTES = "the download host sends other bytes now than before, under the same validator"
_NO_BEGINNING = "the download host sent something that does not begin as the file does"
_EMPTY = "the download host sent an empty file; check the state of the job"


class Transfer:
    """Brings one archive to disk.

    Args:
        archive: Its files, open.
        job: The job, as read last.
        refresh: Reads the job again.
        fetcher: Sends the requests.
        rules: How.
        reserved: Tells how many bytes of the disk the other downloads of the batch are going to need.

    """

    def __init__(
        self,
        archive: Archive,
        job: JobDocument,
        *,
        refresh: Callable[[], Awaitable[JobDocument]],
        fetcher: ArchiveFetcher,
        rules: DownloadRules,
        reserved: Callable[[], int],
    ) -> None:
        self.archive = archive
        self._use = LinkUse(archive, job, refresh, rules)
        self._fetcher = fetcher
        self._rules = rules
        self._reserved = reserved
        self._run = rules.threads.run
        self._began = time.monotonic()
        self._reported_at = 0.0
        self._resumed_from = archive.kept
        self._observed: Notify | None = None

    async def fetch(self) -> None:
        """Fetch what is missing.

        Raises:
            DownloadError: It cannot be had; what is there is kept.

        """
        archive = self.archive
        self._began = time.monotonic()
        furthest, failures = archive.kept, 0
        while True:
            try:
                if not archive.whole:
                    await self._try()
                while not await self._rehash():
                    pass
            except (TransportError, ApiError) as error:
                failed = error
            else:
                break
            # A server that always breaks off at the same place is not retried forever.
            failures = 1 if archive.kept > furthest else failures + 1
            furthest = max(furthest, archive.kept)
            await self._use.wait(failed, failures)
        if archive.changed and self._rules.overwrite:
            await self._run(archive.reopen)
            await self.fetch()

    async def finish(self) -> DownloadedFile:
        """Check the whole file and give it its name.

        Raises:
            HashMismatch: It is another file than the job publishes the hash of; its bytes are kept under another name.
            DownloadTruncated: Its gzip data are damaged; kept likewise.

        """
        archive = self.archive
        found = await check(archive, self._use.job, self._use.refresh, self._rules)
        await self._run(archive.finish, overwrite=self._rules.overwrite)
        self._notify(at_once=True)
        return DownloadedFile(
            path=archive.path,
            size=archive.kept,
            sha1=archive.sha1,
            verification=found.result,
            reason=found.reason,
            ref=self._use.job.ref,
            seconds=time.monotonic() - self._began,
            resumed_from=self._resumed_from,
            requests=archive.record.requests,
        )

    async def _try(self) -> None:
        archive, record = self.archive, self.archive.record
        kept = record.kept(archive.kept)
        # Before the request, which counts: it would not tell anything else.
        await self._run(archive.check_room, self._reserved())
        link = self._use.link()
        # On disk before it is sent: a process that is killed has used the link as well.
        await self._run(archive.note, requests=record.requests + 1)
        with observe(self._rules.observer, lambda: self._describe(link)) as self._observed:
            await self._receive(link, kept, used=record.requests)

    async def _receive(self, link: DownloadLink, kept: Kept, *, used: int) -> None:
        """Receive what a link gives that was used so often before."""
        archive = self.archive
        try:
            reply = await self._fetcher.fetch(link, kept.headers)
        except ConnectFailed as error:
            if error.request is None or not error.request.unanswered:
                await self._run(archive.note, requests=used)
            raise
        if self._observed is not None:
            self._observed(OperationEvent(kind="request", status=reply.status))
        async with reply:
            plan = continue_with(reply.status, reply.headers, kept)
            if plan is None:
                failed = refusal(reply.status, reply.headers, reply.request, self._rules.now())
                if isinstance(failed, ConnectFailed):  # by a proxy: the link was not used
                    await self._run(archive.note, requests=used)
                raise failed
            await self._prepare(reply, plan, link, kept)
            if plan.action is not Action.COMPLETE:
                await self._run(archive.check_room, self._reserved())
                await self._stream(reply, plan.until)
                await self._see_end(reply, plan, kept)

    def _describe(self, link: DownloadLink) -> Operation:
        ref, request = self._use.job.ref, self._fetcher.describe(link)
        return Operation(
            kind="archive",
            family=None if ref is None else ref.family,
            method=request.method,
            url=request.url,
            refs=() if ref is None else (ref,),
            file_name=self.archive.name,
        )

    async def _prepare(self, reply: ArchiveReply, plan: Continuation, link: DownloadLink, kept: Kept) -> None:
        """Make ready for the body of an answer, or refuse it."""
        archive = self.archive
        if plan.action is Action.UNFIT:
            await self._refuse(reply, plan.problem, kept)
        if plan.total == 0:
            raise self.archive.error(_EMPTY, DownloadTruncated)
        version = plan.representation
        changes: dict[str, Any] = {
            "size": plan.total,
            "announced": plan.total is not None,
            "etag": version.etag,
            "last_modified": version.last_modified,
        }
        if plan.action is Action.RESTART:
            # What is there is thrown away for nothing less than the beginning of an archive.
            head = await reply.peek(SNIFFED)
            content = sniff(head[:SNIFFED])
            if is_message(content, reply.headers.get("Content-Type", ""), version.encoding):
                raise await keep_message(reply, archive, self._use.job, content, link, self._rules)
            begun = await self._run(archive.read, 0, min(len(head), archive.kept, SNIFFED))
            if plan.same and not head.startswith(begun):
                await self._refuse(reply, _OTHER_BYTES, kept)
            # The tail of a gzip file begins as none does.
            doubtful = bool(kept.headers) or kept.representation.resembles(version)
            if doubtful and is_gzip(begun) and not is_gzip(head):
                await self._refuse(reply, _NO_BEGINNING, kept)
            await self._run(archive.restart)
            changes |= {
                "if_range": version.strong,
                "encoding": version.encoding,
                "ranges": allows_ranges(reply.headers),
                "sha1": None,
            }
        await self._run(archive.note, **changes)
        self._resumed_from = archive.kept
        self._notify(at_once=True)

    async def _refuse(self, reply: ArchiveReply, problem: str, kept: Kept) -> NoReturn:
        """Take nothing of an answer that contradicts what is known: from now on the whole is asked for.

        A whole that contradicts it as well is not going to stop doing so: the one after it is the file anew.
        """
        changes = {"ranges": False} if kept.headers else {"ranges": False, "if_range": None}
        await self._run(self.archive.note, **changes)
        raise ConnectionBroken(f"{problem} (HTTP {reply.status})", request=reply.request)

    async def _stream(self, reply: ArchiveReply, until: int | None) -> None:
        """Take what comes; what is too much fills no disk."""
        writer = PartWriter(self.archive, self._rules.threads)
        received = self.archive.kept
        hashed = False
        try:
            while (until is None or received <= until) and (pieces := await reply.read_block(BLOCK)):
                size = sum(map(len, pieces))
                received += size
                if self._observed is not None:
                    self._observed(OperationEvent(kind="received", size=size))
                await writer.ready()
                # Of a part of terabytes that takes an hour, in which the link would expire: so not before the request.
                # A damaged part is thrown away by it, and what came for its end must not be written then.
                hashed = hashed or await self._rehash()
                writer.start(pieces)
                self._notify()
        except TransportError:
            await writer.finish()  # a full disk is the more important error
            raise
        else:
            await writer.finish()
        finally:
            writer.cancel()

    async def _rehash(self) -> bool:
        try:
            return await self._run(self.archive.rehash)
        except PartDamaged as error:
            # The link may be used once more, like after a broken connection.
            raise ConnectionBroken(error.message) from error

    async def _see_end(self, reply: ArchiveReply, plan: Continuation, before: Kept) -> None:
        archive = self.archive
        least = before.size if plan.total is None and plan.same else plan.total or 0
        if plan.until is None and not archive.kept:
            raise self.archive.error(_EMPTY, DownloadTruncated)
        if plan.until is not None and archive.kept > plan.until:
            await self._run(archive.restart)
            await self._run(archive.note)
            raise self.archive.error("the download host sent more bytes than announced; they were discarded")
        if archive.kept < least and archive.kept == plan.until:
            raise PartOfRange("the download host sends the file in pieces", request=reply.request)
        if archive.kept < least:
            problem = "the download host closed the connection before the end of the file"
            raise ConnectionBroken(problem, request=reply.request)
        if plan.total is None:
            await self._run(archive.note, size=archive.kept)

    def _notify(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if self._rules.on_progress is None or not (at_once or now - self._reported_at >= _PROGRESS_SECONDS):
            return
        self._reported_at = now
        self._rules.notify(
            DownloadProgress(
                file_name=self.archive.name,
                received=self.archive.kept,
                total=self.archive.record.size,
                resumed_from=self._resumed_from,
                seconds=now - self._began,
            )
        )
