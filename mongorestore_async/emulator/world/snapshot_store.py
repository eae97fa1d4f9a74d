"""The snapshots of clusters: computed from the seed, plus those that were taken, patched and removed since."""

from __future__ import annotations

import threading
from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.world.entities import Cluster, Identifiers, IdFields, IdKind, Side, random_bits

if TYPE_CHECKING:
    from mongorestore_async.emulator.emulator_settings import EmulatorSettings
    from mongorestore_async.emulator.flow_control import Clock

__all__ = ["Snapshot", "SnapshotState", "Snapshots"]

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
#: The number of the first snapshot that was taken.
_TAKEN = 1_000_000


class SnapshotState(StrEnum):
    """The state of a snapshot. Those of the start data never change; one that was taken is queued, then runs."""

    QUEUED = "queued"
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
        description: What they said about it, or nothing.
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
    description: str = ""
    dice: int
    changes: dict[str, object] = attrs.field(factory=dict, eq=False)

    @property
    def finished(self) -> float:
        """When it was complete, seconds since 1970."""
        return self.taken + 120 + self.dice % 240

    def expired(self, now: float) -> bool:
        """Whether it should be gone at a moment.

        Args:
            now: The moment, seconds since 1970.

        Returns:
            Whether it should.

        """
        return self.expires is not None and self.expires <= now


@attrs.frozen
class _Request:
    """A snapshot that was asked for: when, for how many days, with which words."""

    at: float
    days: float
    description: str


class Snapshots:
    """Looks up, patches and removes snapshots. May be called from any thread.

    Each top-level cluster has ``EmulatorSettings.snapshots_per_cluster`` of them, and so has each mirrored config
    server. Of every ten, by number: 1 is still running, 5 has failed, 8 and 9 have expired, 2 is kept for ever, 3 may
    be inconsistent, 4 lacks a shard (if there are shards), 6 was taken on demand, 7 ends two hours after the clock's
    start, 0 is as it should be. Those that were taken since are newer, and numbered from a million up.
    """

    def __init__(self, settings: EmulatorSettings, clock: Clock, ids: Identifiers) -> None:
        self._total = settings.snapshots_per_cluster
        self._seed = settings.seed
        self._seconds = settings.restore_seconds
        self._ids = ids
        self._clock = clock
        self._start = clock.start.timestamp()
        self._taken_since: dict[str, list[_Request]] = {}
        self._changes: dict[str, dict[str, object]] = {}
        self._removed: set[str] = set()
        self._lock = threading.RLock()
        newest = (1, 0) if self._total > 1 else (0,)
        self._numbers = (*newest[: self._total], *range(2, self._total))
        complete = [number for number in self._numbers if _state(number) is SnapshotState.COMPLETE]
        self._complete = [(self._age(number), number) for number in complete]

    def id(self, cluster: Cluster, number: int = 0) -> str:
        """The id of a snapshot of the cluster, whether it exists or not.

        Args:
            cluster: The cluster.
            number: Its number, from 0.

        Returns:
            The id.

        """
        return self._write(cluster, _slot(cluster), number)

    def part_ids(self, snapshot: Snapshot, parts: int) -> tuple[str, ...]:
        """The ids of the replica set snapshots an Atlas snapshot of a sharded cluster consists of.

        Args:
            snapshot: The snapshot.
            parts: How many of them there are.

        Returns:
            An id each.

        """
        slots = range(_FIRST_PART, _FIRST_PART + parts)
        return tuple(self._write(snapshot.cluster, slot, snapshot.number) for slot in slots)

    def of(self, cluster: Cluster) -> list[Snapshot]:
        """All snapshots of a cluster, newest first. A shard has none: those of its cluster include it."""
        if cluster.member is not None:
            return []
        with self._lock:
            taken = len(self._taken_since.get(cluster.id, ()))
            numbers = (*reversed(range(_TAKEN, _TAKEN + taken)), *self._numbers)
            found = [self._snapshot(cluster, number) for number in numbers]
            return [one for one in found if one.id not in self._removed]

    def find(self, cluster: Cluster, snapshot_id: str) -> Snapshot | None:
        """The snapshot of an id in a cluster."""
        fields = self._ids.read(snapshot_id)
        if fields is None or cluster.member is not None or snapshot_id in self._removed:
            return None
        number = fields.index & (1 << _SLOT) - 1
        taken = len(self._taken_since.get(cluster.id, ()))
        exists = number < self._total or _TAKEN <= number < _TAKEN + taken
        return self._snapshot(cluster, number) if exists and self.id(cluster, number) == snapshot_id else None

    def take(self, cluster: Cluster, *, days: float, description: str = "") -> Snapshot:
        """Take one now; it is complete after as long as a restore takes.

        Args:
            cluster: Whose.
            days: How long it is kept.
            description: What is said about it.

        Returns:
            The snapshot.

        """
        with self._lock:
            taken = self._taken_since.setdefault(cluster.id, [])
            taken.append(_Request(self._clock.now().timestamp(), days, description))
            return self._snapshot(cluster, _TAKEN + len(taken) - 1)

    def before(self, cluster: Cluster, moment: float, skip: int = 0) -> tuple[str, float | None]:
        """Id and time of the last complete snapshot before a moment, or of one a few (``skip``) before that.

        The time is None when it was so long ago that nothing of the snapshot is left but its id. What was removed or
        patched since does not matter: this is for what was restored before.

        Args:
            cluster: The cluster.
            moment: Seconds since 1970.
            skip: How many snapshots to pass over.

        Returns:
            Its id, and when it was taken in seconds since 1970.

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
        if number >= _TAKEN:
            return self._snapshot_taken(cluster, number)
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
            description="before the upgrade" if kind == _ON_DEMAND else "",
            dice=random_bits(f"{self._seed} {cluster.id} snapshot {number}"),
            changes=self._changes.get(snapshot_id, {}),
        )

    def _snapshot_taken(self, cluster: Cluster, number: int) -> Snapshot:
        asked, snapshot_id = self._taken_since[cluster.id][number - _TAKEN], self.id(cluster, number)
        passed = self._clock.now().timestamp() - asked.at
        state = SnapshotState.QUEUED if passed < self._seconds / 10 else SnapshotState.RUNNING
        return Snapshot(
            id=snapshot_id,
            number=number,
            cluster=cluster,
            taken=asked.at,
            state=SnapshotState.COMPLETE if passed >= self._seconds else state,
            expires=asked.at + asked.days * 24 * _HOUR,
            inconsistent=False,
            shard_missing=False,
            on_demand=True,
            description=asked.description,
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
