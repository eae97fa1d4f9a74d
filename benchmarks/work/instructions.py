"""Instructions of the same work by this library and by hand: noise does not touch them."""

from __future__ import annotations

import asyncio
import gc
import json
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import counting
import peers
from answers import cluster_id, cluster_ids, page
from harness import Goal, Result

from work import documents, fan_out, fleet, list_jobs, structure_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from harness import Bench

__all__ = ["SHORT", "Way", "client", "measure", "ratios"]

_JOBS = 20
_PAGE = 500
_IN_FLIGHT = 16
_PER_PROJECT = 10
#: Stands for Fleet and pagers on Ops Manager, which has no rate limits.
_OM, _FLEET_OM = "ours on Ops Manager", "ours on Ops Manager, Fleet"
_OM_TITLES = {_OM: "this library, Ops Manager", _FLEET_OM: "this library, Fleet, Ops Manager"}


@attrs.frozen
class Way:
    """One work, done in one way.

    Attributes:
        work: What is done; rows of the same work are compared.
        peer: Who does it.
        calls: How often, when it is counted.
        few: How often before, so that it is warm; in every process, for every way.

    """

    work: str
    peer: str
    calls: int
    few: int

    @property
    def key(self) -> str:
        """Its name on the command line."""
        return f"{self.work}: {self.peer}"


#: Works with the peer that ours is divided by, the calls that are counted, and what a call is.
_WORKS = {
    "request": ("session.request(), one job answered", 100, 10),
    "page": ("a page of 20 jobs, awaited", 100, 10),
    "list": ("a page of 500 jobs, each looked at", 10, 4),
    "structure": ("500 jobs of bytes, one by one", 10, 3),
    "structure, kept": ("500 jobs of bytes, all kept", 10, 3),
    "fan-out": ("a cluster of 20 jobs, of 200 in 20 projects, 16 in flight", 200, 32),
    "fleet": ("the same, clusters to be found", 200, 200),
    "to_dict": ("json.dumps(job.to_dict())", 500, 500),
    "load_jobs": ("a job of load_jobs()", 500, 500),
}
_WAYS = tuple(
    Way(work, peer, *_WORKS[work][1:])
    for work, names in {
        "request": (peers.OURS, "aiohttp_json"),
        "page": (peers.OURS, "aiohttp_msgspec", "aiohttp_json"),
        "list": (peers.OURS, "aiohttp_msgspec"),
        "structure": ("one_by_one", "aiohttp_msgspec"),
        "structure, kept": (peers.OURS, "aiohttp_msgspec"),
        "fan-out": (peers.OURS, _OM, "aiohttp_json", "aiohttp_msgspec"),
        "fleet": (peers.FLEET, _FLEET_OM, "aiohttp_json"),
        "to_dict": (peers.OURS, "aiohttp_json"),
        "load_jobs": (peers.OURS, "aiohttp_cattrs"),
    }.items()
    for peer in names
)
_OURS = {peers.OURS, peers.FLEET, "one_by_one"}


@attrs.frozen
class Row:
    """Ours divided by another way.

    Attributes:
        work: What is done.
        ours: Peer name of ours.
        other: Peer name of the other.
        limit: The goal.
        short: Whether continuous integration compares it with what is recorded.

    """

    work: str
    ours: str
    other: str
    limit: float | None = None
    short: bool = False

    @property
    def title(self) -> str:
        """How it is called in tables and records."""
        return f"{_WORKS[self.work][0]}, x {_title(self.other)}"


_ROWS = (
    Row("request", peers.OURS, "aiohttp_json", 1.1, short=True),
    Row("page", peers.OURS, "aiohttp_msgspec"),
    Row("page", peers.OURS, "aiohttp_json"),
    Row("list", peers.OURS, "aiohttp_msgspec", 1.6, short=True),
    Row("structure", "one_by_one", "aiohttp_msgspec", 1.6, short=True),
    Row("structure, kept", peers.OURS, "aiohttp_msgspec", 2.0),
    Row("fan-out", peers.OURS, "aiohttp_json", 1.15, short=True),
    Row("fan-out", peers.OURS, "aiohttp_msgspec", 1.55),
    Row("fan-out", peers.OURS, _OM, 1.03),
    Row("fleet", peers.FLEET, "aiohttp_json", 1.25, short=True),
    Row("fleet", peers.FLEET, _FLEET_OM, 1.03),
    Row("to_dict", peers.OURS, "aiohttp_json", 2.0),
    Row("load_jobs", peers.OURS, "aiohttp_cattrs", 1.0),
)
_WHY = {
    "request": fan_out.WHY,
    "list": list_jobs.WHY,
    "fan-out": fan_out.WHY,
    "fleet": fleet.WHY,
    "to_dict": documents.WHY,
}
#: Works of the rows that continuous integration compares.
SHORT = tuple(row for row in _ROWS if row.short)


def _title(peer: str) -> str:
    return _OM_TITLES.get(peer) or peers.TITLES[peer]


