"""CPU of listing 100,000 jobs, one page after the other."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_id
from harness import Goal, Result, ratio

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["beside", "measure"]

_PAGE = 500


def client(url: str, name: str, cluster: str) -> dict[str, Any]:
    """In a client process: list all jobs."""
    return harness.with_peer(name, url, "list_jobs", cluster)


def beside(found: dict[str, list[dict[str, Any]]], base: str) -> tuple[list[str], list[list[Any]]]:
    """Make a table of seconds and ratios, the cheapest first."""
    rows = [
        [
            peers.TITLES[name],
            statistics.median(one["cpu"] for one in samples),
            statistics.median(one["wall"] for one in samples),
            ratio(samples, found[base], "cpu") if base in found else None,
        ]
        for name, samples in found.items()
    ]
    return ["way", "CPU, s", "wall, s", f"CPU beside {peers.TITLES[base]}"], sorted(rows, key=lambda row: row[1])


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers."""
    jobs = 2_000 if bench.fast else 100_000
    bench.set()
    names, skipped = bench.able("list_jobs", [name for name in peers.NAMES if name != peers.FLEET])
    cluster = cluster_id(1, jobs)
    found = bench.turns({n: partial(bench.child, "work.list_jobs:client", name=n, cluster=cluster) for n in names})
    assert all(one["count"] == jobs for samples in found.values() for one in samples), found
    columns, rows = beside(found, "aiohttp_msgspec")
    ours = found[peers.OURS]
    limits = {"aiohttp_msgspec": 2.0, "httpx_pydantic": 0.40, "aiohttp_cattrs": 0.40}
    goals = [
        Goal(
            text=f"at most {limit:.2f} x {peers.TITLES[name]}",
            figure=ratio(ours, found[name], "cpu") if name in found else None,
            limit=limit,
        )
        for name, limit in limits.items()
    ]
    return Result(
        title=f"List {jobs:,} typed jobs",
        text=f"One cluster, {jobs // _PAGE} pages of {_PAGE} jobs of about 870 bytes, a page at a time, each job "
        "looked at. Imports do not count.",
        columns=columns,
        rows=rows,
        goals=goals,
        skipped=skipped,
        samples=found,
        plot={"kind": "bars", "label": columns[3], "values": {row[0]: row[3] for row in rows}},
    )
