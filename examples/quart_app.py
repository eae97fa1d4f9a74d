"""Restore jobs in a Quart application: ``hypercorn -b 127.0.0.1:8000 quart_app:app`` in ``examples``.

The session is set up by the environment, see ``AsyncSession.from_env``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from asgi_streams import hold_heads
from quart import Quart, Response, current_app, jsonify
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

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from restores import Walk

__all__ = ["app"]

app = Quart(__name__)
# An error before the first chunk becomes a status.
app.asgi_app = hold_heads(app.asgi_app)  # type: ignore[assignment, method-assign]


@app.while_serving
async def open_session() -> AsyncGenerator[None]:
    """Keep one session open for as long as the application runs."""
    async with AsyncSession.from_env() as session:
        app.extensions["restores"] = session
        yield


def session_of() -> AsyncSession:
    """Give the application's session."""
    return cast("AsyncSession", current_app.extensions["restores"])


@app.get("/projects/<project>/clusters/<cluster>/jobs")
async def cluster_jobs(project: str, cluster: str) -> Response:
    """Stream the jobs of a cluster."""
    return stream(cluster_lines(session_of(), project, cluster), LINES)


@app.post("/projects/<project>/clusters/<cluster>/jobs")
async def start_job(project: str, cluster: str) -> tuple[dict[str, Any], int]:
    """Start a restore."""
    return await start_restore(session_of(), project, cluster), 202


@app.get("/fleet/jobs")
async def fleet_jobs() -> Response:
    """Stream the jobs of all clusters."""
    return stream(fleet_lines(session_of()), LINES)


@app.get("/jobs/<path:ref>")
async def one_job(ref: str) -> dict[str, Any]:
    """Give one job."""
    return await find_job(session_of(), ref)


@app.get("/events/jobs/<path:ref>")
async def follow_job(ref: str) -> Response:
    """Follow one job by server-sent events."""
    return stream(job_events(session_of(), ref), EVENTS)


@app.get("/events/fleet")
async def follow_fleet() -> Response:
    """Follow all running restores by server-sent events."""
    return stream(fleet_events(session_of()), EVENTS)


@app.get("/health")
async def health() -> str:
    """Tell that the application runs."""
    return "ok"


def stream(walk: Walk, media_type: str) -> Response:
    """Send a walk. Quart opens and closes the generator in one task, and cancels that when the client goes away."""

    async def chunks() -> AsyncGenerator[bytes]:
        async with walk as entered:
            async for chunk in entered:
                yield chunk

    response = Response(chunks(), content_type=media_type, headers={"Cache-Control": "no-store"})
    response.timeout = None  # else it ends after 60 seconds, as if it were whole
    return response


@app.errorhandler(RestoreError)
async def tell_error(error: RestoreError) -> Response:
    """Answer with an error of the library."""
    status, headers, body = describe_error(error)
    response = jsonify(body)
    response.status_code = status
    response.headers.update(headers)
    return response
