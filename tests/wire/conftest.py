"""Fixtures of the wire layer: real sockets against the emulator."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth
from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@asynccontextmanager
async def serve(**settings: Any) -> AsyncIterator[Emulator]:
    settings.setdefault("manager", Manager.OPS_MANAGER)
    async with Emulator(EmulatorSettings(**settings)) as emulator:
        yield emulator


@pytest.fixture
def emulate() -> Any:
    """Start emulators for ``async with``; takes the arguments of ``EmulatorSettings``."""
    return serve


@pytest.fixture
def call_atlas() -> Any:
    """Call one family of an emulator's Atlas by plain aiohttp, for ``async with``: see atlas_calls.py."""
    return _atlas.call_atlas


@pytest.fixture
def restoring() -> Any:
    """Create collection restores in an emulator by plain aiohttp, for ``async with``: see atlas_calls.py."""
    return _atlas.restore_collections


@pytest.fixture
def connect() -> Any:
    """Make a session with an emulator's key, or with another one."""

    def make(emulator: Emulator, *, private_key: str | None = None, **arguments: Any) -> AsyncSession:
        auth = DigestAuth(emulator.public_key, private_key or emulator.private_key)
        return AsyncSession(auth, base_url=emulator.url, **arguments)

    return make


@pytest.fixture
def first_cluster() -> Any:
    """Name the first replica set of an emulator through a session."""

    def name(session: AsyncSession, emulator: Emulator) -> Any:
        cluster = emulator.world.first("replica-set")
        return session.project(cluster.project_id, OPS_MANAGER).cluster(cluster.id)

    return name


@pytest.fixture(autouse=True)
async def no_task_left_behind() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind."""
    # On a busy machine asyncio's debug mode warns of slow callbacks in logs that tests read.
    asyncio.get_running_loop().slow_callback_duration = 60
    before = asyncio.all_tasks()
    yield
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


def _load(name: str) -> Any:
    """Import a helper beside this file; tests/ is no package."""
    spec = importlib.util.spec_from_file_location(f"wire_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_faults, _places, _servers, _tables = (_load(name) for name in ("faults", "places", "servers", "tables"))
_hunting = _load("hunting")
_gateways = _load("gateways")
_atlas = _load("atlas_calls")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that renews the tables of the documentation."""
    parser.addoption("--write-tables", action="store_true", help="write what tests saw into the tables of docs/")


@pytest.fixture(scope="session")
def book(pytestconfig: pytest.Config) -> Iterator[Any]:
    """Compare what tests see with the tables of the documentation, or write them: see tables.py."""
    docs = Path(__file__).parents[2] / "docs"
    shelf = _tables.Book(docs, write=pytestconfig.getoption("--write-tables", default=False))
    yield shelf
    shelf.save()


@pytest.fixture(params=_places.PLACES, ids=lambda place: place.title)
def place(request: pytest.FixtureRequest) -> Any:
    """Give one family after the other: see places.py."""
    return request.param


@pytest.fixture
def break_before() -> Any:
    """Put a server that breaks before an emulator.

    As in ``async with break_before(emulator, play=...) as server``: what is given beside the emulator makes the
    :class:`Plan` of faults.py; ``port`` is where it listens.
    """

    @asynccontextmanager
    async def start(emulator: Emulator, port: int = 0, **plan: Any) -> AsyncIterator[Any]:
        async with _faults.FaultServer(emulator.url, port) as server:
            server.plan = _faults.Plan(**plan) if plan else None
            yield server

    return start


@pytest.fixture(scope="session")
def gateways() -> Any:
    """Give all of them."""
    return _gateways.GATEWAYS


@pytest.fixture(params=_gateways.GATEWAYS, ids=lambda gateway: gateway.title)
def gateway(request: pytest.FixtureRequest) -> Any:
    """Give one gateway of others after the other: see gateways.py."""
    return request.param


@pytest.fixture(scope="module")
def workshop() -> Iterator[Any]:
    """Start third-party servers; skips the test where one is missing. They are stopped after the file: servers.py."""
    with _servers.Workshop() as found:
        yield found


class RawServer:
    """Answers each request with bytes of a test's choice.

    ``answer`` is the bytes, or a coroutine function that gets the writer. Keep-alive is up to the answer.
    """

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.url = ""
        self._tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks[task] = writer

    async def end(self) -> None:
        await asyncio.sleep(0.005)  # connections that are just being made
        for task, writer in self._tasks.items():
            task.cancel()
            writer.transport.abort()  # what was not sent yet never will be
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets on the next turn of the loop

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
                )
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(int(length.split(b":")[1])))
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                else:
                    await self.answer(writer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
def play_raw() -> Any:
    """Start a :class:`RawServer` for ``async with``; takes its answer and arguments of ``asyncio.start_server``."""

    @asynccontextmanager
    async def start(answer: Any, **arguments: Any) -> AsyncIterator[RawServer]:
        raw = RawServer(answer)
        server = await asyncio.start_server(raw.accept, "127.0.0.1", 0, **arguments)
        scheme = "https" if arguments.get("ssl") else "http"
        raw.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield raw
        finally:
            server.close()
            await raw.end()

    return start


@pytest.fixture
def new_hunt() -> Any:
    """Begin a hunt for secrets that looks at nothing by itself: see hunting.py."""
    return _hunting.Hunt


@pytest.fixture
def hunt() -> Iterator[Any]:
    """Hunt for secrets, in all logs and warnings too; fails the test on any hit."""
    with _hunting.hunting() as found:
        yield found


@pytest.fixture
def busy_executor() -> Iterator[Any]:
    """Fill the default executor of the loop with work that lasts as long as the test."""
    released = threading.Event()

    def fill() -> None:
        executor = ThreadPoolExecutor(2)
        asyncio.get_running_loop().set_default_executor(executor)
        for _ in range(4):
            executor.submit(released.wait)

    yield fill
    released.set()
