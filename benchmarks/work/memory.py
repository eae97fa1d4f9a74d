"""Memory of streaming a million jobs."""

from __future__ import annotations

import asyncio
import resource
import statistics
from functools import partial
from typing import TYPE_CHECKING, Any

import peers
from answers import cluster_id
from harness import Goal, Result

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure", "peak"]

_PAGE = 500
_ROUNDS = 2
_MEBIBYTE = 1024 * 1024


def peak() -> int:
    """The most memory this process had so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def client(url: str, name: str, jobs: int) -> dict[str, Any]:
    """In a client process: walk the jobs and note the peak after the first page and along the way."""
    marks: list[int] = []

    async def run() -> int:
        made: Any = peers.peer(name, url)
        count = 0
        async with made:
            async for page in made.pages(cluster_id(1, jobs)):
                for _ in page:
                    count += 1
                    if count in (_PAGE, jobs // 10, jobs // 2):
                        marks.append(peak())
        return count

    count = asyncio.run(run())
    assert count == jobs, count
    marks.append(peak())
    first, tenth, half, last = marks
    return {"first": first, "tenth": tenth - first, "half": half - first, "added": last - first}


def measure(bench: Bench) -> Result:
    """Measure ours, and dictionaries beside."""
    jobs = 50_000 if bench.fast else 1_000_000
    bench.set()
    names, skipped = bench.able("pages", (peers.OURS, "aiohttp_json"))
    rounds = min(bench.rounds, _ROUNDS)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            found[name].append(partial(bench.child, "work.memory:client", name=name, jobs=jobs)())
    marks = ("first", "tenth", "half", "added")
    rows = [
        [peers.TITLES[name], *(statistics.median(one[mark] for one in samples) / _MEBIBYTE for mark in marks)]
        for name, samples in found.items()
    ]
    return Result(
        title=f"Memory of {jobs:,} jobs streamed",
        text=f"Peak of the whole process (``ru_maxrss``), in {rounds} rounds: after the first page, and what came on "
        "top of it later.",
        columns=["way", "after the first page, MiB", "+ after a tenth", "+ after the half", "+ at the end"],
        rows=rows,
        goals=[Goal(text="at most 5 MiB over the first page", figure=rows[0][4], limit=5.0)],
        skipped=skipped,
        samples=found,
    )
