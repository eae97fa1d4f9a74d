"""CPU of reading the jobs of 2,000 clusters in 200 projects, 16 at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_ids
from harness import Result, beside

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["IN_FLIGHT", "JOBS", "PER_PROJECT", "WHY", "measure"]

JOBS = 20
IN_FLIGHT = 16
PER_PROJECT = 10
#: What a call of ours does that no peer does.
WHY = (
    "A call of ours has a deadline for all of it, may be repeated, waits for limits once they are known, and checks "
    "its answer; its errors hold no secret."
)


def client(url: str, name: str, clusters: int, loop: str = "asyncio") -> dict[str, Any]:
    """In a client process: read all clusters."""
    ids = cluster_ids(clusters, JOBS, clusters // PER_PROJECT)
    return harness.with_peer(name, url, "fan_out", ids, IN_FLIGHT, loop=loop)


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers; all of them are told the clusters."""
    clusters = 40 if bench.fast else 2_000
    bench.set()
    names, skipped = bench.able("fan_out", [name for name in peers.NAMES if name != peers.FLEET])
    found = bench.turns({n: partial(bench.child, "work.fan_out:client", name=n, clusters=clusters) for n in names})
    assert all(one["count"] == clusters * JOBS for samples in found.values() for one in samples), found
    columns, rows = harness.table(found, "aiohttp_json")
    return Result(
        title=f"Fan-out over {clusters:,} clusters",
        text=f"{clusters:,} clusters in {clusters // PER_PROJECT} projects with {JOBS} jobs each, {IN_FLIGHT} calls "
        f"under way; what is made for threads has {IN_FLIGHT} of them. All are told the clusters.",
        columns=columns,
        rows=rows,
        goals=beside(found, peers.OURS, {"aiohttp_json": 1.15, "aiohttp_msgspec": 1.55}, why=WHY),
        skipped=skipped,
        samples=found,
        plot={"kind": "bars", "label": columns[1], "values": {row[0]: row[1] for row in rows}},
    )
