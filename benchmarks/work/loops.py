"""uvloop beside asyncio's own loop."""

from __future__ import annotations

import importlib.util
from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_id
from harness import Result, spread

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]


def client(url: str, name: str, loop: str, jobs: int) -> dict[str, Any]:
    """In a client process: list jobs."""
    return harness.with_peer(name, url, "list_jobs", cluster_id(1, jobs), loop=loop)


def measure(bench: Bench) -> Result:
    """Measure ours and hand-written aiohttp on both loops."""
    title, columns = "uvloop", ["way", "CPU ratio", "smallest to largest", "wall ratio", "smallest to largest"]
    if importlib.util.find_spec("uvloop") is None:
        return Result(title=title, text="Not measured.", columns=columns, rows=[], skipped={"uvloop": "not installed"})
    jobs, clusters = (2_000, 40) if bench.fast else (25_000, 500)
    names, skipped = bench.able("fan_out", (peers.OURS, "aiohttp_json"))
    bench.set()
    works = {
        f"list {jobs:,} jobs": partial(bench.child, "work.loops:client", jobs=jobs),
        f"fan-out over {clusters:,} clusters": partial(bench.child, "work.fan_out:client", clusters=clusters),
    }
    rows: list[list[Any]] = []
    for work, call in works.items():
        pairs = [(name, loop) for name in names for loop in ("asyncio", "uvloop")]
        calls = {f"{name}/{loop}": partial(call, name=name, loop=loop) for name, loop in pairs}
        found = bench.turns(calls)
        for name in names:
            plain, fast = found[f"{name}/asyncio"], found[f"{name}/uvloop"]
            ratios = [spread(fast, plain, figure) for figure in ("cpu", "wall")]
            cells = [cell for each in ratios for cell in (each.median, str(each))]
            rows.append([f"{peers.TITLES[name]}: {work}", *cells])
    return Result(
        title=title,
        text="Nothing has to be set for it: ``uvloop.run(main())`` instead of ``asyncio.run(main())``. "
        "Ratios are uvloop to asyncio.",
        columns=columns,
        rows=rows,
        skipped=skipped,
    )
