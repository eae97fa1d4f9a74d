"""Requests per page and challenges per session, as the server counts them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import peers
from answers import cluster_id
from harness import Goal, Result
from peers.base import BlockingPeer

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_USES = 50
_IN_FLIGHT = 16
#: Calls in which a client may learn how long a nonce lives: two have to die. With calls under way, each of those that
#: meet a dead nonce is sent again with one of its own, so the second dies as many calls later. What the deaths cost
#: falls into these calls, so the column that counts them too is the one to compare whole sessions by.
_LEARNING = 2 * _USES + 2 * _IN_FLIGHT
_NAMES = (peers.OURS, "aiohttp_json", "httpx_pydantic", "requests_json")


def client(url: str, name: str, pages: int, in_flight: int) -> dict[str, Any]:
    """In a client process: read one page each of many clusters; counts begin anew once that many were learnt from."""
    import json
    from urllib.request import urlopen

    made = peers.peer(name, url)
    learning = [cluster_id(number, 1) for number in range(_LEARNING)]
    counted = [cluster_id(number, 1) for number in range(pages)]

    def stats() -> dict[str, int]:
        with urlopen(f"{url}/stats") as reply:  # noqa: S310 - our own
            counts: dict[str, int] = json.loads(reply.read())
        return counts

    async def run() -> tuple[dict[str, int], dict[str, int]]:
        assert not isinstance(made, BlockingPeer)
        async with made:
            await made.fan_out(learning, in_flight)
            before = await asyncio.to_thread(stats)
            await made.fan_out(counted, in_flight)
            return before, await asyncio.to_thread(stats)

    try:
        if isinstance(made, BlockingPeer):
            with made:
                made.fan_out(learning, in_flight)
                before = stats()
                made.fan_out(counted, in_flight)
                after = stats()
        else:
            before, after = asyncio.run(run())
    except Exception as error:  # noqa: BLE001 - a peer that fails is a finding
        inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        return {"failed": type(inner).__name__}
    return {
        "challenges": after["challenges"],
        "whole": after["requests"] / (pages + _LEARNING),
        "learnt": (after["requests"] - before["requests"]) / pages,
        "refused": after["refused"],
    }


def measure(bench: Bench) -> Result:
    """Count."""
    pages = 200 if bench.fast else 1_000
    names, skipped = bench.able("fan_out", _NAMES)
    rows: list[list[Any]] = []
    ours: dict[tuple[int, int], dict[str, Any]] = {}
    for uses in (0, _USES):
        for in_flight in (1, _IN_FLIGHT):
            for name in names:
                bench.set(nonce_uses=uses)
                found = bench.child("work.wire:client", name=name, pages=pages, in_flight=in_flight)
                life = f"dies after {uses} uses" if uses else "lives"
                row: list[Any] = [f"{peers.TITLES[name]}", life, in_flight]
                if "failed" in found:
                    rows.append([*row, f"fails: {found['failed']}", None, None])
                    continue
                rows.append([*row, found["learnt"], found["whole"], found["challenges"]])
                if name == peers.OURS:
                    ours[uses, in_flight] = found
    goals = [
        _goal("requests per page, one page at a time", ours[0, 1]["learnt"], 1.0),
        _goal(f"requests per page, {_IN_FLIGHT} in flight", ours[0, _IN_FLIGHT]["learnt"], 1.0),
        _goal("challenges per session, one page at a time", ours[0, 1]["challenges"], 1),
        _goal(f"challenges per session, {_IN_FLIGHT} in flight", ours[0, _IN_FLIGHT]["challenges"], 1),
        _goal(f"requests per page, nonce dying every {_USES} uses, one at a time", ours[_USES, 1]["learnt"], 1.03),
        _goal(
            f"requests per page, nonce dying every {_USES} uses, {_IN_FLIGHT} in flight, learnt",
            ours[_USES, _IN_FLIGHT]["learnt"],
            1.03,
        ),
    ]
    return Result(
        title="Requests and challenges",
        text=f'{pages + _LEARNING} pages, as the server counts requests. "Learnt" leaves out the first {_LEARNING}, in '
        'which two nonces die and a client may learn from it; "all" has them.',
        columns=["way", "nonce", "in flight", "requests per page, learnt", "requests per page, all", "challenges"],
        rows=rows,
        goals=goals,
        skipped=skipped,
    )


def _goal(what: str, figure: float, limit: float) -> Goal:
    return Goal(text=f"{what}: at most {limit:g}", figure=figure, limit=limit, counted=True)
