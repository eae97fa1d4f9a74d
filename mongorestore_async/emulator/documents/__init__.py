"""What the emulator's answers say."""

from __future__ import annotations

from mongorestore_async.emulator.documents.atlas_clusters import (
    atlas_cluster,
    atlas_cluster_v2,
    flex_cluster,
    serverless_instance,
)
from mongorestore_async.emulator.documents.cloud_backup_job import cloud_backup_job
from mongorestore_async.emulator.documents.legacy_job import legacy_job
from mongorestore_async.emulator.documents.links import ATLAS_API, ATLAS_V2_API, MANAGER_API, Links, iso
from mongorestore_async.emulator.documents.manager_job import manager_job
from mongorestore_async.emulator.documents.neighbours import (
    manager_cluster,
    project_document,
    project_with_clusters,
)
from mongorestore_async.emulator.documents.refusals import Refusal, error_document
from mongorestore_async.emulator.documents.tenant_job import tenant_job

__all__ = [
    "ATLAS_API",
    "ATLAS_V2_API",
    "MANAGER_API",
    "Links",
    "Refusal",
    "atlas_cluster",
    "atlas_cluster_v2",
    "cloud_backup_job",
    "error_document",
    "flex_cluster",
    "iso",
    "legacy_job",
    "manager_cluster",
    "manager_job",
    "project_document",
    "project_with_clusters",
    "serverless_instance",
    "tenant_job",
]
