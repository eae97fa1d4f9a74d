"""Ops Manager and Cloud Manager v1.0: clusters of a project, restore jobs of clusters and of config servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents import Refusal, manager_cluster, manager_job
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.orders import read_order
from mongorestore_async.emulator.handlers.owners import owner_of, without_backup
from mongorestore_async.emulator.handlers.places import job_of, project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Side
from mongorestore_async.emulator.world.identifiers import Identifiers

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["create_job", "list_clusters", "list_jobs", "one_cluster", "one_job"]


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
    document = manager_cluster(owner_of(request), links=make_links(request), now=request.app[STAGE].clock.now())
    return answer(request, document, Shape.ENTITY)


async def list_jobs(request: web.Request) -> web.Response:
    """``GET .../restoreJobs`` of a cluster (with ``batchId`` of one batch) or of a config server; newest first."""
    stage, cluster, links = request.app[STAGE], owner_of(request), make_links(request)
    now, jobs = stage.clock.now(), stage.world.jobs
    batch_id = request.query.get("batchId")
    if batch_id is not None and not Identifiers.well_formed(batch_id):
        raise Refusal("INVALID_QUERY_PARAMETER", "batchId")
    batch = None if batch_id is None else jobs.batch(cluster, batch_id)
    total = jobs.count(cluster) if batch is None else len(batch)
    if without_backup(stage, cluster, listing=True):
        total, batch = 0, []

    def fetch(start: int, count: int) -> list[dict[str, object]]:
        page = jobs.page(cluster, start, count) if batch is None else batch[start : start + count]
        return [manager_job(job, settings=stage.settings, links=links, now=now, in_list=True) for job in page]

    # The list document of a config server has no links.
    return list_answer(request, total, fetch, linked=not cluster.host)


async def one_job(request: web.Request) -> web.Response:
    """``GET .../restoreJobs/{J}`` of a cluster or a config server."""
    stage, cluster = request.app[STAGE], owner_of(request)
    without_backup(stage, cluster)
    job = job_of(request, cluster, "CONFIG_RESTORE_JOB_NOT_FOUND" if cluster.host else "RESTORE_JOB_NOT_FOUND")
    document = manager_job(
        job, settings=stage.settings, links=make_links(request), now=stage.clock.now(), in_list=False
    )
    return answer(request, document, Shape.ENTITY)


async def create_job(request: web.Request) -> web.Response:
    """``POST .../restoreJobs``: a list document of the jobs it started, or the one job of a config server itself."""
    stage, links = request.app[STAGE], make_links(request)
    stage.counts.creates_received += 1
    cluster = owner_of(request)
    without_backup(stage, cluster)
    order = read_order(stage, cluster, request.content_type, await request.read())
    made = stage.world.jobs.create(cluster, order)
    stage.counts.creates_taken += 1
    now = stage.clock.now()
    results = [
        manager_job(job, settings=stage.settings, links=links, now=now, in_list=not cluster.host, created=True)
        for job in made
    ]
    if cluster.host or (Oddity.BARE_CREATES in stage.settings.oddities and len(results) == 1):
        return answer(request, results[0], Shape.CREATED)
    pretty = "pretty=true&" if request.query.get("pretty") == "true" else ""
    self_link = links.link(f"{links.cluster(cluster)}/restoreJobs?{pretty}pageNum=1&itemsPerPage=100")
    return answer(request, {"links": [self_link], "results": results, "totalCount": len(results)}, Shape.CREATED)
