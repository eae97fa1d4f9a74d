"""Sessions, projects, clusters and the lists and batches of restore jobs."""

from mongorestore_async.resources.batch import RestoreBatch, Until
from mongorestore_async.resources.cluster import Cluster
from mongorestore_async.resources.cluster_base import ClusterBase
from mongorestore_async.resources.config_server import ConfigServer
from mongorestore_async.resources.project import Project
from mongorestore_async.resources.session import AsyncSession
from mongorestore_async.resources.snapshots import SnapshotPager

__all__ = [
    "AsyncSession",
    "Cluster",
    "ClusterBase",
    "ConfigServer",
    "Project",
    "RestoreBatch",
    "SnapshotPager",
    "Until",
]
