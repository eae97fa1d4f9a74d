"""A fleet with three bad projects: one answers 503, one 403, one never."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import harness
import peers
from harness import Goal, Result

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_JOBS = 20
_IN_FLIGHT = 16
_TIMEOUT = 1.0


def client(url: str, timeout: float) -> dict[str, Any]:
    """In a client process: list all there is."""
    from peers.ours_fleet import Peer

    from mongorestore_async import CLOUD_MANAGER
    from mongorestore_async.fleet import Fleet

    async def run() -> dict[str, Any]:
        async with Peer(url) as made:
            session = made.session.with_options(timeout=timeout)
            ids: set[str] = set()
            with harness.meter() as figures:
                async with Fleet(session, CLOUD_MANAGER).restore_jobs(concurrency=_IN_FLIGHT) as stream:
                    async for found in stream:
                        ids.add(found.job.id)
            return {**figures, "count": len(ids), "failures": len(stream.failures)}

    return asyncio.run(run())


def measure(bench: Bench) -> Result:
    """Run a fleet of which three projects are bad."""
    projects = 10 if bench.fast else 50
    title = "Bad projects"
    why = bench.obstacle(peers.FLEET, "fan_out")
    if why is not None:
        return Result(title=title, text="Not measured.", columns=["fleet"], rows=[], skipped={"Fleet": why})
    rows: list[list[Any]] = []
    figures: dict[bool, dict[str, Any]] = {}
    for troubled in (False, True):
        bench.set(clusters=projects, projects=projects, jobs=_JOBS, troubled=troubled)
        found = figures[troubled] = bench.child("work.fleet_trouble:client", timeout=_TIMEOUT)
        name = "three projects bad" if troubled else "all well"
        rows.append([name, found["count"], found["failures"], found["wall"]])
    bad = figures[True]
    return Result(
        title=title,
        text=f"{projects} projects with a cluster of {_JOBS} jobs each; then the first answers 503, the second 403 and "
        f"the third not at all. The timeout of a call is {_TIMEOUT:g} s.",
        columns=["fleet", "jobs", "failures", "wall, s"],
        rows=rows,
        goals=[
            Goal(
                text="every other project complete: jobs missing",
                figure=(projects - 3) * _JOBS - bad["count"],
                limit=0,
                counted=True,
            ),
            Goal(text="three failures told", figure=bad["failures"], limit=3, least=3, counted=True),
            Goal(
                text="seconds beyond the timeout of the calls that fail",
                figure=max(0.0, bad["wall"] - figures[False]["wall"] - _TIMEOUT),
                limit=0.25,
            ),
        ],
    )
