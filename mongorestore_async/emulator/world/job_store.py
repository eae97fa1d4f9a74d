"""The restore jobs of the world, by cluster: those of the start data are computed, those created since are stored.

The numbers of existing jobs are stored as ranges, so a million jobs need no more memory than three.
"""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.world.entities import (
    Cluster,
    Identifiers,
    IdFields,
    IdKind,
    Job,
    JobOutcome,
    Order,
    Side,
    random_bits,
    start_order,
    start_outcome,
)
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings
    from mongorestore_async.emulator.flow_control import Clock
    from mongorestore_async.emulator.world.snapshot_store import Snapshots

__all__ = ["JobNumbers", "Jobs"]

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


class JobNumbers:
    """Which job numbers exist, newest first.

    Jobs are numbered from the oldest, 0, upwards. They are stored as a few ranges, newest first: removing jobs
    splits a range, adding some starts a new one.

    Args:
        count: Number of jobs at the start.

    """

    def __init__(self, count: int) -> None:
        self._runs = [range(count)] if count else []
        self._next = count

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def __contains__(self, number: int) -> bool:
        return any(number in run for run in self._runs)

    def add(self, count: int) -> range:
        """Add new jobs at the front; returns their numbers, oldest first."""
        fresh = range(self._next, self._next + count)
        self._next += count
        if fresh:
            self._runs.insert(0, fresh)
        return fresh

    def remove(self, count: int, at: int) -> None:
        """Remove jobs, beginning with the one at position ``at`` of the list (0: the newest).

        Raises:
            ConfigError: There are fewer jobs there.

        """
        if at < 0 or count < 0 or at + count > len(self):
            raise ConfigError(f"The cluster has {len(self)} jobs; {count} cannot be removed at position {at}.")
        kept: list[range] = []
        for run in self._runs:
            newer = run[len(run) - min(at, len(run)) :]
            rest = run[: len(run) - len(newer)]
            older = rest[: max(0, len(rest) - count)]
            at -= len(newer)
            count -= len(rest) - len(older)
            kept.extend(piece for piece in (newer, older) if piece)
        self._runs = kept

    def numbers(self, start: int, count: int) -> list[int]:
        """The numbers at ``count`` positions of the list, newest first."""
        found: list[int] = []
        for run in self._runs:
            if start < len(run):
                found.extend(islice(run[::-1][start:], count - len(found)))
                start = 0
            else:
                start -= len(run)
            if len(found) == count:
                break
        return found


@attrs.frozen
class _CreatedJob:
    """The stored part of a job that was created or added."""

    created: float
    order: Order | None
    batch: int | None
    member: int | None
    outcome: JobOutcome | None = None


