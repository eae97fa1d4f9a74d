"""Looks at the jobs of one cluster, and finds what has changed since the last look."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from mongorestore_async.errors import DataError, NotFound, PaginationError
from mongorestore_async.fleet.watching.watch_records import ChangeKind, JobChange
from mongorestore_async.listing.materialize import materialize
from mongorestore_async.models import JobState
from mongorestore_async.waiting.tracker import JobTracker, key_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.errors import RestoreError
    from mongorestore_async.fleet.fleet_records import FleetCluster
    from mongorestore_async.fleet.watching.watch_records import JobChangeKind
    from mongorestore_async.listing.page_reader import Received
    from mongorestore_async.models import JobDocument, PollPolicy
    from mongorestore_async.waiting.job_source import JobSource
    from mongorestore_async.waiting.tracker import TrackedJob

__all__ = ["Calls", "ClusterLook"]

#: Makes a call when there is room for it.
Calls: TypeAlias = "Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]"

#: Page size of a look where the newest jobs come first.
_FIRST_PAGE = 100


class ClusterLook:
    """The running jobs of one cluster.

    Args:
        cluster: The cluster.
        source: What its list is read with.
        policy: How long a missing job is tolerated.

    Attributes:
        cluster: As passed.
        quiet: Looks in a row that showed no change.
        done: Whether its list was read to the end once.

    """

    def __init__(self, cluster: FleetCluster, source: JobSource[Any], policy: PollPolicy) -> None:
        self.cluster = cluster
        self.quiet: int = 0
        self.done: bool = False
        self._source = source
        self._tracker: JobTracker[Any] = JobTracker(
            "finished", grace=policy.grace, patience=policy.patience, batches=False
        )
        self._ended: set[str] = set()  # what the last two looks showed and is over
        self._ended_now: set[str] = set()
        self._began: float | None = None

    @property
    def jobs(self) -> list[Any]:
        """The running jobs as they were read last."""
        return [followed.job for followed in self._tracker.jobs.values() if followed.job is not None]

    async def look(self, call: Calls) -> None:
        """Read the list, and the jobs that it does not show any more; :meth:`take_changes` has what was found.

        What was read before it fails or is cancelled is kept.

        Args:
            call: Makes a call when there is room for it.

        Raises:
            RestoreError: Any error of a call.

        """
        wanted = {key: followed.id for key, followed in self._tracker.jobs.items()}
        unreadable: RestoreError | None = None
        shown = set[str]()
        try:
            await self._walk(call, set(wanted), shown)
        except (DataError, PaginationError) as error:
            unreadable = error  # a job that nobody watches may be what cannot be read
        for key in wanted.keys() - shown:
            await self._read_one(wanted[key], call)
        if unreadable is not None:
            raise unreadable

    async def _walk(self, call: Calls, wanted: set[str], shown: set[str]) -> None:
        """Read the list as far as it is needed, and note what it shows."""
        newest_first = self._source.family.newest_first
        partly = newest_first and self.done
        size = min(_FIRST_PAGE, self._source.options.items_per_page) if partly else None
        reader = self._source.restore_jobs(items_per_page=size).reader()
        ended = set[str]()
        pages = 0
        known = False  # a job that the last look had was shown; where the newest come first, what follows is old
        while not reader.ended:
            try:
                page: Received[Any] | None = await call(reader.step)
            except NotFound as error:
                if not reader.status or not error.certain:
                    raise
                break  # the end of a list that became shorter meanwhile
            if page is None:
                break
            jobs = await materialize(page.items, reader.decode_locks)
            last = False
            for job in jobs:
                key = key_of(job.id)
                last = key in self._ended or key in wanted
                known |= last
                if key not in shown:
                    shown.add(key)
                    self._take(key, job, ended, is_old=not self.done or (newest_first and known))
            pages += 1
            if partly and last and len(wanted - shown) <= pages:
                break  # to read what is left one by one takes no more calls than were made so far
        # Those of two looks: a list that changes while it is walked may hide a job.
        self._ended, self._ended_now = self._ended_now | ended, ended
        self.done = True

    def _take(self, key: str, job: JobDocument, ended: set[str], *, is_old: bool) -> None:
        now = datetime.now(UTC)
        if key in self._tracker.jobs:
            self._tracker.receive(job, now)
        elif key in self._ended or (is_old and _is_over(job, now)):
            pass
        else:
            self._tracker.add(job.id, job, now, seen=True)
            return
        if job.over or key not in self._tracker.jobs:
            ended.add(key)

    async def _read_one(self, job_id: str, call: Calls) -> None:
        clock = asyncio.get_running_loop().time
        self._began = clock() if self._began is None else self._began
        try:
            job = await call(partial(self._source.restore_job, job_id))
        except NotFound as error:
            if not error.certain:
                raise
            self._tracker.miss(job_id, clock() - self._began, may_appear=error.may_appear)
        else:
            self._tracker.receive(job, datetime.now(UTC), as_id=job_id)

    def take_changes(self) -> list[JobChange[Any]]:
        """Give what has changed since this was asked last; jobs that are over are forgotten."""
        changes = [change for followed in list(self._tracker.jobs.values()) if (change := self._change_of(followed))]
        self.quiet = 0 if changes else self.quiet + 1
        return changes

    def forget(self) -> list[JobChange[Any]]:
        """Give up a cluster that is gone: nobody will know how its running jobs end."""
        jobs = self._tracker.jobs.values()
        lost = [self._change(ChangeKind.LOST, each, each.job) for each in jobs if each.job is not None]
        self._tracker.jobs.clear()
        return lost

    def _change_of(self, followed: TrackedJob[Any]) -> JobChange[Any] | None:
        job, words = followed.job, followed.ending.words
        if job is None:
            return None  # it was not read yet
        over = followed.ending.over or _is_over(job, datetime.now(UTC))
        if words == followed.told and not over:
            return None
        kind: JobChangeKind = ChangeKind.FOUND if followed.told is None else ChangeKind.CHANGED
        if followed.lost:
            kind = ChangeKind.LOST
        elif over:
            kind = ChangeKind.ENDED
        change = self._change(kind, followed, job)
        followed.told = words
        if kind in {ChangeKind.LOST, ChangeKind.ENDED}:
            del self._tracker.jobs[key_of(followed.id)]
        if kind is ChangeKind.ENDED:  # one that was lost is told again when it is seen again
            self._ended.add(key_of(followed.id))
            self._ended_now.add(key_of(followed.id))
        return change

    def _change(self, kind: JobChangeKind, followed: TrackedJob[Any], job: JobDocument) -> JobChange[Any]:
        return JobChange(
            kind=kind,
            at=datetime.now(UTC),
            fleet=self.cluster.project.fleet,
            project=self.cluster.project,
            cluster=self.cluster,
            job=job,
            before=followed.told,
        )


def _is_over(job: JobDocument, now: datetime) -> bool:
    """Whether a job is over. One in an unknown state is, if it tells so by its times.

    M2/M5 and flex document ``CLOSED``, which does not tell how a job ended.
    """
    if job.state is not JobState.UNKNOWN:
        return job.over
    return job.finished_at is not None or (job.expires_at is not None and job.expires_at <= now)
