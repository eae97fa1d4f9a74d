"""A project (the API says group) and its clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from mongorestore_async.models import ClusterSummary, JobT
from mongorestore_async.protocol.converter import structure_each
from mongorestore_async.protocol.identifiers import check_identifier
from mongorestore_async.resources.cluster import Cluster
from mongorestore_async.resources.listing import ListQuery, ListSource
from mongorestore_async.resources.pager import Pager

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.resources.caller import Caller

__all__ = ["Project"]


class Project(Generic[JobT]):
    """A project of one product family. Made by :meth:`AsyncSession.project`; making one does no I/O.

    Attributes:
        family: The product family, from which the type of the jobs follows.
        id: Project id.

    """

    def __init__(self, caller: Caller, family: Family[JobT], project_id: str) -> None:
        self.family = family
        self.id = project_id
        self._caller = caller
        check_identifier("project id", project_id)

    def __repr__(self) -> str:
        return f"<Project {self.family.name} {self.id}>"

    def cluster(self, cluster: str) -> Cluster[JobT]:
        """Name a cluster of the project.

        Args:
            cluster: Its id on Ops Manager and Cloud Manager (a replica set or a whole sharded cluster), its name on
                Atlas.

        Raises:
            ConfigError: The identifier is empty or could change the path of a call.

        """
        return Cluster(self._caller, self.family, self.id, cluster)

    def clusters(
        self, *, items_per_page: int | None = None, limit: int | None = None, starting_at: int = 1
    ) -> Pager[ClusterSummary]:
        """List the clusters of the project; arguments as for :meth:`Cluster.restore_jobs`.

        Ops Manager and Cloud Manager list a sharded cluster and each of its members: those that take restores
        have :attr:`ClusterSummary.takes_restores`.

        Raises:
            ConfigError: A number out of its range.

        """
        return Pager(
            ListSource(
                caller=self._caller,
                family=self.family,
                path=self.family.clusters_path,
                names={"project": self.id},
                read=lambda results: structure_each(ClusterSummary, results, path="$.results"),
                identify=lambda cluster: cluster.id,
            ),
            ListQuery(items_per_page=items_per_page, limit=limit, starting_at=starting_at),
        )