@attrs.define
class _ClusterJobs:
    """The stored changes of one cluster."""

    listed: JobNumbers
    made: dict[int, _CreatedJob] = attrs.field(factory=dict)
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
        endings: list[JobOutcome],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._members = members
        self._snapshots = snapshots
        self._records: dict[str, _ClusterJobs] = {}
        self._endings = endings
        self._lock = threading.RLock()
        self._first = clock.start.timestamp() - _NEWEST

    def count(self, cluster: Cluster) -> int:
        """How many jobs a cluster has now."""
        with self._lock:
            return len(self._record(cluster).listed)

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
            return [self._job(cluster, record, number) for number in record.listed.numbers(start, count)]

    def find(self, cluster: Cluster, job_id: str) -> Job | None:
        """The job of an id in a cluster."""
        fields = self._ids.read(job_id)
        with self._lock:
            record = self._record(cluster)
            number = -1 if fields is None else fields.index >> 4 if fields.kind is IdKind.HOST_JOB else fields.index
            if number not in record.listed:
                return None
            found = self._job(cluster, record, number)
            return found if found.id == job_id else None

    def batch(self, cluster: Cluster, batch_id: str) -> list[Job]:
        """The jobs of a batch that still exist, newest first."""
        fields = self._ids.read(batch_id)
        with self._lock:
            record = self._record(cluster)
            if fields is None or fields.kind is not IdKind.BATCH:
                return []
            newest = self._settings.jobs_per_cluster - fields.index * _BATCH
            start_data = range(max(0, newest - _BATCH), max(0, newest))
            numbers = record.batches.get(fields.index, start_data)
            jobs = [self._job(cluster, record, number) for number in reversed(numbers) if number in record.listed]
            return [job for job in jobs if job.batch_id == batch_id]

    def create(self, cluster: Cluster, order: Order | None = None, *, restores: int = 1) -> list[Job]:
        """Add new jobs at the front of the list: one for each restore, three (a batch) if the cluster is sharded.

        Without an order they are like those of the start data. The clock's present is when they were requested.
        Returned in the order of the list: newest first.
        """
        created = self._clock.now().timestamp()
        with self._lock:
            record = self._writable_record(cluster)
            numbers = range(0)
            for _ in range(restores):
                numbers = self._add(cluster, record, created, order)
            made = numbers.stop - len(numbers) * restores
            return [self._job(cluster, record, number) for number in reversed(range(made, numbers.stop))]

    def remove(self, cluster: Cluster, count: int = 1, *, at: int | None = None) -> None:
        """Remove jobs, from position ``at`` on (0: the newest; None: the oldest ones, or all if there are fewer).

        Raises:
            ConfigError: There are fewer from that position on.

        """
        with self._lock:
            listed = self._writable_record(cluster).listed
            if at is None:
                count = min(count, len(listed))
                at = len(listed) - count
            listed.remove(count, at)

    def created(self, cluster: Cluster) -> list[Job]:
        """The jobs that were created or added, not those of the start data; those that still exist."""
        with self._lock:
            record = self._record(cluster)
            return [self._job(cluster, record, number) for number in record.made if number in record.listed]

    def cancel(self, job: Job) -> None:
        """End a job now, as cancelled."""
        with self._lock:
            self._writable_record(job.cluster).cancelled.setdefault(job.number, self._clock.now().timestamp())

    def end_next(self, outcomes: Sequence[JobOutcome]) -> None:
        """Set the outcomes of the next jobs, one after the other; later jobs succeed."""
        with self._lock:
            self._endings[:] = outcomes

    def patch(self, job: Job, changes: dict[str, Any]) -> None:
        """Change a job's document from now on: members are replaced, objects merged, ``...`` removes a member.

        Example: ``patch(job, {"statusName": "BROKEN", "delivery": {"statusName": "FAILED"}, "batchId": ...})``.
        """
        with self._lock:
            record = self._writable_record(job.cluster)
            record.changes[job.number] = {**record.changes.get(job.number, {}), **changes}

    def snapshot_id(self, cluster: Cluster, number: int = 0) -> str:
        """A snapshot of the cluster, to restore from."""
        return self._snapshots.id(cluster, number)

    def _record(self, cluster: Cluster) -> _ClusterJobs:
        """The changes of a cluster. Reading them stores nothing."""
        return self._records.get(cluster.id) or _ClusterJobs(JobNumbers(self._total(cluster)))

    def _total(self, cluster: Cluster) -> int:
        """How many jobs there were at the start."""
        if cluster.member is not None:
            return 0
        total = self._settings.jobs_per_cluster
        return min(total, _HOST_JOBS) if cluster.host else total

    def _writable_record(self, cluster: Cluster) -> _ClusterJobs:
        """The same, stored so that it can be changed.

        Raises:
            ConfigError: The cluster is a member of another one, and has no jobs of its own.

        """
        if cluster.member is not None:
            raise ConfigError(f"{cluster.replica_set} is part of a sharded cluster; its jobs are those of the cluster.")
        return self._records.setdefault(cluster.id, self._record(cluster))

    def _add(self, cluster: Cluster, record: _ClusterJobs, created: float, order: Order | None) -> range:
        batched = cluster.batched
        numbers = record.listed.add(_BATCH if batched else 1)
        batch = _CREATED_BATCHES + len(record.batches)
        if batched:
            record.batches[batch] = numbers
        for member, number in enumerate(numbers):
            outcome = self._endings.pop(0) if self._endings else JobOutcome.DONE
            batch_of, part = (batch, member) if batched else (None, None)
            record.made[number] = _CreatedJob(created, order, batch_of, part, outcome)
        return numbers

    def _job(self, cluster: Cluster, record: _ClusterJobs, number: int) -> Job:
        dice = random_bits(f"{self._settings.seed} {cluster.id} {number}")
        made = record.made.get(number) or self._start_data(cluster, number)
        snapshot, taken = self._snapshot(cluster, made)
        seconds = self._settings.restore_seconds * (1 if made.order else 0.5 + dice % 101 / 100)
        cancelled = record.cancelled.get(number)
        batch_id = None
        if made.batch is not None:
            where = (cluster.project.number, cluster.number, made.batch)
            batch_id = self._ids.write(IdFields(IdKind.BATCH, *where, stamp=int(made.created)))
        return Job(
            id=self._job_id(cluster, number, int(made.created)),
            number=number,
            cluster=cluster,
            created=made.created,
            seconds=cancelled - made.created if cancelled else seconds,
            order=made.order or start_order(cluster, dice, snapshot),
            outcome=JobOutcome.CANCELLED if cancelled else made.outcome or start_outcome(cluster, dice),
            batch_id=batch_id,
            member=None if made.member is None else self._members(cluster)[made.member].member,
            dice=dice,
            snapshot_id=snapshot,
            snapshot_at=taken,
            changes=record.changes.get(number, {}),
        )

    def _start_data(self, cluster: Cluster, number: int) -> _CreatedJob:
        total = self._total(cluster)
        rank = total - 1 - number
        restore = rank // _BATCH if cluster.batched else rank
        created = float(int(self._first - restore * min(_APART, _SPAN / total)))
        batch, member = (restore, _BATCH - 1 - rank % _BATCH) if cluster.batched else (None, None)
        return _CreatedJob(created, None, batch, member)

    def _job_id(self, cluster: Cluster, number: int, stamp: int) -> str:
        kind, index = IdKind.MANAGER_JOB, number
        if cluster.project.side is Side.ATLAS:
            kind = IdKind.ATLAS_JOB
        elif cluster.host:
            kind, index = IdKind.HOST_JOB, number << 4 | cluster.host
        return self._ids.write(IdFields(kind, cluster.project.number, cluster.number, index, stamp))

    def _snapshot(self, cluster: Cluster, made: _CreatedJob) -> tuple[str, float | None]:
        """The snapshot a job restores, and when it was taken if that is still known."""
        order = made.order
        if order is None:
            # The jobs of a batch were made at one time: they get the same one.
            return self._snapshots.before(cluster, made.created, int(made.created) >> 3 & 3)
        if order.snapshot_id is not None:
            found = self._snapshots.find(cluster, order.snapshot_id)
            return order.snapshot_id, None if found is None else found.taken
        moment = made.created if order.moment is None else order.moment.timestamp()
        return self._snapshots.before(cluster, moment if order.oplog is None else order.oplog[0])
