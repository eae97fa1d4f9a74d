"""What the restore jobs of a cluster say about it: its last restore, its last good one, whether that is long ago."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.models import JobState
from mongorestore_async.models.states import OVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.models import JobDocument

__all__ = ["ClusterHistory", "LastOutcome", "Restore", "join_batches"]

#: Of the jobs of one sharded restore, the state that comes first here is that of all of them.
_WORST = (
    JobState.FAILED,
    JobState.CANCELLED,
    JobState.EXPIRED,
    JobState.UNKNOWN,
    JobState.RUNNING,
    JobState.PENDING,
    JobState.FINISHED,
)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class LastOutcome(StrEnum):
    """What is to be said of a cluster, by its latest restore.

    Members:
        FAILED: It failed.
        CANCELLED: It was cancelled.
        UNREAD: Its list could not be read, or not to the end.
        NEVER: It has no restore job.
        UNKNOWN: A state that this version does not know.
        EXPIRED: The download link is gone; whether anybody used it is not told.
        RUNNING: It waits or runs.
        FINISHED: It is finished.
        NO_BACKUP: The cluster has no backup, so there is nothing to restore.
    """

    FAILED = "failed"
    CANCELLED = "cancelled"
    UNREAD = "unread"
    NEVER = "never"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    RUNNING = "running"
    FINISHED = "finished"
    NO_BACKUP = "no-backup"


@attrs.frozen(kw_only=True)
class Restore:
    """One restore: a job, or all jobs of a batch, which is one restore of a sharded cluster.

    Attributes:
        job: Reference of the job as text, of a batch that of its first job; its id where the reference is not known.
        state: Its state; of a batch the worst.
        requested_at: When it was requested.
        finished_at: When it was over; None also where the API does not tell, as those of Ops Manager and Cloud Manager.
        snapshot_moment: When the restored data were current.
        target: The cluster restored into, None for a download or where it is not told.
        batch: The batch, None for a job without.
        jobs: How many jobs it is.

    """

    job: str
    state: JobState
    requested_at: datetime | None = None
    finished_at: datetime | None = None
    snapshot_moment: datetime | None = None
    target: str | None = None
    batch: str | None = None
    jobs: int = 1

    @classmethod
    def of(cls, job: JobDocument) -> Restore:
        """Keep of a job what reports need. It holds no secrets.

        Args:
            job: The job, of any family.

        Returns:
            The record.

        """
        row = job.to_row()
        return cls(
            job=row["ref"] or row["id"],
            state=job.state,
            requested_at=row["requested_at"],
            finished_at=row["finished_at"],
            snapshot_moment=row["snapshot_moment"],
            target=row["target_cluster"] and f"{row['target_project_id']}/{row['target_cluster']}",
            batch=row["batch_id"],
        )

    @property
    def over(self) -> bool:
        """Whether it is over. One in a state that is not known is, if it tells when that was."""
        return self.state in OVER or (self.state is JobState.UNKNOWN and self.finished_at is not None)

    @property
    def seconds(self) -> float | None:
        """From the request to the end of a finished one; None where either is not told, or the clocks disagree."""
        if self.state is not JobState.FINISHED or self.requested_at is None or self.finished_at is None:
            return None
        seconds = (self.finished_at - self.requested_at).total_seconds()
        return seconds if seconds >= 0 else None

    @property
    def moment(self) -> datetime | None:
        """When it was requested, or where that is not told, over. Downloads of Atlas cloud backup tell neither."""
        return self.finished_at if self.requested_at is None else self.requested_at

    @property
    def not_before(self) -> datetime | None:
        """A moment that the request cannot lie before. Where nothing else is told, it is that of the data."""
        return self.snapshot_moment if self.moment is None else self.moment


def join_batches(restores: Iterable[Restore], *, newest_first: bool) -> tuple[Restore, ...]:
    """Make one restore of each batch; the latest comes first.

    Args:
        restores: Those of one cluster, in the order of its list.
        newest_first: Whether the vendor promises that order. Then it decides, for not every job tells its time.
            Otherwise a job that tells none is the oldest, or if it still runs, the latest.

    """
    whole: dict[tuple[str, str], Restore] = {}
    for restore in restores:
        key = ("job", restore.job) if restore.batch is None else ("batch", restore.batch)
        other = whole.get(key)
        whole[key] = restore if other is None or restore.batch is None else _joined(other, restore)
    return tuple(whole.values()) if newest_first else tuple(sorted(whole.values(), key=_age, reverse=True))


def _age(restore: Restore) -> datetime:
    is_open = restore.state in {JobState.PENDING, JobState.RUNNING}
    return restore.moment or (_LAST if is_open else _FIRST)


def _joined(one: Restore, other: Restore) -> Restore:
    requested = [moment for moment in (one.requested_at, other.requested_at) if moment is not None]
    finished = [one.finished_at, other.finished_at]
    return attrs.evolve(
        one,
        state=min(one.state, other.state, key=_WORST.index),
        requested_at=min(requested, default=None),
        # A batch is over when all of its jobs are.
        finished_at=None if None in finished else max(moment for moment in finished if moment is not None),
        jobs=one.jobs + other.jobs,
    )


@attrs.frozen(kw_only=True)
class ClusterHistory:
    """A cluster and its restores.

    Attributes:
        fleet: Name of its fleet.
        project_id: Id of its project.
        project: Name of its project, or the id.
        cluster: Its name, or its id.
        key: What paths take for it.
        restores: Its restores, the latest first.
        unread: Why its list could not be read, or not to the end; None when it was.
        has_backup: Whether it has a backup.

    """

    fleet: str
    project_id: str
    project: str
    cluster: str
    key: str
    restores: tuple[Restore, ...] = ()
    unread: str | None = None
    has_backup: bool = True

    @property
    def last(self) -> Restore | None:
        """The latest restore."""
        return self.restores[0] if self.restores else None

    @property
    def last_good(self) -> Restore | None:
        """The latest one that is finished."""
        return next((restore for restore in self.restores if restore.state is JobState.FINISHED), None)

    @property
    def outcome(self) -> LastOutcome:
        """What is to be said of it. A list that was not read to the end may hide anything, so that comes first."""
        if self.unread is not None:
            return LastOutcome.UNREAD
        if self.last is None:
            return LastOutcome.NEVER if self.has_backup else LastOutcome.NO_BACKUP
        if self.last.state is JobState.PENDING:
            return LastOutcome.RUNNING
        return LastOutcome(self.last.state.lower())

    @property
    def counts(self) -> Counter[JobState]:
        """How many of its restores are in which state."""
        return Counter(restore.state for restore in self.restores)

    def is_stale(self, before: datetime) -> bool:
        """Whether it was restored, but its last good restore is older than this moment, or may be.

        A cluster that was never restored is not stale: it is worse, and ``outcome`` says so.

        Args:
            before: The moment, aware.

        Returns:
            Whether it is, or may be.

        """
        good = self.last_good
        return good is not None and (good.not_before is None or good.not_before < before)
