"""What a cluster can be restored from: whether it has a backup, its snapshots, its checkpoints.

All of it is computed from the seed, plus what a test changed.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.world.entities import (
    Cluster,
    ClusterKind,
    Identifiers,
    IdFields,
    IdKind,
    Side,
    random_bits,
)

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = ["BackupOff", "Backups", "Checkpoint", "Checkpoints", "NoBackup", "Snapshot", "SnapshotState", "Snapshots"]

_HOUR = 3600
#: Hours from each of the newest snapshots to the start of the clock; those before them are a day apart.
_AGES = (0.2, 6, 12, 24, 48, 72, 96, 168, 336, 504)
_LIFE = 90 * 24 * _HOUR
#: Stamp of all snapshot ids, and where an index says whose snapshot it is: 1 to 3 are config servers, see _slot.
_STAMP = 0x50000000
_SLOT = 24
_OF_ATLAS, _FIRST_PART = 8, 9
#: What the number of a snapshot, modulo ten, says about it.
_RUNNING, _FOR_EVER, _INCONSISTENT, _MISSING, _FAILED, _ON_DEMAND, _ENDS_SOON = 1, 2, 3, 4, 5, 6, 7
_EXPIRED = frozenset({8, 9})
_TOTAL = 8
_APART = 15 * 60
_CHECKPOINT_STAMP = 0x50000000
#: Added to the number in the ids of Atlas, whose clusters are numbered like those of the other side.
_ATLAS_CHECKPOINTS = 1 << 27
_CHECKPOINT_KINDS = frozenset({ClusterKind.SHARDED_FCV_40, ClusterKind.LEGACY_SHARDED})


class NoBackup(StrEnum):
    """What the restore jobs of a cluster without backup are answered with (``neighbours`` section 2.2).

    Members:
        CONFIG_NOT_FOUND: 404 ``BACKUP_CONFIG_NOT_FOUND``.
        JOB_NOT_FOUND: 400 ``BACKUP_JOB_NOT_FOUND``.
        EMPTY_LIST: An empty list; everything else as CONFIG_NOT_FOUND.
    """

    CONFIG_NOT_FOUND = "BACKUP_CONFIG_NOT_FOUND"
    JOB_NOT_FOUND = "BACKUP_JOB_NOT_FOUND"
    EMPTY_LIST = "empty-list"


@attrs.frozen
class BackupOff:
    """How the API reports a cluster without backup.

    Attributes:
        answer: What its restore jobs are answered with.
        snapshots_left: How many snapshots without ``clusterId`` its list still has.

    """

    answer: NoBackup
    snapshots_left: int = 0


class Backups:
    """Remembers which clusters have no backup; all others have one."""

    def __init__(self) -> None:
        self._off: dict[str, BackupOff] = {}

    def switch_off(self, cluster: Cluster, answer: NoBackup, snapshots_left: int = 0) -> None:
        """Switch the backup of a cluster off."""
        self._off[cluster.id] = BackupOff(NoBackup(answer), snapshots_left)

    def switch_on(self, cluster: Cluster) -> None:
        """Switch it on again."""
        self._off.pop(cluster.id, None)

    @property
    def all_off(self) -> frozenset[str]:
        """The ids of the clusters without backup."""
        return frozenset(self._off)

    def off(self, cluster: Cluster) -> BackupOff | None:
        """How its missing backup is reported; None if it has a backup."""
        return self._off.get(cluster.id)


class SnapshotState(StrEnum):
    """The state of a snapshot. It never changes: only restores progress on their own."""

    COMPLETE = "complete"
    RUNNING = "running"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class Snapshot:
    """A snapshot: everything its document is computed from.

    Attributes:
        id: 24 hexadecimal characters.
        number: Its number in the cluster. 0 is the newest that can be restored; 1, still running, is newer.
        cluster: Whose it is.
        taken: When it was begun, seconds since 1970.
        state: Whether all of it is there.
        expires: When it is deleted, seconds since 1970; None: never.
        inconsistent: Whether it may be inconsistent (Ops Manager, Cloud Manager, legacy).
        shard_missing: Whether it lacks a shard (sharded clusters of these).
        on_demand: Whether somebody asked for it, rather than the schedule.
        dice: 64 random bits of its own.
        changes: Members of its document that were patched.

    """

    id: str
    number: int
    cluster: Cluster
    taken: float
    state: SnapshotState
    expires: float | None
    inconsistent: bool
    shard_missing: bool
    on_demand: bool
    dice: int
    changes: dict[str, object] = attrs.field(factory=dict, eq=False)

    @property
    def finished(self) -> float:
        """When it was complete, seconds since 1970."""
        return self.taken + 120 + self.dice % 240

    def expired(self, now: float) -> bool:
        """Whether it should be gone at a moment, seconds since 1970."""
        return self.expires is not None and self.expires <= now


class Snapshots:
    """Looks up, patches and removes snapshots. May be called from any thread.

    Each top-level cluster has ``EmulatorSettings.snapshots_per_cluster`` of them, and so has each mirrored config
    server. Of every ten, by number: 1 is still running, 5 has failed, 8 and 9 have expired, 2 is kept for ever, 3 may
    be inconsistent, 4 lacks a shard (if there are shards), 6 was taken on demand, 7 ends two hours after the clock's
    start, 0 is as it should be.
    """

    def __init__(self, settings: EmulatorSettings, start: datetime, ids: Identifiers) -> None:
        self._total = settings.snapshots_per_cluster
        self._seed = settings.seed
        self._ids = ids
        self._start = start.timestamp()
        self._changes: dict[str, dict[str, object]] = {}
        self._removed: set[str] = set()
        self._lock = threading.Lock()
        newest = (1, 0) if self._total > 1 else (0,)
        self._numbers = (*newest[: self._total], *range(2, self._total))
        complete = [number for number in self._numbers if _state(number) is SnapshotState.COMPLETE]
        self._complete = [(self._age(number), number) for number in complete]

    def id(self, cluster: Cluster, number: int = 0) -> str:
        """The id of a snapshot of the cluster, whether it exists or not."""
        return self._write(cluster, _slot(cluster), number)

    def part_ids(self, snapshot: Snapshot, parts: int) -> tuple[str, ...]:
        """The ids of the replica set snapshots an Atlas snapshot of a sharded cluster consists of."""
        slots = range(_FIRST_PART, _FIRST_PART + parts)
        return tuple(self._write(snapshot.cluster, slot, snapshot.number) for slot in slots)

    def of(self, cluster: Cluster) -> list[Snapshot]:
        """All snapshots of a cluster, newest first. A shard has none: those of its cluster include it."""
        if cluster.member is not None:
            return []
        found = [self._snapshot(cluster, number) for number in self._numbers]
        with self._lock:
            return [one for one in found if one.id not in self._removed]

    def find(self, cluster: Cluster, snapshot_id: str) -> Snapshot | None:
        """The snapshot of an id in a cluster."""
        fields = self._ids.read(snapshot_id)
        if fields is None or cluster.member is not None or snapshot_id in self._removed:
            return None
        number = fields.index & (1 << _SLOT) - 1
        known = number < self._total and self.id(cluster, number) == snapshot_id
        return self._snapshot(cluster, number) if known else None

    def before(self, cluster: Cluster, moment: float, skip: int = 0) -> tuple[str, float | None]:
        """Id and time of the last complete snapshot before a moment, or of one a few (``skip``) before that.

        The time is None when it was so long ago that nothing of the snapshot is left but its id. What was removed or
        patched since does not matter: this is for what was restored before.
        """
        first = bisect_left(self._complete, (self._start - moment - _jitter(cluster), -1))
        older = self._complete[first : first + skip + 1]
        if not older:
            return self.id(cluster, self._total + skip), None
        return self.id(cluster, older[-1][1]), self._taken(cluster, older[-1][1])

    def patch(self, snapshot: Snapshot, changes: dict[str, Any]) -> None:
        """Change a snapshot's document from now on: members are replaced, objects merged, ``...`` removes one."""
        with self._lock:
            self._changes[snapshot.id] = {**self._changes.get(snapshot.id, {}), **changes}

    def remove(self, snapshot: Snapshot) -> None:
        """Remove a snapshot, as if it had been deleted."""
        with self._lock:
            self._removed.add(snapshot.id)

    def _write(self, cluster: Cluster, slot: int, number: int) -> str:
        index = slot << _SLOT | number
        return self._ids.write(IdFields(IdKind.SNAPSHOT, cluster.project.number, cluster.number, index, _STAMP))

    def _age(self, number: int) -> float:
        rank = 1 - number if number < 2 and self._total > 1 else number  # noqa: PLR2004 - the first two change places
        last = len(_AGES) - 1
        return _HOUR * (_AGES[min(rank, last)] + max(0, rank - last) * 24)

    def _taken(self, cluster: Cluster, number: int) -> float:
        return self._start - self._age(number) - _jitter(cluster)

    def _snapshot(self, cluster: Cluster, number: int) -> Snapshot:
        kind, taken, snapshot_id = number % 10, self._taken(cluster, number), self.id(cluster, number)
        expires: float | None = taken + _LIFE
        if kind == _FOR_EVER:
            expires = None
        elif kind == _ENDS_SOON:
            expires = self._start + 2 * _HOUR
        elif kind in _EXPIRED:
            expires = self._start - _HOUR
        manager = cluster.project.side is Side.MANAGER
        return Snapshot(
            id=snapshot_id,
            number=number,
            cluster=cluster,
            taken=taken,
            state=_state(number),
            expires=expires,
            inconsistent=kind == _INCONSISTENT,
            shard_missing=kind == _MISSING and manager and cluster.kind.sharded and not cluster.host,
            on_demand=kind == _ON_DEMAND,
            dice=random_bits(f"{self._seed} {cluster.id} snapshot {number}"),
            changes=self._changes.get(snapshot_id, {}),
        )


