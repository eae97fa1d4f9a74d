"""CPU of one call without a model: ``session.request`` beside aiohttp with its digest middleware."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import harness
import peers
from answers import cluster_id
from harness import Result, beside

from work.fan_out import WHY

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_PER_PROJECT = 10
_TITLES = {
    peers.OURS: "session.request()",
    "aiohttp_json": "aiohttp with its digest login, response.json()",
}


def client(url: str, name: str, calls: int) -> dict[str, Any]:
    """In a client process: CPU seconds of a call, one after the other, once as many were made before."""
    made: Any = peers.peer(name, url)

    async def run() -> float:
        async with made:
            for turn in range(2):
                begun = time.process_time()
                for number in range(calls):
                    document = await made.request(cluster_id(number + turn * calls, 1, number // _PER_PROJECT))
                    assert document["totalCount"] == 1, document
            return (time.process_time() - begun) / calls

    return {"cpu": asyncio.run(run())}


def measure(bench: Bench) -> Result:
    """Measure ours beside the call by hand."""
    calls = 40 if bench.fast else 2_000
    bench.set()
    names, skipped = bench.able("request", tuple(_TITLES))
    found = bench.turns({n: partial(bench.child, "work.request:client", name=n, calls=calls) for n in names})
    columns, rows = harness.table(found, "aiohttp_json", _TITLES, unit="us")
    return Result(
        title="One call",
        text=f"A GET whose answer is one job in about 1,100 bytes, {calls:,} calls one after the other on a warm "
        "connection with a warm login; both give the decoded JSON.",
        columns=columns,
        rows=rows,
        goals=beside(found, peers.OURS, {"aiohttp_json": 1.1}, _TITLES, why=WHY),
        skipped=skipped,
        samples=found,
    )
