"""A project (the API says group), its clusters and hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from mongorestore_async.errors import ConfigError, Unsupported
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.cluster_lists import clusters_of
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import ClusterSummary, HostSummary, JobT_co
from mongorestore_async.protocol.urls import check_identifier
from mongorestore_async.resources.cluster import Cluster, ConfigServer

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["Project"]


class Project(Generic[JobT_co]):
    """A project of one product family. Made by :meth:`AsyncSession.project`; making one does no I/O.

    Attributes:
        family: The product family, from which the type of the jobs follows.
        id: Project id.

    """

    def __init__(self, view: SessionView, family: Family[JobT_co], project_id: str) -> None:
        self.family = family
        self.id: str = project_id
        self._view = view
        check_identifier("project id", project_id)

    def __repr__(self) -> str:
        return f"<Project {self.family.name} {self.id}>"

    def cluster(self, cluster: ClusterSummary | str) -> Cluster[JobT_co]:
        """Name a cluster of the project.

        Args:
            cluster: Its id on Ops Manager and Cloud Manager (a replica set or a whole sharded cluster), its name on
                Atlas; or what :meth:`clusters` listed.

        Returns:
            The cluster. Nothing is read, and whether it exists shows in the first call.

        Raises:
            ConfigError: The identifier is empty or could change the path of a call; or what was listed belongs to
                another project or product, or is a part of a sharded cluster, which takes no restores.

        """
        if isinstance(cluster, ClusterSummary):
            _check_project(self, "cluster", cluster)
            cluster = _path_key(self.family, cluster)
        return Cluster(self._view, self.family, self.id, cluster)

    def clusters(
        self,
        *,
        include_deleted: bool = False,
        items_per_page: int | None = None,
        limit: int | None = None,
        starting_at: int = 1,
    ) -> Pager[ClusterSummary]:
        """List the clusters of the project.

        Ops Manager and Cloud Manager list a sharded cluster and each of its members: those that take restores
        have :attr:`ClusterSummary.takes_restores`.

        Args:
            include_deleted: List deleted clusters whose backups are retained too
                (``includeDeletedWithRetainedBackups``): dedicated clusters of Atlas v2 only. No answer with one has
                been published: no ``stateName`` says deleted, ``retain_backups`` may tell, and a
                cluster that is missing without this argument is deleted. Nor is it known whether the snapshots and
                jobs of one can still be read by its name, or those of another cluster that has the name now: calls are
                sent, and the server decides.
            items_per_page: Page size, 1 to 500.
            limit: At most so many clusters in all.
            starting_at: Page to start at, from 1; or ``resume_at`` of an error.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A number out of its range.
            Unsupported: ``include_deleted`` for a family that has no such list, before any I/O.

        """
        return clusters_of(
            self._view,
            self.family,
            self.id,
            include_deleted=include_deleted,
            items_per_page=items_per_page,
            limit=limit,
            starting_at=starting_at,
        )

    def hosts(
        self, *, items_per_page: int | None = None, limit: int | None = None, starting_at: int = 1
    ) -> Pager[HostSummary]:
        """List the hosts of the project.

        Args:
            items_per_page: Page size, 1 to 500.
            limit: At most so many hosts in all.
            starting_at: Page to start at, from 1; or ``resume_at`` of an error.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A number out of its range.
            Unsupported: The family has no hosts: Ops Manager and Cloud Manager have.

        """
        if self.family.hosts_path is None:
            raise Unsupported(f"{self.family.title} has no list of hosts; list the clusters")
        source = documents_of(
            self._view, self.family, self.family.hosts_path, HostSummary, lambda host: host.id, {"project": self.id}
        )
        return Pager(source, ListQuery(items_per_page=items_per_page, limit=limit, starting_at=starting_at))

    def config_server(self, host_id: HostSummary | str) -> ConfigServer[JobT_co]:
        """Name a config server host that is no member of a replica set (SCCC), to restore it like a cluster.

        Args:
            host_id: Its id, or what :meth:`hosts` listed.

        Returns:
            The config server. Nothing is read.

        Raises:
            ConfigError: The identifier is empty or could change the path of a call, or the host is of another project.
            Unsupported: The family has no such hosts: Ops Manager and Cloud Manager have.

        """
        if self.family.config_server is None:
            raise Unsupported(f"{self.family.title} does not restore config servers; use the cluster")
        if isinstance(host_id, HostSummary):
            _check_project(self, "host", host_id)
            host_id = host_id.id
        return ConfigServer(self._view, self.family.config_server, self.id, host_id)


def _check_project(project: Project[Any], what: str, listed: ClusterSummary | HostSummary) -> None:
    told = listed.group_id
    if told is not None and told.casefold() != project.id.casefold():
        raise ConfigError(
            f"the {what} {listed.id} is of project {told}, not of {project.id}: name it in its own project"
        )


def _path_key(family: Family[Any], listed: ClusterSummary) -> str:
    """Give what paths of the family take of a cluster that was listed.

    Raises:
        ConfigError: Another product listed it, or it takes no restores.

    """
    # Ops Manager and Cloud Manager write the one, Atlas the other.
    here, elsewhere = ("clusterName", "name") if family.cluster_key == "id" else ("name", "clusterName")
    if elsewhere in listed.raw and here not in listed.raw:
        raise ConfigError(f"the cluster {listed.id} was not listed by {family.title}: name it with its own family")
    if not listed.takes_restores:
        raise ConfigError(f"{listed.id} is a part of a sharded cluster: name the whole cluster, which takes restores")
    key = listed.id if family.cluster_key == "id" else listed.name
    if key is None:
        raise ConfigError(
            f"the cluster {listed.id} was listed without a name, which {family.title} needs: pass the name"
        )
    return key
