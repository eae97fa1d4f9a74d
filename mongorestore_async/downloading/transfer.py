"""One archive: fetched, resumed where it broke off, checked, given its name."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, NoReturn

from mongorestore_async.downloading.download_types import DownloadedFile, DownloadProgress
from mongorestore_async.downloading.file_system import PartDamaged
from mongorestore_async.downloading.links import (
    LinkState,
    downloads_allowed,
    find_links,
    link_state,
    no_link,
    refusal,
)
from mongorestore_async.downloading.ranges import Action, PartOfRange, allows_ranges, continue_with
from mongorestore_async.downloading.sniffing import SNIFFED, is_gzip, is_message, sniff
from mongorestore_async.downloading.verification import check, keep_message
from mongorestore_async.errors import (
    ApiError,
    ConnectFailed,
    ConnectionBroken,
    DownloadError,
    DownloadTruncated,
    DownloadUsedUp,
    LinkRefused,
    RestoreError,
    TransportError,
)
from mongorestore_async.transport.retrying import Failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher, ArchiveReply
    from mongorestore_async.downloading.download_types import DownloadRules
    from mongorestore_async.downloading.links import DownloadLink
    from mongorestore_async.downloading.partial_file import Archive
    from mongorestore_async.downloading.ranges import Continuation, Kept
    from mongorestore_async.errors import Hint
    from mongorestore_async.models import JobDocument

__all__ = ["Transfer"]

#: Bytes that go to disk in one step: smaller ones cost more in changing threads than in writing.
_BLOCK = 1024 * 1024
#: Seconds between two progress reports, and the longest wait a server may ask for.
_PROGRESS_SECONDS = 0.25
_LONGEST_WAIT = 900.0

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
        self._job = job
        self._refresh = refresh
        self._fetcher = fetcher
        self._rules = rules
        self._reserved = reserved
        self._run = rules.threads.run
        self._began = time.monotonic()
        self._reported_at = 0.0
        self._resumed_from = archive.kept

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
            await self._wait(failed, failures)
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
        found = await check(archive, self._job, self._refresh, self._rules)
        await self._run(archive.finish, overwrite=self._rules.overwrite)
        self._notify(at_once=True)
        return DownloadedFile(
            path=archive.path,
            size=archive.kept,
            sha1=archive.sha1,
            verification=found.result,
            reason=found.reason,
            ref=self._job.ref,
            seconds=time.monotonic() - self._began,
            resumed_from=self._resumed_from,
            requests=archive.record.requests,
        )

    async def _try(self) -> None:
        archive, record = self.archive, self.archive.record
        kept = record.kept(archive.kept)
        # Before the request, which counts: it would not tell anything else.
        await self._run(archive.check_room, self._reserved())
        link = self._link()
        # On disk before it is sent: a process that is killed has used the link as well.
        await self._run(archive.note, requests=record.requests + 1)
        try:
            reply = await self._fetcher.fetch(link, kept.headers)
        except ConnectFailed as error:
            if error.request is None or not error.request.unanswered:
                await self._run(archive.note, requests=record.requests)
            raise
        async with reply:
            plan = continue_with(reply.status, reply.headers, kept)
            if plan is None:
                failed = refusal(reply.status, reply.headers, reply.request, self._rules.now())
                if isinstance(failed, ConnectFailed):  # by a proxy: the link was not used
                    await self._run(archive.note, requests=record.requests)
                raise failed
            await self._prepare(reply, plan, link, kept)
            if plan.action is not Action.COMPLETE:
                await self._run(archive.check_room, self._reserved())
                await self._stream(reply, plan.until)
                await self._see_end(reply, plan, kept)

    async def _prepare(self, reply: ArchiveReply, plan: Continuation, link: DownloadLink, kept: Kept) -> None:
        """Make ready for the body of an answer, or refuse it."""
        archive = self.archive
        if plan.action is Action.UNFIT:
            await self._refuse(reply, plan.problem, kept)
        if plan.total == 0:
            raise self._error(_EMPTY, DownloadTruncated)
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
                raise await keep_message(reply, archive, self._job, content, link, self._rules)
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
        """Write one block while the next one comes in; what is too much fills no disk."""
        writing: asyncio.Future[None] | None = None
        received = self.archive.kept
        hashed = False
        try:
            while (until is None or received <= until) and (pieces := await reply.read_block(_BLOCK)):
                received += sum(map(len, pieces))
                if writing is not None:
                    await writing
                # Of a part of terabytes that takes an hour, in which the link would expire: so not before the request.
                # A damaged part is thrown away by it, and what came for its end must not be written then.
                hashed = hashed or await self._rehash()
                writing = self._rules.threads.start(self.archive.write, pieces)
                self._notify()
        except TransportError:
            if writing is not None:
                await writing  # a full disk is the more important error
            raise
        else:
            if writing is not None:
                await writing
        finally:
            if writing is not None:
                writing.cancel()  # its thread ends what it has begun, and nobody waits for that

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
            raise self._error(_EMPTY, DownloadTruncated)
        if plan.until is not None and archive.kept > plan.until:
            await self._run(archive.restart)
            await self._run(archive.note)
            raise self._error("the download host sent more bytes than announced; they were discarded")
        if archive.kept < least and archive.kept == plan.until:
            raise PartOfRange("the download host sends the file in pieces", request=reply.request)
        if archive.kept < least:
            problem = "the download host closed the connection before the end of the file"
            raise ConnectionBroken(problem, request=reply.request)
        if plan.total is None:
            await self._run(archive.note, size=archive.kept)

    async def _wait(self, failed: TransportError | ApiError, failures: int) -> None:
        """Wait before the next request, if there may be one.

        Raises:
            DownloadError: There may be none.

        """
        if isinstance(failed, ApiError) and not failed.repeatable:
            await self._explain_refusal(failed)
            failed = ConnectionBroken(failed.problem, request=failed.request, hint=failed.hint)  # try another link
        allowed = downloads_allowed(self._job)
        if allowed is not None and self.archive.record.requests >= allowed:
            self._give_up(failed, self.archive.next_step, DownloadUsedUp)
        if isinstance(failed, PartOfRange):
            return
        wait = self._rules.retry(Failure("GET", failed, failures))
        if wait is None or wait > _LONGEST_WAIT:
            self._give_up(failed, self.archive.next_step)
        await asyncio.sleep(wait)

    async def _explain_refusal(self, failed: ApiError) -> None:
        """Ask the job why its link was refused; returns if it has another one now.

        Raises:
            DownloadExpired: The link has expired.
            DownloadUsedUp: It was used as often as it may be.
            LinkRefused: The job still publishes it.
            DownloadError: The job cannot be read, or has no link any more.

        """
        before = self._link()
        try:
            self._job = await self._refresh()
        except RestoreError as error:
            self._give_up(failed, f"the job could not be read either: {error.problem}")
        self.archive.allowed = downloads_allowed(self._job)
        state, expires = link_state(self._job), self._job.expires_at
        if state is LinkState.READY and expires is not None and expires <= self._rules.now():
            state = LinkState.EXPIRED
        if state is not LinkState.READY:
            raise no_link(state, file_name=self.archive.name, received=self.archive.kept) from failed
        if self._link() == before:
            kind = LinkRefused if 400 <= failed.status < 500 else DownloadError  # noqa: PLR2004
            self._give_up(failed, "the job still publishes this link; create a new restore job", kind)

    def _link(self) -> DownloadLink:
        link = find_links(self._job).get(self.archive.record.label)
        if link is None:
            raise no_link(LinkState.READY, file_name=self.archive.name, received=self.archive.kept)
        return link

    def _give_up(
        self, failed: TransportError | ApiError, advice: str, kind: type[DownloadError] = DownloadError
    ) -> NoReturn:
        if isinstance(failed, ConnectionBroken) and self.archive.kept:
            kind = DownloadTruncated
        of = "" if self.archive.record.size is None else f" of {self.archive.record.size}"
        message = (
            f"{self.archive.name} was not received: {failed.problem}. {self.archive.kept}{of} bytes are kept; {advice}"
        )
        raise self._error(message, kind, hint=failed.hint) from failed

    def _error(
        self, message: str, kind: type[DownloadError] = DownloadError, *, hint: Hint | None = None
    ) -> DownloadError:
        return kind(message, file_name=self.archive.name, received=self.archive.kept, hint=hint)

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
