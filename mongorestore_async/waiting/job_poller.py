"""Polling the jobs of one cluster with as few calls as possible."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Generic

from mongorestore_async.errors import DataError, NotFound, PaginationError, RestoreError
from mongorestore_async.listing.materialize import materialize
from mongorestore_async.models import CollectionRestoreJob, JobT
from mongorestore_async.models.collections.restored import keep_outcome
from mongorestore_async.transport.options import choose_limit
from mongorestore_async.waiting.collection_judge import awaits_collections
from mongorestore_async.waiting.collection_reader import judge_collections
from mongorestore_async.waiting.tracker import JobTracker, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mongorestore_async.families import RateLimit
    from mongorestore_async.models import PollPolicy
    from mongorestore_async.waiting.end_rules import Goal
    from mongorestore_async.waiting.job_source import JobSource
    from mongorestore_async.waiting.tracker import Group

__all__ = ["JobPoller"]

#: Page size where the newest jobs come first: those that are waited for are among them.
_FIRST_PAGE = 100


class JobPoller(Generic[JobT]):
    """Polls one cluster or config server.

    One job costs one call; the jobs of one batch cost one list call; several restores cost one list call as well,
    or as many pages as it takes to see them. Where that would be more calls than restores, each is read by itself.

    Attributes:
        source: The cluster or config server.
        policy: How long a missing job and failed polls are tolerated.
        jobs: What is known about its jobs.
        due: Loop time of the next poll.
        quiet: Polls in a row that showed no change.
        calls: Calls that the last poll took.
        error: The error of the last poll, None if it succeeded.
        failures: Polls in a row that failed.
        missing: The last 404.
        given_up: Whether polls have failed for longer than the policy allows.

    """

    def __init__(
        self, source: JobSource[JobT], policy: PollPolicy, until: Goal | None, *, batches: bool = True
    ) -> None:
        self.source = source
        self.jobs: JobTracker[JobT] = JobTracker(
            until,
            grace=policy.grace,
            patience=policy.patience,
            batches=batches and "batchId" in source.family.filters,
        )
        self.due: float = 0.0
        self.quiet: int = 0
        self.calls: int = 1
        self.error: RestoreError | None = None
        self.failures: int = 0
        self.missing: NotFound | None = None
        self.given_up: bool = False
        self.policy = policy
        self._first: float | None = None
        self._failing_since: float | None = None
        # Calls that the last walk took: a deep list is not walked again while reading each job is cheaper.
        self._walk = 0.0
        self._walk_failed = False
        self._counted = True  # whether the counts of its batches are asked for
        # Groups whose last poll failed come last, so that they delay no other.
        self._failed: set[str] = set()
        self._unsettled: dict[str, float] = {}  # when the collections of a job that is over were first looked at
        self._read: set[str] = set()
        self._looked: set[str] = set()  # jobs whose collections this poll has asked for
        self._missed: list[tuple[str, float, bool]] = []  # counted once the poll is done
        self._changed = False
        self._answered = False

    @property
    def open(self) -> bool:
        """Whether there is anything left to poll."""
        return not self.given_up and bool(self.jobs.open_groups())

    @property
    def limit(self) -> RateLimit | None:
        """The rate limit that its polls fall under, None where none is known."""
        source = self.source
        return choose_limit(source.options.rate_limits, source.family, source.family.jobs_path, source.project)

    async def poll(self) -> None:
        """Poll the jobs that are not over yet; a temporary failure is kept in :attr:`error`.

        When this is cancelled, the jobs that it has read are kept, and the poll does not count.

        Raises:
            RestoreError: A permanent failure, such as a key that is not accepted.

        """
        now = asyncio.get_running_loop().time()
        self._first = now if self._first is None else self._first
        self._read, self._looked, self._missed, self._answered, self.calls = set(), set(), [], False, 0
        try:
            await self._poll()
        except RestoreError as error:
            if not error.transient:
                raise
            # The frames in its traceback hold pages and calls.
            self.error = error.with_traceback(None)
            self.failures += 1
            if self._failing_since is None or self._answered:
                self._failing_since = now
            self.given_up = asyncio.get_running_loop().time() - self._failing_since >= self.policy.patience
        else:
            self.error, self.failures, self._failing_since = None, 0, None
        for job_id, elapsed, may in self._missed:
            self.jobs.miss(job_id, elapsed, may_appear=may)
        self.quiet = 0 if self._changed else self.quiet + 1
        self._changed = False

    async def _poll(self) -> None:
        self.jobs.begin_poll()
        groups = self.jobs.open_groups()
        # After a failed list the next poll reads each job: the list may be what fails on the server.
        walks = not self._walk_failed and len(groups) > 1 and self._walk < len(groups)
        self._walk_failed = walks
        if walks:
            await self._walk_list([job_id for group in groups for job_id in group.open_ids], most=len(groups) - 1)
            self._walk_failed = False
        failure = await self._read_collections()
        for group in sorted(self.jobs.open_groups(self._read), key=lambda group: group.key in self._failed):
            self._failed.add(group.key)
            unread = None if group.batch_id is None else await self._list_batch(group.batch_id, group)
            for job_id in group.open_ids:
                if key_of(job_id) not in self._read:
                    await self._read_one(job_id)
            failure = await self._read_collections() or failure
            if unread is not None:
                raise unread
            self._failed.discard(group.key)
        if failure is not None:
            raise failure

    async def _read_collections(self) -> RestoreError | None:
        """Read what became of the collections of jobs that are over: only those tell whether they ended well.

        A failure is returned, so that it delays no other job.
        """
        failure: RestoreError | None = None
        for followed in self.jobs.awaiting():
            job, key = followed.job, key_of(followed.id)
            if key not in self._read or key in self._looked or not isinstance(job, CollectionRestoreJob):
                continue
            self._looked.add(key)
            self.calls += 1
            since = self._unsettled.setdefault(key, self._elapsed())
            try:
                judge = await judge_collections(self.source, job, followed.id)
            except RestoreError as error:
                if not error.transient:
                    raise
                failure = error
                continue
            # A node that lags behind may not show all of them, or not as they are.
            if not judge.unsettled or self._elapsed() - since >= self.policy.grace:
                keep_outcome(job, judge.outcome())
                self._changed = True
                self.jobs.receive(job, datetime.now(UTC), as_id=followed.id)
        return failure

    async def _walk_list(self, job_ids: Sequence[str], *, most: int) -> None:
        wanted = set(map(key_of, job_ids))
        size = min(_FIRST_PAGE, self.source.options.items_per_page) if self.source.family.newest_first else None
        reader = self.source.restore_jobs(items_per_page=size).reader()
        try:
            while self.calls < most and not wanted <= self._read and not reader.ended:
                self.calls += 1
                if (page := await reader.step()) is not None:
                    for job in await materialize(page.items, reader.decode_locks):
                        self._take(job)
        except (DataError, PaginationError):
            # A job that is not waited for may have a shape that cannot be read, and pages may contradict each other:
            # then each job is read by itself.
            self._walk = math.inf
            return
        except NotFound as error:
            if error.from_gateway:
                raise
            # On a later page it is the end of a list that became shorter meanwhile.
            if not reader.status:
                self._miss(job_ids, error)
                return
        self._walk = self.calls + len(self.jobs.open_groups(self._read))

    async def _list_batch(self, batch_id: str, group: Group[JobT]) -> DataError | PaginationError | None:
        """List a batch; a list that cannot be read is returned, so that its known members are read by themselves."""
        listed: set[str] = set()
        try:
            try:
                await self._walk_batch(batch_id, listed)
            except PaginationError:
                if not self._counted:
                    raise
                # A count may be an estimate: from now on an empty page tells the end.
                self._counted = False
                await self._walk_batch(batch_id, listed)
        except NotFound as error:
            self._miss([job_id for job_id in group.open_ids if key_of(job_id) not in listed], error)
        except (DataError, PaginationError) as error:
            return error
        # Right after a create it may lag behind, and then it does not show all of those that are known either.
        if {key_of(member.id) for member in group.members} <= listed or self._elapsed() >= self.policy.grace:
            self.jobs.complete(batch_id)
        return None

    async def _walk_batch(self, batch_id: str, listed: set[str]) -> None:
        """Take the jobs of a batch page after page: those that were read are known, however the walk ends."""
        counted = None if self._counted else False
        reader = self.source.restore_jobs(batch_id=batch_id, include_count=counted).reader()
        while not reader.ended:
            self.calls += 1
            if (page := await reader.step()) is not None:
                for job in await materialize(page.items, reader.decode_locks):
                    self._take(job)
                    listed.add(key_of(job.id))

    async def _read_one(self, job_id: str) -> None:
        self.calls += 1
        try:
            self._take(await self.source.restore_job(job_id), job_id)
        except NotFound as error:
            self._miss([job_id], error)

    def _take(self, job: JobT, as_id: str | None = None) -> None:
        key = key_of(as_id or job.id)
        self._read.add(key)
        followed = self.jobs.jobs.get(key)
        # A job whose collections cannot be read is no sign of a server that works again.
        self._answered |= followed is not None and not followed.ending.over and not awaits_collections(job)
        self._changed |= self.jobs.receive(job, datetime.now(UTC), as_id=as_id)

    def _miss(self, job_ids: Iterable[str], error: NotFound) -> None:
        if not error.certain:
            raise error
        self.missing = error.with_traceback(None)
        for job_id in job_ids:
            self._read.add(key_of(job_id))
            self._missed.append((job_id, self._elapsed(), error.may_appear))

    def _elapsed(self) -> float:
        return 0.0 if self._first is None else asyncio.get_running_loop().time() - self._first
