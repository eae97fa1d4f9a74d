"""The link of one archive, as long as it may be used: whether a failed request is followed by another one, and when."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

from mongorestore_async.downloading.links import LinkState, downloads_allowed, find_links, link_state, no_link
from mongorestore_async.downloading.ranges import PartOfRange
from mongorestore_async.errors import (
    ApiError,
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

    from mongorestore_async.downloading.disk.partial_file import Archive
    from mongorestore_async.downloading.download_types import DownloadRules
    from mongorestore_async.downloading.links import DownloadLink
    from mongorestore_async.models import JobDocument

__all__ = ["LinkUse"]

#: Seconds a server may ask for at most.
_LONGEST_WAIT = 900.0


class LinkUse:
    """Knows the job of an archive, and asks it again where its link is refused.

    Args:
        archive: Its files.
        job: The job, as read last.
        refresh: Reads the job again.
        rules: When a failure is followed by another request.

    """

    def __init__(
        self, archive: Archive, job: JobDocument, refresh: Callable[[], Awaitable[JobDocument]], rules: DownloadRules
    ) -> None:
        self.job: JobDocument = job
        self.refresh = refresh
        self._archive = archive
        self._rules = rules

    def link(self) -> DownloadLink:
        """Return where the archive is, as the job was read last.

        Raises:
            DownloadError: There is no link any more.

        """
        link = find_links(self.job).get(self._archive.record.label)
        if link is None:
            raise no_link(LinkState.READY, file_name=self._archive.name, received=self._archive.kept)
        return link

    async def wait(self, failed: TransportError | ApiError, failures: int) -> None:
        """Wait before the next request, if there may be one.

        Raises:
            DownloadError: There may be none.

        """
        if isinstance(failed, ApiError) and not failed.repeatable:
            await self._explain_refusal(failed)
            failed = ConnectionBroken(failed.problem, request=failed.request, hint=failed.hint)  # try another link
        allowed = downloads_allowed(self.job)
        if allowed is not None and self._archive.record.requests >= allowed:
            self._give_up(failed, self._archive.next_step, DownloadUsedUp)
        if isinstance(failed, PartOfRange):
            return
        wait = self._rules.retry(Failure("GET", failed, failures))
        if wait is None or wait > _LONGEST_WAIT:
            self._give_up(failed, self._archive.next_step)
        await asyncio.sleep(wait)

    async def _explain_refusal(self, failed: ApiError) -> None:
        """Ask the job why its link was refused; returns if it has another one now.

        Raises:
            DownloadExpired: The link has expired.
            DownloadUsedUp: It was used as often as it may be.
            LinkRefused: The job still publishes it.
            DownloadError: The job cannot be read, or has no link any more.

        """
        before = self.link()
        try:
            self.job = await self.refresh()
        except RestoreError as error:
            self._give_up(failed, f"the job could not be read either: {error.problem}")
        self._archive.allowed = downloads_allowed(self.job)
        state, expires = link_state(self.job), self.job.expires_at
        if state is LinkState.READY and expires is not None and expires <= self._rules.now():
            state = LinkState.EXPIRED
        if state is not LinkState.READY:
            raise no_link(state, file_name=self._archive.name, received=self._archive.kept) from failed
        if self.link() == before:
            kind = LinkRefused if 400 <= failed.status < 500 else DownloadError  # noqa: PLR2004
            why = "may have expired or been used up" if kind is LinkRefused else "does not work"
            self._give_up(failed, f"the job names no other link, and this one {why}; create a new restore job", kind)

    def _give_up(
        self, failed: TransportError | ApiError, advice: str, kind: type[DownloadError] = DownloadError
    ) -> NoReturn:
        if isinstance(failed, ConnectionBroken) and self._archive.kept:
            kind = DownloadTruncated
        name, kept, size = self._archive.name, self._archive.kept, self._archive.record.size
        of = "" if size is None else f" of {size}"
        stock = f"{kept}{of} bytes are kept; " if kept else ""
        message = f"{name} was not received: {failed.problem.removesuffix('.')}; {stock}{advice}"
        raise self._archive.error(message, kind, hint=failed.hint) from failed
