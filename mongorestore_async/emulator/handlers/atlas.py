"""Atlas v1.0: clusters, cloud backup restore jobs, M2/M5 (tenant) restore jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal, atlas_cluster, cloud_backup_job, tenant_job
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.places import cluster_by_name, job_of, project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import ClusterKind, Side

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = [
    "list_cloud_backup_jobs",
    "list_clusters",
    "list_tenant_jobs",
    "one_cloud_backup_job",
    "one_cluster",
    "one_tenant_job",
]


def _cluster(request: web.Request) -> Cluster:
    world = request.app[STAGE].world
    project = project_of(world, request.match_info["group"], Side.ATLAS)
    return cluster_by_name(world, project, request.match_info["cluster"])


def _backed_up(request: web.Request, *, tenant: bool) -> Cluster:
    cluster = _cluster(request)
    if (cluster.kind is ClusterKind.TENANT) is not tenant:
        raise Refusal("BACKUP_CONFIG_NOT_FOUND", cluster.name)
    return cluster


async def list_clusters(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters``."""
    world, links = request.app[STAGE].world, make_links(request)
    found = list(world.clusters(project_of(world, request.match_info["group"], Side.ATLAS)))
    return list_answer(
        request,
        len(found),
        lambda start, count: [atlas_cluster(one, links=links) for one in found[start : start + count]],
    )


async def one_cluster(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}``."""
    return answer(request, atlas_cluster(_cluster(request), links=make_links(request)), Shape.ENTITY)


async def list_cloud_backup_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/restoreJobs``; newest first."""
    stage, links = request.app[STAGE], make_links(request)
    cluster, now, jobs = _backed_up(request, tenant=False), stage.clock.now(), stage.world.jobs
    return list_answer(
        request,
        jobs.count(cluster),
        lambda start, count: [
            cloud_backup_job(job, settings=stage.settings, links=links, now=now)
            for job in jobs.page(cluster, start, count)
        ],
    )


async def one_cloud_backup_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/restoreJobs/{J}``."""
    stage, job = request.app[STAGE], job_of(request, _backed_up(request, tenant=False))
    document = cloud_backup_job(job, settings=stage.settings, links=make_links(request), now=stage.clock.now())
    return answer(request, document, Shape.ENTITY)


async def list_tenant_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/tenant/restores``: neither the list nor its jobs have links."""
    stage = request.app[STAGE]
    cluster, now, jobs = _backed_up(request, tenant=True), stage.clock.now(), stage.world.jobs
    return list_answer(
        request,
        jobs.count(cluster),
        lambda start, count: [
            tenant_job(job, settings=stage.settings, now=now) for job in jobs.page(cluster, start, count)
        ],
        linked=False,
    )


async def one_tenant_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/tenant/restores/{J}``."""
    stage = request.app[STAGE]
    job = job_of(request, _backed_up(request, tenant=True), "TENANT_RESTORE_NOT_FOUND")
    return answer(request, tenant_job(job, settings=stage.settings, now=stage.clock.now()), Shape.ENTITY)
