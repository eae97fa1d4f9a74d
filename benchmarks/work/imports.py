"""What importing costs."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any

from harness import Goal, Result

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_DEPENDENCIES = ("aiohttp", "attrs", "cattrs", "lazy_loader", "msgspec", "yarl")
#: Jobs of the page that is listed.
_JOBS = 20


def _import_dependencies() -> None:
    for name in _DEPENDENCIES:
        __import__(name)


def client(url: str) -> dict[str, Any]:
    """In a client process: import the dependencies, then all that a session and a fleet need."""
    del url
    begun = time.process_time()
    _import_dependencies()
    known = set(sys.modules)
    between = time.process_time()
    import mongorestore_async

    for name in ("AsyncSession", "CLOUD_MANAGER", "DigestAuth", "RestoreJob"):
        getattr(mongorestore_async, name)
    ended = time.process_time()
    new = set(sys.modules) - known
    return {
        "dependencies": between - begun,
        "ours": ended - between,
        "own": sum(name.startswith("mongorestore_async") for name in new),
        "others": sum(not name.startswith("mongorestore_async") for name in new),
    }


def first(url: str) -> dict[str, Any]:
    """In a client process: what a session, its login and its first page take, over the second page."""
    _import_dependencies()
    from answers import PROJECT, cluster_id
    from server import PRIVATE_KEY, PUBLIC_KEY

    from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, RestoreJob

    async def run() -> float:
        moments = [time.process_time()]
        async with AsyncSession(DigestAuth(PUBLIC_KEY, PRIVATE_KEY), base_url=url) as session:
            cluster = session.project(PROJECT, CLOUD_MANAGER).cluster(cluster_id(1, _JOBS))
            for _ in range(2):
                (*_, job) = await cluster.restore_jobs()
                assert isinstance(job, RestoreJob)
                moments.append(time.process_time())
        return moments[1] * 2 - moments[0] - moments[2]

    return {"ours": asyncio.run(run())}


def bare(url: str) -> dict[str, Any]:
    """In a client process: import the package and nothing of it."""
    del url
    begun = time.process_time()
    import mongorestore_async

    del mongorestore_async
    return {"ours": time.process_time() - begun, "aiohttp": "aiohttp" in sys.modules}


def version(url: str) -> dict[str, Any]:
    """In a client process: ``mongorestore-async --version``."""
    del url
    begun = time.process_time()
    from mongorestore_async.cli import main

    with redirect_stdout(StringIO()):
        main(["--version"])
    return {"ours": time.process_time() - begun, "aiohttp": "aiohttp" in sys.modules}


def measure(bench: Bench) -> Result:
    """Import in fresh processes."""
    kinds = {"session": "client", "first": "first", "package": "bare", "version": "version"}
    found = bench.turns({name: partial(bench.child, f"work.imports:{call}") for name, call in kinds.items()})
    medians = {name: statistics.median(one["ours"] for one in samples) * 1000 for name, samples in found.items()}
    dependencies = statistics.median(one["dependencies"] for one in found["session"]) * 1000
    session = found["session"][0]
    loads = any(one["aiohttp"] for one in found["version"] + found["package"])
    return Result(
        title="Import",
        text="CPU in a fresh process. What a session needs are "
        f"{session['own']} modules of ours and {session['others']} more of others, beside the dependencies themselves.",
        columns=["what", "CPU, ms"],
        rows=[
            ["the dependencies (aiohttp, attrs, cattrs, lazy_loader, msgspec, yarl)", dependencies],
            ["a session, over its dependencies", medians["session"]],
            ["making it, its login and first list, over a second list", medians["first"]],
            ["import mongorestore_async, nothing of it used", medians["package"]],
            ["mongorestore-async --version", medians["version"]],
        ],
        goals=[
            Goal(
                text="at most 60 ms over the dependencies",
                figure=medians["session"],
                limit=60,
                why="attrs makes the methods of about a hundred classes when they are imported.",
            ),
            Goal(text="--version imports no aiohttp", figure=int(loads), limit=0, counted=True),
        ],
    )