def client(url: str, works: Sequence[str], more: str | None) -> dict[str, Any]:
    """In a client process: do all works in all ways a few times, and ``more`` of them as often as is counted.

    So two processes differ by nothing but the calls that are counted. What lives on from before is out of the garbage
    collector's sight.
    """

    async def run() -> None:
        async with AsyncExitStack() as stack:
            calls: dict[str, Callable[[int], Awaitable[None]]] = {}
            opened: dict[str, Any] = {}
            for way in _WAYS:
                if way.work not in works:
                    continue
                calls[way.key] = call = await _call(way, url, stack, opened)
                await call(way.few)
            gc.collect()
            gc.freeze()
            for way in _WAYS:
                if way.key == more:
                    await calls[more](way.calls)

    asyncio.run(run())
    return {}


async def _call(way: Way, url: str, stack: AsyncExitStack, opened: dict[str, Any]) -> Callable[[int], Awaitable[None]]:
    """Make what does a work so many times."""
    if way.work in {"structure", "structure, kept", "to_dict", "load_jobs"}:
        once, per = _offline(way)

        async def offline(calls: int) -> None:
            for _ in range(calls // per):
                once()

        return offline
    if way.peer not in opened:
        opened[way.peer] = await stack.enter_async_context(_peer(way.peer, url))
    peer = opened[way.peer]
    return {
        "request": partial(_requests, peer),
        "page": partial(_pages, peer),
        "list": partial(_list, peer),
        "fan-out": partial(_fan_out, peer),
        "fleet": partial(_fleet, peer),
    }[way.work]


async def _requests(peer: Any, calls: int) -> None:
    for number in range(calls):
        await peer.request(cluster_id(number, 1, number // _PER_PROJECT))


async def _pages(peer: Any, calls: int) -> None:
    for cluster in _clusters(calls):
        jobs, _ = await peer.page(cluster, 1)
        assert len(jobs) == _JOBS


async def _list(peer: Any, calls: int) -> None:
    assert await peer.list_jobs(cluster_id(1, calls * _PAGE)) == calls * _PAGE


async def _fan_out(peer: Any, calls: int) -> None:
    assert await peer.fan_out(_clusters(calls), _IN_FLIGHT) == calls * _JOBS


async def _fleet(peer: Any, calls: int) -> None:
    assert await peer.fleet(_IN_FLIGHT) == calls * _JOBS


def _clusters(calls: int) -> list[str]:
    return cluster_ids(calls, _JOBS, max(1, calls // _PER_PROJECT))


def _peer(name: str, url: str) -> Any:
    if name not in _OM_TITLES:
        return peers.peer(name, url)
    from mongorestore_async import OPS_MANAGER

    made = peers.peer(peers.OURS if name == _OM else peers.FLEET, url)
    vars(made)["family"] = OPS_MANAGER
    return made


def _offline(way: Way) -> tuple[Callable[[], object], int]:
    """Say what does a work without a network, and how many calls one turn of it counts for."""
    body = page(cluster_id(1, 1_000), 1, _PAGE)
    if way.work.startswith("structure"):
        structure = structure_page.way_of(way.peer)
        return lambda: structure(body), 1
    return documents.way_of(way.work, way.peer, json.loads(body)["results"], 2)


def ratios(bench: Bench, rows: Sequence[Row] = _ROWS) -> tuple[dict[str, float], dict[str, int]]:
    """Count: ours divided by the other way for each row, and the instructions of a call of each way."""
    works = sorted({row.work for row in rows})
    needed = {f"{row.work}: {name}" for row in rows for name in (row.ours, row.other)}
    ways = [way for way in _WAYS if way.key in needed]
    bench.set(clusters=_WORKS["fleet"][1], jobs=_JOBS, projects=_WORKS["fleet"][1] // _PER_PROJECT)
    runs: dict[str, Any] = {"": {"works": works, "more": None}}
    runs |= {way.key: {"works": works, "more": way.key} for way in ways}
    found = counting.count(bench, "work.instructions:client", runs)
    each = {way.key: round((found[way.key] - found[""]) / way.calls) for way in ways}
    return {row.title: each[f"{row.work}: {row.ours}"] / each[f"{row.work}: {row.other}"] for row in rows}, each


def measure(bench: Bench) -> Result:
    """Count all rows."""
    title, columns = "Instructions", ["a call", "way", "instructions, thousands"]
    why = counting.obstacle()
    if why is not None:
        return Result(title=title, text="Not counted.", columns=columns, rows=[], skipped={"instructions": why})
    found, each = ratios(bench, SHORT[:1] if bench.fast else _ROWS)
    counted = [(way, each[way.key]) for way in _WAYS if way.key in each]
    return Result(
        title=title,
        text="Counted by valgrind (cachegrind, no caches) as the difference of two processes, of which one makes so "
        "many calls more; both have made some before. The load of the machine does not touch these figures.",
        columns=columns,
        rows=[[_WORKS[way.work][0], _name(way), figure / 1000] for way, figure in counted],
        goals=[
            Goal(
                text=f"{row.title}: at most {row.limit:.2f}",
                figure=found[row.title],
                limit=row.limit,
                why=_WHY.get(row.work, ""),
            )
            for row in _ROWS
            if row.limit is not None and row.title in found
        ],
    )


def _name(way: Way) -> str:
    by_hand = {
        "to_dict": "json.dumps(dict)",
        "load_jobs": "stock cattrs",
        "structure": "msgspec Structs",
        "structure, kept": "msgspec Structs",
    }
    if way.peer in _OURS:
        return peers.TITLES[peers.FLEET if way.peer == peers.FLEET else peers.OURS]
    return by_hand.get(way.work) or _title(way.peer)
