"""Restore jobs in an aiohttp.web application: ``python examples/aiohttp_app.py``.

The session is set up by the environment, see ``AsyncSession.from_env``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
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
    from collections.abc import AsyncIterator

    from aiohttp.typedefs import Handler
    from restores import Walk

__all__ = ["create_app"]

SESSION = web.AppKey("session", AsyncSession)


async def open_session(app: web.Application) -> AsyncIterator[None]:
    """Keep one session open for as long as the application runs."""
    async with AsyncSession.from_env() as session:
        app[SESSION] = session
        yield


async def cluster_jobs(request: web.Request) -> web.StreamResponse:
    """Stream the jobs of a cluster."""
    places = request.match_info
    return await send_walk(request, cluster_lines(request.app[SESSION], places["project"], places["cluster"]), LINES)


async def start_job(request: web.Request) -> web.Response:
    """Start a restore."""
    places = request.match_info
    started = await start_restore(request.app[SESSION], places["project"], places["cluster"])
    return web.json_response(started, status=202)


async def fleet_jobs(request: web.Request) -> web.StreamResponse:
    """Stream the jobs of all clusters."""
    return await send_walk(request, fleet_lines(request.app[SESSION]), LINES)


async def one_job(request: web.Request) -> web.Response:
    """Give one job."""
    return web.json_response(await find_job(request.app[SESSION], request.match_info["ref"]))


async def follow_job(request: web.Request) -> web.StreamResponse:
    """Follow one job by server-sent events."""
    return await send_walk(request, job_events(request.app[SESSION], request.match_info["ref"]), EVENTS)


async def follow_fleet(request: web.Request) -> web.StreamResponse:
    """Follow all running restores by server-sent events."""
    return await send_walk(request, fleet_events(request.app[SESSION]), EVENTS)


async def health(_request: web.Request) -> web.Response:
    """Tell that the application runs."""
    return web.Response(text="ok")


async def send_walk(request: web.Request, walk: Walk, media_type: str) -> web.StreamResponse:
    """Send the chunks of a walk; an error before the first one is raised, to become a status."""
    response = web.StreamResponse(headers={"Content-Type": media_type, "Cache-Control": "no-store"})
    async with walk as chunks:
        async for chunk in chunks:
            await response.prepare(request)  # the first time only
            await response.write(chunk)
    await response.prepare(request)
    await response.write_eof()
    return response


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with the errors of the library."""
    try:
        return await handler(request)
    except RestoreError as error:
        status, headers, body = describe_error(error)
        return web.json_response(body, status=status, headers=headers)


def create_app() -> web.Application:
    """Make the application."""
    app = web.Application(middlewares=[tell_errors])
    app.cleanup_ctx.append(open_session)
    app.add_routes(
        [
            web.get("/projects/{project}/clusters/{cluster}/jobs", cluster_jobs),
            web.post("/projects/{project}/clusters/{cluster}/jobs", start_job),
            web.get("/fleet/jobs", fleet_jobs),
            web.get("/jobs/{ref:.+}", one_job),
            web.get("/events/jobs/{ref:.+}", follow_job),
            web.get("/events/fleet", follow_fleet),
            web.get("/health", health),
        ]
    )
    return app


if __name__ == "__main__":
    # Without handler_cancellation a handler learns that its client is gone when it writes the next line.
    web.run_app(create_app(), handler_cancellation=True)
