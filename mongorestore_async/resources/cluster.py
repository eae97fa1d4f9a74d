"""What a project restores: clusters, and the mirrored config servers (SCCC) of old sharded clusters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mongorestore_async.codec.structuring import structure_by_id, structure_each
from mongorestore_async.creating.precheck_reader import find_cluster_id
from mongorestore_async.creating.prechecks import no_backup
from mongorestore_async.errors import NotRestorable, Unsupported
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import ClusterCheckpoint, ClusterSnapshot, JobT_co, Target, TimeRange
from mongorestore_async.protocol.urls import check_identifier
from mongorestore_async.resources.cluster_base import ClusterBase
from mongorestore_async.resources.collection_restores import (
    list_restored,
    list_snapshot_collections,
    list_snapshot_databases,
    read_restored,
)

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.models import (
        RestoredCollection,
        RestoredCollectionState,
        SnapshotCollection,
        SnapshotDatabase,
    )
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["Cluster", "ConfigServer"]


class Cluster(ClusterBase[JobT_co]):
    """A cluster of a project: where its restore jobs are listed and created.

    Made by :meth:`Project.cluster`; making one does no I/O.

    Attributes:
        cluster: Cluster id (Ops Manager, Cloud Manager) or name (Atlas).

    """

    def __init__(self, view: SessionView, family: Family[JobT_co], project: str, cluster: str) -> None:
        super().__init__(view, family, {"project": project, "cluster": cluster})
        self.cluster = cluster
        check_identifier(f"cluster {family.cluster_key}", cluster)

    def __repr__(self) -> str:
        return f"<Cluster {self.family.name} {self.project}/{self.cluster}>"

    def checkpoints(self, *, items_per_page: int | None = None, limit: int | None = None) -> Pager[ClusterCheckpoint]:
        """List the checkpoints: of sharded clusters with feature compatibility version 4.0 or lower only.

        Use one that says ``restorable`` (:class:`ClusterCheckpoint`).

        Args:
            items_per_page: Page size, 1 to 500.
            limit: At most so many checkpoints in all.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A number out of its range.
            Unsupported: The family has no checkpoints.

        """
        path = self.family.checkpoints_path
        if path is None:
            raise Unsupported(
                f"{self.family.title} has no checkpoints; restore to a point in time or an oplog timestamp"
            )
        source = documents_of(self._view, self.family, path, ClusterCheckpoint, lambda found: found.id, self._names)
        return Pager(source, ListQuery(items_per_page=items_per_page, limit=limit))

    async def checkpoint(self, checkpoint_id: str) -> ClusterCheckpoint:
        """Read one checkpoint.

        Args:
            checkpoint_id: Id of the checkpoint.

        Returns:
            The checkpoint.

        Raises:
            NotFound: No such checkpoint.
            DataError: The answer is no checkpoint, or another one.
            Unsupported: The family has no checkpoints.

        """
        path = self.family.checkpoint_path
        if path is None:
            raise Unsupported(
                f"{self.family.title} has no checkpoints; restore to a point in time or an oplog timestamp"
            )
        read = partial(structure_by_id, ClusterCheckpoint, asked=checkpoint_id)
        names = {**self._names, "checkpoint": checkpoint_id}
        return await self._view.read("GET", path, read, family=self.family, names=names)

    async def restorable_time_ranges(self) -> tuple[TimeRange, ...]:
        """Read which moments could be restored to, ascending ("Restorable time ranges").

        Sent as a POST, as the vendor has it, although it only reads.

        Returns:
            The ranges in UTC; empty where the server tells of none.

        Raises:
            Unsupported: The family has no such call: Ops Manager and Cloud Manager have.
            DataError: The answer is no array of ranges.

        """
        path = self.family.ranges_path
        if path is None:
            raise Unsupported(f"{self.family.title} has no list of restorable time ranges; check the snapshots")
        read = partial(structure_each, TimeRange)
        return tuple(await self._view.read("POST", path, read, family=self.family, names=self._names))

    async def restore_target(self) -> Target:
        """Give this cluster as the target of an automated restore.

        Atlas takes the name, and nothing is read. Ops Manager and Cloud Manager take an id that only the cluster's
        own snapshots show, so those are read ("Create: request body").

        Returns:
            The target, for :class:`AutomatedRestore` and :class:`CollectionRestore`.

        Raises:
            NotRestorable: Its backup is not enabled, so there is no snapshot with an id to restore into.

        """
        if self.family.snapshot_type is not ClusterSnapshot or self.family.cluster_key == "name":
            return Target(self.project, self.cluster)
        cluster_id = await find_cluster_id(self._view, self.family, self._names)
        if cluster_id is None:
            raise NotRestorable(no_backup(self.cluster))
        return Target(self.project, cluster_id)

    def restored_collections(
        self,
        job_id: str,
        *,
        state: RestoredCollectionState | str | None = None,
        source: str | None = None,
        target: str | None = None,
        items_per_page: int | None = None,
        limit: int | None = None,
    ) -> Pager[RestoredCollection]:
        """List what became of each collection of a restore job. Empty while the job is INITIALIZING.

        Does no I/O itself: iterate the pager, or await it for its first page.

        Args:
            job_id: Id of the job.
            state: Only collections in this state.
            source: Only those of this source namespace (``database.collection``).
            target: Only those of this target namespace.
            items_per_page: As for :meth:`ClusterBase.restore_jobs`.
            limit: At most so many in all.

        Returns:
            The list as a query.

        Raises:
            ConfigError: A value that cannot be sent.
            Unsupported: The family has no such list: Atlas collection restores have.

        """
        filters = {"state": state, "source": source, "target": target}
        query = {"items_per_page": items_per_page, "limit": limit}
        return list_restored(self._view, self.family, self._names, job_id, filters, **query)

    async def restored_collection(self, job_id: str, namespace: str) -> RestoredCollection:
        """Read what became of one collection of a restore job.

        Args:
            job_id: Id of the job.
            namespace: Its source namespace, ``database.collection``; percent-encoded here.

        Returns:
            What became of it.

        Raises:
            NotFound: No such job, or it has no such collection.
            ConfigError: A value that cannot be sent.
            DataError: The answer is about another collection.
            Unsupported: The family has no such call.

        """
        return await read_restored(self._view, self.family, self._names, job_id, namespace)

    def snapshot_databases(
        self, snapshot_id: str, *, items_per_page: int | None = None, limit: int | None = None
    ) -> Pager[SnapshotDatabase]:
        """List the databases in a snapshot.

        Args:
            snapshot_id: Id of the snapshot.
            items_per_page: Page size, 1 to 500.
            limit: At most so many databases in all.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A value that cannot be sent.
            Unsupported: The family cannot look into snapshots: Atlas collection restores can.

        """
        query = {"items_per_page": items_per_page, "limit": limit}
        return list_snapshot_databases(self._view, self.family, self._names, snapshot_id, **query)

    def snapshot_collections(
        self, snapshot_id: str, database: str, *, items_per_page: int | None = None, limit: int | None = None
    ) -> Pager[SnapshotCollection]:
        """List the collections of one database in a snapshot.

        Args:
            snapshot_id: Id of the snapshot.
            database: Name of the database.
            items_per_page: Page size, 1 to 500.
            limit: At most so many collections in all.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A value that cannot be sent.
            Unsupported: The family cannot look into snapshots: Atlas collection restores can.

        """
        query = {"items_per_page": items_per_page, "limit": limit}
        return list_snapshot_collections(self._view, self.family, self._names, snapshot_id, database, **query)

    def _cluster(self, _target: Target) -> Cluster[JobT_co]:
        return Cluster(self._view, self.family, _target.project_id, _target.cluster)


class ConfigServer(ClusterBase[JobT_co]):
    """One config server host that is no member of a replica set: a topology MongoDB dropped in 3.4.

    Made by :meth:`Project.config_server`; making one does no I/O.

    Attributes:
        host: Host id.

    """

    def __init__(self, view: SessionView, family: Family[JobT_co], project: str, host: str) -> None:
        super().__init__(view, family, {"project": project, "host": host})
        self.host = host
        check_identifier("host id", host)

    def __repr__(self) -> str:
        return f"<ConfigServer {self.family.name} {self.project}/{self.host}>"
