"""Latency of a web application's own endpoint while a listing runs in the same event loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import random
import socket
import statistics
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_id
from harness import Goal, Result

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure", "probe"]

#: Seconds between an answer of the application and the next request, at random: neither in step with the listing nor
#: so many that they wait for each other.
_PAUSE = (0.005, 0.015)
_IN_FLIGHT = 16
_CLUSTERS = 400
_NAMES = (peers.FLEET, "aiohttp_json", "httpx_pydantic")
#: Stands for the fleet in an application that calls ``gc.freeze()`` once it has started.
_FROZEN = "frozen"


def probe(url: str, port: int, seconds: float) -> dict[str, Any]:
    """In a process of its own: ask the application again and again."""
    del url
    chance = random.Random(0)  # noqa: S311 - no secret
    waits: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            time.sleep(chance.uniform(*_PAUSE))
            begun = time.perf_counter()
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            received = b""
            while not received.endswith(b"ok"):
                received += connection.recv(4096)
            waits.append(time.perf_counter() - begun)
    cuts = statistics.quantiles(waits, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "most": max(waits)}


def client(url: str, name: str, jobs: int, seconds: float, *, frozen: bool = False) -> dict[str, Any]:
    """In a client process: an application that is asked while idle, and while it lists in the background."""
    from aiohttp import web

    made: Any = peers.peer(name, url)
    clusters = [cluster_id(number, jobs) for number in range(_CLUSTERS)]

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
            await made.fan_out(clusters, _IN_FLIGHT)

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
            listing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listing
        await runner.cleanup()
        return {"idle": idle["p99"], "busy": busy["p99"], "median": busy["p50"], "added": busy["p99"] - idle["p99"]}

    return asyncio.run(run())


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers, with small and with full pages."""
    seconds = 0.5 if bench.fast else 4.0
    names, skipped = bench.able("fan_out", _NAMES)
    rows: list[list[Any]] = []
    added: dict[tuple[str, int], float] = {}
    rounds = harness.Bench(url=bench.url, fast=bench.fast, rounds=min(bench.rounds, 3))
    for jobs in (20, 500):
        bench.set(clusters=_CLUSTERS, jobs=jobs, projects=20)
        call = partial(bench.child, "work.neighbour:client", jobs=jobs, seconds=seconds)
        calls = {name: partial(call, name=name) for name in names}
        if peers.FLEET in names:
            calls[_FROZEN] = partial(call, name=peers.FLEET, frozen=True)
        for name, samples in rounds.turns(calls).items():
            medians = [statistics.median(one[what] for one in samples) for what in ("idle", "median", "busy", "added")]
            added[name, jobs] = medians[-1]
            title = peers.TITLES.get(name, f"{peers.TITLES[peers.FLEET]}, after gc.freeze()")
            rows.append([title, jobs, *(seconds * 1000 for seconds in medians)])
    return Result(
        title="A neighbour in the same event loop",
        text=f"An aiohttp.web application answers a trivial request about every 10 ms, while idle and while it "
        f"lists clusters in the background without a pause, {_IN_FLIGHT} under way; {seconds:g} s each.",
        columns=[
            "way",
            "jobs per page",
            "idle, 99 %, ms",
            "listing, median, ms",
            "listing, 99 %, ms",
            "99 % over idle, ms",
        ],
        rows=rows,
        goals=[
            Goal(
                text=f"{jobs} jobs per page, 99 %: at most 10 ms above idle",
                figure=added[peers.FLEET, jobs] * 1000,
                limit=10,
            )
            for jobs in (20, 500)
        ],
        skipped=skipped,
    )
