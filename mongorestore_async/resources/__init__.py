"""Sessions, projects, clusters and the lists and batches of restore jobs."""

from mongorestore_async.resources.batch import RestoreBatch, Until
from mongorestore_async.resources.cluster import Cluster
from mongorestore_async.resources.config_server import ConfigServer
from mongorestore_async.resources.project import Project
from mongorestore_async.resources.session import AsyncSession
from mongorestore_async.resources.snapshots import SnapshotPager
from mongorestore_async.resources.source import RestoreSource

__all__ = [
    "AsyncSession",
    "Cluster",
    "ConfigServer",
    "Project",
    "RestoreBatch",
    "RestoreSource",
    "SnapshotPager",
    "Until",
]
