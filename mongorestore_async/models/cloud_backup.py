"""What Atlas cloud backup answers with: restore jobs and snapshots."""

from __future__ import annotations

from datetime import datetime

import attrs

from mongorestore_async.models.document import wire
from mongorestore_async.models.job import JobDocument, told_target
from mongorestore_async.models.requests import Target
from mongorestore_async.models.rows import JobRow, text_cell
from mongorestore_async.models.secret import Secret, hide, hide_each, represent, unhide
from mongorestore_async.models.snapshot import SnapshotDocument
from mongorestore_async.models.states import (
    BAD_ENDS,
    CloudBackupDeliveryType,
    CloudBackupSnapshotStatus,
    JobState,
    known,
)
from mongorestore_async.models.values import Link, OplogTimestamp

__all__ = ["CloudBackupRestoreJob", "CloudBackupSnapshot", "Component", "PrivateDownloadUrl", "SnapshotMember"]


@attrs.frozen(kw_only=True)
class PrivateDownloadUrl:
    """A download URL inside a private network.

    Attributes:
        delivery_url: The URL, with its key in the path.
        endpoint_id: Private endpoint it is reached through.

    """

    _delivery_url: Secret | None = attrs.field(default=None, alias="delivery_url", converter=hide)
    endpoint_id: str | None = None

    __repr__ = represent

    @property
    def delivery_url(self) -> Secret | None:
        """The URL, with its key in the path."""
        return unhide(self._delivery_url)


@attrs.frozen(kw_only=True)
class Component:
    """One shard, or the config server, of a sharded download.

    Attributes:
        download_url: None before it exists, after use and after expiry.
        replica_set_name: The shard's replica set.
        private_download_delivery_urls: The same archive through private endpoints.

    """

    _download_url: Secret | None = attrs.field(default=None, alias="download_url", converter=hide)
    replica_set_name: str | None = None
    private_download_delivery_urls: tuple[PrivateDownloadUrl, ...] = ()

    __repr__ = represent

    @property
    def download_url(self) -> Secret | None:
        """None before it exists, after use and after expiry."""
        return unhide(self._download_url)


@attrs.frozen(kw_only=True)
class CloudBackupRestoreJob(JobDocument):
    """A restore job of Atlas cloud backup. There is no status word: see :attr:`state`.

    Attributes:
        delivery_type: Kind of the job.
        snapshot_id: Snapshot restored from; may be missing on point-in-time jobs.
        timestamp: When the snapshot was taken (UTC).
        cancelled: Whether the job was cancelled; None is unknown.
        expired: Whether the job has expired; None is unknown.
        failed: Whether the job failed; missing in old answers.
        created_at: v1.0 only, and not always.
        expires_at: When the download is gone (UTC).
        finished_at: When an automated or point-in-time job was over. Download jobs never get one.
        delivery_url: Download URLs; one string, an array and an empty array all arrive as a tuple.
        components: Downloads of a sharded cluster, one per shard and config server.
        private_download_delivery_urls: Downloads inside a private network.
        target_cluster_name: Destination of an automated or point-in-time job.
        target_group_id: Project of the destination, an id.
        target_deployment_item_name: Internal name of the destination's deployment, not documented.
        oplog_ts: Epoch seconds, on a point-in-time job by oplog.
        oplog_inc: Ordinal within that second.
        point_in_time_utc_seconds: Epoch seconds, on a point-in-time job by time.
        desired_timestamp: Moment asked for. None where the answer has it with all members null.
        source_cluster_name: Not documented, known to the vendor's Go client.
        links: Related documents, for information.

    """

    delivery_type: CloudBackupDeliveryType | str | None = None
    snapshot_id: str | None = None
    timestamp: datetime | None = None
    cancelled: bool | None = None
    expired: bool | None = None
    failed: bool | None = None
    created_at: datetime | None = None
    # Fields answer for the properties of all jobs, which can be read only, as those of a frozen class can.
    expires_at: datetime | None = None  # pyright: ignore[reportIncompatibleMethodOverride]
    finished_at: datetime | None = None  # pyright: ignore[reportIncompatibleMethodOverride]
    _delivery_url: tuple[Secret, ...] = attrs.field(default=(), alias="delivery_url", converter=hide_each)
    components: tuple[Component, ...] = ()
    private_download_delivery_urls: tuple[PrivateDownloadUrl, ...] = ()
    target_cluster_name: str | None = None
    target_group_id: str | None = None
    target_deployment_item_name: str | None = None
    oplog_ts: int | None = None
    oplog_inc: int | None = None
    point_in_time_utc_seconds: int | None = attrs.field(default=None, metadata=wire("pointInTimeUTCSeconds"))
    desired_timestamp: OplogTimestamp | None = None
    source_cluster_name: str | None = None
    links: tuple[Link, ...] = ()

    __repr__ = represent

    @property
    def delivery_url(self) -> tuple[Secret, ...]:
        """The download URLs, of which there is one or none."""
        return unhide(self._delivery_url)

    @property
    def state(self) -> JobState:
        """Where the job stands.

        The bad flags come first, because a failed job may have a finish time. A download is finished when it
        can be fetched, the other kinds when they have a finish time; a kind of its own is UNKNOWN.
        """
        for flag, state in (
            (self.failed, JobState.FAILED),
            (self.cancelled, JobState.CANCELLED),
            (self.expired, JobState.EXPIRED),
        ):
            if flag:
                return state
        kind = self._kind
        if not isinstance(kind, CloudBackupDeliveryType):
            return JobState.UNKNOWN
        over = self._has_urls if kind is CloudBackupDeliveryType.DOWNLOAD else self.finished_at is not None
        return JobState.FINISHED if over else JobState.RUNNING

    @property
    def requested_at(self) -> datetime | None:
        """When the job was requested (UTC), which only v1.0 tells, and not always."""
        return self.created_at

    @property
    def target(self) -> Target | None:
        """The cluster that is restored into, by name."""
        if self._kind is CloudBackupDeliveryType.DOWNLOAD:
            return None
        return told_target(self.target_group_id, self.target_cluster_name)

    @property
    def downloadable(self) -> bool | None:
        """Whether all archives of a download have their URLs. None where an unknown kind of job has some."""
        if not self._has_urls or self.state in BAD_ENDS:
            return False
        kind = self._kind
        return kind is CloudBackupDeliveryType.DOWNLOAD if isinstance(kind, CloudBackupDeliveryType) else None

    @property
    def _kind(self) -> str | None:
        return known(CloudBackupDeliveryType, self.delivery_type)

    @property
    def _has_urls(self) -> bool:
        every_part = bool(self.components) and all(part.download_url for part in self.components)
        return bool(self.delivery_url) or every_part

    @property
    def snapshot_moment(self) -> datetime | None:
        """When the restored data were current (UTC), in the form all families share."""
        return self.timestamp

    def to_row(self) -> JobRow:
        """Make a flat row of it: see :class:`JobRow`."""
        row = super().to_row()
        row["delivery"], row["snapshot_id"] = text_cell(self.delivery_type), text_cell(self.snapshot_id)
        row["cluster_name"] = row["cluster_name"] or text_cell(self.source_cluster_name)
        return row


