"""A job that restores single databases and collections (API facts, November 2026, section 2)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import attrs

from mongorestore_async.models.collections.outcome import CollectionsOutcome
from mongorestore_async.models.collections.parts import IndexStatus
from mongorestore_async.models.collections.request import CollectionRestore, IndexStrategy, WriteStrategy
from mongorestore_async.models.document import wire
from mongorestore_async.models.job import JobDocument, told_target
from mongorestore_async.models.requests import Target
from mongorestore_async.models.rows import JobRow, text_cell
from mongorestore_async.models.secret import represent_text
from mongorestore_async.models.states import BAD_ENDS, JobState, state_of
from mongorestore_async.models.values import Link

__all__ = [
    "CollectionRestoreJob",
    "CollectionRestoreState",
    "RequestedNamespace",
    "inherit",
    "keep_outcome",
    "keep_request",
]


class CollectionRestoreState(StrEnum):
    """``state`` of a job. ``CANCELED``, with one L, also when the target cluster was removed."""

    INITIALIZING = "INITIALIZING"
    IN_PROGRESS = "IN_PROGRESS"
    FINALIZING = "FINALIZING"
    SUCCESSFUL = "SUCCESSFUL"
    CANCELED = "CANCELED"
    FAILED = "FAILED"


#: Its ends are those of all families: see ``END_WORDS``.
_STATES: dict[str, JobState] = {
    CollectionRestoreState.INITIALIZING: JobState.PENDING,
    CollectionRestoreState.IN_PROGRESS: JobState.RUNNING,
    CollectionRestoreState.FINALIZING: JobState.RUNNING,
}


@attrs.frozen(kw_only=True)
class RequestedNamespace:
    """A database or a collection as a job echoes that it was asked for.

    Attributes:
        source_namespace: A database, or ``database.collection``.
        target_namespace: What it was to be called in the target; empty or missing means the same.

    """

    source_namespace: str | None = None
    target_namespace: str | None = None


@attrs.frozen(kw_only=True)
class CollectionRestoreJob(JobDocument):
    """A job that restores single databases and collections. Atlas has no call to cancel one.

    A SUCCESSFUL one may hold collections that were not restored: see :attr:`ok`.

    Attributes:
        state_name: Where the job stands, ``state`` on the wire; :attr:`state` has it in the words of all families.
        snapshot_id: Snapshot restored from.
        point_in_time_utc_seconds: Moment restored to, epoch seconds.
        oplog_ts: Epoch seconds of the operation restored to.
        oplog_inc: Ordinal within that second.
        target_cluster_name: Destination.
        target_group_id: Project of the destination.
        write_strategy: What happens to collections of the target with the same names.
        index_strategy: Which indexes are built.
        databases: Databases that were named.
        collections: Collections that were named.
        database_suffix: Appended to the names of restored databases.
        collection_suffix: Appended to the names of restored collections.
        created_at: When the job was created (UTC).
        finished_at: When it was over (UTC).
        error_message: Why it failed or was cancelled.
        restored_documents: Documents restored so far.
        total_documents: Documents in all, an estimate at first.
        index_status: How building indexes stands.
        links: Related documents; not in the vendor's schema.
        outcome: What its collections tell, once they were read: see :meth:`RestoreBatch.wait`.
        asked: The request, where this process made it.

    """

    state_name: CollectionRestoreState | str | None = attrs.field(default=None, metadata=wire("state"))
    snapshot_id: str | None = None
    point_in_time_utc_seconds: int | None = None
    oplog_ts: int | None = None
    oplog_inc: int | None = None
    target_cluster_name: str | None = None
    target_group_id: str | None = None
    write_strategy: WriteStrategy | str | None = None
    index_strategy: IndexStrategy | str | None = None
    databases: tuple[RequestedNamespace, ...] = ()
    collections: tuple[RequestedNamespace, ...] = ()
    database_suffix: str | None = None
    collection_suffix: str | None = None
    created_at: datetime | None = None
    # A field answers for the property of all jobs, which can be read only, as that of a frozen class can.
    finished_at: datetime | None = None  # pyright: ignore[reportIncompatibleMethodOverride]
    error_message: str | None = attrs.field(default=None, repr=represent_text)
    restored_documents: int | None = None
    total_documents: int | None = None
    index_status: IndexStatus | None = None
    links: tuple[Link, ...] = ()
    _outcome: CollectionsOutcome | None = attrs.field(default=None, eq=False, repr=False, metadata=wire())
    _asked: CollectionRestore | None = attrs.field(default=None, eq=False, repr=False, metadata=wire())

    @property
    def state(self) -> JobState:
        """Where the job stands. FINISHED says nothing of its collections, :attr:`ok` does."""
        return state_of(self.state_name, _STATES)

    @property
    def outcome(self) -> CollectionsOutcome | None:
        """What its collections tell; None until they were read, by a wait."""
        return self._outcome

    @property
    def asked(self) -> CollectionRestore | None:
        """The request, where this process made it."""
        return self._asked

    @property
    def snapshot_moment(self) -> datetime | None:
        """When the restored data were current (UTC), where the job was asked for a moment and says so."""
        seconds = self.point_in_time_utc_seconds or self.oplog_ts
        try:
            return None if not seconds else datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError, ValueError):
            return None  # beyond all calendars

    @property
    def requested_at(self) -> datetime | None:
        """When it was requested (UTC)."""
        return self.created_at

    @property
    def expires_at(self) -> datetime | None:
        """Always None, because nothing of it expires."""
        return None

    @property
    def target(self) -> Target | None:
        """Where it restores to, None where the job does not say."""
        return told_target(self.target_group_id, self.target_cluster_name)

    @property
    def ok(self) -> bool | None:
        """Whether all that was named was restored; None while it runs, and until its collections were read."""
        if self.state in BAD_ENDS:
            return False
        return None if self._outcome is None or not self.over else self._outcome.ok

    @property
    def downloadable(self) -> bool | None:
        """Always False, because it restores into a cluster."""
        return False

    def to_row(self) -> JobRow:
        """Make a flat row of it: see :class:`JobRow`."""
        row = super().to_row()
        row["status"], row["delivery"] = text_cell(self.state_name), text_cell(self.write_strategy)
        row["snapshot_id"], row["error_message"] = text_cell(self.snapshot_id), text_cell(self.error_message)
        row["restored_documents"], row["total_documents"] = self.restored_documents, self.total_documents
        return row


def inherit(job: CollectionRestoreJob, before: JobDocument | None) -> None:
    """Keep what was known of a job that was read again: its request, and what its collections told."""
    if isinstance(before, CollectionRestoreJob):
        keep_request(job, job.asked or before.asked)
        if job.state is JobState.FINISHED:
            keep_outcome(job, job.outcome or before.outcome)


def keep_outcome(job: CollectionRestoreJob, outcome: CollectionsOutcome | None) -> CollectionRestoreJob:
    """Set what the collections of a job that was just made tell."""
    object.__setattr__(job, "_outcome", outcome)
    return job


def keep_request(job: CollectionRestoreJob, request: CollectionRestore | None) -> CollectionRestoreJob:
    """Set what a job that was just made was asked for with."""
    object.__setattr__(job, "_asked", request)
    return job
