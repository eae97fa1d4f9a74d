"""Restore jobs of Atlas cloud backup."""

from datetime import datetime

import attrs

from mongorestore_async.models.base import JobDocument, wire
from mongorestore_async.models.link import Link
from mongorestore_async.models.secret import Secret
from mongorestore_async.models.states import CloudBackupDeliveryType, JobState, known
from mongorestore_async.models.timestamp import OplogTimestamp

__all__ = ["CloudBackupRestoreJob", "Component", "PrivateDownloadUrl"]


@attrs.frozen(kw_only=True)
class PrivateDownloadUrl:
    """A download URL inside a private network.

    Attributes:
        delivery_url: The URL, with its key in the path.
        endpoint_id: Private endpoint it is reached through.

    """

    delivery_url: Secret | None = None
    endpoint_id: str | None = None


@attrs.frozen(kw_only=True)
class Component:
    """One shard, or the config server, of a sharded download.

    Attributes:
        download_url: None before it exists, after use and after expiry.
        replica_set_name: The shard's replica set.
        private_download_delivery_urls: The same archive through private endpoints.

    """

    download_url: Secret | None = None
    replica_set_name: str | None = None
    private_download_delivery_urls: tuple[PrivateDownloadUrl, ...] = ()


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
    expires_at: datetime | None = None
    finished_at: datetime | None = None
    delivery_url: tuple[Secret, ...] = ()
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
        kind = known(CloudBackupDeliveryType, self.delivery_type)
        if not isinstance(kind, CloudBackupDeliveryType):
            return JobState.UNKNOWN
        over = self._downloadable if kind is CloudBackupDeliveryType.DOWNLOAD else self.finished_at is not None
        return JobState.FINISHED if over else JobState.RUNNING

    @property
    def _downloadable(self) -> bool:
        every_part = bool(self.components) and all(part.download_url for part in self.components)
        return bool(self.delivery_url) or every_part

    @property
    def snapshot_moment(self) -> datetime | None:
        """When the restored data were current (UTC), in the form all families share."""
        return self.timestamp
