"""Wall time where the network is slow: pages one by one, ahead, and several at once."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import harness
from answers import cluster_id
from harness import Goal, Result, ratio, table

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_PAGE = 500
_PAGES = 20
_SLOW, _NEAR = 0.1, 0.02


def client(url: str, way: str, jobs: int) -> dict[str, Any]:
    """In a client process: read all jobs; the session is open and logged in before the clock starts."""
    from peers.ours import Peer

    async def run() -> dict[str, Any]:
        async with Peer(url) as made:
            await made.pager(cluster_id(2, 1)).first()
            pager = made.pager(cluster_id(1, jobs))
            count = 0
            with harness.meter() as figures:
                match way.split():
                    case ["lazy"]:
                        async for _ in pager:
                            count += 1
                    case ["collect", width]:
                        count = len(await pager.collect(concurrency=int(width)))
                    case ["ahead", width]:
                        ahead: Any = pager
                        async with ahead.ahead(int(width)) as pages:
                            async for page in pages:
                                for _ in page.items:
                                    count += 1
            assert count == jobs, count
            return figures

    return asyncio.run(run())


def _has_ahead() -> bool:
    from mongorestore_async import Pager

    return hasattr(Pager, "ahead")


def measure(bench: Bench) -> Result:
    """Measure the ways in turns, at two latencies."""
    pages = 8 if bench.fast else _PAGES
    skipped = {} if _has_ahead() else {"read-ahead": "this version has no Pager.ahead()"}
    ways = ["lazy", "ahead 1", "ahead 2", "collect 4", "collect 16"]
    if skipped:
        ways = [way for way in ways if not way.startswith("ahead")]
    columns: list[str] = []
    rows: list[list[Any]] = []
    figures: dict[tuple[float, str], float] = {}
    for seconds in (_SLOW, _NEAR):
        bench.set(latency=seconds)
        found = bench.turns({w: partial(bench.child, "work.latency:client", way=w, jobs=pages * _PAGE) for w in ways})
        columns, found_rows = table(found, "lazy", {way: _spelt(way) for way in ways}, figure="wall")
        rows += [[row[0], int(seconds * 1000), *row[1:]] for row in found_rows]
        figures |= {(seconds, way): ratio(samples, found["lazy"], "wall") for way, samples in found.items()}
    return Result(
        title=f"{pages} pages over a slow network",
        text=f"{pages} pages of {_PAGE} jobs by this library; the server waits before each answer.",
        columns=[columns[0], "latency, ms", *columns[1:]],
        rows=rows,
        goals=[
            Goal(
                text="collect(concurrency=16) at 100 ms: at most 0.16 x lazy",
                figure=figures[_SLOW, "collect 16"],
                limit=0.16,
            ),
            Goal(
                text="read-ahead of one page at 20 ms: at most 0.70 x lazy",
                figure=figures.get((_NEAR, "ahead 1")),
                limit=0.70,
            ),
        ],
        skipped=skipped,
        plot={
            "kind": "bars",
            "label": f"wall beside lazy, {_SLOW * 1000:.0f} ms of latency",
            "values": {_spelt(way): figure for (seconds, way), figure in figures.items() if seconds == _SLOW},
        },
    )


def _spelt(way: str) -> str:
    verb, _, width = way.partition(" ")
    return {
        "lazy": "async for",
        "ahead": f"async with pager.ahead({width})",
        "collect": f"collect(concurrency={width})",
    }[verb]
