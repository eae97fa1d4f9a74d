"""Flex clusters of Atlas, v2 only: the clusters, their restore jobs and snapshots.

Jobs and snapshots have the form of M2 and M5 clusters, whose documents and bodies are in ``atlas_tenant``
(``restore-jobs`` sections 6 and 8.3, ``neighbours`` sections 2.2 and 3.3).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, make_links
from mongorestore_async.emulator.apis.atlas.atlas_tenant import (
    created_job_answer,
    read_download_order,
    read_restore_order,
    tenant_job_writer,
    tenant_snapshot,
    tenant_snapshots_answer,
)
from mongorestore_async.emulator.apis.job_answers import job_answer, jobs_answer
from mongorestore_async.emulator.apis.lookups import FLEX_KINDS, atlas_cluster_of, snapshot_of
from mongorestore_async.emulator.apis.project_endpoints import CLUSTERS_CREATED, cluster_fields, clusters_answer
from mongorestore_async.emulator.apis.request_info import FLEX, ResourceVersion, atlas_routes
from mongorestore_async.emulator.document_parts import Links, iso

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = [
    "ROUTES",
    "create_flex_download",
    "create_flex_restore",
    "flex_cluster",
    "list_flex_clusters",
    "list_flex_jobs",
    "list_flex_snapshots",
    "one_flex_cluster",
    "one_flex_job",
    "one_flex_snapshot",
]

_VERSIONS = (ResourceVersion(FLEX),)

_find_cluster = partial(atlas_cluster_of, kinds=FLEX_KINDS)


async def list_flex_clusters(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters``."""
    return clusters_answer(request, FLEX_KINDS, partial(flex_cluster, links=make_links(request)))


async def one_flex_cluster(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}``."""
    return answer(request, flex_cluster(_find_cluster(request), links=make_links(request)), Shape.ENTITY)


async def list_flex_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/restoreJobs``; newest first."""
    return jobs_answer(request, _find_cluster(request), tenant_job_writer(request))


async def one_flex_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/restoreJobs/{J}``."""
    write = tenant_job_writer(request)
    return job_answer(request, _find_cluster(request), write, missing="TENANT_RESTORE_NOT_FOUND")


async def create_flex_restore(request: web.Request) -> web.Response:
    """``POST /groups/{G}/flexClusters/{N}/backup/restoreJobs``: the job it started."""
    return await created_job_answer(request, _find_cluster, read_restore_order)


async def create_flex_download(request: web.Request) -> web.Response:
    """``POST /groups/{G}/flexClusters/{N}/backup/download``: the job it started."""
    return await created_job_answer(request, _find_cluster, read_download_order)


async def list_flex_snapshots(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/snapshots``: without links."""
    return tenant_snapshots_answer(request, _find_cluster(request))


async def one_flex_snapshot(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/snapshots/{S}``."""
    return answer(request, tenant_snapshot(snapshot_of(request, _find_cluster(request))), Shape.ENTITY)


def flex_cluster(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A flex cluster."""
    return cluster_fields(cluster, links) | {
        "backupSettings": {"enabled": True},
        "clusterType": "REPLICASET",
        "connectionStrings": {},
        "createDate": iso(CLUSTERS_CREATED + cluster.number),
        "mongoDBVersion": "8.0.16",
        "providerSettings": {
            "backingProviderName": "AWS",
            "diskSizeGB": 5.0,
            "providerName": "FLEX",
            "regionName": "US_EAST_1",
        },
        "tags": [],
    }


_CLUSTERS = "/groups/{group}/flexClusters"
_BACKUP = _CLUSTERS + "/{cluster}/backup"
ROUTES = atlas_routes(
    ("GET", _CLUSTERS, list_flex_clusters),
    ("GET", _CLUSTERS + "/{cluster}", one_flex_cluster),
    ("GET", _BACKUP + "/restoreJobs", list_flex_jobs),
    ("POST", _BACKUP + "/restoreJobs", create_flex_restore),
    ("GET", _BACKUP + "/restoreJobs/{job}", one_flex_job),
    ("POST", _BACKUP + "/download", create_flex_download),
    ("GET", _BACKUP + "/snapshots", list_flex_snapshots),
    ("GET", _BACKUP + "/snapshots/{snapshot}", one_flex_snapshot),
    versions=_VERSIONS,
    v1=False,
)
