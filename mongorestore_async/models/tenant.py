"""What Atlas answers with for M2, M5, serverless and flex clusters: restore jobs and snapshots."""

from __future__ import annotations

from datetime import datetime

import attrs

from mongorestore_async.models.document import wire
from mongorestore_async.models.job import JobDocument, told_target
from mongorestore_async.models.requests import Target
from mongorestore_async.models.rows import JobRow, text_cell
from mongorestore_async.models.secret import Secret, hide, represent, unhide
from mongorestore_async.models.snapshot import SnapshotDocument
from mongorestore_async.models.states import JobState, TenantDeliveryType, TenantStatus, known, state_of
from mongorestore_async.models.values import Link

__all__ = ["TenantRestoreJob", "TenantSnapshot"]


#: Its other ends are those of all families: see ``END_WORDS``.
_STATES: dict[str, JobState] = {
    TenantStatus.PENDING: JobState.PENDING,
    TenantStatus.QUEUED: JobState.PENDING,
    TenantStatus.RUNNING: JobState.RUNNING,
    # The download was used up: over, and there is nothing left to fetch.
    TenantStatus.CLOSED: JobState.EXPIRED,
}


@attrs.frozen(kw_only=True)
class TenantRestoreJob(JobDocument):
    """A restore job of an Atlas M2/M5 or flex cluster.

    The vendor's tables and examples name three dates differently; both spellings are read, and the name of the
    tables wins if both are there.

    Attributes:
        project_id: Project the restore came from.
        snapshot_id: Snapshot restored from.
        target_project_id: Project of the destination.
        cluster_name: Source cluster; flex jobs call it ``instanceName``.
        delivery_type: ``RESTORE`` into a cluster, or ``DOWNLOAD``.
        status: Where the job stands.
        restore_scheduled_date: When the restore was requested (UTC); examples call it ``submittedAt``.
        restore_finished_date: When the job was over (UTC), also on FAILED jobs; or ``finishedDate``.
        snapshot_finished_date: When the snapshot was complete (UTC); or ``timestamp``.
        expiration_date: When the download is gone (UTC); stands on RESTORE jobs too.
        snapshot_url: Presigned download URL, to be used byte for byte.
        target_deployment_item_name: Destination cluster, although one table says project.
        links: Related documents; the vendor's v1.0 examples have none.

    """

    project_id: str | None = None
    snapshot_id: str | None = None
    target_project_id: str | None = None
    cluster_name: str | None = attrs.field(default=None, metadata=wire("clusterName", "instanceName"))
    delivery_type: TenantDeliveryType | str | None = None
    status: TenantStatus | str | None = None
    restore_scheduled_date: datetime | None = attrs.field(
        default=None, metadata=wire("restoreScheduledDate", "submittedAt")
    )
    restore_finished_date: datetime | None = attrs.field(
        default=None, metadata=wire("restoreFinishedDate", "finishedDate")
    )
    snapshot_finished_date: datetime | None = attrs.field(
        default=None, metadata=wire("snapshotFinishedDate", "timestamp")
    )
    expiration_date: datetime | None = None
    _snapshot_url: Secret | None = attrs.field(default=None, alias="snapshot_url", converter=hide)
    target_deployment_item_name: str | None = None
    links: tuple[Link, ...] = ()

    __repr__ = represent

    @property
    def snapshot_url(self) -> Secret | None:
        """Presigned download URL, to be used byte for byte."""
        return unhide(self._snapshot_url)

    @property
    def state(self) -> JobState:
        """Where the job stands."""
        return state_of(self.status, _STATES)

    @property
    def requested_at(self) -> datetime | None:
        """When the restore was requested (UTC)."""
        return self.restore_scheduled_date

    @property
    def finished_at(self) -> datetime | None:
        """When the job was over (UTC), also on FAILED jobs."""
        return self.restore_finished_date

    @property
    def expires_at(self) -> datetime | None:
        """When the download is gone (UTC); stands on RESTORE jobs too, where it says nothing."""
        return self.expiration_date

    @property
    def target(self) -> Target | None:
        """The cluster that is restored into, by name; None for a download, even if it names one."""
        if self._kind is TenantDeliveryType.DOWNLOAD:
            return None
        return told_target(self.target_project_id, self.target_deployment_item_name)

    @property
    def downloadable(self) -> bool | None:
        """Whether it is ``COMPLETED`` and has a URL to fetch from. None for a URL in an unknown state."""
        state = self.state
        if self._kind is TenantDeliveryType.RESTORE or not self.snapshot_url:
            return False
        return None if state is JobState.UNKNOWN else state is JobState.FINISHED

    @property
    def _kind(self) -> str | None:
        return known(TenantDeliveryType, self.delivery_type)

    @property
    def snapshot_moment(self) -> datetime | None:
        """When the restored data were current (UTC), in the form all families share."""
        return self.snapshot_finished_date

    def to_row(self) -> JobRow:
        """Make a flat row of it: see :class:`JobRow`."""
        row = super().to_row()
        row["status"], row["delivery"] = text_cell(self.status), text_cell(self.delivery_type)
        row["snapshot_id"] = text_cell(self.snapshot_id)
        row["project_id"] = row["project_id"] or text_cell(self.project_id)
        row["cluster_name"] = row["cluster_name"] or text_cell(self.cluster_name)
        return row


@attrs.frozen(kw_only=True)
class TenantSnapshot(SnapshotDocument):
    """A snapshot of an Atlas M2/M5 or flex cluster.

    Attributes:
        status: Only a ``COMPLETED`` one can be restored.
        scheduled_time: When it was to be taken (UTC).
        start_time: When taking it began (UTC).
        finish_time: When it was complete (UTC).
        expiration: When it is deleted (UTC).
        mongo_db_version: Version of the server.
        links: Related documents; often absent.

    """

    status: TenantStatus | str | None = None
    scheduled_time: datetime | None = None
    start_time: datetime | None = None
    finish_time: datetime | None = None
    expiration: datetime | None = None
    mongo_db_version: str | None = attrs.field(default=None, metadata=wire("mongoDBVersion"))
    links: tuple[Link, ...] = ()

    @property
    def taken_at(self) -> datetime | None:
        """When it was complete (UTC)."""
        return self.finish_time

    @property
    def kept_until(self) -> datetime | None:
        """When it is deleted (UTC)."""
        return self.expiration

    @property
    def is_sharded(self) -> bool | None:
        """Always False, for such clusters have no shards."""
        return False

    def _defects(self) -> tuple[str, ...]:
        return () if self.status is TenantStatus.COMPLETED else (f"its status is {self.status or 'unknown'}",)
