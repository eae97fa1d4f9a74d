"""Restore jobs of Atlas legacy backup, v1.0 and v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents import legacy_job
from mongorestore_async.emulator.handlers.answers import answer, make_links
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.atlas_job_lists import batch_answer, jobs_answer
from mongorestore_async.emulator.handlers.atlas_places import LEGACY_KINDS, atlas_place
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.legacy_orders import legacy_order
from mongorestore_async.emulator.handlers.owners import without_backup
from mongorestore_async.emulator.handlers.places import job_of
from mongorestore_async.emulator.stage import STAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.world import Job

__all__ = ["create_legacy_job", "list_legacy_jobs", "one_legacy_job"]


def _writer(request: web.Request, *, in_list: bool, created: bool = False) -> Callable[[Job], dict[str, Any]]:
    stage, links = request.app[STAGE], make_links(request)
    now = stage.clock.now()
    return lambda job: legacy_job(job, settings=stage.settings, links=links, now=now, in_list=in_list, created=created)


async def list_legacy_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/restoreJobs``, with ``batchId`` those of one batch; newest first."""
    cluster, write = atlas_place(request, LEGACY_KINDS), _writer(request, in_list=True)
    batch_id = request.query.get("batchId")
    if batch_id is not None:
        return batch_answer(request, cluster, batch_id, write)
    return jobs_answer(request, cluster, write)


async def one_legacy_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/restoreJobs/{J}``."""
    cluster = atlas_place(request, LEGACY_KINDS)
    without_backup(request.app[STAGE], cluster)
    return answer(request, _writer(request, in_list=False)(job_of(request, cluster)), Shape.ENTITY)


async def create_legacy_job(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/restoreJobs``: the jobs it started, in v1.0 a single one without a list (D4)."""
    stage, links = request.app[STAGE], make_links(request)
    odd = stage.settings.oddities
    stage.counts.creates_received += 1
    cluster = atlas_place(request, LEGACY_KINDS)
    without_backup(stage, cluster)
    made = stage.world.jobs.create(cluster, await legacy_order(request, cluster))
    stage.counts.creates_taken += 1
    results = list(map(_writer(request, in_list=True, created=True), made))
    bare = Oddity.BARE_CREATES in odd or not (is_v2(request) or Oddity.LISTED_CREATES in odd)
    if bare and len(results) == 1:
        return answer(request, results[0], Shape.CREATED)
    self_link = links.link(f"{links.cluster(cluster)}/restoreJobs?pageNum=1&itemsPerPage=100")
    return answer(request, {"links": [self_link], "results": results, "totalCount": len(results)}, Shape.CREATED)
