"""Snapshots of Atlas cloud backup and of serverless instances (neighbour endpoints, sections 3.2 and 3.4)."""

from datetime import datetime

import attrs

from mongorestore_async.models.base import wire
from mongorestore_async.models.link import Link
from mongorestore_async.models.snapshot import SnapshotDocument
from mongorestore_async.models.states import CloudBackupSnapshotStatus

__all__ = ["CloudBackupSnapshot", "SnapshotMember"]


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
