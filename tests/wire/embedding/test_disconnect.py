"""What goes on in the example applications, and behind them, when a client goes away: nothing."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from builders.restores import REQUEST
from mongorestore_async import OPS_MANAGER, AsyncSession, Options, Verdict


class Holding:
    """Holds the answers to job lists whose path fits, until they are let go."""

    def __init__(self, emulator, part):
        self.held = 0
        self._part = part
        self._going = False
        emulator.before_answer = self

    async def __call__(self, record):
        if self._part in record.path:
            self.held += 1
            while not self._going:  # noqa: ASYNC110 - an event belongs to one loop, and this is the emulator's
                await asyncio.sleep(0.005)

    def let_go(self):
        self._going = True


async def until(true):
    async with asyncio.timeout(120):
        while not true():  # noqa: ASYNC110 - what others do has no event
            await asyncio.sleep(0.005)


async def settled(figure, pause=0.1):
    """Wait until a figure stops changing."""
    last = None
    while last != (last := figure()):  # noqa: ASYNC110 - nothing is what has no event
        await asyncio.sleep(pause)
    return last


def lists_read(emulator):
    return sum("restoreJobs" in record.path for record in emulator.requests)


def jobs_path(emulator):
    cluster = emulator.world.first("replica-set")
    return f"/projects/{cluster.project_id}/clusters/{cluster.id}/jobs"


async def test_a_client_that_goes_away_between_pages_ends_the_walk(behind, visited):
    async with behind(jobs_per_cluster=5_000) as emulator, visited() as visit:
        before = asyncio.all_tasks()
        holding = Holding(emulator, "pageNum=2")
        client = visit(jobs_path(emulator))
        client.take()
        await until(lambda: holding.held and client.received.count(b"\n{") >= 498)

        await client.leave()
        await until(lambda: asyncio.all_tasks() <= before)
        holding.let_go()

        assert await settled(lambda: lists_read(emulator)) == 3  # the challenge, and two pages of ten


async def test_a_client_gone_before_the_first_line_ends_the_fan_out(behind, visited):
    async with behind(projects=4, clusters_per_project=8, jobs_per_cluster=1) as emulator, visited() as visit:
        before = asyncio.all_tasks()
        holding = Holding(emulator, "restoreJobs")
        client = visit("/fleet/jobs")
        client.take()
        await until(lambda: holding.held == 16)

        await client.leave()
        await until(lambda: asyncio.all_tasks() <= before)
        holding.let_go()

        assert await settled(lambda: lists_read(emulator)) == 16  # of 32
        assert client.received == b""


@pytest.mark.parametrize("listing", ["cluster", "fleet"])
async def test_a_client_that_does_not_read_blocks_the_walk(behind, visited, listing):
    sizes = {"projects": 64, "clusters_per_project": 64} if listing == "fleet" else {}
    async with behind(jobs_per_cluster=100_000, **sizes) as emulator, visited() as visit:
        before = asyncio.all_tasks()
        client = visit("/fleet/jobs" if listing == "fleet" else jobs_path(emulator))
        await until(lambda: lists_read(emulator))

        await settled(lambda: lists_read(emulator), 0.3)
        await client.leave()
        await until(lambda: asyncio.all_tasks() <= before)

        read = await settled(lambda: lists_read(emulator), 1)  # with the requests that were on their way
        assert await settled(lambda: lists_read(emulator), 0.3) == read < 40  # of 200, or 4,096 at least


async def test_the_application_serves_on_after_clients_went_away(behind, visited):
    async with behind(jobs_per_cluster=600) as emulator, visited() as visit:
        for _ in range(10):
            client = visit(jobs_path(emulator))
            client.take()
            await until(lambda client=client: client.received)
            await client.leave()

        client = visit(jobs_path(emulator))
        client.take()
        await until(lambda: client.received.count(b'"ref"') == 600)
        await client.leave()

        assert emulator.counts.challenges == 1


class HoldingCreates:
    """Holds the answers to creates that were taken."""

    def __init__(self, emulator):
        self.held = 0
        self._going = False
        emulator.before_answer = self

    async def __call__(self, record):
        if record.method == "POST":
            self.held += 1
            while not self._going:  # noqa: ASYNC110 - an event belongs to one loop, and this is the emulator's
                await asyncio.sleep(0.005)

    def let_go(self):
        self._going = True


async def visit_and_leave(port, gone_when):
    """Send a request and hang up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /restores HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    await until(gone_when)
    writer.close()
    assert await reader.read() == b""


async def leave_asgi(app, gone_when):
    """Be a server that cancels the handler when its client goes, as several do."""

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message):
        raise AssertionError("answered a client that went away")

    scope = {"type": "http", "method": "POST", "path": "/restores", "headers": [], "query_string": b"", "root_path": ""}
    task = asyncio.create_task(app(scope, receive, send))
    await until(gone_when)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("framework", ["aiohttp", "starlette"])
async def test_a_create_of_a_client_that_left_can_be_reconciled(behind, framework):
    async with behind(jobs_per_cluster=3) as emulator:
        holding = HoldingCreates(emulator)
        place = emulator.world.first("replica-set")
        async with AsyncSession.from_env(options=Options.for_tests()) as session:
            cluster = session.project(place.project_id, OPS_MANAGER).cluster(place.id)

            async def create(_request):
                batch = await cluster.create_restore_job(REQUEST)
                return (web.json_response if framework == "aiohttp" else JSONResponse)([job.id for job in batch])

            if framework == "aiohttp":
                app = web.Application()
                app.router.add_post("/restores", create)
                runner = web.AppRunner(app, handler_cancellation=True)
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                await visit_and_leave(runner.addresses[0][1], lambda: holding.held)
            else:
                await leave_asgi(Starlette(routes=[Route("/restores", create, methods=["POST"])]), lambda: holding.held)
            await until(lambda: session.open_creates)
            (left,) = session.open_creates
            holding.let_go()

            found = await left.reconcile()

            assert (found.verdict, len(found.batch)) == (Verdict.TAKEN, 1)
            assert session.open_creates == ()
            if framework == "aiohttp":
                await runner.cleanup()
