"""Which handler answers which request about the clusters and restore jobs of Atlas, v1.0 and v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import ATLAS_API, ATLAS_V2_API
from mongorestore_async.emulator.handlers import (
    atlas_cloud_backup,
    atlas_clusters,
    atlas_legacy,
    atlas_tenant,
    projects,
)
from mongorestore_async.emulator.handlers.versions import (
    BASIC,
    CLUSTERS,
    FLEX,
    LEGACY,
    SERVERLESS,
    SERVERLESS_INSTANCES,
    TENANT,
    versioned,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from mongorestore_async.emulator.handlers.versions import Version

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["ATLAS_ROUTES"]

_CLUSTERS = "/groups/{group}/clusters"
_CLUSTER = _CLUSTERS + "/{cluster}"
_LEGACY = _CLUSTER + "/restoreJobs"
_CLOUD_BACKUP = _CLUSTER + "/backup/restoreJobs"
_TENANT = _CLUSTER + "/backup/tenant"
_FLEX = "/groups/{group}/flexClusters"
_FLEX_BACKUP = _FLEX + "/{cluster}/backup"
_SERVERLESS = "/groups/{group}/serverless"
_SERVERLESS_JOBS = _SERVERLESS + "/{cluster}/backup/restoreJobs"

#: Method, path, handler, versions in v2.
_PATHS: tuple[tuple[str, str, Handler, tuple[Version, ...]], ...] = (
    ("GET", "/groups", projects.list_projects, BASIC),
    ("GET", "/groups/{group}", projects.one_project, BASIC),
    ("GET", "/clusters", projects.all_clusters, BASIC),
    ("GET", _CLUSTERS, atlas_clusters.list_clusters, CLUSTERS),
    ("GET", _CLUSTER, atlas_clusters.one_cluster, CLUSTERS),
    ("GET", _SERVERLESS, atlas_clusters.list_serverless_instances, SERVERLESS_INSTANCES),
    ("GET", _SERVERLESS + "/{cluster}", atlas_clusters.one_serverless_instance, SERVERLESS_INSTANCES),
    ("GET", _LEGACY, atlas_legacy.list_legacy_jobs, LEGACY),
    ("POST", _LEGACY, atlas_legacy.create_legacy_job, LEGACY),
    ("GET", _LEGACY + "/{job}", atlas_legacy.one_legacy_job, LEGACY),
    ("GET", _CLOUD_BACKUP, atlas_cloud_backup.list_cloud_backup_jobs, BASIC),
    ("POST", _CLOUD_BACKUP, atlas_cloud_backup.create_cloud_backup_job, BASIC),
    ("GET", _CLOUD_BACKUP + "/{job}", atlas_cloud_backup.one_cloud_backup_job, BASIC),
    ("DELETE", _CLOUD_BACKUP + "/{job}", atlas_cloud_backup.cancel_cloud_backup_job, BASIC),
    # Jobs are read below the plural and made at the singular (D33).
    ("GET", _TENANT + "/restores", atlas_tenant.list_tenant_jobs, TENANT),
    ("GET", _TENANT + "/restores/{job}", atlas_tenant.one_tenant_job, TENANT),
    ("POST", _TENANT + "/restore", atlas_tenant.create_tenant_restore, TENANT),
    ("POST", _TENANT + "/download", atlas_tenant.create_tenant_download, TENANT),
    ("GET", _SERVERLESS_JOBS, atlas_cloud_backup.list_serverless_jobs, SERVERLESS),
    ("POST", _SERVERLESS_JOBS, atlas_cloud_backup.create_serverless_job, SERVERLESS),
    ("GET", _SERVERLESS_JOBS + "/{job}", atlas_cloud_backup.one_serverless_job, SERVERLESS),
)
#: The same, in v2 only.
_V2_PATHS: tuple[tuple[str, str, Handler, tuple[Version, ...]], ...] = (
    ("GET", _FLEX, atlas_clusters.list_flex_clusters, FLEX),
    ("GET", _FLEX + "/{cluster}", atlas_clusters.one_flex_cluster, FLEX),
    ("GET", _FLEX_BACKUP + "/restoreJobs", atlas_tenant.list_flex_jobs, FLEX),
    ("POST", _FLEX_BACKUP + "/restoreJobs", atlas_tenant.create_flex_restore, FLEX),
    ("GET", _FLEX_BACKUP + "/restoreJobs/{job}", atlas_tenant.one_flex_job, FLEX),
    ("POST", _FLEX_BACKUP + "/download", atlas_tenant.create_flex_download, FLEX),
)

#: Method, path, handler.
ATLAS_ROUTES = (
    *((method, ATLAS_API + path, handler) for method, path, handler, _ in _PATHS),
    *(
        (method, ATLAS_V2_API + path, versioned(handler, versions))
        for method, path, handler, versions in _PATHS + _V2_PATHS
    ),
)
