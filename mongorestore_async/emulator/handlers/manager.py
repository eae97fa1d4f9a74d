"""Ops Manager and Cloud Manager v1.0: projects, clusters, restore jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents import Refusal, manager_cluster, manager_job
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.orders import read_order
from mongorestore_async.emulator.handlers.places import cluster_by_id, job_of, project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Side
from mongorestore_async.emulator.world.identifiers import Identifiers

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = ["create_job", "list_clusters", "list_jobs", "one_cluster", "one_job"]


def _cluster(request: web.Request) -> Cluster:
    world = request.app[STAGE].world
    project = project_of(world, request.match_info["group"], Side.MANAGER)
    return cluster_by_id(world, project, request.match_info["cluster"])


async def list_clusters(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters``: each sharded cluster is followed by its shards and its config set."""
    stage, links = request.app[STAGE], make_links(request)
    project = project_of(stage.world, request.match_info["group"], Side.MANAGER)
    found = [one for top in stage.world.clusters(project) for one in (top, *stage.world.members(top))]
    now = stage.clock.now()
    return list_answer(
        request,
        len(found),
        lambda start, count: [manager_cluster(one, links=links, now=now) for one in found[start : start + count]],
    )


async def one_cluster(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{C}``."""
    document = manager_cluster(_cluster(request), links=make_links(request), now=request.app[STAGE].clock.now())
    return answer(request, document, Shape.ENTITY)


async def list_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{C}/restoreJobs``, with ``batchId`` those of one batch; newest first."""
    stage, cluster, links = request.app[STAGE], _cluster(request), make_links(request)
    now, jobs = stage.clock.now(), stage.world.jobs
    batch_id = request.query.get("batchId")
    if batch_id is not None and not Identifiers.well_formed(batch_id):
        raise Refusal("INVALID_QUERY_PARAMETER", "batchId")
    batch = None if batch_id is None else jobs.batch(cluster, batch_id)
    total = jobs.count(cluster) if batch is None else len(batch)

    def fetch(start: int, count: int) -> list[dict[str, object]]:
        page = jobs.page(cluster, start, count) if batch is None else batch[start : start + count]
        return [manager_job(job, settings=stage.settings, links=links, now=now, in_list=True) for job in page]

    return list_answer(request, total, fetch)


async def one_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{C}/restoreJobs/{J}``."""
    stage = request.app[STAGE]
    job = job_of(request, _cluster(request))
    document = manager_job(
        job, settings=stage.settings, links=make_links(request), now=stage.clock.now(), in_list=False
    )
    return answer(request, document, Shape.ENTITY)


async def create_job(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{C}/restoreJobs``: a list document of the jobs it started."""
    stage, links = request.app[STAGE], make_links(request)
    stage.counts.creates_received += 1
    cluster = _cluster(request)
    order = read_order(stage, cluster, request.content_type, await request.read())
    made = stage.world.jobs.create(cluster, order)
    stage.counts.creates_taken += 1
    now = stage.clock.now()
    results = [
        manager_job(job, settings=stage.settings, links=links, now=now, in_list=True, created=True) for job in made
    ]
    if Oddity.BARE_CREATES in stage.settings.oddities and len(results) == 1:
        return answer(request, results[0], Shape.CREATED)
    pretty = "pretty=true&" if request.query.get("pretty") == "true" else ""
    self_link = links.link(f"{links.cluster(cluster)}/restoreJobs?{pretty}pageNum=1&itemsPerPage=100")
    return answer(request, {"links": [self_link], "results": results, "totalCount": len(results)}, Shape.CREATED)
