"""The collection restores of the world, by cluster: created, begun, ended, and what they did to their targets.

Nothing happens on its own: whoever reads or changes anything has what is due applied first, in the order of time.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.setting_types import CollectionLimit
from mongorestore_async.emulator.world.collection_restores import (
    BEGIN,
    FINALIZE,
    CollectionOrder,
    CollectionRestore,
    PlannedCollection,
)
from mongorestore_async.emulator.world.collection_words import CollectionKind, CollectionOutcome, RestoreResult
from mongorestore_async.emulator.world.entities import Cluster, ClusterKind, Identifiers, IdFields, IdKind, JobOutcome
from mongorestore_async.emulator.world.namespaces import ID_INDEX, Collection, Namespaces
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings
    from mongorestore_async.emulator.flow_control import Clock
    from mongorestore_async.emulator.world.snapshot_store import Snapshots

__all__ = ["CollectionRestores"]

#: Those of the start data are an hour apart, and over when the clock starts.
_APART = 3600
_LONGEST = 1800
_KINDS = frozenset({ClusterKind.CLOUD_BACKUP, ClusterKind.CLOUD_BACKUP_SHARDED})
#: The disk is full when half of a job's time is over.
_DISK_FULL = 0.5
_RESULTS = {
    JobOutcome.DONE: RestoreResult.SUCCESSFUL,
    JobOutcome.FAILED: RestoreResult.FAILED,
    JobOutcome.CANCELLED: RestoreResult.CANCELED,
}
_MESSAGES = {
    RestoreResult.FAILED: "The collection restore failed and was rolled back.",
    RestoreResult.CANCELED: "The collection restore was canceled.",
}


class CollectionRestores:
    """Looks up, creates, removes and patches collection restores. May be called from any thread.

    Attributes:
        namespaces: What the clusters and their snapshots hold.

    Args:
        settings: Of the emulator.
        clock: The server's time.
        ids: Writes their ids.
        snapshots: What they restore from.
        endings: The outcomes of the next jobs, shared with the other restore jobs.

    """

    def __init__(
        self,
        settings: EmulatorSettings,
        clock: Clock,
        ids: Identifiers,
        snapshots: Snapshots,
        endings: list[JobOutcome],
    ) -> None:
        self.namespaces: Namespaces = Namespaces(settings.seed, clock, self._apply)
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._snapshots = snapshots
        self._job_endings = endings
        self._endings: dict[str, CollectionOutcome] = {}
        self._jobs: dict[str, list[CollectionRestore]] = {}
        self._numbers: dict[str, int] = {}
        self._open: list[CollectionRestore] = []
        self._lock = threading.RLock()
        self._start = clock.start.timestamp()

    def settle(self) -> float:
        """Apply what is due; returns the moment up to which that is, seconds since 1970."""
        with self._lock:
            now = self._clock.now().timestamp()
            while self._open:
                job = min(self._open, key=lambda one: one.begins if one.collections is None else one.finished)
                if now < (job.begins if job.collections is None else job.finished):
                    break
                if job.collections is None:
                    self._begin(job)
                else:
                    self._finish(job)
            return now

    def of(self, cluster: Cluster) -> list[CollectionRestore]:
        """The collection restores of a cluster's backup, oldest first."""
        with self._lock:
            self.settle()
            return list(self._of(cluster))

    def find(self, cluster: Cluster, job_id: str) -> CollectionRestore | None:
        """The one of an id."""
        return next((job for job in self.of(cluster) if job.id == job_id), None)

    def running(self, cluster: Cluster) -> CollectionRestore | None:
        """The one that has not ended yet; there is at most one, unless a test made more."""
        with self._lock:
            self.settle()
            return next((job for job in self._open if job.cluster == cluster), None)

    def create(self, cluster: Cluster, order: CollectionOrder | None = None) -> CollectionRestore:
        """Add a collection restore; the clock's present is when it was requested.

        Args:
            cluster: The cluster whose backup is restored.
            order: What is asked for; None for one like those of the start data.

        Returns:
            The restore.

        """
        with self._lock:
            now = self.settle()
            known = self._of(cluster)
            outcome = self._job_endings.pop(0) if self._job_endings else None
            endings, self._endings = self._endings, {}
            made = self._make(cluster, now, self._settings.restore_seconds, order, outcome=outcome, endings=endings)
            known.append(made)
            self._open.append(made)
            self.settle()
            return made

    def remove(self, job: CollectionRestore) -> None:
        """Remove one from the list of its cluster, as if it had never been. What it did to its target stays.

        Args:
            job: The restore.

        Raises:
            ConfigError: It is not there.

        """
        with self._lock:
            if job not in self._of(job.cluster):
                raise ConfigError(f"There is no collection restore {job.id} in cluster {job.cluster.name}.")
            self._of(job.cluster).remove(job)
            self._open = [one for one in self._open if one is not job]

    def patch(self, job: CollectionRestore, changes: dict[str, Any], *, namespace: str | None = None) -> None:
        """Change a document from now on: members are replaced, objects merged, ``...`` removes a member.

        Args:
            job: The collection restore.
            changes: Of its document, or of that of a collection.
            namespace: The collection, by its namespace in the backup; None: the job itself.

        """
        with self._lock:
            if namespace is None:
                job.changes |= changes
            else:
                job.collection_changes[namespace] = {**job.collection_changes.get(namespace, {}), **changes}

    def end_next(self, endings: Mapping[str, CollectionOutcome]) -> None:
        """Set how collections of the next collection restore end, by their namespace in the backup."""
        with self._lock:
            self._endings = dict(endings)

    def cancel_into(self, cluster: Cluster) -> None:
        """Cancel those that restore into a cluster: it is being removed."""
        with self._lock:
            now = self.settle()
            for job in [one for one in self._open if one.order.target == cluster]:
                self._open.remove(job)
                job.collections = job.collections or ()
                job.part = (now - job.created) / job.seconds
                job.result = RestoreResult.CANCELED
                job.message = f"The target cluster {cluster.name} was removed."

    def _apply(self) -> None:
        self.settle()

    def _of(self, cluster: Cluster) -> list[CollectionRestore]:
        if cluster.id not in self._jobs:
            count = self._settings.collection_restores_per_cluster if cluster.kind in _KINDS else 0
            self._jobs[cluster.id] = [self._start_job(cluster, count - number) for number in range(count)]
        return self._jobs[cluster.id]

    def _start_job(self, cluster: Cluster, age: int) -> CollectionRestore:
        seconds = min(self._settings.restore_seconds, _LONGEST)
        job = self._make(cluster, self._start - age * _APART - seconds, seconds, None)
        self._begin(job)
        return job

    def _make(
        self,
        cluster: Cluster,
        created: float,
        seconds: float,
        order: CollectionOrder | None,
        *,
        outcome: JobOutcome | None = None,
        endings: Mapping[str, CollectionOutcome] | None = None,
    ) -> CollectionRestore:
        number = self._numbers.get(cluster.id, 0)
        self._numbers[cluster.id] = number + 1
        where = (cluster.project.number, cluster.number, number)
        asked = order or self._usual_order(cluster, created, number)
        held = self._held(cluster, asked)
        documents = sum(one.documents for _, one in held.values() if one and one.kind is CollectionKind.COLLECTION)
        return CollectionRestore(
            id=self._ids.write(IdFields(IdKind.COLLECTION_JOB, *where, stamp=int(created))),
            number=number,
            cluster=cluster,
            created=created,
            seconds=seconds,
            order=asked,
            outcome=outcome,
            endings=endings or {},
            held=held,
            estimate=-(-documents // 1000) * 1000,
        )

    def _usual_order(self, cluster: Cluster, created: float, number: int) -> CollectionOrder:
        snapshot, _ = self._snapshots.before(cluster, created)
        asked = CollectionOrder(target=cluster, write="OVERWRITE_EXISTING", snapshot_id=snapshot)
        if number % 2:
            return attrs.evolve(asked, collections=(("shop.orders", None),))
        return attrs.evolve(asked, databases=(("shop", None),))

    def _held(self, cluster: Cluster, order: CollectionOrder) -> dict[str, tuple[str, Collection | None]]:
        """What is asked for: name in the backup -> name in the target, and what the backup holds of it."""
        snapshot = None if order.snapshot_id is None else self._snapshots.find(cluster, order.snapshot_id)
        if snapshot is not None:
            contents = self.namespaces.in_snapshot(snapshot)
        else:
            moment = self._start - 1 if order.seconds is None else order.seconds
            contents = self.namespaces.at(cluster, moment)
        found: dict[str, tuple[str, Collection | None]] = {}
        for source, target in order.databases:
            inside = [one for one in contents if one.database == source]
            found |= {one.namespace: (order.suffixed(f"{target or source}.{one.name}"), one) for one in inside}
            if not inside:
                found[source] = (f"{target or source}{order.database_suffix or ''}", None)
        by_name = {one.namespace: one for one in contents}
        for source, target in order.collections:
            found[source] = (order.suffixed(target or source), by_name.get(source))
        return found

    def _begin(self, job: CollectionRestore) -> None:
        """Decide the names and the turns of its collections, and how the job will end."""
        taken = set(self.namespaces.present(job.order.target))
        planned: list[PlannedCollection] = []
        for source, (target, held) in job.held.items():
            outcome = job.endings.get(source) or _natural(held)
            effective = None if outcome.skipped else target if job.order.overwrites else _free_name(target, taken)
            taken |= set() if effective is None else {effective}
            documents, indexes = (0, ()) if held is None else (held.documents, held.indexes)
            planned.append(
                PlannedCollection(
                    source=source,
                    target=target,
                    effective=effective,
                    outcome=outcome,
                    documents=documents,
                    indexes=tuple(index for index in indexes if job.order.keeps(index)),
                )
            )
        job.collections = _take_turns(planned)
        job.result, job.part, job.message = self._ending(job, job.collections)

    def _ending(
        self, job: CollectionRestore, planned: tuple[PlannedCollection, ...]
    ) -> tuple[RestoreResult, float, str | None]:
        """How a job ends, at which part of its time, and why."""
        by_outcome = {one.outcome: one for one in reversed(planned)}
        missing, failed = by_outcome.get(CollectionOutcome.NOT_FOUND), by_outcome.get(CollectionOutcome.FAILED)
        if job.outcome is not None:
            result = _RESULTS[job.outcome]
            return result, 1.0, _MESSAGES.get(result)
        if missing is not None:
            what = "collection" if "." in missing.source else "database"
            return RestoreResult.FAILED, BEGIN, f"The {what} was not found in the backup: {missing.source}."
        if CollectionLimit.DISK_FULL in self._settings.collection_limits:
            return RestoreResult.FAILED, _DISK_FULL, "The disk of the target cluster is 95 % full; rolled back."
        if failed is not None:
            return RestoreResult.FAILED, failed.ends, f"The collection {failed.source} could not be restored."
        if {CollectionOutcome.ROLLBACK, CollectionOutcome.NOT_RESTORED} & by_outcome.keys():
            return RestoreResult.FAILED, 1.0, _MESSAGES[RestoreResult.FAILED]
        return RestoreResult.SUCCESSFUL, 1.0, None

    def _finish(self, job: CollectionRestore) -> None:
        """Put what a job restored into its target, if it ended well."""
        self._open.remove(job)
        if job.result is not RestoreResult.SUCCESSFUL:
            return
        planned = list(job.collections or ())
        taken = set(self.namespaces.present(job.order.target))
        made: list[Collection] = []
        for place, one in enumerate(planned):
            if not one.outcome.restored or one.effective is None:
                continue
            # The name may have been taken while the job ran.
            name = one.effective if job.order.overwrites else _free_name(one.effective, taken)
            taken.add(name)
            planned[place] = attrs.evolve(one, effective=name)
            indexes = (ID_INDEX,) if one.outcome.lacks_indexes else one.indexes
            made.append(
                Collection(name, documents=one.documents, indexes=indexes, restored_by=job.id, restored_from=one.source)
            )
        job.collections = tuple(planned)
        self.namespaces.change(job.order.target, job.finished, put=made)


def _natural(held: Collection | None) -> CollectionOutcome:
    if held is None:
        return CollectionOutcome.NOT_FOUND
    usual = held.kind is CollectionKind.COLLECTION
    return CollectionOutcome.SUCCESSFUL if usual else CollectionOutcome.UNSUPPORTED


def _free_name(namespace: str, taken: set[str]) -> str:
    """The name after a conflict. Its form is ours: documented is only that there is one, and it begins alike."""
    if namespace not in taken:
        return namespace
    number = 1
    while f"{namespace}_restored_{number}" in taken:
        number += 1
    return f"{namespace}_restored_{number}"


def _take_turns(planned: list[PlannedCollection]) -> tuple[PlannedCollection, ...]:
    """Give each collection that is not skipped its share of the time between BEGIN and FINALIZE."""
    working = [one for one in planned if not one.outcome.skipped]
    share = (FINALIZE - BEGIN) / max(1, len(working))
    turns = {one.source: BEGIN + place * share for place, one in enumerate(working)}
    return tuple(
        attrs.evolve(one, begins=turns[one.source], ends=turns[one.source] + share) if one.source in turns else one
        for one in planned
    )
