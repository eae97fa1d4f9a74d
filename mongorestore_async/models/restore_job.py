"""What Ops Manager and Cloud Manager answer with: restore jobs and checkpoints."""

from __future__ import annotations

from datetime import datetime

import attrs

from mongorestore_async.models.document import Document, wire
from mongorestore_async.models.job import JobDocument, told_target
from mongorestore_async.models.requests import Target
from mongorestore_async.models.rows import JobRow, text_cell
from mongorestore_async.models.secret import Secret, hide, represent, unhide
from mongorestore_async.models.states import (
    BAD_ENDS,
    DeliveryMethod,
    DeliveryStatus,
    JobState,
    JobStatus,
    known,
    state_of,
)
from mongorestore_async.models.values import Link, OplogTimestamp

__all__ = ["CheckpointPart", "ClusterCheckpoint", "Delivery", "FileHash", "RestoreJob"]


#: Its ends are those of all families: see ``END_WORDS``.
_STATES: dict[str, JobState] = {JobStatus.IN_PROGRESS: JobState.RUNNING}


@attrs.frozen(kw_only=True)
class FileHash:
    """Checksum of one archive; answers carry it only after the archive has been downloaded.

    Attributes:
        file_name: File the checksum belongs to.
        hash: Hexadecimal digest.
        type_name: Algorithm, ``SHA1`` so far.
        links: Sent by newer APIs.

    """

    file_name: str | None = None
    hash: str | None = None
    type_name: str | None = None
    links: tuple[Link, ...] = ()


@attrs.frozen(kw_only=True)
class Delivery:
    """How the restored data are delivered. Expiry follows from ``status_name`` first, then from the clock.

    Attributes:
        method_name: ``HTTP`` also for automated jobs; the outcome does not tell the kind of the job.
        status_name: Where the delivery stands; ``READY`` may come without any URL.
        url: Download URL with its key in the path. May stand on an expired job as well.
        url_v2: Newer download URL, to be asked with the header below.
        auth_header: Name of that header, such as ``Authorization``.
        auth_bearer: Scheme word of its value; missing means ``Bearer``.
        auth_value: Token of its value.
        expiration_hours: Hours the URL is valid once the job is complete.
        expires: Moment (UTC) after which the URL is gone; no arithmetic relation to ``created`` holds.
        max_downloads: How often the URL can be used; 2147483647 means no limit.
        target_group_id: Project of the destination of an automated job; often left out.
        target_cluster_id: Cluster of the destination; often left out.
        target_cluster_name: The same by name, on Atlas legacy jobs.

    """

    method_name: DeliveryMethod | str | None = None
    status_name: DeliveryStatus | str | None = None
    _url: Secret | None = attrs.field(default=None, alias="url", converter=hide)
    _url_v2: Secret | None = attrs.field(default=None, alias="url_v2", converter=hide)
    auth_header: str | None = None
    auth_bearer: str | None = None
    _auth_value: Secret | None = attrs.field(default=None, alias="auth_value", converter=hide)
    expiration_hours: int | None = None
    expires: datetime | None = None
    max_downloads: int | None = None
    target_group_id: str | None = None
    target_cluster_id: str | None = None
    target_cluster_name: str | None = None

    __repr__ = represent

    @property
    def url(self) -> Secret | None:
        """Download URL with its key in the path."""
        return unhide(self._url)

    @property
    def url_v2(self) -> Secret | None:
        """Newer download URL, to be asked with the header."""
        return unhide(self._url_v2)

    @property
    def auth_value(self) -> Secret | None:
        """Token of the value of the header."""
        return unhide(self._auth_value)


