"""The restore jobs of the emulator's world, by cluster."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.world.identifiers import Identifiers, IdKind, Place
from mongorestore_async.emulator.world.shelf import Shelf
from mongorestore_async.emulator.world.things import Cluster, Job, Order, Outcome, Side
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.emulator.clock import Clock
    from mongorestore_async.emulator.settings import EmulatorSettings
    from mongorestore_async.emulator.world.snapshots import Snapshots

__all__ = ["Jobs"]

#: A restore of a sharded cluster is one job per shard and one for the config set.
_BATCH = 3
#: Batches made by a create are numbered from here, those of the start data from 0.
_CREATED_BATCHES = 1 << 27
#: The newest job of the start data is this old, seconds; those before it are up to six hours apart.
_NEWEST = 180
_APART = 6 * 3600
_SPAN = 3 * 365 * 86400
#: Most jobs of one config server, whose number takes four bits of the index of their ids.
_HOST_JOBS = 1 << 20


@attrs.frozen
class _Made:
    """What is remembered of a job that was created or added."""

    created: float
    order: Order | None
    batch: int | None
    member: int | None
    outcome: Outcome | None = None


@attrs.define
class _Record:
    """What was changed about one cluster."""

    shelf: Shelf
    made: dict[int, _Made] = attrs.field(factory=dict)
    batches: dict[int, range] = attrs.field(factory=dict)
    changes: dict[int, dict[str, object]] = attrs.field(factory=dict)
    cancelled: dict[int, float] = attrs.field(factory=dict)


class Jobs:
    """Looks up, creates, adds, expires and patches restore jobs. May be called from any thread.

    Job number n of a cluster is a pure function of the seed, the sizes, the project, the cluster and n.
    """

    def __init__(
        self,
        settings: EmulatorSettings,
        clock: Clock,
        ids: Identifiers,
        members: Callable[[Cluster], Sequence[Cluster]],
        snapshots: Snapshots,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._members = members
        self._snapshots = snapshots
        self._records: dict[str, _Record] = {}
        self._endings: list[Outcome] = []
        self._lock = threading.RLock()
        self._first = clock.start.timestamp() - _NEWEST

    def count(self, cluster: Cluster) -> int:
        """How many jobs a cluster has now."""
        with self._lock:
            return len(self._record(cluster).shelf)

    def at(self, cluster: Cluster, position: int) -> Job:
        """The job at a position of the cluster's list; 0 is the newest.

        Raises:
            ConfigError: The list is shorter.

        """
        found = self.page(cluster, position, 1)
        if position < 0 or not found:
            raise ConfigError(f"There is no job at position {position}: the cluster has {self.count(cluster)}.")
        return found[0]

    def page(self, cluster: Cluster, start: int, count: int) -> list[Job]:
        """The jobs at ``count`` positions of the list from ``start`` on, newest first."""
        with self._lock:
            record = self._record(cluster)
            return [self._job(cluster, record, number) for number in record.shelf.numbers(start, count)]

    def find(self, cluster: Cluster, job_id: str) -> Job | None:
        """The job of an id in a cluster."""
        place = self._ids.read(job_id)
        with self._lock:
            record = self._record(cluster)
            number = -1 if place is None else place.index >> 4 if place.kind is IdKind.HOST_JOB else place.index
            if number not in record.shelf:
                return None
            found = self._job(cluster, record, number)
            return found if found.id == job_id else None

    def batch(self, cluster: Cluster, batch_id: str) -> list[Job]:
        """The jobs of a batch that still exist, newest first."""
        place = self._ids.read(batch_id)
        with self._lock:
            record = self._record(cluster)
            if place is None or place.kind is not IdKind.BATCH:
                return []
            newest = self._settings.jobs_per_cluster - place.index * _BATCH
            start_data = range(max(0, newest - _BATCH), max(0, newest))
            numbers = record.batches.get(place.index, start_data)
            jobs = [self._job(cluster, record, number) for number in reversed(numbers) if number in record.shelf]
            return [job for job in jobs if job.batch_id == batch_id]

    def create(self, cluster: Cluster, order: Order | None = None, *, restores: int = 1) -> list[Job]:
        """Put new jobs in front of the list: one for each restore, three (a batch) if the cluster is sharded.

        Without an order they are like those of the start data. The clock's present is when they were requested.
        Returned in the order of the list: newest first.
        """
        created = self._clock.now().timestamp()
        with self._lock:
            record = self._own_record(cluster)
            numbers = range(0)
            for _ in range(restores):
                numbers = self._add(cluster, record, created, order)
            made = numbers.stop - len(numbers) * restores
            return [self._job(cluster, record, number) for number in reversed(range(made, numbers.stop))]

    def remove(self, cluster: Cluster, count: int = 1, *, at: int | None = None) -> None:
        """Take jobs away, from position ``at`` on (0: the newest; None: the oldest ones, or all if there are fewer).

        Raises:
            ConfigError: There are not so many from that position on.

        """
        with self._lock:
            shelf = self._own_record(cluster).shelf
            if at is None:
                count = min(count, len(shelf))
                at = len(shelf) - count
            shelf.remove(count, at)

    def created(self, cluster: Cluster) -> list[Job]:
        """The jobs that were created or added, not those of the start data; those that still exist."""
        with self._lock:
            record = self._record(cluster)
            return [self._job(cluster, record, number) for number in record.made if number in record.shelf]

    def cancel(self, job: Job) -> None:
        """End a job now, as cancelled."""
        with self._lock:
            self._own_record(job.cluster).cancelled.setdefault(job.number, self._clock.now().timestamp())

    def end_next(self, outcomes: Sequence[Outcome]) -> None:
        """How the jobs end that are made next, one after the other; those after them end well."""
        with self._lock:
            self._endings = list(outcomes)

    def patch(self, job: Job, changes: dict[str, Any]) -> None:
        """Change a job's document from now on: members are replaced, objects merged, ``...`` takes a member away.

        Example: ``patch(job, {"statusName": "BROKEN", "delivery": {"statusName": "FAILED"}, "batchId": ...})``.
        """
        with self._lock:
            record = self._own_record(job.cluster)
            record.changes[job.number] = {**record.changes.get(job.number, {}), **changes}

    def snapshot_id(self, cluster: Cluster, number: int = 0) -> str:
        """A snapshot of the cluster, to restore from."""
        return self._snapshots.id(cluster, number)

    def _record(self, cluster: Cluster) -> _Record:
        """What is known of a cluster; nothing is remembered for looking."""
        return self._records.get(cluster.id) or _Record(Shelf(self._total(cluster)))

    def _total(self, cluster: Cluster) -> int:
        """How many jobs there were at the start."""
        if cluster.member is not None:
            return 0
        total = self._settings.jobs_per_cluster
        return min(total, _HOST_JOBS) if cluster.host else total

    def _own_record(self, cluster: Cluster) -> _Record:
        """The same, remembered, in order to be changed.

        Raises:
            ConfigError: The cluster is a member of another one, and has no jobs of its own.

        """
        if cluster.member is not None:
            raise ConfigError(f"{cluster.replica_set} is part of a sharded cluster; its jobs are those of the cluster.")
        return self._records.setdefault(cluster.id, self._record(cluster))

    def _add(self, cluster: Cluster, record: _Record, created: float, order: Order | None) -> range:
        batched = cluster.kind.batched and not cluster.host
        numbers = record.shelf.add(_BATCH if batched else 1)
        batch = _CREATED_BATCHES + len(record.batches)
        if batched:
            record.batches[batch] = numbers
        for member, number in enumerate(numbers):
            outcome = self._endings.pop(0) if self._endings else Outcome.DONE
            batch_of, part = (batch, member) if batched else (None, None)
            record.made[number] = _Made(created, order, batch_of, part, outcome)
        return numbers

    def _job(self, cluster: Cluster, record: _Record, number: int) -> Job:
        text = f"{self._settings.seed} {cluster.id} {number}"
        dice = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
        made = record.made.get(number) or self._start_data(cluster, number)
        where = (cluster.project.number, cluster.number)
        snapshot, taken = self._snapshot(cluster, made)
        batch, members = made.batch, self._members(cluster)
        seconds = self._settings.restore_seconds * (1 if made.order else 0.5 + dice % 101 / 100)
        cancelled = record.cancelled.get(number)
        return Job(
            id=self._job_id(cluster, number, int(made.created)),
            number=number,
            cluster=cluster,
            created=made.created,
            seconds=cancelled - made.created if cancelled else seconds,
            order=made.order or self._order(cluster, dice, snapshot),
            outcome=Outcome.CANCELLED if cancelled else made.outcome or _outcome(cluster, dice),
            batch_id=None if batch is None else self._ids.write(Place(IdKind.BATCH, *where, batch, int(made.created))),
            member=None if made.member is None else members[made.member].member,
            dice=dice,
            snapshot_id=snapshot,
            snapshot_at=taken,
            changes=record.changes.get(number, {}),
        )

    def _start_data(self, cluster: Cluster, number: int) -> _Made:
        total = self._total(cluster)
        rank = total - 1 - number
        batched = cluster.kind.batched and not cluster.host
        restore = rank // _BATCH if batched else rank
        created = float(int(self._first - restore * min(_APART, _SPAN / total)))
        if not batched:
            return _Made(created, None, None, None)
        return _Made(created, None, restore, _BATCH - 1 - rank % _BATCH)

    def _job_id(self, cluster: Cluster, number: int, stamp: int) -> str:
        kind, index = IdKind.MANAGER_JOB, number
        if cluster.project.side is Side.ATLAS:
            kind = IdKind.ATLAS_JOB
        elif cluster.host:
            kind, index = IdKind.HOST_JOB, number << 4 | cluster.host
        return self._ids.write(Place(kind, cluster.project.number, cluster.number, index, stamp))

    def _snapshot(self, cluster: Cluster, made: _Made) -> tuple[str, float | None]:
        """Which snapshot a job restores, and when it was taken if that is still known."""
        order = made.order
        if order is None:
            # The jobs of a batch were made at one time: they get the same one.
            return self._snapshots.before(cluster, made.created, int(made.created) >> 3 & 3)
        if order.snapshot_id is not None:
            found = self._snapshots.find(cluster, order.snapshot_id)
            return order.snapshot_id, None if found is None else found.taken
        moment = made.created if order.moment is None else order.moment.timestamp()
        return self._snapshots.before(cluster, moment if order.oplog is None else order.oplog[0])

    def _order(self, cluster: Cluster, dice: int, snapshot: str) -> Order:
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


def _outcome(cluster: Cluster, dice: int) -> Outcome:
    chance = (dice >> 16) % 40
    if chance == 0:
        return Outcome.FAILED
    if chance == 1 and not cluster.kind.shared:
        return Outcome.CANCELLED
    return Outcome.DONE
