"""An example application behind a real server, which tells what became of an answer whose client went away.

``FRAMEWORK=starlette uvicorn disconnect_app:app``. Beside the routes of the example it has ``/native``: the same jobs
by the framework's own way to stream a generator. ``/seen`` tells, and ``/probe`` makes a call where only one may be in
flight.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))

import restores

from mongorestore_async import AsyncSession, Options

FRAMEWORK, PROJECT, CLUSTER = (os.environ[name] for name in ("FRAMEWORK", "PROJECT", "CLUSTER"))
SEEN: dict[str, Any] = {"visit": 0}
SESSIONS: list[AsyncSession] = []

_from_env = AsyncSession.from_env
_cluster_lines = restores.cluster_lines


def _open() -> AsyncSession:
    SESSIONS.append(_from_env(options=Options(max_in_flight=1)))
    return SESSIONS[-1]


class Noted:
    """Notes how a block ends: with which exception, when, and in the task that entered it or in another one."""

    def __enter__(self) -> None:
        SEEN.update(visit=SEEN["visit"] + 1, ended=None)
        self._visit = SEEN["visit"]
        self._task = asyncio.current_task()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if SEEN["visit"] == self._visit:
            SEEN.update(
                ended=time.time(),
                by="its end" if kind is None else kind.__name__,
                same_task=asyncio.current_task() is self._task,
            )


@asynccontextmanager
async def _noted_lines(session: AsyncSession, project: str, cluster: str) -> Any:
    with Noted():
        async with _cluster_lines(session, project, cluster) as lines:
            yield lines


AsyncSession.from_env = staticmethod(_open)  # type: ignore[method-assign, assignment]
restores.cluster_lines = _noted_lines


async def native() -> Any:
    """Give the jobs by a generator that knows nothing of its client."""
    with Noted():
        async for job in SESSIONS[0].project(PROJECT, restores.FAMILY).cluster(CLUSTER).restore_jobs():
            yield json.dumps(job.to_dict()) + "\n"


async def _probe() -> bool:
    cluster = SESSIONS[0].project(PROJECT, restores.FAMILY).cluster(CLUSTER)
    try:
        async with asyncio.timeout(1):
            await cluster.restore_jobs(items_per_page=1).first()
    except TimeoutError:
        return False
    return True


def _add_native(module: Any) -> Any:
    if FRAMEWORK == "starlette":
        from starlette.responses import StreamingResponse
        from starlette.routing import Route

        async def answer(_request: Any) -> Any:
            return StreamingResponse(native())

        module.app.routes.append(Route("/native", answer))
    elif FRAMEWORK == "fastapi":
        from fastapi.sse import EventSourceResponse

        module.app.get("/native", response_class=EventSourceResponse)(native)
    elif FRAMEWORK == "litestar":
        from litestar import get
        from litestar.response import Stream

        async def stream():
            return Stream(native())

        stream.__annotations__["return"] = Stream
        module.app.register(get("/native")(stream))
    else:
        module.app.get("/native")(native_quart)
    return module.app


async def native_quart() -> Any:
    """Answer with a generator, as Quart's pages tell."""
    return native(), 200


def _watch(app: Any) -> Any:
    async def watched(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path")
        if path not in {"/seen", "/probe"}:
            if scope["type"] == "http":
                SEEN["asgi"] = scope["asgi"].get("spec_version", "2.0")
            await app(scope, receive, send)
            return
        body = json.dumps(SEEN if path == "/seen" else await _probe()).encode()
        head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})

    return watched


def _aiohttp() -> Any:
    from aiohttp import web

    app = importlib.import_module("aiohttp_app").create_app()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for line in native():
            await response.write(line.encode())
        return response

    async def seen(_request: web.Request) -> web.Response:
        return web.json_response(SEEN)

    async def probe(_request: web.Request) -> web.Response:
        return web.json_response(await _probe())

    app.add_routes([web.get("/native", answer), web.get("/seen", seen), web.get("/probe", probe)])
    return app


if __name__ == "__main__":
    from aiohttp import web

    port, cancels = sys.argv[1:]
    web.run_app(_aiohttp(), host="127.0.0.1", port=int(port), handler_cancellation=cancels == "True", print=None)
else:
    app = _watch(_add_native(importlib.import_module(f"{FRAMEWORK}_app")))
