"""Snapshots: what a restore starts from (neighbour endpoints, section 3)."""

import abc
from datetime import UTC, datetime

import attrs

from mongorestore_async.models.document import Document, wire
from mongorestore_async.models.values import Link, OplogTimestamp

__all__ = ["ClusterSnapshot", "MissingShard", "NamespaceFilterList", "SnapshotDocument", "SnapshotPart"]

_SHARDED = "SHARD"
_CONFIG_SERVER = "CONFIG_S"  # CONFIG_SERVER, CONFIG_SERVER_REPLICA_SET, CONFIG_SHARD_REPLICA_SET


@attrs.frozen(kw_only=True)
class SnapshotDocument(Document, abc.ABC):
    """A received snapshot of any family.

    Attributes:
        id: Snapshot id, to pass as ``Snapshot(id)`` or to ``HttpRestore``.

    """

    id: str

    @property
    @abc.abstractmethod
    def taken_at(self) -> datetime | None:
        """When the data were current (UTC); None while it is being taken, or where the server does not say."""

    @property
    @abc.abstractmethod
    def kept_until(self) -> datetime | None:
        """When it is deleted (UTC); None when it is kept forever, or where the server does not say."""

    @property
    @abc.abstractmethod
    def is_sharded(self) -> bool | None:
        """Whether it is one of a sharded cluster; None is unknown."""

    def obstacles(self, now: datetime) -> tuple[str, ...]:
        """List the reasons why it cannot be restored; empty when there are none ("Choosing").

        Args:
            now: The present moment, aware.

        Returns:
            A reason each, as words for people.

        """
        found = list(self._defects())
        if self.kept_until is not None and self.kept_until <= now:
            found.append(f"expired at {self.kept_until.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        return tuple(found)

    @abc.abstractmethod
    def _defects(self) -> tuple[str, ...]:
        """Return what is wrong with it, apart from its age."""


@attrs.frozen(kw_only=True)
class SnapshotPart:
    """The part of a snapshot that one replica set gave.

    Attributes:
        cluster_id: Cluster of the part: a shard has an id of its own.
        completed_time: When the part was complete (UTC).
        compression_setting: ``NONE`` or ``GZIP``.
        data_size_bytes: Size of the data.
        encryption_enabled: Whether it was encrypted.
        fcv: Feature compatibility version, such as ``"4.4"``.
        file_size_bytes: Size of the files.
        machine_id: Machine it was taken on.
        master_key_uuid: KMIP master key of an encrypted part.
        mongod_version: Version of the server.
        replica_set_name: Replica set.
        replica_state: State of the member it was taken from.
        storage_size_bytes: Size on disk.
        type_name: ``REPLICA_SET``, ``CONFIG_SERVER``, ``CONFIG_SERVER_REPLICA_SET``, ``CONFIG_SHARD_REPLICA_SET``.

    """

    cluster_id: str | None = None
    completed_time: datetime | None = None
    compression_setting: str | None = None
    data_size_bytes: int | None = None
    encryption_enabled: bool | None = None
    fcv: str | None = None
    file_size_bytes: int | None = None
    machine_id: str | None = None
    master_key_uuid: str | None = attrs.field(default=None, metadata=wire("masterKeyUUID"))
    mongod_version: str | None = None
    replica_set_name: str | None = None
    replica_state: str | None = None
    storage_size_bytes: int | None = None
    type_name: str | None = None


@attrs.frozen(kw_only=True)
class MissingShard:
    """A shard that a snapshot has no data of.

    Attributes:
        id: Cluster id of the shard.
        cluster_name: Name of the sharded cluster.
        shard_name: Name of the shard.
        replica_set_name: Its replica set.

    """

    id: str | None = None
    cluster_name: str | None = None
    shard_name: str | None = None
    replica_set_name: str | None = None


@attrs.frozen(kw_only=True)
class NamespaceFilterList:
    """Which namespaces a backup leaves out or is limited to.

    Attributes:
        filter_list: Namespaces.
        filter_type: ``blacklist`` or ``whitelist``, newer ``denyList`` or ``accessList``.

    """

    filter_list: tuple[str, ...] = ()
    filter_type: str | None = None


@attrs.frozen(kw_only=True)
class ClusterSnapshot(SnapshotDocument):
    """A snapshot of Ops Manager, Cloud Manager or Atlas legacy.

    Attributes:
        group_id: Project.
        cluster_id: Cluster; missing where backup is off, and then there is no id to restore into.
        cluster_name: Atlas only.
        host_id: Config server host, of a config server (SCCC) snapshot.
        complete: Whether every part is there.
        created: When it was taken.
        expires: When it is deleted (UTC); absent when it is kept forever.
        do_not_delete: Whether it is kept forever.
        is_possibly_inconsistent: None is unknown, not no.
        incremental: Whether only changes were saved.
        last_oplog_applied_timestamp: Latest oplog entry in it.
        missing_shards: Shards it has no data of.
        namespace_filter_list: Namespaces left out.
        parts: One for each replica set.
        links: Related documents, for information.

    """

    group_id: str | None = None
    cluster_id: str | None = None
    cluster_name: str | None = None
    host_id: str | None = None
    complete: bool | None = None
    created: OplogTimestamp | None = None
    expires: datetime | None = None
    do_not_delete: bool | None = None
    is_possibly_inconsistent: bool | None = None
    incremental: bool | None = None
    last_oplog_applied_timestamp: OplogTimestamp | None = None
    missing_shards: tuple[MissingShard, ...] = ()
    namespace_filter_list: NamespaceFilterList | None = None
    parts: tuple[SnapshotPart, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def taken_at(self) -> datetime | None:
        """When the data were current (UTC)."""
        return None if self.created is None else self.created.date

    @property
    def kept_until(self) -> datetime | None:
        """When it is deleted (UTC); None when it is kept forever."""
        return self.expires

    @property
    def is_sharded(self) -> bool | None:
        """Whether it is one of a sharded cluster, told by its parts, or by the shards it misses; None without both."""
        if self.missing_shards:
            return True
        if not self.parts:
            return None
        kinds = [(part.type_name or "").upper() for part in self.parts]
        return len(kinds) > 1 or any(kind.startswith(_CONFIG_SERVER) or _SHARDED in kind for kind in kinds)

    def _defects(self) -> tuple[str, ...]:
        return tuple(
            words
            for is_so, words in (
                (self.complete is not True, "incomplete"),
                (self.is_possibly_inconsistent is True, "possibly inconsistent"),
                (bool(self.missing_shards), "shards are missing"),
            )
            if is_so
        )
