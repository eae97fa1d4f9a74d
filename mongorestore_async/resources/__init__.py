"""Sessions, projects, clusters and the lists and batches of restore jobs."""

from mongorestore_async.resources.batch import RestoreBatch
from mongorestore_async.resources.cluster import Cluster
from mongorestore_async.resources.creation import Reconciliation
from mongorestore_async.resources.page import Page
from mongorestore_async.resources.pager import Pager
from mongorestore_async.resources.project import Project
from mongorestore_async.resources.session import AsyncSession

__all__ = ["AsyncSession", "Cluster", "Page", "Pager", "Project", "Reconciliation", "RestoreBatch"]
