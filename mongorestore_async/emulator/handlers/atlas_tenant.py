"""Restore jobs of M2/M5 clusters, v1.0 and v2, and of flex clusters, v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents import tenant_job
from mongorestore_async.emulator.handlers.answers import answer, make_links
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.atlas_job_lists import jobs_answer
from mongorestore_async.emulator.handlers.atlas_places import FLEX_KINDS, TENANT_KINDS, atlas_place
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.owners import without_backup
from mongorestore_async.emulator.handlers.places import job_of
from mongorestore_async.emulator.handlers.tenant_orders import tenant_download_order, tenant_restore_order
from mongorestore_async.emulator.stage import STAGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, Order

__all__ = [
    "create_flex_download",
    "create_flex_restore",
    "create_tenant_download",
    "create_tenant_restore",
    "list_flex_jobs",
    "list_tenant_jobs",
    "one_flex_job",
    "one_tenant_job",
]


def _writer(request: web.Request, *, created: bool = False) -> Callable[[Job], dict[str, Any]]:
    stage, links = request.app[STAGE], make_links(request)
    now = stage.clock.now()
    return lambda job: tenant_job(job, settings=stage.settings, links=links, now=now, created=created)


def _one(request: web.Request, cluster: Cluster) -> web.Response:
    without_backup(request.app[STAGE], cluster)
    job = job_of(request, cluster, "TENANT_RESTORE_NOT_FOUND")
    return answer(request, _writer(request)(job), Shape.ENTITY)


async def _create(
    request: web.Request,
    kinds: frozenset[ClusterKind],
    order: Callable[[web.Request, Cluster], Awaitable[Order]],
) -> web.Response:
    stage = request.app[STAGE]
    stage.counts.creates_received += 1
    cluster = atlas_place(request, kinds)
    without_backup(stage, cluster)
    (job,) = stage.world.jobs.create(cluster, await order(request, cluster))
    stage.counts.creates_taken += 1
    return answer(request, _writer(request, created=True)(job), Shape.CREATED)


async def list_tenant_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/tenant/restores``: in v1.0 the list has no links, and its jobs never."""
    cluster = atlas_place(request, TENANT_KINDS)
    odd = Oddity.UNPAGED_TENANTS in request.app[STAGE].settings.oddities
    v2 = is_v2(request)
    return jobs_answer(request, cluster, _writer(request), linked=v2, paged=not (v2 and odd))


async def one_tenant_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/tenant/restores/{J}``."""
    return _one(request, atlas_place(request, TENANT_KINDS))


async def create_tenant_restore(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/backup/tenant/restore`` (singular): the job it started."""
    return await _create(request, TENANT_KINDS, tenant_restore_order)


async def create_tenant_download(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/backup/tenant/download``: the job it started."""
    return await _create(request, TENANT_KINDS, tenant_download_order)


async def list_flex_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/restoreJobs``; newest first."""
    return jobs_answer(request, atlas_place(request, FLEX_KINDS), _writer(request))


async def one_flex_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/restoreJobs/{J}``."""
    return _one(request, atlas_place(request, FLEX_KINDS))


async def create_flex_restore(request: web.Request) -> web.Response:
    """``POST /groups/{G}/flexClusters/{N}/backup/restoreJobs``: the job it started."""
    return await _create(request, FLEX_KINDS, tenant_restore_order)


async def create_flex_download(request: web.Request) -> web.Response:
    """``POST /groups/{G}/flexClusters/{N}/backup/download``: the job it started."""
    return await _create(request, FLEX_KINDS, tenant_download_order)
