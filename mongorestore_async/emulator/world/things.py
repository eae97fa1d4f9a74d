"""What the world of the emulator is made of: projects, clusters, jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import attrs

__all__ = ["Cluster", "ClusterKind", "Job", "Order", "Outcome", "Project", "Side"]


class Side(StrEnum):
    """The two APIs; neither sees the projects of the other."""

    MANAGER = "manager"
    ATLAS = "atlas"


class ClusterKind(StrEnum):
    """Kinds of top-level clusters; on each side the clusters of a project take turns in this order.

    Members:
        REPLICA_SET: Ops Manager or Cloud Manager.
        SHARDED: The same, two shards and a config server, feature compatibility version 4.4.
        SHARDED_FCV_40: The same with 4.0: the only kind that restores from checkpoints, and cannot from oplog times.
        CLOUD_BACKUP: Atlas, a dedicated replica set.
        TENANT: Atlas, M2 or M5.
        CLOUD_BACKUP_SHARDED: Atlas, a dedicated sharded cluster.
        FLEX: Atlas, v2 only.
        SERVERLESS: Atlas, a serverless instance.
        LEGACY: Atlas, a dedicated replica set on legacy backup.
        LEGACY_SHARDED: The same, sharded.
    """

    REPLICA_SET = "replica-set"
    SHARDED = "sharded"
    SHARDED_FCV_40 = "sharded-fcv-4.0"
    CLOUD_BACKUP = "cloud-backup"
    TENANT = "tenant"
    CLOUD_BACKUP_SHARDED = "cloud-backup-sharded"
    FLEX = "flex"
    SERVERLESS = "serverless"
    LEGACY = "legacy"
    LEGACY_SHARDED = "legacy-sharded"

    @property
    def sharded(self) -> bool:
        """Whether it has shards."""
        return self.batched or self is ClusterKind.CLOUD_BACKUP_SHARDED

    @property
    def batched(self) -> bool:
        """Whether a restore of it is a batch, a job for each shard and one for the config set."""
        return self in {ClusterKind.SHARDED, ClusterKind.SHARDED_FCV_40, ClusterKind.LEGACY_SHARDED}

    @property
    def shared(self) -> bool:
        """Whether its jobs are those of M2, M5 and flex, with a status in one word, and never cancelled."""
        return self in {ClusterKind.TENANT, ClusterKind.FLEX}


@attrs.frozen
class Project:
    """A project (group).

    Attributes:
        id: 24 hexadecimal characters.
        name: Unique in this world.
        side: Which API sees it.
        number: Its place among the projects of its side.
        org_id: The organisation it belongs to.

    """

    id: str
    name: str
    side: Side
    number: int
    org_id: str


@attrs.frozen
class Cluster:
    """A cluster, or with ``member`` a shard or the config set of one, or with ``host`` one mirrored config server.

    Attributes:
        id: 24 hexadecimal characters; in paths of Ops Manager and Cloud Manager.
        name: Unique in its project; in paths of Atlas.
        kind: What it is. A member has the kind of its cluster.
        project: The project it belongs to.
        number: Its place among the top-level clusters of the project.
        member: None for a top-level cluster; ``shard-0``, ``shard-1`` or ``config`` otherwise.
        host: Which of its config servers, from 1, has jobs and snapshots of its own (SCCC); 0 for a cluster. Its
            ``id`` is the host's then.

    """

    id: str
    name: str
    kind: ClusterKind
    project: Project
    number: int
    member: str | None = None
    host: int = 0

    @property
    def project_id(self) -> str:
        """Id of the project, for paths."""
        return self.project.id

    @property
    def replica_set(self) -> str:
        """Name of its replica set; for a sharded cluster the stem of the names of its members."""
        return self.name if self.member is None else f"{self.name}-{self.member}"


class Outcome(StrEnum):
    """How a job ends.

    Members:
        DONE: Well.
        FAILED: ``BROKEN``, ``failed`` or ``FAILED``, as the family says it.
        CANCELLED: ``KILLED`` or ``cancelled``; ``FAILED`` where a family has no word for it.
    """

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@attrs.frozen(kw_only=True)
class Order:
    """What a create asked for, as far as it shows in the job.

    Attributes:
        over_http: A download, rather than an automated restore.
        snapshot_id: The snapshot asked for, or None.
        oplog: Seconds and ordinal, or None.
        moment: Point in time, or None.
        checkpoint_id: The checkpoint asked for, or None.
        expires: End of the download link as asked for, or None.
        expiration_hours: Life of the download link, or None.
        max_downloads: Or None.
        target_project: Id, or None.
        target_cluster: Id, or None.
        target_name: Name of the same cluster, or None.

    """

    over_http: bool = True
    snapshot_id: str | None = None
    oplog: tuple[int, int] | None = None
    moment: datetime | None = None
    checkpoint_id: str | None = None
    expires: datetime | None = None
    expiration_hours: int | None = None
    max_downloads: int | None = None
    target_project: str | None = None
    target_cluster: str | None = None
    target_name: str | None = None

    @property
    def point_in_time(self) -> bool:
        """Whether it restores to a moment rather than to a snapshot."""
        return self.oplog is not None or self.moment is not None


@attrs.frozen(kw_only=True)
class Job:
    """A restore job: everything its document is computed from.

    Attributes:
        id: 24 hexadecimal characters.
        number: Its number in the cluster, oldest first.
        cluster: Whose job it is.
        created: When it was requested, seconds since 1970.
        seconds: How long it takes, on the emulator's clock.
        order: What was asked for.
        outcome: How it ends.
        batch_id: The batch, or None.
        member: The shard (or config set) it restores, or None.
        dice: 64 random bits of its own.
        snapshot_id: The snapshot it starts from: the one asked for, or the last one before the moment asked for.
        snapshot_at: When its snapshot was taken, seconds since 1970; None if nobody knows that snapshot any more.
        changes: Members of its document that were patched.

    """

    id: str
    number: int
    cluster: Cluster
    created: float
    seconds: float
    order: Order
    outcome: Outcome
    batch_id: str | None
    member: str | None
    dice: int
    snapshot_id: str
    snapshot_at: float | None = None
    changes: dict[str, object] = attrs.field(factory=dict, eq=False)

    @property
    def finished(self) -> float:
        """When it is over, seconds since 1970."""
        return self.created + self.seconds

    @property
    def snapshot_taken(self) -> datetime:
        """When its snapshot was taken."""
        guess = int(self.created) - 3600 - self.dice % 72_000
        return datetime.fromtimestamp(guess if self.snapshot_at is None else int(self.snapshot_at), UTC)

    def progress(self, now: datetime) -> float:
        """How far it is: below 0.1 it waits, at 1.0 and above it is over."""
        return (now.timestamp() - self.created) / self.seconds if self.seconds > 0 else 1.0
