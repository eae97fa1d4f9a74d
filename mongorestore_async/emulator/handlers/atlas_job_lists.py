"""Lists of the restore jobs of one Atlas cluster, whatever family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.answers import list_answer
from mongorestore_async.emulator.handlers.owners import without_backup
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world.identifiers import Identifiers

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster, Job

__all__ = ["batch_answer", "jobs_answer"]


def jobs_answer(
    request: web.Request,
    cluster: Cluster,
    write: Callable[[Job], dict[str, Any]],
    *,
    linked: bool = True,
    paged: bool = True,
) -> web.Response:
    """A page of the jobs of a cluster, newest first; for ``linked`` and ``paged`` see :func:`list_answer`.

    Raises:
        Refusal: A paging parameter is wrong, or the cluster has no backup and says so.

    """
    stage = request.app[STAGE]
    jobs = stage.world.jobs
    total = 0 if without_backup(stage, cluster, listing=True) else jobs.count(cluster)
    return list_answer(
        request,
        total,
        lambda start, count: [write(job) for job in jobs.page(cluster, start, min(count, total))],
        linked=linked,
        paged=paged,
    )


def batch_answer(
    request: web.Request, cluster: Cluster, batch_id: str, write: Callable[[Job], dict[str, Any]]
) -> web.Response:
    """A page of the jobs of one batch.

    Raises:
        Refusal: As :func:`jobs_answer`, or the id is malformed.

    """
    stage = request.app[STAGE]
    if not Identifiers.well_formed(batch_id):
        raise Refusal("INVALID_QUERY_PARAMETER", "batchId")
    found = [] if without_backup(stage, cluster, listing=True) else stage.world.jobs.batch(cluster, batch_id)
    return list_answer(request, len(found), lambda start, count: [write(job) for job in found[start : start + count]])
