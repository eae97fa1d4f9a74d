"""What the world of the emulator is made of: projects, clusters, jobs, and their ids.

An id encodes which object it names, so that nothing is stored to look it up.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

import attrs

__all__ = [
    "Cluster",
    "ClusterKind",
    "IdFields",
    "IdKind",
    "Identifiers",
    "Job",
    "JobOutcome",
    "Order",
    "Project",
    "Side",
    "random_bits",
    "restore_id",
    "start_order",
    "start_outcome",
]

_HEX24 = re.compile(r"[0-9a-f]{24}")
#: What the stamp of an id that restores take is mixed with.
_RESTORE_STAMP = 0x00A5A5A5


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
        """Whether its jobs have the form of M2, M5 and flex, with a status in one word, and are never cancelled."""
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
    def batched(self) -> bool:
        """Whether a restore of it is a batch; that of a config server never is."""
        return self.kind.batched and not self.host

    @property
    def replica_set(self) -> str:
        """Name of its replica set; for a sharded cluster the stem of the names of its members."""
        return self.name if self.member is None else f"{self.name}-{self.member}"


class JobOutcome(StrEnum):
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
        snapshot_at: When its snapshot was taken, seconds since 1970; None if that snapshot is no longer known.
        changes: Members of its document that were patched.

    """

    id: str
    number: int
    cluster: Cluster
    created: float
    seconds: float
    order: Order
    outcome: JobOutcome
    batch_id: str | None
    member: str | None
    dice: int
    snapshot_id: str
    snapshot_at: float | None = None
    changes: dict[str, object] = attrs.field(factory=dict, eq=False)

    @property
    def finished(self) -> float:
        """When it ends, seconds since 1970."""
        return self.created + self.seconds

    @property
    def snapshot_taken(self) -> datetime:
        """When its snapshot was taken."""
        guess = int(self.created) - 3600 - self.dice % 72_000
        return datetime.fromtimestamp(guess if self.snapshot_at is None else int(self.snapshot_at), UTC)

    def progress(self, now: datetime) -> float:
        """Its progress: below 0.1 it waits, from 1.0 on it has ended."""
        return (now.timestamp() - self.created) / self.seconds if self.seconds > 0 else 1.0


def start_order(cluster: Cluster, dice: int, snapshot: str) -> Order:
    """What a job of the start data asked for, by its random bits."""
    if dice % 3 == 0:
        moment = (dice >> 20) % 4 == 0
        return Order(
            over_http=False,
            snapshot_id=snapshot,
            oplog=(1_700_000_000 + (dice >> 24 & 0xFFFFFF), 1 + (dice >> 50) % 9) if moment else None,
            target_project=cluster.project.id,
            target_cluster=cluster.id,
            target_name=cluster.name,
        )
    return Order(snapshot_id=snapshot, expiration_hours=1 + dice % 4, max_downloads=1)


def start_outcome(cluster: Cluster, dice: int) -> JobOutcome:
    """How a job of the start data ends, by its random bits."""
    chance = (dice >> 16) % 40
    if chance == 1 and not cluster.kind.shared:
        return JobOutcome.CANCELLED
    return JobOutcome.FAILED if chance == 0 else JobOutcome.DONE


def random_bits(text: str, size: int = 8) -> int:
    """Bits that look random and are always the same for the same text; ``size`` is in bytes."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest())


def restore_id(cluster_id: str) -> str:
    """The id that restores name a cluster by, where that is another one; of that, the id of the list again."""
    return f"{int(cluster_id[:8], 16) ^ _RESTORE_STAMP:08x}{cluster_id[8:]}"


class IdKind(IntEnum):
    """The kinds of objects that have ids."""

    MANAGER_PROJECT = 1
    ATLAS_PROJECT = 2
    ORGANIZATION = 3
    MANAGER_CLUSTER = 4
    ATLAS_CLUSTER = 5
    MEMBER = 6
    MANAGER_JOB = 7
    ATLAS_JOB = 8
    SNAPSHOT = 9
    CHECKPOINT = 10
    BATCH = 11
    HOST = 12
    HOST_JOB = 13
    COLLECTION_JOB = 14


@attrs.frozen
class IdFields:
    """The content of an id.

    Attributes:
        kind: The kind of object.
        project: Number of the project among those of its side.
        cluster: Number of the cluster in its project.
        index: Number of the object in its cluster.
        stamp: Seconds since 1970, the first four bytes of an object id.

    """

    kind: IdKind
    project: int = 0
    cluster: int = 0
    index: int = 0
    stamp: int = 0


class Identifiers:
    """Writes ids of 24 hexadecimal characters and reads their fields back.

    The first eight are the stamp, as in MongoDB's object ids; the others are kind (4 bits), project (20),
    cluster (12) and index (28), mixed with the seed so that worlds of different seeds share no ids.
    """

    def __init__(self, seed: int) -> None:
        self._mask = random_bits(f"ids {seed}")

    def write(self, fields: IdFields) -> str:
        """The id with these fields."""
        tail = fields.kind << 60 | fields.project << 40 | fields.cluster << 28 | fields.index
        return f"{fields.stamp:08x}{tail ^ self._mask:016x}"

    def read(self, text: str) -> IdFields | None:
        """The fields of an id; None for one that does not belong to a world of this seed."""
        tail = int(text[8:], 16) ^ self._mask
        kind = tail >> 60
        if kind not in IdKind.__members__.values():
            return None
        return IdFields(
            IdKind(kind), tail >> 40 & 0xFFFFF, tail >> 28 & 0xFFF, tail & 0xFFFFFFF, stamp=int(text[:8], 16)
        )

    @staticmethod
    def well_formed(text: str) -> bool:
        """Whether a text is 24 lower-case hexadecimal characters."""
        return _HEX24.fullmatch(text) is not None
