"""Restore jobs in a Litestar application: ``litestar --app-dir examples --app litestar_app:app run``.

The session is set up by the environment, see ``AsyncSession.from_env``.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from asgi_streams import WalkAnswer
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.types import ASGIApp
from restores import (
    EVENTS,
    LINES,
    cluster_lines,
    describe_error,
    find_job,
    fleet_events,
    fleet_lines,
    job_events,
    start_restore,
)

from mongorestore_async import AsyncSession, RestoreError

__all__ = ["app"]


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncGenerator[None]:
    """Keep one session open for as long as the application runs."""
    async with AsyncSession.from_env() as session:
        app.state.session = session
        yield


async def session_of(state: State) -> AsyncSession:
    """Give the application's session to handlers that ask for ``session``."""
    session: AsyncSession = state.session
    return session


Session = NamedDependency[AsyncSession]


# A Stream of Litestar's sends its head first, and leaves a generator that waits for a slow client open.
@get("/projects/{project:str}/clusters/{cluster:str}/jobs", media_type=LINES)
async def cluster_jobs(session: Session, project: FromPath[str], cluster: FromPath[str]) -> ASGIApp:
    """Stream the jobs of a cluster."""
    return WalkAnswer(cluster_lines(session, project, cluster), LINES)


@post("/projects/{project:str}/clusters/{cluster:str}/jobs", status_code=202)
async def start_job(session: Session, project: FromPath[str], cluster: FromPath[str]) -> dict[str, Any]:
    """Start a restore."""
    return await start_restore(session, project, cluster)


@get("/fleet/jobs", media_type=LINES)
async def fleet_jobs(session: Session) -> ASGIApp:
    """Stream the jobs of all clusters."""
    return WalkAnswer(fleet_lines(session), LINES)


@get("/jobs/{ref:path}")
async def one_job(session: Session, ref: FromPath[str]) -> dict[str, Any]:
    """Give one job."""
    return await find_job(session, ref.removeprefix("/"))


@get("/events/jobs/{ref:path}", media_type=EVENTS)
async def follow_job(session: Session, ref: FromPath[str]) -> ASGIApp:
    """Follow one job by server-sent events."""
    return WalkAnswer(job_events(session, ref.removeprefix("/")), EVENTS)


@get("/events/fleet", media_type=EVENTS)
async def follow_fleet(session: Session) -> ASGIApp:
    """Follow all running restores by server-sent events."""
    return WalkAnswer(fleet_events(session), EVENTS)


@get("/health")
async def health() -> str:
    """Tell that the application runs."""
    return "ok"


def tell_error(_request: Request[Any, Any, Any], error: RestoreError) -> Response[dict[str, str]]:
    """Answer with an error of the library."""
    status, headers, body = describe_error(error)
    return Response(body, status_code=status, headers=headers)


app = Litestar(
    [cluster_jobs, start_job, fleet_jobs, one_job, follow_job, follow_fleet, health],
    dependencies={"session": Provide(session_of)},
    exception_handlers={RestoreError: tell_error},
    lifespan=[lifespan],
    openapi_config=None,
)
