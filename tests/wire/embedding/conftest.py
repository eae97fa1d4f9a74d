"""The example applications, each with an emulator behind it."""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiohttp import web
from asgi_lifespan import LifespanManager

from builders.tools import tool
from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def examples() -> Path:
    """Give the directory of the examples."""
    return EXAMPLES


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import an example by its name, anew: an application of Quart serves in one event loop only."""
    monkeypatch.syspath_prepend(EXAMPLES)

    def load(name: str) -> Any:
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    return load


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start an emulator that the applications find in their environment; with another key if one is given.

    It has a thread of its own: every task in the test's loop is one of the application or of its session.
    """
    for name in os.environ:
        if name.startswith(("MONGODB_ATLAS_", "MCLI_")):
            monkeypatch.delenv(name)

    @asynccontextmanager
    async def start(*, key: str | None = None, **settings: Any) -> AsyncIterator[ThreadedEmulator]:
        with ThreadedEmulator(EmulatorSettings(**settings)) as emulator:
            monkeypatch.setenv("MONGODB_ATLAS_BASE_URL", emulator.url)
            monkeypatch.setenv("MONGODB_ATLAS_PUBLIC_API_KEY", emulator.public_key)
            monkeypatch.setenv("MONGODB_ATLAS_PRIVATE_API_KEY", key or emulator.private_key)
            yield emulator

    return start


@asynccontextmanager
async def run_asgi(app: Any) -> AsyncIterator[Any]:
    """Run an application without a server, in this loop."""
    async with LifespanManager(app) as manager:
        yield manager.app


@asynccontextmanager
async def run_aiohttp(app: web.Application) -> AsyncIterator[int]:
    """Run an application on a port, as its ``__main__`` does."""
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


#: What only ``nox -s tools`` installs.
HEAVY = {"litestar_app": "litestar", "quart_app": "quart"}


@pytest.fixture(params=["fastapi_app", "starlette_app", "aiohttp_app", *HEAVY])
def client(request: pytest.FixtureRequest, example: Any) -> Any:
    """Start one example after the other and connect to it, for ``async with``."""
    if request.param in HEAVY:
        tool(HEAVY[request.param])

    @asynccontextmanager
    async def start() -> AsyncIterator[httpx.AsyncClient]:
        module = example(request.param)
        if request.param == "aiohttp_app":
            async with (
                run_aiohttp(module.create_app()) as port,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as made,
            ):
                yield made
        else:
            async with (
                run_asgi(module.app) as app,
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as made,
            ):
                yield made

    return start


class AsgiVisit:
    """A client of an ASGI application that takes the answer when it likes, and goes when it likes.

    ``version`` is the one of the ASGI specification that the server claims to follow.
    """

    def __init__(self, app: Any, path: str, version: str) -> None:
        self.received = b""
        self.late = 0
        self._gone = asyncio.Event()
        self._takes = asyncio.Event()
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": version},
            "http_version": "1.1",
            "method": "GET",
            "headers": [],
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "server": ("localhost", 80),
            "client": ("localhost", 1),
            "root_path": "",
        }
        self._messages = [{"type": "http.request", "body": b"", "more_body": False}]
        self._task = asyncio.create_task(app(self._scope, self._receive, self._send))

    def take(self) -> None:
        """Take what is sent from now on."""
        self._takes.set()

    async def leave(self) -> None:
        """Go away, and wait until the application is done."""
        self._gone.set()
        async with asyncio.timeout(120):
            await self._task

    async def _receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if self._gone.is_set():  # a few, until the framework has heard of it; servers drop them
            self.late += 1
            assert self.late < 100, "goes on sending after the client went away"
            return
        if message["type"] == "http.response.body":
            self.received += message["body"]
            await self._takes.wait()


class SocketVisit:
    """The same over a socket with a small buffer."""

    def __init__(self, port: int, path: str) -> None:
        self.received = b""
        self._takes = asyncio.Event()
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)  # noqa: FBT003 - its only argument
        self._socket.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self._task = asyncio.create_task(self._read())

    def take(self) -> None:
        """Take what is sent from now on."""
        self._takes.set()

    async def leave(self) -> None:
        """Go away."""
        self._task.cancel()
        await asyncio.wait({self._task})
        self._socket.close()

    async def _read(self) -> None:
        await self._takes.wait()
        while piece := await asyncio.get_running_loop().sock_recv(self._socket, 65536):
            self.received += piece


@pytest.fixture(
    params=[
        "fastapi_app 2.3",
        "starlette_app 2.3",
        "starlette_app 2.4",
        "aiohttp_app socket",
        *(f"{name} {version}" for name in HEAVY for version in ("2.3", "2.4")),
    ]
)
def visited(request: pytest.FixtureRequest, example: Any) -> Any:
    """Start one example after the other, for ``async with``; gives what visits a path of it."""
    name, way = request.param.split()
    if name in HEAVY:
        tool(HEAVY[name])

    @asynccontextmanager
    async def start() -> AsyncIterator[Callable[[str], AsgiVisit | SocketVisit]]:
        module = example(name)
        if way == "socket":
            async with run_aiohttp(module.create_app()) as port:
                yield lambda path: SocketVisit(port, path)
        else:
            async with run_asgi(module.app) as app:
                yield lambda path: AsgiVisit(app, path, way)

    return start
