"""Fixtures of the client layer: real sessions whose HTTP requests are answered by aioresponses, on a virtual clock."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import parse_qsl

import aiohttp
import attrs
import looptime
import pytest
from aioresponses import CallbackResult, aioresponses
from multidict import CIMultiDict

from builders.constants import BASE_URL, CLUSTER, PROJECT
from mongorestore_async import ATLAS_TENANT_V1, FAMILIES, NO_RETRY, OPS_MANAGER, AsyncSession, Options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import datetime

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REQUEST = inspect.signature(aiohttp.ClientSession._request)


def pytest_asyncio_loop_factories() -> dict[str, Any]:
    """Run the tests of this layer on a clock that jumps to the next timer: nothing here waits for a socket.

    The clock stands still while a task is ready to run. Where nothing will ever happen the test fails.
    """
    return {"virtual": functools.partial(looptime.new_event_loop, start=1000, noop_cycles=0, idle_timeout=10)}


@attrs.frozen
class Sent:
    """A request as it was handed to aiohttp: aioresponses itself only shows a normalised URL."""

    method: str
    url: str
    headers: CIMultiDict[str]
    data: bytes | None
    allow_redirects: bool

    @property
    def query(self) -> dict[str, str]:
        pairs = parse_qsl(self.url.partition("?")[2], keep_blank_values=True, strict_parsing="?" in self.url)
        assert len(dict(pairs)) == len(pairs), "a parameter was sent twice"
        return dict(pairs)

    @property
    def body(self) -> Any:
        return None if self.data is None else json.loads(self.data)

    @property
    def page(self) -> int:
        return int(self.query["pageNum"])


class Server(aioresponses):
    """Answers every request from a script or with a function, and keeps what was sent."""

    def __init__(self) -> None:
        super().__init__()
        # The mock that aioresponses makes by ``autospec`` takes a fifth of a test; a function answers as well.
        self.patcher = patch.object(aiohttp.ClientSession, "_request", self._in_place_of_request())
        self.sent: list[Sent] = []
        self._script: deque[CallbackResult | BaseException] = deque()
        self._serve: Callable[[Sent], Any] = self._from_script
        self._read: Any = None

    def _in_place_of_request(self) -> Any:
        async def request(session: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> Any:
            REQUEST.bind(session, *args, **kwargs)  # an argument that aiohttp does not know is an error
            return await self._request_mock(session, *args, **kwargs)

        return request

    def start(self) -> None:
        super().start()
        for verb in VERBS:
            self.add(re.compile(""), method=verb, repeat=True, callback=self._answer)

    def will(self, document: Any = None, **answer: Any) -> None:
        """Answer one more request with a document, or with ``body``, ``status``, ``headers``, ``content_type``."""
        self._script.append(self.answer(document, **answer))

    def will_raise(self, error: BaseException) -> None:
        self._script.append(error)

    def will_read(self, document: Any) -> None:
        """Answer every GET with the same document; the script is for all other requests."""
        self._read = document

    def serve(self, function: Callable[[Sent], Any]) -> None:
        """Answer every request with a function of it, which may be a coroutine function and may raise."""
        self._serve = function

    @staticmethod
    def answer(document: Any = None, *, headers: Any = None, **answer: Any) -> CallbackResult:
        if headers and headers.get("Content-Length") == "{requestLengthInBytes}":
            # A placeholder of the vendor's documents, where HTTP has a number.
            headers = {**headers, "Content-Length": str(len(json.dumps(document)))}
        return CallbackResult(payload=document, headers=headers, **answer)

    @property
    def pages(self) -> list[int]:
        return [sent.page for sent in self.sent]

    @property
    def posts(self) -> list[Sent]:
        return [sent for sent in self.sent if sent.method == "POST"]

    @property
    def last(self) -> Sent:
        return self.sent[-1]

    def _from_script(self, sent: Sent) -> CallbackResult | BaseException:
        if self._read is not None and sent.method == "GET":
            return self.answer(self._read)
        assert self._script, f"nobody expected {sent.method} {sent.url}"
        return self._script.popleft()

    async def _request_mock(self, orig_self: Any, method: str, url: Any, *args: Any, **kwargs: Any) -> Any:
        headers = CIMultiDict({**orig_self.headers, **kwargs["headers"]})  # those of the aiohttp session first
        self.sent.append(Sent(method, str(url), headers, kwargs["data"], kwargs["allow_redirects"]))
        return await super()._request_mock(orig_self, method, url, *args, **kwargs)

    async def _answer(self, _url: Any, **_: Any) -> CallbackResult:
        # Nothing was awaited since _request_mock took the note.
        answer = self._serve(self.last)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
async def connect(server: Server) -> AsyncIterator[Any]:
    """Make sessions, without a login and repetitions unless told; they are closed after the test."""
    made: list[AsyncSession] = []

    def make(auth: Any = None, *, base_url: str = BASE_URL, **arguments: Any) -> AsyncSession:
        arguments.setdefault("options", Options(retry=NO_RETRY))
        made.append(AsyncSession(auth, base_url=base_url, **arguments))
        return made[-1]

    yield make
    for session in made:
        await session.close()


@pytest.fixture
def session(connect: Any) -> Any:
    return connect()


@pytest.fixture
def cluster(session: AsyncSession) -> Any:
    return session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER)


class JobList:
    """A list of jobs that pages as documented, with everything that real servers do differently as a switch."""

    def __init__(self, count: int, *, cap: int = 500, counted: bool = True, linked: bool = False) -> None:
        self.ids = [f"job-{index}" for index in range(count)]
        self.cap = cap
        self.counted = counted
        self.linked = linked
        self.before: Callable[[int], Any] | None = None

    async def __call__(self, sent: Sent) -> CallbackResult:
        number = sent.page
        if self.before is not None and inspect.isawaitable(waiting := self.before(number)):
            await waiting
        size = min(int(sent.query["itemsPerPage"]), self.cap)
        document: dict[str, Any] = {"results": [{"id": job} for job in self.ids[(number - 1) * size : number * size]]}
        if self.counted and sent.query.get("includeCount") != "false":
            document["totalCount"] = len(self.ids)
        if self.linked:
            more = number * size < len(self.ids)
            document["links"] = [{"rel": "self", "href": "http://elsewhere/self"}]
            document["links"] += [{"rel": "next", "href": "http://elsewhere/next"}] * more
        return CallbackResult(payload=document)


@pytest.fixture
def serve_jobs(server: Server) -> Any:
    """Let the server answer with a list of so many jobs; returns the list, which may be changed meanwhile."""

    def serve(count: int, **switches: Any) -> JobList:
        jobs = JobList(count, **switches)
        server.serve(jobs)
        return jobs

    return serve


@pytest.fixture
def warned_families(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Start as a new process: no deprecation was told yet."""
    warned: set[str] = set()
    monkeypatch.setattr("mongorestore_async.transport.session_view._warned_families", warned)
    return warned


@pytest.fixture
def told_about_families(warned_families: set[str]) -> None:
    """Start as a process that was told of all families that the vendor deprecates."""
    warned_families.update(FAMILIES)


@pytest.fixture
def open_atlas(server: Server, connect: Any, told_about_families: None) -> Any:
    """Open a cluster of any family, without jobs, at a time of one's choice."""

    def make(family: Any, cluster: str = "Cluster0", *, now: datetime | None = None, **arguments: Any) -> Any:
        server.will_read({"results": [], "totalCount": 0})
        session = connect(base_url="https://cloud.example.com", **arguments)
        if now is not None:
            session._view = attrs.evolve(session._view, now=lambda: now)
        return session.project(PROJECT, family).cluster(cluster)

    return make


@pytest.fixture
def told_about_tenant(warned_families: set[str]) -> None:
    """Start as a process that was told already."""
    warned_families.add(ATLAS_TENANT_V1.name)


@pytest.fixture(autouse=True)
async def no_task_left_behind() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
