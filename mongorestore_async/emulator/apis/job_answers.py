"""Restore jobs as the APIs answer them: a page, a single one, those that a create started; and creates that fail."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, list_answer, make_links
from mongorestore_async.emulator.apis.lookups import job_of, lists_no_jobs, require_backup, require_id
from mongorestore_async.emulator.request_log import REQUEST_NUMBER, CreateRecord
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import CreateFault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from aiohttp import web

    from mongorestore_async.emulator.server_state import ServerState
    from mongorestore_async.emulator.world import Cluster, Job, Order

__all__ = ["create_jobs", "created_list_answer", "job_answer", "jobs_answer", "noted_create", "take_create"]

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
    write = _seen(state, write)
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
    state = request.app[SERVER_STATE]
    require_backup(state, cluster)
    return answer(request, _seen(state, write)(job_of(request, cluster, missing)), Shape.ENTITY)


def _seen(state: ServerState, write: Callable[[Job], dict[str, Any]]) -> Callable[[Job], dict[str, Any]]:
    """The same, and each job that it writes was looked at."""

    def write_seen(job: Job) -> dict[str, Any]:
        document = write(job)
        state.look_at(job)
        return document

    return write_seen


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
    with noted_create(request) as noted:
        cluster = find_cluster(request)
        noted.source = cluster.id
        require_backup(state, cluster)
        order = await read(request, cluster)
        noted.overwrites = order.target_cluster

        def start() -> list[Job]:
            made = state.world.jobs.create(cluster, order)
            noted.jobs = tuple(job.id for job in made)
            return made

        return cluster, take_create(state, start)


@contextmanager
def noted_create(request: web.Request) -> Generator[CreateRecord]:
    """Count and log a create; the block fills in what becomes known of it, and its refusal is noted."""
    state = request.app[SERVER_STATE]
    state.counts.creates_received += 1
    record = CreateRecord(request=request[REQUEST_NUMBER], method=request.method, path=request.raw_path)
    state.log.creates.append(record)
    try:
        yield record
    except ServiceError as refusal:
        record.refused = refusal.code
        raise


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