@attrs.frozen(kw_only=True)
class SnapshotMember:
    """The part of a sharded cloud backup snapshot that one shard gave; not to be restored by itself.

    Attributes:
        id: Snapshot id of the member.
        cloud_provider: Where it is stored.
        replica_set_name: Shard or config server.

    """

    id: str | None = None
    cloud_provider: str | None = None
    replica_set_name: str | None = None


@attrs.frozen(kw_only=True)
class CloudBackupSnapshot(SnapshotDocument):
    """A snapshot of Atlas cloud backup or of a serverless instance.

    Attributes:
        status: Only a ``completed`` one can be restored.
        type: ``replicaSet`` or ``shardedCluster``.
        snapshot_type: ``onDemand``, ``scheduled`` or ``fallback``.
        frequency_type: ``hourly`` to ``yearly``.
        created_at: When it was taken (UTC); only once completed.
        expires_at: When it is deleted (UTC).
        storage_size_bytes: Size; 0 until done.
        mongod_version: Version of the server.
        description: Text of an on-demand snapshot.
        master_key_uuid: Key of an encrypted snapshot.
        replica_set_name: Replica set.
        cloud_provider: Where it is stored.
        serverless_instance_name: Instance, of a serverless snapshot.
        config_server_type: ``EMBEDDED`` or ``DEDICATED``; sharded only.
        members: One for each shard and the config server; sharded only.
        snapshot_ids: Ids of the members; restore with ``id``, never with one of these.
        links: Related documents, for information.

    """

    status: CloudBackupSnapshotStatus | str | None = None
    type: str | None = None
    snapshot_type: str | None = None
    frequency_type: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    storage_size_bytes: int | None = None
    mongod_version: str | None = None
    description: str | None = None
    master_key_uuid: str | None = attrs.field(default=None, metadata=wire("masterKeyUUID"))
    replica_set_name: str | None = None
    cloud_provider: str | None = None
    serverless_instance_name: str | None = None
    config_server_type: str | None = None
    members: tuple[SnapshotMember, ...] = ()
    snapshot_ids: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def taken_at(self) -> datetime | None:
        """When the data were current (UTC)."""
        return self.created_at

    @property
    def kept_until(self) -> datetime | None:
        """When it is deleted (UTC)."""
        return self.expires_at

    @property
    def is_sharded(self) -> bool | None:
        """Whether it is one of a sharded cluster."""
        return None if self.type is None else self.type.casefold() == "shardedcluster"

    def _defects(self) -> tuple[str, ...]:
        done = self.status is CloudBackupSnapshotStatus.COMPLETED
        return () if done else (f"its status is {self.status or 'unknown'}",)
