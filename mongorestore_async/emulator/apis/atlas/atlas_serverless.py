"""Serverless instances of Atlas, v1.0 and v2: the instances, their restore jobs and snapshots.

The jobs are those of cloud backup (``restore-jobs`` section 7, ``neighbours`` sections 2.2 and 3.4).
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, make_links
from mongorestore_async.emulator.apis.atlas.atlas_backup_snapshots import snapshot_fields
from mongorestore_async.emulator.apis.atlas.atlas_cloud_backup import cloud_job_writer, read_cloud_order
from mongorestore_async.emulator.apis.job_answers import create_jobs, job_answer, jobs_answer
from mongorestore_async.emulator.apis.lookups import (
    SERVERLESS_KINDS,
    atlas_cluster_of,
    snapshot_of,
    snapshots_left,
)
from mongorestore_async.emulator.apis.project_endpoints import CLUSTERS_CREATED, cluster_fields, clusters_answer
from mongorestore_async.emulator.apis.request_info import FIRST, FLEX, ResourceVersion, atlas_routes, is_v2
from mongorestore_async.emulator.document_parts import Links, apply_changes, iso
from mongorestore_async.emulator.server_state import SERVER_STATE

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster
    from mongorestore_async.emulator.world.snapshot_store import Snapshot

__all__ = [
    "ROUTES",
    "create_serverless_job",
    "list_serverless_instances",
    "list_serverless_jobs",
    "list_serverless_snapshots",
    "one_serverless_instance",
    "one_serverless_job",
    "one_serverless_snapshot",
    "serverless_instance",
    "serverless_snapshot",
]

# The days of the deprecation are not established; they are made up. Those of the sunset are not.
_INSTANCE_VERSIONS = (ResourceVersion(FIRST, FLEX, date(2027, 1, 18)),)
_BACKUP_VERSIONS = (ResourceVersion(FIRST, FLEX, date(2026, 1, 22)),)

_find_instance = partial(atlas_cluster_of, kinds=SERVERLESS_KINDS)


async def list_serverless_instances(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless``."""
    return clusters_answer(request, SERVERLESS_KINDS, partial(serverless_instance, links=make_links(request)))


async def one_serverless_instance(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}``."""
    return answer(request, serverless_instance(_find_instance(request), links=make_links(request)), Shape.ENTITY)


async def list_serverless_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/restoreJobs``."""
    return jobs_answer(request, _find_instance(request), cloud_job_writer(request))


async def one_serverless_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/restoreJobs/{J}``."""
    return job_answer(request, _find_instance(request), cloud_job_writer(request))


async def create_serverless_job(request: web.Request) -> web.Response:
    """``POST /groups/{G}/serverless/{N}/backup/restoreJobs``: the job it started; the page of v1.0 shows 201 (D6)."""
    _, (job,) = await create_jobs(request, _find_instance, read_cloud_order)
    return answer(request, cloud_job_writer(request)(job), Shape.CREATED, 200 if is_v2(request) else 201)


async def list_serverless_snapshots(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/snapshots``."""
    found = snapshots_left(request.app[SERVER_STATE], _find_instance(request))
    return items_answer(request, found, partial(serverless_snapshot, links=make_links(request)))


async def one_serverless_snapshot(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/snapshots/{S}``."""
    snapshot = snapshot_of(request, _find_instance(request))
    return answer(request, serverless_snapshot(snapshot, links=make_links(request)), Shape.ENTITY)


def serverless_instance(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A serverless instance."""
    return cluster_fields(cluster, links) | {
        "connectionStrings": {},
        "createDate": iso(CLUSTERS_CREATED + cluster.number),
        "mongoDBVersion": "8.0.16",
        "providerSettings": {
            "backingProviderName": "AWS",
            "providerName": "SERVERLESS",
            "regionName": "US_EAST_1",
        },
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": True},
    }


def serverless_snapshot(snapshot: Snapshot, *, links: Links) -> dict[str, Any]:
    """A snapshot of a serverless instance as the API shows it."""
    document = snapshot_fields(snapshot)
    document["serverlessInstanceName"] = snapshot.cluster.name
    document["links"] = links.entity(snapshot.cluster, f"backup/snapshots/{snapshot.id}")
    return apply_changes(document, snapshot.changes)


_INSTANCES = "/groups/{group}/serverless"
_BACKUP = _INSTANCES + "/{cluster}/backup"
ROUTES = (
    *atlas_routes(
        ("GET", _INSTANCES, list_serverless_instances),
        ("GET", _INSTANCES + "/{cluster}", one_serverless_instance),
        versions=_INSTANCE_VERSIONS,
    ),
    *atlas_routes(
        ("GET", _BACKUP + "/restoreJobs", list_serverless_jobs),
        ("POST", _BACKUP + "/restoreJobs", create_serverless_job),
        ("GET", _BACKUP + "/restoreJobs/{job}", one_serverless_job),
        ("GET", _BACKUP + "/snapshots", list_serverless_snapshots),
        ("GET", _BACKUP + "/snapshots/{snapshot}", one_serverless_snapshot),
        versions=_BACKUP_VERSIONS,
    ),
)
