"""CPU of reading the jobs of 2,000 clusters, 16 at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_id
from harness import Goal, Result, ratio

from work.list_jobs import beside

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_JOBS = 20
_IN_FLIGHT = 16
_PROJECTS = 50


def client(url: str, name: str, clusters: int, loop: str = "asyncio") -> dict[str, Any]:
    """In a client process: read all clusters."""
    ids = [cluster_id(number, _JOBS) for number in range(clusters)]
    return harness.with_peer(name, url, "fan_out", ids, _IN_FLIGHT, loop=loop)


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers."""
    clusters = 40 if bench.fast else 2_000
    bench.set(clusters=clusters, jobs=_JOBS, projects=min(_PROJECTS, clusters))
    names, skipped = bench.able("fan_out")
    found = bench.turns({n: partial(bench.child, "work.fan_out:client", name=n, clusters=clusters) for n in names})
    assert all(one["count"] == clusters * _JOBS for samples in found.values() for one in samples), found
    columns, rows = beside(found, "aiohttp_json")
    best = peers.FLEET if peers.FLEET in found else peers.OURS
    limits = {"aiohttp_json": 1.15, "httpx_pydantic": 1 / 6}
    goals = [
        Goal(
            text=f"at most {limit:.2f} x {peers.TITLES[name]}"
            if limit > 1
            else f"6 times less than {peers.TITLES[name]}",
            figure=ratio(found[best], found[name], "cpu") if name in found else None,
            limit=limit,
        )
        for name, limit in limits.items()
    ]
    return Result(
        title=f"Fan-out over {clusters:,} clusters",
        text=f"{_JOBS} jobs in each, {_IN_FLIGHT} calls under way; what is made for threads has {_IN_FLIGHT} of them. "
        "The peers are told the clusters; Fleet finds them, and that counts. The goals are those of Fleet.",
        columns=columns,
        rows=rows,
        goals=goals,
        skipped=skipped,
        samples=found,
        plot={"kind": "bars", "label": columns[3], "values": {row[0]: row[3] for row in rows}},
    )
