"""What the applications share, and none of it knows their framework: restore jobs as lines and events, starts, errors.

The API's rights are those of the key: who may ask *your* application for which project is for you to decide.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mongorestore_async import (
    CLOUD_MANAGER,
    ApiError,
    AsyncSession,
    ConfigError,
    Conflict,
    Forbidden,
    HttpRestore,
    JobRef,
    MaybeCreated,
    NotFound,
    PollPolicy,
    RateLimited,
    RequestTimeout,
    RestoreError,
    SessionClosed,
)
from mongorestore_async.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from mongorestore_async.fleet import FleetChange, FleetStream
    from mongorestore_async.models import JobDocument

__all__ = [
    "EVENTS",
    "LINES",
    "Walk",
    "cluster_lines",
    "describe_error",
    "find_job",
    "fleet_events",
    "fleet_lines",
    "job_events",
    "start_restore",
]

ChangeT = TypeVar("ChangeT")

#: The product the applications read: OPS_MANAGER, ATLAS_CLOUD_BACKUP, ... need no other change.
FAMILY = CLOUD_MANAGER

#: Media types: one JSON document per line, and server-sent events.
LINES, EVENTS = "application/jsonl", "text/event-stream; charset=utf-8"

#: Lines or events of a walk. What it needs is opened and closed by the task that enters it.
Walk: TypeAlias = AbstractAsyncContextManager[AsyncIterator[bytes]]

#: Seconds without a change after which an event stream says that it is alive: proxies cut what is silent, and some
#: servers notice a client that is gone only when they send.
SILENCE = 15.0

#: A page of 500 jobs is here at once: the rest of the application gets a turn every so many lines.
_LINES_PER_TURN = 20

#: The first that fits counts.
_STATUS: tuple[tuple[type[RestoreError], int], ...] = (
    (SessionClosed, 503),  # the application is about to end
    (ConfigError, 400),
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (RateLimited, 503),
    (RequestTimeout, 504),
    (RestoreError, 502),  # a wrong key, no connection, an answer that makes no sense: not the caller's fault
)


def describe_error(error: RestoreError) -> tuple[int, dict[str, str], dict[str, str]]:
    """Map an error to the status, the headers and the JSON body to answer with. It holds no secret."""
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    headers: dict[str, str] = {}
    if isinstance(error, ApiError) and error.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    return status, headers, {"error": type(error).__name__, "message": error.message}


async def find_job(session: AsyncSession, ref: str) -> dict[str, Any]:
    """Read one job by its reference, the ``ref`` of a line.

    Raises:
        ConfigError: It is no reference.
        RestoreError: The job could not be read.

    """
    # A job that was created just now may not be there yet, and batches wait for that: a web page does not.
    batch = await session.with_options(poll=PollPolicy(grace=0)).batch([JobRef.parse(ref)])
    return _described(batch.jobs[0])


async def start_restore(session: AsyncSession, project: str, cluster: str) -> dict[str, Any]:
    """Start a download of the newest snapshot, unless the same one is running; follow it by its ``refs``.

    ``ensure_restore()`` makes it safe to ask twice: after a reload of the page, or when a client went away too early.

    Raises:
        MaybeCreated: The answer was lost, and the job list does not show whether a restore was started.
        RestoreError: No restore was started.

    """
    source = session.project(project, FAMILY).cluster(cluster)
    snapshot = await source.snapshots().latest_restorable()
    request = HttpRestore(snapshot.id, max_downloads=3, expiration_hours=4)
    try:
        batch = await source.ensure_restore(request)
    except MaybeCreated as error:
        found = await error.reconcile()
        if found.batch is None:
            raise
        batch = found.batch
    return {"existing": batch.existing, "refs": [str(ref) for ref in batch.refs]}


@asynccontextmanager
async def cluster_lines(session: AsyncSession, project: str, cluster: str) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Walk the jobs of a cluster: the next page is asked for when the lines of the one before were taken."""
    jobs = session.project(project, FAMILY).cluster(cluster).restore_jobs()
    async with aclosing(_lines(_described(job) async for job in jobs)) as lines:
        yield lines


@asynccontextmanager
async def fleet_lines(session: AsyncSession) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Walk the jobs of all clusters the key sees, and at the end tell what could not be read."""
    async with Fleet(session, FAMILY).restore_jobs() as stream, aclosing(_lines(_found(stream))) as lines:
        yield lines


async def _found(stream: FleetStream[JobDocument]) -> AsyncGenerator[dict[str, Any]]:
    async for found in stream:
        yield {"project": found.project.name, "cluster": found.cluster.name, **_described(found.job)}
    for failure in stream.failures:
        yield {
            "project": failure.project and failure.project.name,
            "cluster": failure.cluster and failure.cluster.name,
            "failure": failure.kind,
            "message": failure.error.message,
        }


def _described(job: JobDocument) -> dict[str, Any]:
    """Choose what to tell of a job: here the document as received, without its download URLs and tokens."""
    return {"ref": str(job.ref), "state": job.state, "job": job.to_dict()}


async def _lines(documents: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[bytes]:
    """Write documents as lines.

    The status of the answer stands in front of the first line. An error before it is raised, to become that status; one
    after it is the last line, so that nobody takes half a list for a whole one.
    """
    count = 0
    async with aclosing(documents):
        try:
            async for document in documents:
                yield json.dumps(document).encode() + b"\n"
                count += 1
                if count % _LINES_PER_TURN == 0:
                    await asyncio.sleep(0)
        except RestoreError as error:
            if not count:
                raise
            yield json.dumps(describe_error(error)[2]).encode() + b"\n"


@asynccontextmanager
async def job_events(session: AsyncSession, ref: str) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Follow one job: it as it is now, again at each change of its state, and an event at the end."""
    waiting = session.with_options(poll=PollPolicy(grace=0))
    batch = await waiting.batch([JobRef.parse(ref)], until="finished")
    async with aclosing(_events(batch.watch(), lambda job: ("job", _described(job)))) as events:
        yield events


@asynccontextmanager
async def fleet_events(session: AsyncSession) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Follow all running restores: each change of them, and what cannot be read."""
    async with Fleet(session, FAMILY).watch() as changes, aclosing(_events(changes, _change)) as events:
        yield events


def _change(change: FleetChange[JobDocument]) -> tuple[str, dict[str, Any]]:
    return change.kind, {
        "project": change.project and change.project.name,
        "cluster": change.cluster and change.cluster.name,
        **({} if change.job is None else _described(change.job)),
        **({} if change.failure is None else {"message": change.failure.error.message}),
    }


async def _events(
    changes: AsyncIterator[ChangeT], describe: Callable[[ChangeT], tuple[str, dict[str, Any]]]
) -> AsyncGenerator[bytes]:
    """Write changes as server-sent events; errors as for lines.

    A browser's ``EventSource`` asks again when a stream ends: close it at ``end`` and ``error``.
    """
    begun = False
    try:
        while True:
            try:
                # A cancelled anext loses nothing: the next one goes on.
                async with asyncio.timeout(SILENCE):
                    change = await anext(changes)
            except TimeoutError:
                yield b": alive\n\n"
            except StopAsyncIteration:
                yield _event("end", {})
                return
            else:
                yield _event(*describe(change))
            begun = True
    except RestoreError as error:
        if not begun:
            raise
        yield _event("error", describe_error(error)[2])


def _event(kind: str, document: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(document)}\n\n".encode()
