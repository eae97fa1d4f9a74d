"""The jobs of one cluster that are waited for, and which of them are over: state without a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

import attrs

from mongorestore_async.models import CollectionRestoreJob, JobT, RestoreJob
from mongorestore_async.models.collections.restored import inherit
from mongorestore_async.waiting.collection_judge import awaits_collections
from mongorestore_async.waiting.end_rules import Ending, Goal, WaitOutcome, check_until, describe, end_of, until_told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

__all__ = ["Group", "JobTracker", "TrackedJob", "key_of"]


_UNKNOWN = Ending(WaitOutcome.GOING_ON, "not read yet")
#: Polls in a row that must miss a job which was there, besides the patience, before it counts as lost.
_LOST_AFTER = 5


@attrs.define(eq=False)
class TrackedJob(Generic[JobT]):
    """One job.

    Attributes:
        id: Its id.
        job: As it was read last, None before.
        ending: Whether it is over, and how.
        seen: Whether it was read since the following began.
        missed: Polls in a row that did not find it; one that failed is none of them.
        missed_since: Seconds from the first poll to the first of those.
        told: What was last reported about it, to find changes.

    """

    id: str
    job: JobT | None = None
    ending: Ending = _UNKNOWN
    seen: bool = False
    missed: int = 0
    missed_since: float = 0.0
    told: str | None = None

    @property
    def bad(self) -> bool:
        """Whether it ended badly."""
        return self.ending.outcome is WaitOutcome.BAD

    @property
    def incomplete(self) -> bool:
        """Whether it ended well, but not all that it named was restored."""
        return self.ending.outcome is WaitOutcome.INCOMPLETE

    @property
    def lost(self) -> bool:
        """Whether it was there, and can no longer be found."""
        return self.ending.outcome is WaitOutcome.LOST


@attrs.frozen(eq=False)
class Group(Generic[JobT]):
    """Jobs that end together: those of one batch, or a single one.

    Attributes:
        batch_id: The batch, None for a job of its own.
        members: Its jobs as far as they are known.
        whole: Whether those are all.

    """

    batch_id: str | None
    members: list[TrackedJob[JobT]]
    whole: bool

    @property
    def key(self) -> str:
        """What stays the same from poll to poll."""
        return self.batch_id or self.members[0].id

    @property
    def open_ids(self) -> list[str]:
        """Ids of the members to poll."""
        return [member.id for member in self.members if not member.ending.over]

    @property
    def over(self) -> bool:
        """Whether no member needs a poll, or one is bad: ``BROKEN`` or ``KILLED`` in one member decides.

        One that is lost decides nothing: the others may still tell that the restore failed.
        """
        return any(member.bad for member in self.members) or (self.whole and not self.open_ids)


def key_of(job_id: str) -> str:
    """Give what ids of one job have in common: servers take and give ids in either case."""
    return job_id.casefold()


class JobTracker(Generic[JobT]):
    """What is known about the jobs of one cluster.

    Args:
        until: What is waited for, or ``"told"``; None to read each job once.
        grace: Seconds in which a job that was never seen may be missing.
        patience: Seconds in which a job that was seen may be missing.
        batches: Whether the members of a batch can be listed, and are followed with the one that was named.

    """

    def __init__(self, until: Goal | None, *, grace: float, patience: float, batches: bool) -> None:
        self.jobs: dict[str, TrackedJob[JobT]] = {}  # by id without regard to case: see ``key_of``
        self._until: Goal | None = until
        self._grace = grace
        self._patience = patience
        self._batches = batches
        self._whole: set[str] = set()
        self._batch_ids: set[str] = set()

    def add(self, job_id: str, job: JobT | None, now: datetime, *, seen: bool = False) -> None:
        """Begin to follow a job.

        Args:
            job_id: Its id.
            job: As it was read before, if it was.
            now: The time, aware.
            seen: Whether that was just now.

        Raises:
            ConfigError: The job can never reach it.

        """
        followed = self.jobs[key_of(job_id)] = TrackedJob[JobT](job_id)
        if job is not None:
            followed.seen = seen
            self._keep(followed, job)
            if self._until is not None:
                self._decide(followed, job, self._until, now, first=True)

    def receive(self, job: JobT, now: datetime, *, as_id: str | None = None) -> bool:
        """Take a job that was read; those that are not followed are ignored, unless they belong to a batch.

        Args:
            job: The job.
            now: The time, aware.
            as_id: The id it was asked for by, where it was.

        Returns:
            Whether this was new.

        Raises:
            ConfigError: The job can never reach it.

        """
        job_id = as_id or job.id
        followed = self.jobs.get(key_of(job_id))
        if followed is None:
            if not isinstance(job, RestoreJob) or job.batch_id not in self._batch_ids:
                return False
            followed = self.jobs[key_of(job_id)] = TrackedJob[JobT](job_id)
        followed.missed = 0
        if followed.seen and followed.ending.over and not followed.lost:
            return False
        before = None if followed.job is None else describe(followed.job)
        self._keep(followed, job)
        if self._until is None:
            followed.ending = Ending(WaitOutcome.DONE, describe(job))
        else:
            self._decide(followed, job, self._until, now, first=not followed.seen)
        followed.seen = True
        return before != describe(job)

    def miss(self, job_id: str, elapsed: float, *, may_appear: bool) -> None:
        """Take note that a job is not there (404).

        Of one that was there (in an earlier poll, or in the answer to its create) nobody knows how it ended, or whether
        it has: servers drop old jobs, and a node that lags behind does not show new ones. It comes back, or is lost.

        Args:
            job_id: Its id.
            elapsed: Seconds since the first poll.
            may_appear: Whether it is only the job that was not found.

        """
        followed = self.jobs[key_of(job_id)]
        if not followed.missed:
            followed.missed_since = elapsed
        followed.missed += 1
        if followed.job is not None and self._until is not None:
            missing = elapsed - followed.missed_since
            if followed.missed >= _LOST_AFTER and missing >= self._patience:
                words = f"not found for {missing:.0f} s, last seen as {describe(followed.job)}"
                followed.ending = Ending(WaitOutcome.LOST, words)
        elif not may_appear or elapsed >= self._grace:
            followed.ending = Ending(WaitOutcome.BAD, "not found")

    def begin_poll(self) -> None:
        """Note that a poll begins: a batch that is not over may have more members than the last one knew."""
        self._whole -= {group.batch_id for group in self.open_groups() if group.batch_id is not None}

    def complete(self, batch_id: str) -> None:
        """Take note that all members of a batch are known, until the next poll."""
        self._whole.add(batch_id)

    def awaiting(self) -> list[TrackedJob[JobT]]:
        """Give the jobs that are over, but for what their collections have to tell."""
        if self._until is None:
            return []
        return [each for each in self.jobs.values() if not each.ending.over and awaits_collections(each.job)]

    def groups(self) -> Iterator[Group[JobT]]:
        """Give the jobs by what ends together."""
        members: dict[tuple[str | None, str | None], list[TrackedJob[JobT]]] = {}
        for followed in self.jobs.values():
            batch = self._batch_of(followed.job)
            members.setdefault((batch, followed.id if batch is None else None), []).append(followed)
        for (batch, _), found in members.items():
            whole = batch is None or not self._batches or self._until is None or batch in self._whole
            yield Group(batch if self._batches else None, found, whole)

    def open_groups(self, read: Collection[str] = ()) -> list[Group[JobT]]:
        """Give the groups to poll.

        Args:
            read: Keys of the ids that need no second look. A group of such only is left out, but not one that is done
                as far as its members are known.

        """
        found: list[Group[JobT]] = []
        for group in self.groups():
            ids = group.open_ids
            if not group.over and (not ids or any(key_of(job_id) not in read for job_id in ids)):
                found.append(group)
        return found

    @staticmethod
    def _decide(followed: TrackedJob[JobT], job: JobT, goal: Goal, now: datetime, *, first: bool) -> None:
        # A job that has told what to wait for, and tells it no more, is waited for to its end.
        until = (until_told(job) or "finished") if goal == "told" else goal
        if first:
            check_until(until, job)
        followed.ending = end_of(job, until, now)

    def _keep(self, followed: TrackedJob[JobT], job: JobT) -> None:
        if isinstance(job, CollectionRestoreJob):
            inherit(job, followed.job)
        followed.job = job
        batch = self._batch_of(job)
        if batch is not None and self._batches:
            self._batch_ids.add(batch)

    @staticmethod
    def _batch_of(job: JobT | None) -> str | None:
        return job.batch_id if isinstance(job, RestoreJob) else None
