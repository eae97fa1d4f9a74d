"""Finding projects and their clusters, no further ahead than they are needed."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from mongorestore_async.errors import DataError, Forbidden, NotFound
from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.listing.iterators import PageIterator
    from mongorestore_async.listing.page import Page
    from mongorestore_async.models import ClusterOverview, ClusterSummary, ProjectClusters
    from mongorestore_async.resources import AsyncSession

__all__ = ["Discovered", "Discovery"]

ItemT = TypeVar("ItemT")

#: Projects asked for at once where each comes with all its clusters.
_PROJECTS = 100


@attrs.frozen
class Discovered:
    """A project, with its clusters unless they have to be listed for it alone."""

    project: FleetProject
    clusters: tuple[FleetCluster, ...] | None


class Discovery:
    """Finds the projects a key sees, and the clusters in them that take restores.

    One list has all clusters of all projects (``GET /clusters``). It is not complete on Atlas v2, and has no flex
    clusters or serverless instances; there, and where it is not to be had, the clusters of each project are listed.
    What is known already is given without a call.

    Attributes:
        calls: Pages read so far.
        listed: Those of them that are about one project.
        fastest: Seconds of the fastest of these calls, infinity before the first.

    """

    def __init__(
        self,
        session: AsyncSession,
        family: Family[Any],
        fleet: str,
        *,
        include_deleted: bool = False,
        known: Mapping[FleetProject, tuple[FleetCluster, ...]] | None = None,
    ) -> None:
        self.calls: int = 0
        self.listed: int = 0
        self.fastest: float = math.inf
        self._session = session
        self._family = family
        self._fleet = fleet
        self._include_deleted = include_deleted
        self._known = None if known is None else [Discovered(*found) for found in known.items()]
        # One of these is walked, the first unless it is None.
        self._with_clusters: PageIterator[ProjectClusters] | None = None
        if family.all_clusters_path is not None and not family.is_v2 and not include_deleted:
            size = min(_PROJECTS, session.options.items_per_page)
            self._with_clusters = session.clusters(family, items_per_page=size).pages()
        self._projects = session.projects(family).pages()

    @property
    def path(self) -> str:
        """Path of the list that is walked for projects."""
        found = None if self._with_clusters is None else self._family.all_clusters_path
        return found or self._family.projects_path

    async def next_projects(self) -> list[Discovered] | None:
        """Read the next page of projects; None behind the last one.

        Raises:
            RestoreError: Any error of a call.

        """
        if self._known is not None:
            found, self._known = self._known, []
            return found or None
        if self._with_clusters is not None:
            try:
                page = await self._timed(self._with_clusters)
            except (Forbidden, NotFound) as error:
                if error.run_wide or self.calls:
                    raise
                self._with_clusters = None
            else:
                self.calls += page is not None
                return None if page is None else [self._discovered(listed) for listed in page]
        projects = await self._timed(self._projects)
        if projects is None:
            return None
        self.calls += 1
        return [Discovered(FleetProject(self._fleet, project.id, project.name), None) for project in projects]

    async def clusters(self, project: FleetProject) -> tuple[FleetCluster, ...]:
        """List the clusters of one project.

        Raises:
            RestoreError: Any error of a call.

        """
        clusters: dict[str, FleetCluster] = {}
        pager = self._session.project(project.id, self._family).clusters(include_deleted=self._include_deleted)
        pages = pager.pages()
        while (page := await self._timed(pages)) is not None:
            self.calls += 1
            self.listed += 1
            for listed in page.items:
                cluster = self._cluster(project, listed)
                if cluster is None:
                    raise DataError(f"the list of clusters of project {project.id} contains a cluster without a name")
                # A path has one name, whatever was deleted under it: it is read once, as the cluster that is there.
                if listed.takes_restores and (cluster.key not in clusters or not listed.retain_backups):
                    clusters[cluster.key] = cluster
        return tuple(clusters.values())

    async def _timed(self, pages: PageIterator[ItemT]) -> Page[ItemT] | None:
        """Read the next page of a list, and take note of how fast it came; None behind the last one."""
        clock = asyncio.get_running_loop().time
        began = clock()
        page = await anext(pages, None)
        if page is not None:
            self.fastest = min(self.fastest, clock() - began)
        return page

    def _discovered(self, listed: ProjectClusters) -> Discovered:
        project = FleetProject(self._fleet, listed.group_id, listed.group_name)
        clusters = tuple(self._cluster(project, cluster) for cluster in listed.clusters)
        named = tuple(cluster for cluster in clusters if cluster is not None)
        # One that cannot be addressed from here is found in the project's own list.
        return Discovered(project, named if len(named) == len(clusters) else None)

    def _cluster(self, project: FleetProject, cluster: ClusterOverview | ClusterSummary) -> FleetCluster | None:
        key = cluster.id if self._family.cluster_key == "id" else cluster.name
        return None if not key else FleetCluster(project, key, cluster.id, cluster.name)
