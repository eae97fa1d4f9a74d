"""Gateways before the API, each with each verb: the table "Gateways of others" of docs/reliability.rst.

Real gateways meet what makes them speak for the server: it is slow, breaks off, closes what was kept open, restarts.
One of our own answers what others were seen to answer once they have handed the request on. Whatever comes of it: a
create is taken at most once, a certain outcome is true, a list gives each job once, a file has the archive's bytes.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mongorestore_async import (
    OPS_MANAGER,
    AsyncSession,
    DigestAuth,
    HttpRestore,
    MaybeCreated,
    Options,
    RestoreError,
    RetryPolicy,
)
from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager
from mongorestore_async.emulator.world import Order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

JOBS = 25
PAGE = 10
ARCHIVE = 300_000
VERBS = ("list", "create", "download")
HEADER = ("gateway", "what happens", "verb", "outcome", "taken", "then", "doubled")


# --- what happens behind a gateway ------------------------------------------------------------------------------------


@attrs.frozen
class Situation:
    """What the server behind a gateway does, once.

    Attributes:
        play: Does it, as in faults.py; None for a closed port.
        place: Where.
        acted: Whether the server has acted before.

    """

    play: Callable[[Any], Awaitable[None]] | None
    place: str = "request"
    acted: bool = True


async def relay(x):
    await x.send((await x.answer()).whole())


async def hang(_):
    await asyncio.Event().wait()


async def close(x):
    await x.read()
    await x.close()


async def break_off(x):
    whole = (await x.answer()).whole()
    await x.send(whole[: len(whole) // 2])
    await x.close()


async def close_kept(x):
    await x.first_byte()
    await x.close()


SITUATIONS = {
    "nothing": Situation(relay),
    "the server answers after the gateway's time-out": Situation(hang),
    "the server closes without an answer": Situation(close),
    "the server breaks off in its answer": Situation(break_off),
    "the server closes the connection as the request comes": Situation(close_kept, place="kept", acted=False),
    "the server restarts": Situation(None, place="listener", acted=False),
    "the gateway is reloaded": Situation(relay),
}


# --- what a gateway of our own does once it has handed the request on -------------------------------------------------


def page(status):
    """Answer with a page, as gateways do."""
    body = f"<html><title>{status}</title><h1>{status}</h1></html>".encode()
    head = f"HTTP/1.1 {status}\r\nServer: gateway\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"

    async def play(x):
        await x.send(head.encode() + body)

    return Situation(play)


async def repeat_and_give_the_first(x):
    first = await x.answer()
    await x.answer_again()
    await x.send(first.whole())


async def repeat_and_give_the_second(x):
    await x.answer()
    await x.send((await x.answer_again()).whole())


PAGES = (
    "200 OK", "302 Found", "400 Bad Request", "403 Forbidden", "404 Not Found", "405 Method Not Allowed",
    "408 Request Timeout", "409 Conflict", "410 Gone", "413 Content Too Large", "421 Misdirected Request",
    "425 Too Early", "460 Client Closed", "499 Client Closed Request", "500 Internal Server Error", "502 Bad Gateway",
    "504 Gateway Timeout", "520 Unknown Error",
)  # fmt: skip

OWN = {f"answers {status} itself": page(status) for status in PAGES} | {
    "sends it twice and gives the first answer": Situation(repeat_and_give_the_first),
    "sends it twice and gives the second answer": Situation(repeat_and_give_the_second),
}


# --- one row ----------------------------------------------------------------------------------------------------------


@attrs.define
class Scene:
    """What a verb is called with.

    Attributes:
        emulator: The server, which counts.
        session: Goes through the gateway.
        job: A job with an archive.
        directory: Where to put it.
        over: Ends what happens.

    """

    emulator: Emulator
    session: AsyncSession
    job: Any
    directory: Any
    over: Callable[[], None]

    @property
    def cluster(self):
        place = self.emulator.world.first("replica-set")
        return self.session.project(place.project_id, OPS_MANAGER).cluster(place.id)

    @property
    def truth(self):
        jobs, place = self.emulator.world.jobs, self.emulator.world.first("replica-set")
        return [job.id for job in jobs.page(place, 0, jobs.count(place))]


async def list_them(scene):
    found, outcome = [], "completed"
    try:
        async for job in scene.cluster.restore_jobs(items_per_page=PAGE):
            found.append(job.id)  # noqa: PERF401 - what came before an error counts
    except RestoreError as error:
        outcome = type(error).__name__
        scene.over()
        async for job in scene.cluster.restore_jobs(items_per_page=PAGE, starting_at=error.resume_at):
            found.append(job.id)  # noqa: PERF401 - as above
    assert found == scene.truth
    return outcome, "-", 0


async def create_one(scene):
    before, verdict = set(scene.truth), "-"
    try:
        batch = await scene.cluster.create_restore_job(HttpRestore("5" * 24, 1, expiration_hours=2))
        outcome = "completed"
    except MaybeCreated as error:
        scene.over()
        outcome, found = "MaybeCreated", await error.reconcile()
        verdict, batch = str(found.verdict), found.batch
    except RestoreError as error:
        outcome, batch = type(error).__name__, None
    new = [job for job in scene.truth if job not in before]
    assert len(new) == scene.emulator.counts.creates_taken <= 1
    assert [job.id for job in batch or ()] == (new if "completed" in outcome or verdict == "taken" else [])
    assert bool(new) == {"completed": True, "MaybeCreated": bool(new)}.get(outcome, False)
    return outcome, verdict, 0


async def download_one(scene):
    batch, outcome = await scene.session.batch([scene.job]), "completed"
    try:
        (file,) = await batch.download(scene.directory, stall_timeout=10)
    except RestoreError as error:
        outcome = type(error).__name__
        left = (".part", ".part.json", ".not-an-archive")
        assert all(path.name.endswith(left) for path in scene.directory.iterdir())
        scene.over()
        (file,) = await batch.download(scene.directory, stall_timeout=10)
    archive = scene.emulator.archives.of(scene.emulator.world.find_job(scene.job.job))
    assert file.path.read_bytes() == archive.read(0, archive.size)
    return outcome, str(file.verification), file.requests


PLAYED = {"list": list_them, "create": create_one, "download": download_one}

TARGETS = {
    "list": lambda request: request.authenticated and "pageNum=2" in request.target,
    "create": lambda request: request.authenticated and request.method == "POST",
    "download": lambda request: "/api/" not in request.target,
}
#: The request before the target.
BEFORE = {
    "list": lambda request: request.authenticated,
    "create": lambda request: request.authenticated,
    "download": lambda request: request.authenticated,
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def play_row(verb, situation, break_before, directory, *, port=0, reach=None):
    """Play one verb in one situation; gives the cells of its row.

    Args:
        verb: One of :data:`VERBS`.
        situation: What happens.
        break_before: The fixture.
        directory: For downloads.
        port: Where the server behind the gateway listens.
        reach: Called once it listens; gives the URL and the proxy of the session, None for what leads to the server.

    """
    now = datetime.now(UTC)  # gateways put dates of their own into answers
    settings = EmulatorSettings(
        manager=Manager.OPS_MANAGER, jobs_per_cluster=JOBS, gzip=False, start=now, archive_bytes=ARCHIVE
    )
    async with Emulator(settings) as emulator:
        plan = {
            "play": situation.play,
            "place": situation.place,
            "target": (TARGETS if situation.place == "request" else BEFORE)[verb],
            "times": 1,
            "acted": situation.acted,
        }
        async with break_before(emulator, port, **plan) as server:
            url, proxy = reach() if reach else (None, None)
            return await call(verb, emulator, server, directory, url or server.url, proxy)


async def call(verb, emulator, server, directory, url, proxy):
    repeat = RetryPolicy(base=0)

    def retry(failure):
        server.listen()
        return None if repeat(failure) is None else 0  # whatever the answer asks for

    def over():
        server.plan = None
        server.listen()

    job = None
    if verb == "download":
        place, jobs = emulator.world.first("replica-set"), emulator.world.jobs
        (made,) = jobs.create(place, Order(snapshot_id=jobs.snapshot_id(place), max_downloads=9, expiration_hours=2))
        emulator.clock.advance(2 * emulator.settings.restore_seconds)
        emulator.downloads.origin = url
    key = DigestAuth(emulator.public_key, emulator.private_key)
    async with AsyncSession(key, base_url=url, proxy=proxy, options=Options.for_tests(retry=retry)) as session:
        scene = Scene(emulator, session, job, directory, over)
        if verb == "download":
            scene.job = (await scene.cluster.restore_job(made.id)).ref
        outcome, found, fetched = await PLAYED[verb](scene)
        doubled = emulator.counts.requests > session.stats.requests + fetched
    return outcome, str(emulator.counts.creates_taken), found, "yes" if doubled else "no"


# --- gateways of others -----------------------------------------------------------------------------------------------

RELOAD = "the gateway is reloaded"
IMPATIENT = "the server answers after the gateway's time-out"


@pytest.fixture
def real_table(book, gateways):
    keys = [
        (gateway.title, title, verb)
        for gateway in gateways
        for title in SITUATIONS
        if title != RELOAD or gateway.reload
        for verb in VERBS
    ]
    return book.table("reliability.rst", "gateways", HEADER, keys)


@pytest.fixture
def own_table(book):
    keys = [(title, verb) for title in OWN for verb in VERBS]
    return book.table("reliability.rst", "gateways: once handed on", HEADER[1:], keys)


@pytest.fixture(scope="module")
def started(workshop):
    """Give the port that a gateway stands before, and what starts it at its first call: patient, or not."""

    @functools.cache
    def find(gateway, patient):
        port = free_port()
        return port, functools.cache(lambda: gateway.start(workshop, port, patient=patient))

    return find


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("title", SITUATIONS)
async def test_through(gateway, title, verb, started, workshop, break_before, tmp_path, real_table):
    port, start = started(gateway, title != IMPATIENT)
    situation = SITUATIONS[title]

    def reach():
        url = start().url  # not before the server listens: Squid remembers one that was not there
        return (None, url) if gateway.forward else (url, None)

    if title == RELOAD:
        if gateway.reload is None:
            pytest.skip("no signal reloads it")

        async def reload(x):
            answer = await x.answer()
            start().process.send_signal(gateway.reload)
            await asyncio.sleep(0.2)
            await x.send(answer.whole())

        situation = Situation(reload)
    seen = await play_row(verb, situation, break_before, tmp_path, port=port, reach=reach)
    if gateway.is_documented(workshop):
        real_table.check((gateway.title, title, verb), seen)


# --- a gateway of our own ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("title", OWN)
async def test_after_handing_on(title, verb, break_before, tmp_path, own_table):
    own_table.check((title, verb), await play_row(verb, OWN[title], break_before, tmp_path))


@pytest.mark.parametrize("name", ["real_table", "own_table"])
def test_the_page_has_these_gateways_and_no_others(name, request):
    request.getfixturevalue(name).check_keys()
