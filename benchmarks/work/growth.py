"""How cost grows with the number of jobs and of clusters."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from typing import TYPE_CHECKING, Any

import peers
from answers import cluster_id, cluster_ids
from harness import Goal, Result

from work.memory import peak

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness import Bench

__all__ = ["measure"]

_JOBS = 20
_IN_FLIGHT = 16
_PER_PROJECT = 10
_ROUNDS = 3
#: Small numbers are measured so often that together they are this many items.
_ENOUGH = {"jobs": 20_000, "clusters": 400}
_MEBIBYTE = 1024 * 1024


def client(url: str, kind: str, size: int) -> dict[str, Any]:
    """In a client process: CPU of listing jobs or of reading clusters, set-up removed."""
    from peers.ours import Peer

    repeats = max(1, _ENOUGH[kind] // size)

    async def run() -> dict[str, Any]:
        async with Peer(url) as made:
            await made.list_jobs(cluster_id(1, 1_000))
            ids = cluster_ids(size, _JOBS, max(1, size // _PER_PROJECT))
            begun = time.process_time()
            for _ in range(repeats):
                if kind == "jobs":
                    await made.list_jobs(cluster_id(2, size))
                else:
                    await made.fan_out(ids, _IN_FLIGHT)
            return {"cpu": (time.process_time() - begun) / repeats}

    return asyncio.run(run())


def fleet(url: str, size: int) -> dict[str, Any]:
    """In a client process: CPU and memory of a fleet that finds its clusters, set-up removed."""
    from peers.ours_fleet import Peer

    repeats = max(1, _ENOUGH["clusters"] // size)
    ids = cluster_ids(size, _JOBS, max(1, size // _PER_PROJECT))

    async def run() -> dict[str, Any]:
        async with Peer(url) as made:
            await made.fan_out(ids[:1], 1, only=["cluster-0"])
            before = peak()
            begun = time.process_time()
            for _ in range(repeats):
                await made.fan_out(ids, _IN_FLIGHT)
            return {"cpu": (time.process_time() - begun) / repeats, "memory": peak() - before}

    return asyncio.run(run())


def collected(url: str, size: int) -> dict[str, Any]:
    """In a client process: memory of a list of jobs that is kept."""
    from peers.ours import Peer

    async def run() -> dict[str, Any]:
        async with Peer(url) as made:
            await made.list_jobs(cluster_id(1, 1_000))
            before = peak()
            jobs = await made.pager(cluster_id(2, size)).collect()
            assert len(jobs) == size
            return {"memory": peak() - before}

    return asyncio.run(run())


def slope(points: Mapping[int, float]) -> float:
    """Slope of a line through the logarithms: 1 is linear."""
    xs, ys = [math.log(size) for size in points], [math.log(max(value, 1e-9)) for value in points.values()]
    return statistics.linear_regression(xs, ys).slope


def measure(bench: Bench) -> Result:
    """Measure over three decades."""
    fast = bench.fast
    jobs = [1_000, 2_000, 5_000] if fast else [1_000, 10_000, 100_000, 1_000_000]
    clusters = [10, 20, 40] if fast else [10, 100, 1_000, 10_000]
    kept = [5_000, 10_000] if fast else [10_000, 30_000, 100_000]
    rounds = min(bench.rounds, _ROUNDS)
    no_fleet = bench.obstacle(peers.FLEET, "fan_out")
    bench.set()
    curves = {
        "listing jobs, CPU": _curve(rounds, jobs, lambda n: _client(bench, "jobs", n), "cpu"),
        "reading clusters, CPU": _curve(rounds, clusters, lambda n: _client(bench, "clusters", n), "cpu"),
    }
    memory = _curve(1, kept, lambda n: bench.child("work.growth:collected", size=n), "memory")
    skipped: dict[str, str] = {}
    flat: dict[int, float] = {}
    if no_fleet is None:
        found: dict[int, list[dict[str, Any]]] = {size: [] for size in clusters}
        for turn in range(rounds):
            for size in clusters if turn == 0 else clusters[:-1]:
                bench.set(clusters=size, jobs=_JOBS, projects=max(1, size // _PER_PROJECT))
                found[size].append(bench.child("work.growth:fleet", size=size))
        curves["a fleet, CPU"] = {n: statistics.median(one["cpu"] for one in found[n]) for n in clusters}
        flat = {n: statistics.median(one["memory"] for one in found[n]) for n in clusters}
    else:
        skipped["Fleet"] = no_fleet
    rows: list[list[Any]] = [
        [name, size, value, value / size * 1e6, None] for name, curve in curves.items() for size, value in curve.items()
    ]
    rows += [["a fleet, memory", size, None, None, value / _MEBIBYTE] for size, value in flat.items()]
    rows += [["jobs kept, memory", size, None, None, value / _MEBIBYTE] for size, value in memory.items()]
    goals = [_linear(name, curve) for name, curve in (curves | {"jobs kept, memory": memory}).items()]
    return Result(
        title="Growth",
        text="What each item costs when there are more of them, in fresh processes that have read one page before. The "
        f"clusters have {_JOBS} jobs each and are read {_IN_FLIGHT} at a time.",
        columns=["what", "items", "CPU, s", "CPU per item, us", "memory added, MiB"],
        rows=rows,
        goals=goals,
        skipped=skipped,
        plot={
            "kind": "lines",
            "label": "CPU, s",
            "series": {name: [list(curve), list(curve.values())] for name, curve in curves.items()},
        },
    )


def _client(bench: Bench, kind: str, size: int) -> dict[str, Any]:
    return bench.child("work.growth:client", kind=kind, size=size)


def _curve(rounds: int, sizes: Sequence[int], sample: Callable[[int], dict[str, Any]], figure: str) -> dict[int, float]:
    found: dict[int, list[float]] = {size: [] for size in sizes}
    for turn in range(rounds):
        # The last point is measured once: over so many items, chance evens out.
        for size in sizes if turn == 0 else sizes[:-1]:
            found[size].append(sample(size)[figure])
    return {size: statistics.median(values) for size, values in found.items()}


def _linear(name: str, curve: Mapping[int, float]) -> Goal:
    return Goal(text=f"{name}: log-log slope from 0.95 to 1.05", figure=slope(curve), limit=1.05, least=0.95)
