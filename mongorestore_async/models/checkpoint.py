"""Checkpoints of sharded clusters (neighbour endpoints, section 4)."""

from datetime import datetime

import attrs

from mongorestore_async.models.base import Document
from mongorestore_async.models.link import Link
from mongorestore_async.models.timestamp import OplogTimestamp

__all__ = ["CheckpointPart", "ClusterCheckpoint"]


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
