"""Restore jobs of Atlas cloud backup and of serverless instances, v1.0 and v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents import Refusal, cloud_backup_job
from mongorestore_async.emulator.handlers.answers import answer, empty_answer, make_links
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.atlas_job_lists import jobs_answer
from mongorestore_async.emulator.handlers.atlas_places import CLOUD_BACKUP_KINDS, SERVERLESS_KINDS, atlas_place
from mongorestore_async.emulator.handlers.cloud_backup_orders import cloud_backup_order
from mongorestore_async.emulator.handlers.download_limits import refuse_download_beyond_limits
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.owners import without_backup
from mongorestore_async.emulator.handlers.places import job_of
from mongorestore_async.emulator.stage import STAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster, Job

__all__ = [
    "cancel_cloud_backup_job",
    "create_cloud_backup_job",
    "create_serverless_job",
    "list_cloud_backup_jobs",
    "list_serverless_jobs",
    "one_cloud_backup_job",
    "one_serverless_job",
]


def _writer(request: web.Request) -> Callable[[Job], dict[str, Any]]:
    stage, links = request.app[STAGE], make_links(request)
    now = stage.clock.now()
    return lambda job: cloud_backup_job(job, settings=stage.settings, links=links, now=now)


def _one(request: web.Request, cluster: Cluster) -> web.Response:
    without_backup(request.app[STAGE], cluster)
    return answer(request, _writer(request)(job_of(request, cluster)), Shape.ENTITY)


async def list_cloud_backup_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/restoreJobs``; newest first."""
    return jobs_answer(request, atlas_place(request, CLOUD_BACKUP_KINDS), _writer(request))


async def one_cloud_backup_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/restoreJobs/{J}``."""
    return _one(request, atlas_place(request, CLOUD_BACKUP_KINDS))


async def create_cloud_backup_job(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/backup/restoreJobs``: the job it started."""
    stage = request.app[STAGE]
    stage.counts.creates_received += 1
    cluster = atlas_place(request, CLOUD_BACKUP_KINDS)
    without_backup(stage, cluster)
    order = await cloud_backup_order(request, cluster)
    if stage.settings.download_limits and order.over_http:
        refuse_download_beyond_limits(stage, cluster, order)
    (job,) = stage.world.jobs.create(cluster, order)
    stage.counts.creates_taken += 1
    return answer(request, _writer(request)(job), Shape.CREATED)


async def cancel_cloud_backup_job(request: web.Request) -> web.Response:
    """``DELETE /groups/{G}/clusters/{N}/backup/restoreJobs/{J}``: downloads only; doing so twice does no harm."""
    stage = request.app[STAGE]
    cluster = atlas_place(request, CLOUD_BACKUP_KINDS)
    without_backup(stage, cluster)
    job = job_of(request, cluster)
    if not job.order.over_http:
        raise Refusal("CANNOT_CANCEL_AUTOMATED_RESTORE")
    if job.cluster.kind.sharded and not stage.settings.shard_cancels:
        raise Refusal("ATLAS_BACKUP_CANCEL_SHARD_RESTORE_JOB_NOT_ALLOWED", job.id)
    stage.world.jobs.cancel(job)
    if is_v2(request) or Oddity.EMPTY_CANCELS in stage.settings.oddities:
        return empty_answer(request)
    return answer(request, {}, Shape.ENTITY)


async def list_serverless_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/restoreJobs``."""
    return jobs_answer(request, atlas_place(request, SERVERLESS_KINDS), _writer(request))


async def one_serverless_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/restoreJobs/{J}``."""
    return _one(request, atlas_place(request, SERVERLESS_KINDS))


async def create_serverless_job(request: web.Request) -> web.Response:
    """``POST /groups/{G}/serverless/{N}/backup/restoreJobs``: the job it started; the page of v1.0 shows 201 (D6)."""
    stage = request.app[STAGE]
    stage.counts.creates_received += 1
    cluster = atlas_place(request, SERVERLESS_KINDS)
    without_backup(stage, cluster)
    (job,) = stage.world.jobs.create(cluster, await cloud_backup_order(request, cluster))
    stage.counts.creates_taken += 1
    return answer(request, _writer(request)(job), Shape.CREATED, 200 if is_v2(request) else 201)
