"""What the emulator's answers say."""

from __future__ import annotations

from mongorestore_async.emulator.documents.atlas_jobs import cloud_backup_job, tenant_job
from mongorestore_async.emulator.documents.links import ATLAS_API, MANAGER_API, Links, iso
from mongorestore_async.emulator.documents.manager_job import manager_job
from mongorestore_async.emulator.documents.neighbours import (
    atlas_cluster,
    manager_cluster,
    project_document,
    project_with_clusters,
)
from mongorestore_async.emulator.documents.refusals import Refusal, error_document

__all__ = [
    "ATLAS_API",
    "MANAGER_API",
    "Links",
    "Refusal",
    "atlas_cluster",
    "cloud_backup_job",
    "error_document",
    "iso",
    "manager_cluster",
    "manager_job",
    "project_document",
    "project_with_clusters",
    "tenant_job",
]
