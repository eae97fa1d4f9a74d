"""What one call is made of: the same calls through more and more of the library."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import peers
from answers import cluster_ids
from harness import Result, table
from peers.base import PAGE, path_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from harness import Bench

__all__ = ["measure"]

_IN_FLIGHT = 16
_PER_PROJECT = 10
#: Rows of the table: how it is called there, the peer, jobs per page, and the way to ask it.
_STEPS = (
    ("aiohttp + orjson dicts, with its digest login", "aiohttp_orjson", 1, "page"),
    ("session.request()", peers.OURS, 1, "request"),
    ("await pager", peers.OURS, 1, "page"),
    ("async for job in pager", peers.OURS, 1, "list_jobs"),
    ("aiohttp + json dicts by hand", "aiohttp_json", 20, "page"),
    ("async for job in pager", peers.OURS, 20, "list_jobs"),
    ("async for found in fleet", peers.FLEET, 20, "fan_out"),
)


def client(url: str, name: str, jobs: int, way: str, calls: int) -> dict[str, Any]:
    """In a client process: CPU seconds of a call, 16 under way."""
    made: Any = peers.peer(name, url)

    async def request(cluster: str) -> None:
        await made.session.request("GET", path_of(cluster), query={"pageNum": 1, "itemsPerPage": PAGE})

    ask: dict[str, Callable[[str], Awaitable[Any]]] = {
        "request": request,
        "page": lambda cluster: made.page(cluster, 1),
        "list_jobs": made.list_jobs,
    }

    async def work(clusters: list[str]) -> None:
        if way == "fan_out":
            await made.fan_out(clusters, _IN_FLIGHT)
            return
        waiting = iter(clusters)

        async def turn() -> None:
            for cluster in waiting:
                await ask[way](cluster)

        async with asyncio.TaskGroup() as group:
            for _ in range(_IN_FLIGHT):
                group.create_task(turn())

    async def run() -> float:
        clusters = cluster_ids(calls, jobs, max(1, calls // _PER_PROJECT))
        async with made:
            await work(clusters)
            begun = time.process_time()
            await work(clusters)
            return (time.process_time() - begun) / calls

    return {"cpu": asyncio.run(run())}


def measure(bench: Bench) -> Result:
    """Measure every step."""
    calls = 40 if bench.fast else 1_000
    names, _ = bench.able("fan_out", ("aiohttp_orjson", "aiohttp_json", peers.OURS, peers.FLEET))
    calls_of: dict[str, Any] = {}
    titles: dict[str, str] = {}
    for title, name, jobs, way in _STEPS:
        if name in names:
            key = f"{name} {way} {jobs}"
            titles[key] = f"{title}, {jobs} a page"
            calls_of[key] = partial(_sample, bench, name=name, jobs=jobs, way=way, calls=calls)
    found = bench.turns(calls_of)
    columns, rows = table(found, next(iter(found)), titles, unit="us")
    return Result(
        title="What a call is made of",
        text=f"CPU of a call in a process that has made {calls:,} of them before, {_IN_FLIGHT} under way. What a step "
        "costs is what its row has over the one before.",
        columns=["up to and including", *columns[1:]],
        rows=sorted(rows, key=lambda row: list(titles.values()).index(row[0])),
        samples=found,
    )


def _sample(bench: Bench, *, jobs: int, calls: int, **arguments: Any) -> dict[str, Any]:
    bench.set(clusters=calls, jobs=jobs, projects=max(1, calls // _PER_PROJECT))
    return bench.child("work.steps:client", jobs=jobs, calls=calls, **arguments)
