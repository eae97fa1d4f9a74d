"""300 clusters at 20 ms, 32 at a time: requests, wall, and whether every job is found while lists move."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_id
from harness import Goal, Result, beside

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_JOBS = 40
_IN_FLIGHT = 32
_LATENCY = 0.02
_PROJECTS = 30
_NAMES = (peers.FLEET, "aiohttp_json", "aiohttp_orjson", "aiohttp_msgspec")
#: In the moving lists: jobs asked for at once, and jobs that vanish from the front after the first page.
_SMALL, _DRIFT = 10, 3
#: What is in the way of the wall time, less than 0.3 s in all.
_WHY = "Making the form of the first page takes 12 ms, and one whole garbage collection falls into the run."


def client(url: str, name: str) -> dict[str, Any]:
    """In a client process: find and read all clusters."""
    return harness.with_peer(name, url, "fleet", _IN_FLIGHT)


def moving(url: str, clusters: int) -> dict[str, Any]:
    """In a client process: read lists that lose their first jobs meanwhile; tells what is missing of the others."""
    from peers.ours import Peer

    async def run() -> int:
        found: set[str] = set()
        slots = asyncio.Semaphore(_IN_FLIGHT)
        async with Peer(url) as made, asyncio.TaskGroup() as group:

            async def read(cluster: str) -> None:
                async with slots:
                    async for job in made.pager(cluster, items_per_page=_SMALL):
                        found.add(job.id)

            for number in range(clusters):
                group.create_task(read(cluster_id(number, _JOBS)))
        stayed = {f"{number:04x}0000{place:016x}" for number in range(clusters) for place in range(_DRIFT, _JOBS)}
        return len(stayed - found)

    return {"missing": asyncio.run(run())}


def measure(bench: Bench) -> Result:
    """Measure ours beside hand-written aiohttp, and count."""
    clusters = 64 if bench.fast else 300
    names, skipped = bench.able("fleet", _NAMES)
    counts: dict[str, dict[str, int]] = {}

    def sample(name: str) -> dict[str, Any]:
        bench.set(latency=_LATENCY, clusters=clusters, jobs=_JOBS, projects=_PROJECTS)
        figures = bench.child("work.fleet_latency:client", name=name)
        counts[name] = bench.stats()
        assert figures["count"] == clusters * _JOBS, figures
        return figures

    found = bench.turns({name: partial(sample, name) for name in names})
    base = "aiohttp_json"
    columns, rows = harness.table(found, base, figure="wall")
    names_of = {peers.TITLES[name]: name for name in found}
    for row in rows:
        sent = counts[names_of[row[0]]]
        row[1:1] = [sent["requests"] - sent["lists"], sent["lists"], sent["challenges"]]
    bench.set(drift=_DRIFT)
    missing = bench.child("work.fleet_latency:moving", clusters=clusters)["missing"]
    sent = counts[peers.FLEET]["requests"] - counts[peers.FLEET]["lists"]
    return Result(
        title=f"{clusters} clusters over a slow network",
        text=f"{_JOBS} jobs in each of {clusters} clusters of {_PROJECTS} projects, {_LATENCY * 1000:.0f} ms, "
        f"{_IN_FLIGHT} under way; all find the clusters by the list of all clusters. Of ours one request is the "
        f"challenge, one each are the clusters, lists find the clusters. "
        f"Beside it, lists of {_JOBS} jobs were read in pages of {_SMALL} while their first {_DRIFT} jobs vanished: "
        f"of those that stayed, {missing} were missing.",
        columns=[columns[0], "requests", "lists", "challenges", *columns[1:]],
        rows=rows,
        goals=[
            Goal(
                text=f"at most {clusters + 1} requests beside discovery",
                figure=sent,
                limit=clusters + 1,
                counted=True,
            ),
            *beside(found, peers.FLEET, {base: 1.0}, figure="wall", why=_WHY),
            Goal(text="no job that stayed is missing from lists that move", figure=missing, limit=0, counted=True),
        ],
        skipped=skipped,
        samples=found,
    )
