"""What is known about a restore before it is created: topology and versions, as snapshots and clusters tell them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import attrs

from mongorestore_async.models import (
    CloudBackupSnapshot,
    ClusterCheckpoint,
    ClusterSnapshot,
    ClusterSummary,
    SnapshotDocument,
    TenantSnapshot,
    TimeRange,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Evidence", "Release"]

#: Series of a server's version, or of its feature compatibility version: 4.2 is ``(4, 2)``.
Release: TypeAlias = tuple[int, int]

ValueT = TypeVar("ValueT")

_RELEASE = re.compile(r"(\d{1,6})\.(\d{1,6})")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Evidence:
    """What was read before a restore. None is unknown.

    Attributes:
        now: The present moment, aware.
        snapshot: The snapshot to restore.
        checkpoint: The checkpoint to restore.
        source: The cluster the data come from.
        source_snapshots: Some of its snapshots.
        ranges: What it could be restored to.
        running: Running restores of single collections, from the source or into the target: references to their jobs.
        target_read: Whether the target was looked for.
        target: The target, None if it was not found.
        target_snapshots: Some of its snapshots; none at all where its backup is switched off.

    """

    now: datetime
    snapshot: SnapshotDocument | None = None
    checkpoint: ClusterCheckpoint | None = None
    source: ClusterSummary | None = None
    source_snapshots: tuple[SnapshotDocument, ...] = ()
    ranges: tuple[TimeRange, ...] | None = None
    running: tuple[str, ...] = ()
    target_read: bool = False
    target: ClusterSummary | None = None
    target_snapshots: tuple[SnapshotDocument, ...] | None = None

    @property
    def source_is_sharded(self) -> bool | None:
        """Whether the backup is one of a sharded cluster."""
        return _first_known(
            None if self.snapshot is None else self.snapshot.is_sharded,
            _is_sharded(self.source),
            *(found.is_sharded for found in _newest_first(self.source_snapshots)),
        )

    @property
    def target_is_sharded(self) -> bool | None:
        """Whether the target is a sharded cluster."""
        return _first_known(
            _is_sharded(self.target), *(found.is_sharded for found in _newest_first(self.target_snapshots or ()))
        )

    @property
    def target_has_backup(self) -> bool | None:
        """Whether one of the target's snapshots shows the cluster's id; without backup none does."""
        if self.target_snapshots is None:
            return None
        return any(isinstance(found, ClusterSnapshot) and found.cluster_id for found in self.target_snapshots)

    @property
    def compatibility(self) -> Release | None:
        """Feature compatibility version of the source: the lowest of the newest snapshot that shows it."""
        return _first_known(
            *(
                min(_known_releases(part.fcv for part in found.parts), default=None)
                for found in _newest_first(self.source_snapshots)
                if isinstance(found, ClusterSnapshot)
            )
        )

    @property
    def source_release(self) -> Release | None:
        """Series of the servers the backup is from, the highest of its parts."""
        own = self.source_snapshots if self.snapshot is None else (self.snapshot,)
        return _first_known(*(max(_known_releases(_versions(found)), default=None) for found in _newest_first(own)))

    @property
    def target_release(self) -> Release | None:
        """Series of the target's servers when its newest snapshot was taken, the lowest of its parts."""
        own = _newest_first(self.target_snapshots or ())
        return _first_known(*(min(_known_releases(_versions(found)), default=None) for found in own))


def _newest_first(snapshots: Iterable[SnapshotDocument]) -> list[SnapshotDocument]:
    return sorted(snapshots, key=lambda found: found.taken_at or _LONG_AGO, reverse=True)


def _first_known(*values: ValueT | None) -> ValueT | None:
    return next((value for value in values if value is not None), None)


def _is_sharded(cluster: ClusterSummary | None) -> bool | None:
    """Tell by the words of all families: SHARDED, SHARDED_REPLICA_SET, GEOSHARDED; REPLICA_SET, REPLICASET."""
    kind = "" if cluster is None else (cluster.type_name or "").upper()
    if "SHARDED" in kind:
        return True
    return False if kind.startswith("REPLICA") else None


def _versions(snapshot: SnapshotDocument) -> tuple[str | None, ...]:
    match snapshot:
        case ClusterSnapshot():
            return tuple(part.mongod_version for part in snapshot.parts)
        case CloudBackupSnapshot():
            return (snapshot.mongod_version,)
        case TenantSnapshot():
            return (snapshot.mongo_db_version,)
        case _:
            return ()


def _known_releases(versions: Iterable[str | None]) -> list[Release]:
    found = (_RELEASE.match(version or "") for version in versions)
    return [(int(release[1]), int(release[2])) for release in found if release is not None]
