"""Restore jobs that are followed together: waited for, watched, downloaded."""

from __future__ import annotations

import asyncio
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, overload

import attrs

from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.download import DownloadSource, download_batch
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import CollectionRestoreJob, HttpRestore, JobDocument, JobRef, JobT_co, RestoreJob
from mongorestore_async.models.rows import job_table
from mongorestore_async.models.validators import require_flag, seconds_of
from mongorestore_async.waiting.end_rules import Goal, Until, check_until, until_told
from mongorestore_async.waiting.job_watch import JobWatch
from mongorestore_async.waiting.waiter import Waiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import timedelta
    from pathlib import Path

    from mongorestore_async.downloading.download_types import DownloadedFile, DownloadProgress
    from mongorestore_async.models import RestoredCollection, RestoreRequest
    from mongorestore_async.models.rows import JobRow
    from mongorestore_async.waiting.job_source import JobSource
    from mongorestore_async.waiting.wait_errors import PollReport

__all__ = ["RestoreBatch", "Until", "until_of"]


@attrs.frozen
class RestoreBatch(Generic[JobT_co]):
    """Jobs that are followed together: those one create started, or those of :meth:`AsyncSession.batch`.

    A replica set gives one job; a sharded cluster one job per shard and one for its config servers, which
    belong together: the restore is done when all of them are. A server may answer with the first job only;
    list the cluster's jobs with :attr:`batch_id` to see all.

    Attributes:
        jobs: The jobs as they were read last, at least one.
        sources: The clusters and config servers they belong to.
        until: What :meth:`wait` waits for unless told: known for a batch that was created here, and for one of
            :meth:`AsyncSession.batch` whose jobs all tell the same.
        existing: Whether :meth:`ClusterBase.ensure_restore` found them running instead of starting them.

    """

    jobs: tuple[JobT_co, ...]
    sources: tuple[JobSource[Any], ...] = attrs.field(default=(), kw_only=True, eq=False, repr=False)
    until: Until | None = attrs.field(default=None, kw_only=True)
    existing: bool = attrs.field(default=False, kw_only=True)
    # Loop time at which the jobs were read, so that what was read just now is not read again at once.
    _read_at: float | None = attrs.field(default=None, alias="read_at", kw_only=True, eq=False, repr=False)

    def __iter__(self) -> Iterator[JobT_co]:
        return iter(self.jobs)

    def __len__(self) -> int:
        return len(self.jobs)

    @overload
    def __getitem__(self, index: int) -> JobT_co: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[JobT_co, ...]: ...

    def __getitem__(self, index: int | slice) -> JobT_co | tuple[JobT_co, ...]:
        return self.jobs[index]

    def _repr_html_(self) -> str:
        """Show it in a notebook: its first jobs, without links and secrets."""
        return job_table(f"RestoreBatch of {len(self.jobs)}", self.to_rows())

    def to_rows(self) -> list[JobRow]:
        """Make a flat row of each job, for data frames and tables: see :class:`JobRow`."""
        return [job.to_row() for job in self.jobs]

    @property
    def batch_id(self) -> str | None:
        """The batch all jobs belong to, None when there is none or the jobs name several."""
        ids = {job.batch_id if isinstance(job, RestoreJob) else None for job in self.jobs}
        return ids.pop() if len(ids) == 1 else None

    @property
    def skipped(self) -> tuple[RestoredCollection, ...]:
        """What restores of whole databases skipped by design, such as views. Known once :meth:`wait` read it."""
        outcomes = (job.outcome for job in self.jobs if isinstance(job, CollectionRestoreJob))
        return tuple(found for outcome in outcomes if outcome is not None for found in outcome.skipped)

    @property
    def refs(self) -> tuple[JobRef, ...]:
        """References to the jobs, printable and without secrets."""
        return tuple(job.ref for job in self.jobs if job.ref is not None)

    async def wait(
        self,
        *,
        timeout: timedelta | float | None,  # noqa: ASYNC109 - of the whole wait, and it says which jobs are left
        until: Until | None = None,
        on_poll: Callable[[PollReport], object] | None = None,
        accept_incomplete: bool = False,
    ) -> RestoreBatch[JobT_co]:
        """Wait until all jobs are over ("States and waiting"); cancelling the wait never cancels a restore.

        The jobs of one batch end together: one that is broken or killed ends all of them, and jobs that the answer to
        the create did not name are found and waited for too. Other jobs do not end each other. ``Options.poll``
        sets how often the clusters are polled; a failed poll is repeated.

        Args:
            timeout: Seconds for the whole wait, None for no end.
            until: ``"finished"``: the restore is over; for a job of Atlas cloud backup that is a download, its URL is
                there. ``"downloadable"``: there is a URL to download from. Given, it holds for all jobs. Unless given,
                a batch that was created here waits for what was asked for, and other jobs are waited for by what each
                tells: a download of Atlas until its file is there, a restore into a cluster until it is over.
            on_poll: Called with a :class:`PollReport` after each round of polls; an error in it ends the wait.
            accept_incomplete: Whether a restore of single databases and collections may leave out what it named. Once
                such a job is SUCCESSFUL its collections are read: one that was named and was not restored, or whose
                indexes failed, is an error unless this is True. What a restore of a whole database skips by design is
                in :attr:`skipped`. ``job.ok`` tells which it was.

        Returns:
            A batch with the jobs as they are now.

        Raises:
            RestoreFailed: All are over, and at least one restore ended badly.
            RestoreIncomplete: All are over, none badly, and one did not restore all that it named; or what its
                collections became cannot be told.
            JobVanished: A job that was there can no longer be found, so its outcome is unknown; the others are over.
            WaitTimeout: The time passed; the restores keep running.
            WaitError: A cluster could not be read for longer than the policy allows.
            ConfigError: ``until`` is missing and a job does not tell, as most of Ops Manager and Cloud Manager do not;
                or a job can never reach it.
            SessionClosed: The session was closed, before or meanwhile.
            AuthError: The key is not accepted (any more).
            Forbidden: The key has no rights (any more).

        """
        chosen, seconds = self._choose(until), seconds_of(timeout)
        if inspect.iscoroutinefunction(on_poll):
            raise ConfigError("on_poll must be a plain function: a coroutine function would never be awaited")
        waiting = self._follow(chosen, accept_incomplete=accept_incomplete)
        await waiting.run(seconds, on_poll)
        return self._renewed(waiting)

    def watch(
        self,
        *,
        timeout: timedelta | float | None = None,
        until: Until | None = None,
        accept_incomplete: bool = False,
    ) -> AsyncIterator[JobT_co]:
        """Give each job as it is now and again at each change of its state, until all are over; else as :meth:`wait`.

        A new status of its delivery is a change of its state as well, though ``job.state`` may be the same.
        A cancelled ``anext`` of what this returns loses no change: the next one continues the wait.

        Args:
            timeout: Seconds for all of it, None for no end.
            until: As for :meth:`wait`.
            accept_incomplete: As for :meth:`wait`.

        Returns:
            An iterator over the states of the jobs.

        Raises:
            RestoreError: As :meth:`wait`, after the last change was given.

        """
        chosen, seconds = self._choose(until), seconds_of(timeout)
        return JobWatch(self._follow(chosen, accept_incomplete=accept_incomplete), seconds)

    async def refresh(self) -> RestoreBatch[JobT_co]:
        """Read all jobs once, and what other jobs belong to their batches.

        Returns:
            The jobs as they are now; this batch stays as it was.

        Raises:
            NotFound: A job is gone.
            RestoreError: Any other error of a call.

        """
        waiting = self._follow(None)
        await waiting.read_all()
        return self._renewed(waiting)

    async def download(
        self,
        directory: str | Path,
        *,
        concurrency: int = 2,
        stall_timeout: float = 60.0,
        on_progress: Callable[[DownloadProgress], None] | None = None,
        overwrite: bool = False,
        check_gzip: bool = False,
    ) -> tuple[DownloadedFile, ...]:
        """Fetch the archives of all jobs, which must be ready ("Downloading"): wait until they are downloadable.

        Call it again after any failure, in this process or another: it resumes from what is on disk, and does not ask
        for finished files again. Every request counts against ``maxDownloads``, so nothing is probed, and a broken
        transfer is resumed only while the job allows another request and the server sends the same file. No
        login and no cookie of the API reaches a download host. A file stands under its name only when it is whole,
        on disk, and not known to be wrong.

        Args:
            directory: Where the files are to be; made if need be. Their names are those of the server, made safe.
            concurrency: Files fetched at once, from 1.
            stall_timeout: Seconds without a byte after which a transfer counts as broken. There is no other limit of
                time: an archive may take hours.
            on_progress: Called with the progress of each file, at most four times a second. It must not block; an
                exception in it is logged and does not affect the download.
            overwrite: Replace files and parts of others that stand under the same names.
            check_gzip: Unpack each whole archive that no published hash confirms once, into nothing, to see whether
                it is whole. An encrypted one may be no gzip file.

        Returns:
            The files in the order of the jobs. ``DownloadedFile.verification`` tells whether a published SHA-1
            agreed, was not there yet, or is not published by this family at all. While one was not there yet, a
            small ``NAME.part.json`` stays beside each file, and the same call checks again without fetching anything.

        Raises:
            ConfigError: Bad input, before any I/O.
            DownloadExpired: A link has expired.
            DownloadUsedUp: A link was used as often as it may be.
            DownloadTruncated: A file broke off and cannot be resumed in this call.
            HashMismatch: A file is not the one its job publishes the hash of; it is kept as ``NAME.mismatch``.
            DiskFull: A file does not fit; raised before the first byte where the server announces the size.
            DownloadError: A job has no archive (yet), a file cannot be written, or a host refuses.
            SessionClosed: The session was closed, before or meanwhile; what was received is kept.

        """
        sources = self._download_sources()
        options = self.sources[0].options
        fetcher = ArchiveFetcher(
            self.sources[0].http_settings, user_agent=options.user_agent_header, stall_timeout=stall_timeout
        )
        async with self.sources[0].while_open():
            return await download_batch(
                sources,
                directory,
                fetcher=fetcher,
                retry=options.retry,
                concurrency=concurrency,
                on_progress=on_progress,
                overwrite=overwrite,
                check_gzip=check_gzip,
                observer=options.observer,
            )

    def _download_sources(self) -> list[DownloadSource]:
        places = {source.ref("-"): source for source in self.sources}
        found: list[DownloadSource] = []
        for job in self.jobs:
            ref = job.ref
            source = None if ref is None else places.get(attrs.evolve(ref, job="-"))
            if ref is None or source is None:
                raise ConfigError(
                    f"restore job {job.id} has no known session: use session.batch([ref]), then download it"
                )
            found.append(DownloadSource(job, partial(source.restore_job, ref.job)))
        return found

    def _choose(self, until: Until | None) -> Goal:
        chosen = until or self.until
        if chosen is not None:
            check_until(chosen)
            return chosen
        untold = next((job.id for job in self.jobs if until_told(job) is None), None)
        if untold is not None:
            raise ConfigError(
                f"restore job {untold} does not tell what it is: pass until='finished' to wait for the restore, or"
                f" until='downloadable' to wait for its file"
            )
        return "told"

    def _follow(self, until: Goal | None, *, accept_incomplete: bool = False) -> Waiter[Any]:
        jobs: list[tuple[JobRef, JobDocument]] = []
        for job in self.jobs:
            if job.ref is None:
                raise ConfigError(f"restore job {job.id} has no ref: read it from its cluster, then follow it")
            jobs.append((job.ref, job))
        if until is None:
            return Waiter(self.sources, jobs, until, once=True)
        require_flag("accept_incomplete", accept_incomplete)
        return Waiter(self.sources, jobs, until, read_at=self._read_at, accept_incomplete=accept_incomplete)

    def _renewed(self, waiting: Waiter[Any]) -> RestoreBatch[JobT_co]:
        return attrs.evolve(self, jobs=waiting.jobs, read_at=asyncio.get_running_loop().time())


def until_of(request: RestoreRequest) -> Until:
    """What a batch that was created here waits for."""
    return "downloadable" if isinstance(request, HttpRestore) else "finished"
