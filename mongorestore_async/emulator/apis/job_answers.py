"""Restore jobs as the APIs answer them: a page, a single one, those that a create started; and creates that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, list_answer, make_links
from mongorestore_async.emulator.apis.lookups import job_of, lists_no_jobs, require_backup, require_id
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import CreateFault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from mongorestore_async.emulator.server_state import ServerState
    from mongorestore_async.emulator.world import Cluster, Job, Order

__all__ = ["create_jobs", "created_list_answer", "job_answer", "jobs_answer", "take_create"]

_MadeT = TypeVar("_MadeT")


def jobs_answer(
    request: web.Request,
    cluster: Cluster,
    write: Callable[[Job], dict[str, Any]],
    *,
    batches: bool = False,
    linked: bool = True,
    paged: bool = True,
) -> web.Response:
    """A page of the jobs of a cluster, newest first. For ``linked`` and ``paged`` see :func:`list_answer`.

    Args:
        request: Has the page in its query, and the batch as ``batchId``.
        cluster: Whose jobs.
        write: Makes the document of one.
        batches: Whether the API has ``batchId``.
        linked: Whether the list document has links.
        paged: Whether it has pages.

    Raises:
        ServiceError: A parameter is wrong, or the cluster has no backup and says so.

    """
    state = request.app[SERVER_STATE]
    jobs, batch_id = state.world.jobs, request.query.get("batchId") if batches else None
    if batch_id is not None:
        require_id(batch_id, "INVALID_QUERY_PARAMETER", "batchId")
    if lists_no_jobs(state, cluster):
        return items_answer(request, [], write, linked=linked, paged=paged)
    if batch_id is not None:
        return items_answer(request, jobs.batch(cluster, batch_id), write, linked=linked, paged=paged)
    total = jobs.count(cluster)
    return list_answer(
        request,
        total,
        lambda start, count: [write(job) for job in jobs.page(cluster, start, min(count, total))],
        linked=linked,
        paged=paged,
    )


def job_answer(
    request: web.Request,
    cluster: Cluster,
    write: Callable[[Job], dict[str, Any]],
    *,
    missing: str = "RESTORE_JOB_NOT_FOUND",
) -> web.Response:
    """One job of a cluster.

    Args:
        request: Its path names the job.
        cluster: Whose job.
        write: Makes its document.
        missing: The error code for a job that does not exist.

    Raises:
        ServiceError: There is no such job, or the cluster has no backup.

    """
    require_backup(request.app[SERVER_STATE], cluster)
    return answer(request, write(job_of(request, cluster, missing)), Shape.ENTITY)


async def create_jobs(
    request: web.Request,
    find_cluster: Callable[[web.Request], Cluster],
    read: Callable[[web.Request, Cluster], Awaitable[Order]],
) -> tuple[Cluster, list[Job]]:
    """Process a create; returns its cluster and the jobs it started, newest first.

    Args:
        request: The create.
        find_cluster: Looks up the cluster its path names.
        read: Reads and checks its body.

    Raises:
        ServiceError: It is refused.

    """
    state = request.app[SERVER_STATE]
    state.counts.creates_received += 1
    cluster = find_cluster(request)
    require_backup(state, cluster)
    order = await read(request, cluster)
    return cluster, take_create(state, lambda: state.world.jobs.create(cluster, order))


def take_create(state: ServerState, create: Callable[[], _MadeT]) -> _MadeT:
    """Do what a create asks for and count it, unless it is one that was told to fail.

    Args:
        state: The server.
        create: Starts the restore.

    Raises:
        ServiceError: 500; the restore was started or not, as ``ServerState.fail_next_creates`` says.

    """
    fault = state.next_create_fault()
    if fault is CreateFault.NOT_TAKEN:
        raise ServiceError("UNEXPECTED_ERROR")
    made = create()
    state.counts.creates_taken += 1
    if fault is not None:
        raise ServiceError("UNEXPECTED_ERROR")
    return made


def created_list_answer(
    request: web.Request, cluster: Cluster, results: list[dict[str, Any]], *, query: str = ""
) -> web.Response:
    """The list document of the jobs that a create started; its ``self`` link has ``query`` before the page."""
    links = make_links(request)
    self_link = links.link(f"{links.cluster(cluster)}/restoreJobs?{query}pageNum=1&itemsPerPage=100")
    return answer(request, {"links": [self_link], "results": results, "totalCount": len(results)}, Shape.CREATED)
