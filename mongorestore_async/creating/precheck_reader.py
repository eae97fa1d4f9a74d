"""Reads what a pre-check compares: the snapshot, and both clusters with some of their snapshots."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mongorestore_async.codec.documents import read_jobs
from mongorestore_async.codec.structuring import structure_by_id, structure_each
from mongorestore_async.creating.precheck_facts import Evidence
from mongorestore_async.creating.running_restores import goes_into
from mongorestore_async.errors import BadRequest, NotFound, Unsupported
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.cluster_lists import clusters_of
from mongorestore_async.listing.page_reader import ListQuery, ListSource
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import (
    Checkpoint,
    ClusterCheckpoint,
    ClusterSnapshot,
    ClusterSummary,
    CollectionRestore,
    HttpRestore,
    JobState,
    Snapshot,
    SnapshotDocument,
    Target,
    TimeRange,
)

if TYPE_CHECKING:
    from mongorestore_async.errors import ApiError
    from mongorestore_async.families import Family
    from mongorestore_async.models import CollectionRestoreJob, RestoreRequest
    from mongorestore_async.transport.session_view import SessionView
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["find_cluster_id", "list_clusters", "read_evidence"]

#: Snapshots looked at for versions, topology and the id of their cluster; all of them have the same one.
_LOOKED_AT = 100
_RUNNING = frozenset({JobState.PENDING, JobState.RUNNING})


async def read_evidence(view: SessionView, source: JobSource[Any], request: RestoreRequest) -> Evidence:
    """Read the snapshot, and for a restore into a cluster both clusters.

    Args:
        view: What to call the API with.
        source: The cluster or config server the data come from.
        request: What would be asked for.

    Raises:
        NotFound: There is no such snapshot or checkpoint.
        Unsupported: The family lists no snapshots.
        RestoreError: Any other failure of a call.

    """
    now, ref = view.now(), source.ref("-")
    place = {"host": ref.host} if ref.host is not None else {"cluster": str(ref.cluster)}
    reading = _Reading(view, source.family, {"project": source.project, **place})
    if isinstance(request, HttpRestore):
        return Evidence(now=now, snapshot=await reading.snapshot(request.snapshot_id))
    if isinstance(request, CollectionRestore):
        return await _read_for_collections(view, source, request, reading)
    wanted, known = request.source, dict[str, Any]()
    if isinstance(wanted, Snapshot):
        known["snapshot"] = await reading.snapshot(wanted.id)
    else:
        # A config server takes no automated restore, so the source is a cluster.
        summary = await _find_source(view, source.family, Target(source.project, str(ref.cluster)))
        known |= {"source": summary, "source_snapshots": await reading.some_snapshots(summary)}
        known |= await reading.moments(wanted.id if isinstance(wanted, Checkpoint) else None)
    target = await _find_cluster(view, source.family, request.target)
    if target is not None:
        names = {"project": request.target.project_id, "cluster": request.target.cluster}
        known["target_snapshots"] = await _Reading(view, source.family, names).snapshots_of_target(target)
    return Evidence(now=now, target_read=True, target=target, **known)


async def _read_for_collections(
    view: SessionView, source: JobSource[Any], request: CollectionRestore, reading: _Reading
) -> Evidence:
    wanted, family, target = request.source, source.family, request.target
    snapshot = await reading.snapshot(wanted.id) if isinstance(wanted, Snapshot) else None
    found = await _find_cluster(view, family, target)
    running = await reading.running_jobs(None)
    into = {"project": target.project_id, "cluster": target.cluster}
    if found is not None and into != reading.names:
        running += await _Reading(view, family, into).running_jobs(target)
    refs = tuple(str(job.ref or job.id) for job in running)
    return Evidence(now=view.now(), snapshot=snapshot, target_read=True, target=found, running=refs)


async def find_cluster_id(view: SessionView, family: Family[Any], names: dict[str, str]) -> str | None:
    """Find the id that restores into a cluster name it by; None where none of its snapshots shows it.

    Args:
        view: What to call the API with.
        family: One that addresses clusters by id.
        names: Project and cluster.

    """
    found = await _Reading(view, family, names).snapshots_of_target(None, strict=True)
    return next(
        (each.cluster_id for each in found or () if isinstance(each, ClusterSnapshot) and each.cluster_id), None
    )


async def list_clusters(view: SessionView, family: Family[Any], project: str) -> list[ClusterSummary]:
    """List the clusters of a project, shards of Ops Manager and Cloud Manager included.

    Args:
        view: What to call the API with.
        family: The product family.
        project: Project id.

    """
    return await clusters_of(view, family, project).collect()


class _Reading:
    """The reads at one cluster or config server."""

    def __init__(self, view: SessionView, family: Family[Any], names: dict[str, str]) -> None:
        self._view = view
        self._family = family
        self._names = names

    @property
    def names(self) -> dict[str, str]:
        """Its identifiers."""
        return self._names

    async def running_jobs(self, into: Target | None) -> list[CollectionRestoreJob]:
        """Read the running restores of single collections: all of its list, or those that go into a target."""
        family, names = self._family, self._names
        read = partial(read_jobs, family, **names)
        listed = ListSource(self._view, family, family.jobs_path, names, read, attrgetter("id"), model=family.job_type)
        return [
            job
            async for job in Pager(listed, ListQuery())
            if job.state in _RUNNING and (into is None or goes_into(family, into, job))
        ]

    async def snapshot(self, snapshot_id: str) -> SnapshotDocument:
        """Read one snapshot. Those of a sharded cluster may stand elsewhere, and the id does not tell."""
        try:
            return await self._document(self._family.snapshot_path, snapshot_id)
        except NotFound as error:
            if self._family.sharded_snapshot_path is None or _is_page(error):
                raise
        return await self._document(self._family.sharded_snapshot_path, snapshot_id)

    async def moments(self, checkpoint_id: str | None) -> dict[str, Any]:
        """Read the checkpoint, or without one the restorable time ranges, where the family has them."""
        path = self._family.ranges_path if checkpoint_id is None else self._family.checkpoint_path
        if path is None:
            return {}
        if checkpoint_id is None:
            read_ranges = partial(structure_each, TimeRange)
            # A POST that only reads, as the vendor has it.
            found = await self._view.read("POST", path, read_ranges, family=self._family, names=self._names)
            return {"ranges": tuple(found)}
        names = {**self._names, "checkpoint": checkpoint_id}
        read = partial(structure_by_id, ClusterCheckpoint, asked=str(checkpoint_id))
        return {"checkpoint": await self._view.read("GET", path, read, family=self._family, names=names)}

    async def some_snapshots(self, cluster: ClusterSummary | None) -> tuple[SnapshotDocument, ...]:
        """Read the first of its snapshots."""
        family = self._family
        sharded = "SHARDED" in ((cluster and cluster.type_name) or "").upper()
        path = (family.sharded_snapshots_path if sharded else None) or family.snapshots_path
        if path is None:
            return ()
        filters = {"completed": "all"} if family.snapshot_type is ClusterSnapshot else {}
        listed = documents_of(self._view, family, path, family.snapshot_type, lambda found: found.id, self._names)
        return tuple(await Pager(listed, ListQuery(limit=_LOOKED_AT, filters=filters)).collect())

    async def snapshots_of_target(
        self, cluster: ClusterSummary | None, *, strict: bool = False
    ) -> tuple[SnapshotDocument, ...] | None:
        """Read the first snapshots of a target: none where its backup is off, None where they cannot be read here."""
        try:
            return await self.some_snapshots(cluster)
        except (BadRequest, NotFound) as error:
            if error.no_backup:
                return ()
            if strict or _is_page(error):
                raise
        # A cluster of another kind has them elsewhere: a dedicated one that a flex cluster is restored into.
        return None

    async def _document(self, path: str | None, snapshot_id: str) -> SnapshotDocument:
        if path is None:
            raise Unsupported(f"{self._family.title} has no list of snapshots here; leave precheck out")
        names = {**self._names, "snapshot": snapshot_id}
        read = partial(structure_by_id, self._family.snapshot_type, asked=snapshot_id)
        return await self._view.read("GET", path, read, family=self._family, names=names)


def _is_page(error: ApiError) -> bool:
    """Whether a gateway answered, which knows nothing of what was asked for."""
    return error.from_gateway and error.error_code is None


async def _find_source(view: SessionView, family: Family[Any], wanted: Target) -> ClusterSummary | None:
    """Find the cluster that data come from, also one that was deleted and whose backups are retained."""
    found = await _find_cluster(view, family, wanted)
    if found is None and family.lists_deleted_clusters:
        found = await _find_cluster(view, family, wanted, include_deleted=True)
    return found


async def _find_cluster(
    view: SessionView, family: Family[Any], wanted: Target, *, include_deleted: bool = False
) -> ClusterSummary | None:
    async for found in clusters_of(view, family, wanted.project_id, include_deleted=include_deleted):
        if wanted.cluster == (found.id if family.cluster_key == "id" else found.name):
            return found
    return None
