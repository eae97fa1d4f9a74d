"""Restore jobs in a Starlette application: ``uvicorn --app-dir examples starlette_app:app``.

The session is set up by the environment, see ``AsyncSession.from_env``.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypedDict, cast

from restores import cluster_lines, describe_error, find_job, fleet_events, fleet_lines, job_events, start_restore
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette_streams import EventStream, JsonLines

from mongorestore_async import AsyncSession, RestoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

__all__ = ["app"]


class State(TypedDict):
    """What all requests share."""

    session: AsyncSession


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncGenerator[State]:
    """Keep one session open for as long as the application runs."""
    async with AsyncSession.from_env() as session:
        yield {"session": session}


async def cluster_jobs(request: Request[State]) -> JsonLines:
    """Stream the jobs of a cluster."""
    places = request.path_params
    return JsonLines(cluster_lines(request.state["session"], places["project"], places["cluster"]))


async def start_job(request: Request[State]) -> JSONResponse:
    """Start a restore."""
    places = request.path_params
    started = await start_restore(request.state["session"], places["project"], places["cluster"])
    return JSONResponse(started, 202)


async def fleet_jobs(request: Request[State]) -> JsonLines:
    """Stream the jobs of all clusters."""
    return JsonLines(fleet_lines(request.state["session"]))


async def one_job(request: Request[State]) -> JSONResponse:
    """Give one job."""
    return JSONResponse(await find_job(request.state["session"], request.path_params["ref"]))


async def follow_job(request: Request[State]) -> EventStream:
    """Follow one job by server-sent events."""
    return EventStream(job_events(request.state["session"], request.path_params["ref"]))


async def follow_fleet(request: Request[State]) -> EventStream:
    """Follow all running restores by server-sent events."""
    return EventStream(fleet_events(request.state["session"]))


async def health(_request: Request) -> PlainTextResponse:
    """Tell that the application runs."""
    return PlainTextResponse("ok")


async def tell_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer with an error of the library."""
    status, headers, body = describe_error(cast("RestoreError", error))
    return JSONResponse(body, status, headers)


app = Starlette(
    routes=[
        Route("/projects/{project}/clusters/{cluster}/jobs", cluster_jobs),
        Route("/projects/{project}/clusters/{cluster}/jobs", start_job, methods=["POST"]),
        Route("/fleet/jobs", fleet_jobs),
        Route("/jobs/{ref:path}", one_job),
        Route("/events/jobs/{ref:path}", follow_job),
        Route("/events/fleet", follow_fleet),
        Route("/health", health),
    ],
    exception_handlers={RestoreError: tell_error},
    lifespan=lifespan,
)