@attrs.frozen(kw_only=True)
class RestoreJob(JobDocument):
    """A restore job of Ops Manager or Cloud Manager. Only ``id`` is certain: examples lack every other field.

    Attributes:
        group_id: Project that owns the job.
        cluster_id: Replica set or sharded cluster; on config server (SCCC) jobs missing, or the host id.
        cluster_name: Not documented here, sent by some servers.
        host_id: Config server host, on SCCC jobs.
        batch_id: Shared by all jobs of one sharded restore. Examples show it on replica sets too, so it says
            nothing about the topology.
        created: When the job was requested (UTC).
        snapshot_id: Snapshot restored from.
        checkpoint_id: Checkpoint restored from.
        point_in_time: Whether it is a point-in-time restore; None is unknown, not no.
        status_name: Where the job stands.
        timestamp: Latest oplog entry in the restored snapshot.
        encryption_enabled: Whether the snapshot was encrypted; None is unknown.
        master_key_uuid: KMIP master key of an encrypted snapshot.
        hashes: Checksums, only after the download.
        delivery: How the data are delivered.
        links: Related documents, for information.
        deployment_job_id: Only for imported deployments.

    """

    group_id: str | None = None
    cluster_id: str | None = None
    cluster_name: str | None = None
    host_id: str | None = None
    batch_id: str | None = None
    created: datetime | None = None
    snapshot_id: str | None = None
    checkpoint_id: str | None = attrs.field(default=None, metadata=wire("checkpointId", "checkPointId"))
    point_in_time: bool | None = None
    status_name: JobStatus | str | None = None
    timestamp: OplogTimestamp | None = None
    encryption_enabled: bool | None = None
    master_key_uuid: str | None = attrs.field(default=None, metadata=wire("masterKeyUUID"))
    hashes: tuple[FileHash, ...] = ()
    delivery: Delivery | None = None
    links: tuple[Link, ...] = ()
    deployment_job_id: str | None = None

    @property
    def state(self) -> JobState:
        """Where the job stands, by ``status_name`` alone.

        A FINISHED job may have an expired delivery. A sharded restore is over when every job of its batch is.
        """
        return state_of(self.status_name, _STATES)

    @property
    def requested_at(self) -> datetime | None:
        """When the job was requested (UTC)."""
        return self.created

    @property
    def finished_at(self) -> datetime | None:
        """None: these APIs do not tell when a job was over."""
        return None

    @property
    def expires_at(self) -> datetime | None:
        """When the download is gone (UTC)."""
        return None if self.delivery is None else self.delivery.expires

    @property
    def target(self) -> Target | None:
        """The cluster that is restored into, by id, on Atlas by name; often not told, also on automated jobs."""
        delivery, origin = self.delivery, self._origin
        if delivery is None:
            return None
        # Of unknown origin, a job with a name is one of Atlas legacy: the others document the id alone.
        by_name = delivery.target_cluster_name if origin is None else origin.family.startswith("atlas-")
        cluster = delivery.target_cluster_name if by_name else delivery.target_cluster_id
        return told_target(delivery.target_group_id, cluster)

    @property
    def downloadable(self) -> bool | None:
        """Whether the archive can be fetched, which takes ``READY`` and a URL.

        None where there is a URL and another word than the documented ones, and where there is no ``delivery``.
        """
        delivery = self.delivery
        if self.state in BAD_ENDS:
            return False
        if delivery is None:
            return None
        if not (delivery.url or delivery.url_v2):
            return False
        word = known(DeliveryStatus, delivery.status_name)
        if isinstance(word, DeliveryStatus):
            return word is DeliveryStatus.READY
        return False if state_of(word, {}) in BAD_ENDS else None

    @property
    def snapshot_moment(self) -> datetime | None:
        """When the restored data were current (UTC), in the form all families share."""
        return None if self.timestamp is None else self.timestamp.date

    def to_row(self) -> JobRow:
        """Make a flat row of it: see :class:`JobRow`."""
        row, delivery = super().to_row(), self.delivery
        row["status"] = text_cell(self.status_name)
        row["snapshot_id"], row["batch_id"] = text_cell(self.snapshot_id), text_cell(self.batch_id)
        if delivery is not None:
            row["delivery"], row["delivery_status"] = text_cell(delivery.method_name), text_cell(delivery.status_name)
        row["project_id"] = row["project_id"] or text_cell(self.group_id)
        row["host_id"] = row["host_id"] or text_cell(self.host_id)
        if row["host_id"] is None:  # in place of its cluster such a job may name the host
            row["cluster_id"] = row["cluster_id"] or text_cell(self.cluster_id)
        row["cluster_name"] = row["cluster_name"] or text_cell(self.cluster_name)
        return row


@attrs.frozen(kw_only=True)
class CheckpointPart:
    """The part of a checkpoint that one replica set gave.

    Attributes:
        replica_set_name: Replica set.
        shard_name: Shard.
        host_id: Config server host; only with mirrored config servers (SCCC).
        token_discovered: Whether the token of the checkpoint was found.
        token_timestamp: When it was written.
        type_name: ``REPLICA_SET``, ``CONFIG_SERVER`` or ``CONFIG_SERVER_REPLICA_SET``.

    """

    replica_set_name: str | None = None
    shard_name: str | None = None
    host_id: str | None = None
    token_discovered: bool | None = None
    token_timestamp: OplogTimestamp | None = None
    type_name: str | None = None


@attrs.frozen(kw_only=True)
class ClusterCheckpoint(Document):
    """A checkpoint: of sharded clusters with feature compatibility version 4.0 or lower only.

    Attributes:
        id: To pass as ``Checkpoint(id)``.
        group_id: Project.
        cluster_id: Cluster.
        started: When taking it began (UTC).
        completed: When it was complete (UTC).
        timestamp: Moment of the data (UTC).
        restorable: Only one that says True can be restored; None is unknown.
        parts: One for each replica set.
        links: Related documents, for information.

    """

    id: str
    group_id: str | None = None
    cluster_id: str | None = None
    started: datetime | None = None
    completed: datetime | None = None
    timestamp: datetime | None = None
    restorable: bool | None = None
    parts: tuple[CheckpointPart, ...] = ()
    links: tuple[Link, ...] = ()
