"""The lists of what a key sees: projects, and clusters of all projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import Unsupported
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import ProjectClusters, ProjectSummary
from mongorestore_async.transport.session_view import check_family

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["InventoryLists"]


class InventoryLists:
    """The part of a session that lists what its key sees."""

    _view: SessionView

    def projects(
        self, family: Family[Any], *, items_per_page: int | None = None, limit: int | None = None, starting_at: int = 1
    ) -> Pager[ProjectSummary]:
        """List the projects the key sees.

        Args:
            family: The product family whose API is asked.
            items_per_page: Page size, 1 to 500.
            limit: At most so many projects in all.
            starting_at: Page to start at, from 1; or ``resume_at`` of an error.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A number out of its range, or Ops Manager without a ``base_url``.

        """
        check_family(self._view, family)
        source = documents_of(self._view, family, family.projects_path, ProjectSummary, lambda project: project.id, {})
        return Pager(source, ListQuery(items_per_page=items_per_page, limit=limit, starting_at=starting_at))

    def clusters(
        self, family: Family[Any], *, items_per_page: int | None = None, limit: int | None = None, starting_at: int = 1
    ) -> Pager[ProjectClusters]:
        """List the clusters of all projects the key sees, project by project ("Everything at once").

        The cheapest way to all of them. Atlas v2 leaves out multi-cloud clusters, and no list of this kind has flex
        clusters or serverless instances: :meth:`Project.clusters` has.

        Args:
            family: The product family whose API is asked.
            items_per_page: Page size, 1 to 500.
            limit: At most so many projects in all.
            starting_at: Page to start at, from 1; or ``resume_at`` of an error.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A number out of its range, or Ops Manager without a ``base_url``.
            Unsupported: The family's clusters stand in no such list.

        """
        check_family(self._view, family)
        if family.all_clusters_path is None:
            raise Unsupported(f"{family.title} has no list of all clusters; list the clusters of each project")
        source = documents_of(
            self._view, family, family.all_clusters_path, ProjectClusters, lambda project: project.group_id, {}
        )
        return Pager(source, ListQuery(items_per_page=items_per_page, limit=limit, starting_at=starting_at))
