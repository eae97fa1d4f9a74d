"""Sessions, projects, clusters and the lists and batches of restore jobs."""

from typing import TYPE_CHECKING

from mongorestore_async.late import late

if TYPE_CHECKING:
    from mongorestore_async.resources.batch import RestoreBatch, Until
    from mongorestore_async.resources.cluster import Cluster
    from mongorestore_async.resources.config_server import ConfigServer
    from mongorestore_async.resources.creation import Reconciliation
    from mongorestore_async.resources.page import Page
    from mongorestore_async.resources.pager import Pager
    from mongorestore_async.resources.project import Project
    from mongorestore_async.resources.session import AsyncSession
    from mongorestore_async.resources.snapshots import SnapshotPager
    from mongorestore_async.resources.source import RestoreSource
else:
    __getattr__, __dir__ = late(
        __name__,
        {
            "batch": (
                "RestoreBatch",
                "Until",
            ),
            "cluster": ("Cluster",),
            "config_server": ("ConfigServer",),
            "creation": ("Reconciliation",),
            "page": ("Page",),
            "pager": ("Pager",),
            "project": ("Project",),
            "session": ("AsyncSession",),
            "snapshots": ("SnapshotPager",),
            "source": ("RestoreSource",),
        },
    )

__all__ = [
    "AsyncSession",
    "Cluster",
    "ConfigServer",
    "Page",
    "Pager",
    "Project",
    "Reconciliation",
    "RestoreBatch",
    "RestoreSource",
    "SnapshotPager",
    "Until",
]
