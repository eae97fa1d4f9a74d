"""What a generator hears when its client goes away, behind real servers: each with each framework.

The table in docs/embedding.rst is what a run of these tests saw (``nox -s tools -- --write-tables``). That the examples
end at once is tested each time.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest

from builders.tools import tool
from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

HERE = Path(__file__).parent
SERVERS = {
    "uvicorn": "-m uvicorn --log-level warning --port {port} disconnect_app:app",
    "Hypercorn": "-m hypercorn -b 127.0.0.1:{port} disconnect_app:app",
    "Granian": "-m granian --interface asgi --no-ws --log-level warning --port {port} disconnect_app:app",
    "aiohttp": "disconnect_app.py {port} False",
    "aiohttp, handler_cancellation": "disconnect_app.py {port} True",
}
WAYS = {
    "fastapi": "FastAPI, EventSourceResponse",
    "starlette": "Starlette, StreamingResponse",
    "litestar": "Litestar, Stream",
    "quart": "Quart, generator",
    "aiohttp": "aiohttp.web, StreamResponse",
}
PAIRS = [
    (framework, server)
    for framework in WAYS
    for server in SERVERS
    if (framework == "aiohttp") == server.startswith("aiohttp")
]
HEADER = ("answer", "server", "ASGI", "while it waits for the API", "while a slow client holds it up")
#: Seconds to wait for what may never come.
LONG = 4


@attrs.frozen
class Ending:
    """How an answer ended.

    Attributes:
        asgi: Version of the ASGI specification that the server announces.
        by: Exception that its generator got.
        after: Seconds after the client went away; None: not within :data:`LONG`.
        same_task: Whether that was in the task that had opened the generator.
        released: Whether the session could make the next call, where only one may be in flight.
        further: Calls made after the client went away.

    """

    asgi: str
    by: str
    after: float | None
    same_task: bool
    released: bool
    further: int

    def __str__(self) -> str:
        if self.after is None:
            told = f"nothing within {LONG} s"
        else:
            told = f"{self.by} {'at once' if self.after < 0.3 else f'after {self.after:.1f} s'}"
            told += "" if self.same_task else ", in another task"
        if not self.released:
            told += "; its call goes on"
        if self.further:
            told += f"; asked for {self.further} more page{'s' * (self.further > 1)}"
        return told


class Backend:
    """The emulator: holds the second page of a list, if told to."""

    def __init__(self, emulator: ThreadedEmulator) -> None:
        self.emulator = emulator
        self.cluster = emulator.world.first("replica-set")
        self.holds = False
        self.held = 0
        emulator.before_answer = self

    async def __call__(self, record: Any) -> None:
        if self.holds and "pageNum=2" in record.path:
            self.held += 1
            while self.holds:  # noqa: ASYNC110 - an event belongs to one loop, and this is the emulator's
                await asyncio.sleep(0.01)

    @property
    def calls(self) -> int:
        return sum("restoreJobs" in record.path for record in self.emulator.requests)


@pytest.fixture(scope="module")
def backend():
    with ThreadedEmulator(EmulatorSettings(jobs_per_cluster=100_000)) as emulator:
        yield Backend(emulator)


@asynccontextmanager
async def serve(framework, server, backend, log):
    """Run an application behind a server; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    emulator, cluster = backend.emulator, backend.cluster
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MONGODB_ATLAS_", "MCLI_"))}
    environ |= {
        "FRAMEWORK": framework,
        "PROJECT": cluster.project_id,
        "CLUSTER": cluster.id,
        "MONGODB_ATLAS_BASE_URL": emulator.url,
        "MONGODB_ATLAS_PUBLIC_API_KEY": emulator.public_key,
        "MONGODB_ATLAS_PRIVATE_API_KEY": emulator.private_key,
    }
    words = SERVERS[server].format(port=port).split()
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=HERE, env=environ, stdout=out, stderr=out
        )
    try:
        async with asyncio.timeout(60):
            while not await is_up(port):
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.1)
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def is_up(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def leave(http, port, path, backend, *, waiting):
    """Ask for jobs and go away: while the second page is held, or while nothing that comes is taken."""
    backend.holds, backend.held = waiting, 0
    before = backend.calls
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)  # noqa: FBT003 - its only argument
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    if waiting:
        await take_all(client, lambda: backend.held)
    else:
        await settled(lambda: backend.calls, before)
    asked, gone = backend.calls, time.time()
    client.close()
    seen, after = await ending(http, gone), None
    if seen["ended"]:
        after = max(0.0, seen["ended"] - gone)
    further = backend.calls - asked
    released = await get(http, "/probe")
    backend.holds = False
    if after is None:
        seen = await ending(http, gone)
    return Ending(
        asgi=seen.get("asgi", "-"),
        by=seen.get("by", "nothing"),
        after=after,
        same_task=seen.get("same_task", False),
        released=released,
        further=further,
    )


async def take_all(client, held):
    """Take what comes, until the call for more is held and nothing comes any more."""
    loop, quiet = asyncio.get_running_loop(), False
    while not quiet:
        try:
            async with asyncio.timeout(0.3):
                await loop.sock_recv(client, 65536)
        except TimeoutError:
            quiet = bool(held())


async def settled(figure, before):
    """Wait until a figure has changed, and changes no more."""
    last = None
    while last == before or last != figure():
        last = figure()
        await asyncio.sleep(0.4)


async def ending(http, gone):
    while True:
        seen = await get(http, "/seen")
        if seen.get("ended") or time.time() - gone > LONG:
            return seen
        await asyncio.sleep(0.02)


async def get(http, path):
    async with http.get(path) as reply:
        return await reply.json()


@pytest.mark.parametrize(("framework", "server"), PAIRS)
async def test_an_answer_ends_with_its_client(framework, server, backend, book, tmp_path):
    """Of an example: at once, in its own task, without a further call. Of a framework's own: as the table says."""
    for name in ("litestar", "quart", "uvicorn", "hypercorn", "granian"):
        tool(name)
    jobs = f"/projects/{backend.cluster.project_id}/clusters/{backend.cluster.id}/jobs"
    async with (
        serve(framework, server, backend, tmp_path / "log") as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
    ):
        found = {
            path: [await leave(http, port, path, backend, waiting=waiting) for waiting in (True, False)]
            for path in ("/native", jobs)
        }

    if server != "aiohttp":  # without handler_cancellation it hears of it when it writes
        for one in found[jobs]:
            assert (one.after is not None and one.after < 1, one.same_task, one.released, one.further) == (
                True,
                True,
                True,
                0,
            ), one
    if book.write:
        table = book.table("embedding.rst", "disconnects", HEADER, [(WAYS[one], name) for one, name in PAIRS])
        waiting, held_up = found["/native"]
        table.check((WAYS[framework], server), (waiting.asgi, str(waiting), str(held_up)))
