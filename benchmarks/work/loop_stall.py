"""How long the event loop is held up by a page: CPU of the longest turn of the loop."""

from __future__ import annotations

import asyncio
import selectors
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import peers
from answers import cluster_id
from harness import Result, beside, table

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_PAGE = 500
_NAMES = (
    peers.OURS,
    "aiohttp_orjson",
    "aiohttp_json",
    "aiohttp_msgspec",
    "aiohttp_cattrs",
    "httpx_pydantic",
)


class Probe(selectors.DefaultSelector):
    """Notes the CPU seconds of the longest turn: what this thread does from one look at the sockets to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._woken = time.thread_time()

    def select(self, timeout: float | None = None) -> Any:
        """Look at the sockets."""
        self.longest = max(self.longest, time.thread_time() - self._woken)
        ready = super().select(timeout)
        self._woken = time.thread_time()
        return ready


def client(url: str, name: str, pages: int) -> dict[str, Any]:
    """In a client process: walk pages, and note the longest turn of each."""
    made: Any = peers.peer(name, url)
    probe = Probe()
    stalls: list[float] = []

    async def run() -> None:
        async with made:
            async for jobs in made.pages(cluster_id(1, pages * _PAGE)):
                assert len(jobs) == _PAGE
                await asyncio.sleep(0)
                stalls.append(probe.longest)
                probe.longest = 0.0

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(probe)) as runner:
        runner.run(run())
    settled = stalls[1:]  # the first page also makes the connection, and what is made once
    return {
        "median": statistics.median(settled),
        "p95": statistics.quantiles(settled, n=20)[-1],
        "first": stalls[0],
    }


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers."""
    pages = 6 if bench.fast else 60
    bench.set()
    names, skipped = bench.able("pages", _NAMES)
    found = bench.turns({n: partial(bench.child, "work.loop_stall:client", name=n, pages=pages) for n in names})
    base = "aiohttp_orjson"
    columns, rows = table(found, base, figure="median", unit="ms")
    return Result(
        title="Pauses of the event loop",
        text=f"{pages} pages of {_PAGE} jobs; CPU time of the longest turn of the loop that each page causes. Whatever "
        "else runs in the loop waits so long. All decode the same bytes on the loop; ours are checked in another turn.",
        columns=columns,
        rows=rows,
        goals=beside(found, peers.OURS, {base: 1.0}, figure="median"),
        skipped=skipped,
        samples=found,
        plot={"kind": "bars", "label": columns[1], "values": {row[0]: row[1] for row in rows}},
    )
