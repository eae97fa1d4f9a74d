"""The clusters of one project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import Hint, HintKind, Unsupported
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import ClusterSummary
from mongorestore_async.models.validators import require_flag

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["check_include_deleted", "clusters_of"]


def check_include_deleted(family: Family[Any], include_deleted: object) -> bool:
    """Check whether deleted clusters may be asked for.

    Raises:
        ConfigError: It is neither True nor False.
        Unsupported: The clusters of the family cannot be listed so.

    """
    if require_flag("include_deleted", include_deleted) and not family.lists_deleted_clusters:
        raise Unsupported(
            f"{family.title} does not list deleted clusters, which Atlas API v2 does for dedicated ones",
            hint=Hint(HintKind.LEAVE_OUT, {"argument": "include_deleted"}),
        )
    return bool(include_deleted)


def clusters_of(
    view: SessionView, family: Family[Any], project: str, *, include_deleted: bool = False, **query: Any
) -> Pager[ClusterSummary]:
    """List the clusters of a project; see :meth:`Project.clusters`.

    Args:
        view: What to call the API with.
        family: The product family.
        project: Project id.
        include_deleted: Whether to list deleted ones with backups too.
        query: Arguments of :class:`ListQuery`.

    """
    deleted = check_include_deleted(family, include_deleted)
    filters = {"includeDeletedWithRetainedBackups": "true"} if deleted else {}
    names = {"project": project}
    source = documents_of(view, family, family.clusters_path, ClusterSummary, lambda cluster: cluster.id, names)
    return Pager(source, ListQuery(filters=filters, **query))