def _state(number: int) -> SnapshotState:
    states = {_RUNNING: SnapshotState.RUNNING, _FAILED: SnapshotState.FAILED}
    return states.get(number % 10, SnapshotState.COMPLETE)


def _slot(cluster: Cluster) -> int:
    return cluster.host if cluster.project.side is Side.MANAGER else _OF_ATLAS


def _jitter(cluster: Cluster) -> int:
    """Seconds that the schedule of a cluster is behind that of others."""
    return int(cluster.id[-4:], 16) % 600


@attrs.frozen(kw_only=True)
class Checkpoint:
    """A checkpoint.

    Attributes:
        id: 24 hexadecimal characters.
        number: Its number in the cluster; 0 is the newest that can be restored, 1, newer, cannot.
        cluster: Whose it is.
        started: Seconds since 1970.
        restorable: Whether a restore may use it: every fourth cannot.

    """

    id: str
    number: int
    cluster: Cluster
    started: float
    restorable: bool


class Checkpoints:
    """Computes checkpoints: eight for a cluster that has them, a quarter of an hour apart."""

    def __init__(self, start: datetime, ids: Identifiers) -> None:
        self._start = start.timestamp()
        self._ids = ids

    def id(self, cluster: Cluster, number: int = 0) -> str:
        """The id of a checkpoint of the cluster, whether it exists or not."""
        index = number | (_ATLAS_CHECKPOINTS if cluster.project.side is Side.ATLAS else 0)
        return self._ids.write(
            IdFields(IdKind.CHECKPOINT, cluster.project.number, cluster.number, index, _CHECKPOINT_STAMP)
        )

    def of(self, cluster: Cluster) -> list[Checkpoint]:
        """All checkpoints of a cluster, newest first."""
        if cluster.kind not in _CHECKPOINT_KINDS or cluster.member is not None or cluster.host:
            return []
        return [
            Checkpoint(
                id=self.id(cluster, number),
                number=number,
                cluster=cluster,
                started=self._start - _APART * (rank + 1),
                restorable=number % 4 != 1,
            )
            for rank, number in enumerate((1, 0, *range(2, _TOTAL)))
        ]

    def find(self, cluster: Cluster, checkpoint_id: str) -> Checkpoint | None:
        """The checkpoint of an id in a cluster."""
        return next((one for one in self.of(cluster) if one.id == checkpoint_id), None)
