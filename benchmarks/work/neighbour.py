"""Latency of a web application's own endpoint while a listing runs in the same event loop."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import socket
import statistics
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import harness
import peers
from harness import Result, beside

if TYPE_CHECKING:
    from harness import Bench, Goal

__all__ = ["measure", "probe"]

#: Seconds between an answer of the application and the next request, at random: neither in step with the listing nor
#: so many that they wait for each other.
_PAUSE = (0.005, 0.015)
_IN_FLIGHT = 16
_CLUSTERS = 400
_NAMES = (peers.FLEET, "aiohttp_json", "aiohttp_msgspec")
#: Stands for the fleet in an application that calls ``gc.freeze()`` once it has started.
_FROZEN = "frozen"
_BASE = "aiohttp_json"
#: Answers without which there are no percentiles.
_LEAST = 2


def probe(url: str, port: int, seconds: float) -> dict[str, Any]:
    """In a process of its own: ask the application again and again."""
    del url
    chance = random.Random(0)  # noqa: S311 - no secret
    waits: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends or len(waits) < _LEAST:
            time.sleep(chance.uniform(*_PAUSE))
            begun = time.perf_counter()
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            received = b""
            while not received.endswith(b"ok"):
                received += connection.recv(4096)
            waits.append(time.perf_counter() - begun)
    cuts = statistics.quantiles(waits, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "most": max(waits)}


def client(url: str, name: str, seconds: float, *, frozen: bool = False) -> dict[str, Any]:
    """In a client process: an application that is asked while idle, and while it lists in the background."""
    from aiohttp import web

    made: Any = peers.peer(name, url)

    async def ask(port: int) -> dict[str, Any]:
        arguments = json.dumps({"url": url, "port": port, "seconds": seconds})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(harness.HERE / "client.py"),
            "work.neighbour:probe",
            arguments,
            stdout=asyncio.subprocess.PIPE,
        )
        harness.pin(process.pid, harness.cores()[0])
        output, _ = await process.communicate()
        figures: dict[str, Any] = json.loads(output)
        return figures

    async def endless() -> None:
        while True:
            await made.fleet(_IN_FLIGHT)

    async def ok(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def run() -> dict[str, Any]:
        application = web.Application()
        application.router.add_get("/", ok)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with made:
            if frozen:
                gc.freeze()
            idle = await ask(port)
            listing = asyncio.create_task(endless())
            busy = await ask(port)
            if listing.done():
                listing.result()  # raises what ended it
            listing.cancel()
            await asyncio.wait([listing])
            if not listing.cancelled():
                listing.exception()  # a peer that is cancelled may end with an error of its own
        await runner.cleanup()
        return {"idle": idle["p99"], "busy": busy["p99"], "median": busy["p50"], "added": busy["p99"] - idle["p99"]}

    return asyncio.run(run())


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers, with small and with full pages."""
    seconds = 0.5 if bench.fast else 2.0
    names, skipped = bench.able("fleet", _NAMES)
    rows: list[list[Any]] = []
    goals: list[Goal] = []
    titles = {**peers.TITLES, _FROZEN: f"{peers.TITLES[peers.FLEET]}, after gc.freeze()"}
    columns: list[str] = []
    for jobs in (20, 500):
        bench.set(clusters=_CLUSTERS, jobs=jobs, projects=20)
        call = partial(bench.child, "work.neighbour:client", seconds=seconds)
        calls = {name: partial(call, name=name) for name in names}
        if peers.FLEET in names:
            calls[_FROZEN] = partial(call, name=peers.FLEET, frozen=True)
        found = bench.turns(calls)
        columns, table = harness.table(found, _BASE, titles, figure="busy", unit="ms")
        named = {titles[name]: samples for name, samples in found.items()}
        for row in table:
            samples = named[row[0]]
            more = [statistics.median(one[what] for one in samples) * 1000 for what in ("median", "idle")]
            rows.append([row[0], jobs, *row[1:], *more])
        ratios = beside(found, peers.FLEET, {_BASE: 0.7}, figure="busy")
        goals += [attrs.evolve(goal, text=f"{jobs} jobs per page, 99 %: {goal.text}") for goal in ratios]
    return Result(
        title="A neighbour in the same event loop",
        text=f"An aiohttp.web application answers a trivial request about every 10 ms, while idle and while it "
        f"finds and lists clusters in the background without a pause, {_IN_FLIGHT} under way; {seconds:g} s each.",
        columns=[
            "way",
            "jobs per page",
            f"99 % beside {peers.TITLES[_BASE]}",
            *columns[2:4],
            "99 %, ms, for example",
            "median, ms",
            "idle, 99 %, ms",
        ],
        rows=rows,
        goals=goals,
        skipped=skipped,
    )
