"""CPU of listing 100,000 jobs, one page after the other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_id
from harness import Result, beside

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["WHY", "measure"]

_PAGE = 500
#: What ours does for each page that no peer does.
WHY = (
    "Ours makes sure that no member stands twice and no list has members unknown to it, keeps each document for raw, "
    "follows the identities of jobs from page to page, and gives the loop turns within a page."
)
_LIMITS = {"aiohttp_msgspec": 1.6, "httpx_pydantic": 0.33, "aiohttp_cattrs": 0.30}


def client(url: str, name: str, cluster: str) -> dict[str, Any]:
    """In a client process: list all jobs."""
    return harness.with_peer(name, url, "list_jobs", cluster)


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers."""
    jobs = 2_000 if bench.fast else 100_000
    bench.set()
    names, skipped = bench.able("list_jobs", [name for name in peers.NAMES if name != peers.FLEET])
    cluster = cluster_id(1, jobs)
    found = bench.turns({n: partial(bench.child, "work.list_jobs:client", name=n, cluster=cluster) for n in names})
    assert all(one["count"] == jobs for samples in found.values() for one in samples), found
    columns, rows = harness.table(found, "aiohttp_msgspec")
    return Result(
        title=f"List {jobs:,} typed jobs",
        text=f"One cluster, {jobs // _PAGE} pages of {_PAGE} jobs of about 870 bytes, a page at a time, each job "
        "looked at. Imports and the making of clients do not count.",
        columns=columns,
        rows=rows,
        goals=beside(found, peers.OURS, _LIMITS, why=WHY),
        skipped=skipped,
        samples=found,
        plot={"kind": "bars", "label": columns[1], "values": {row[0]: row[1] for row in rows}},
    )
