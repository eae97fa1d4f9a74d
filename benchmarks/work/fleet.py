"""CPU of finding 2,000 clusters in 200 projects and reading their jobs, 16 at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from harness import Result, beside

from work.fan_out import IN_FLIGHT, JOBS, PER_PROJECT

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["WHY", "measure"]

WHY = (
    "Fleet has a record of each cluster for outcomes and resuming, says of each job whose it is, and hands jobs over "
    "from the tasks that read to the one that looks at them."
)
_NAMES = (peers.FLEET, "aiohttp_json", "aiohttp_orjson", "aiohttp_msgspec", "aiohttp_cattrs")


def client(url: str, name: str) -> dict[str, Any]:
    """In a client process: find and read all clusters."""
    return harness.with_peer(name, url, "fleet", IN_FLIGHT)


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers; all of them find the clusters."""
    clusters = 40 if bench.fast else 2_000
    projects = clusters // PER_PROJECT
    bench.set(clusters=clusters, jobs=JOBS, projects=projects)
    names, skipped = bench.able("fleet", _NAMES)
    found = bench.turns({n: partial(bench.child, "work.fleet:client", name=n) for n in names})
    assert all(one["count"] == clusters * JOBS for samples in found.values() for one in samples), found
    columns, rows = harness.table(found, "aiohttp_json")
    return Result(
        title=f"A fleet of {clusters:,} clusters",
        text=f"The same {clusters:,} clusters in {projects} projects, found by the list of all clusters, by the peers "
        "too: they read it by hand. Fleet also says of each job whose it is, counts, and reports what failed.",
        columns=columns,
        rows=rows,
        goals=beside(found, peers.FLEET, {"aiohttp_json": 1.25}, why=WHY),
        skipped=skipped,
        samples=found,
        plot={"kind": "bars", "label": columns[1], "values": {row[0]: row[1] for row in rows}},
    )
