"""Restore jobs in a FastAPI application: ``uvicorn --app-dir examples fastapi_app:app``.

The session is set up by the environment, see ``AsyncSession.from_env``.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypedDict

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from restores import cluster_lines, describe_error, find_job, fleet_events, fleet_lines, job_events, start_restore
from starlette_streams import EventStream, JsonLines

from mongorestore_async import AsyncSession, RestoreError

__all__ = ["app"]


class State(TypedDict):
    """What all requests share."""

    session: AsyncSession


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[State]:
    """Keep one session open for as long as the application runs."""
    async with AsyncSession.from_env() as session:
        yield {"session": session}


async def session_of(request: Request) -> AsyncSession:
    """Give the application's session."""
    session: AsyncSession = request.state.session
    return session


Session = Annotated[AsyncSession, Depends(session_of)]

app = FastAPI(title="Restore jobs", lifespan=lifespan)


@app.get("/projects/{project}/clusters/{cluster}/jobs", response_class=JsonLines)
async def cluster_jobs(session: Session, project: str, cluster: str) -> JsonLines:
    """Stream the jobs of a cluster."""
    return JsonLines(cluster_lines(session, project, cluster))


@app.post("/projects/{project}/clusters/{cluster}/jobs", status_code=202)
async def start_job(session: Session, project: str, cluster: str) -> dict[str, Any]:
    """Start a restore."""
    return await start_restore(session, project, cluster)


@app.get("/fleet/jobs", response_class=JsonLines)
async def fleet_jobs(session: Session) -> JsonLines:
    """Stream the jobs of all clusters."""
    return JsonLines(fleet_lines(session))


@app.get("/jobs/{ref:path}")
async def one_job(session: Session, ref: str) -> dict[str, Any]:
    """Give one job."""
    return await find_job(session, ref)


@app.get("/events/jobs/{ref:path}", response_class=EventStream)
async def follow_job(session: Session, ref: str) -> EventStream:
    """Follow one job by server-sent events."""
    return EventStream(job_events(session, ref))


@app.get("/events/fleet", response_class=EventStream)
async def follow_fleet(session: Session) -> EventStream:
    """Follow all running restores by server-sent events."""
    return EventStream(fleet_events(session))


@app.get("/health")
async def health() -> str:
    """Tell that the application runs."""
    return "ok"


@app.exception_handler(RestoreError)
async def tell_error(_request: Request, error: RestoreError) -> JSONResponse:
    """Answer with an error of the library."""
    status, headers, body = describe_error(error)
    return JSONResponse(body, status, headers)
