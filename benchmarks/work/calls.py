"""How many functions, modules and frames of ours one page of a list passes: counts, the same on every machine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Goal, Result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    from harness import Bench

__all__ = ["Tracer", "client", "measure"]

_JOBS = 20
#: Most distinct functions and modules entered, and most frames on the stack when aiohttp is called.
_LIMITS = {"functions": 68, "modules": 19, "frames": 8}
_TITLES = {"page": "await pager", "walk": "async for job in pager"}


class Tracer:
    """Counts what a coroutine enters of this package.

    Attributes:
        functions: Module (as a file) and qualified name of each function that was entered.
        stack: Functions of ours on the stack, outermost first, when the HTTP library was last called.

    """

    def __init__(self) -> None:
        import aiohttp

        import mongorestore_async

        self.functions: set[tuple[str, str]] = set()
        self.stack: list[tuple[str, str]] = []
        self._root = str(Path(mongorestore_async.__file__).parent) + "/"
        self._request = aiohttp.ClientSession._request.__code__  # noqa: SLF001 - where every request passes

    async def trace(self, call: Callable[[], Awaitable[object]]) -> dict[str, int]:
        """Await a call and say how many distinct functions, modules and frames it took.

        Call it twice before: the first time logs in, and fills caches.
        """
        self.functions.clear()
        before = sys.getprofile()
        sys.setprofile(self._see)
        try:
            await call()
        finally:
            sys.setprofile(before)
        modules = {name for name, _ in self.functions}
        return {"functions": len(self.functions), "modules": len(modules), "frames": len(self.stack)}

    def _see(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call":
            return
        if (found := self._own(frame)) is not None:
            self.functions.add(found)
        elif frame.f_code is self._request:
            self.stack = []
            outer = frame.f_back
            while outer is not None:
                if (found := self._own(outer)) is not None:
                    self.stack.insert(0, found)
                outer = outer.f_back

    def _own(self, frame: FrameType) -> tuple[str, str] | None:
        code = frame.f_code
        if not code.co_filename.startswith(self._root):
            return None
        return code.co_filename.removeprefix(self._root), f"{code.co_qualname}:{code.co_firstlineno}"


def client(url: str, way: str) -> dict[str, Any]:
    """In a client process: trace the third call, and name what it entered."""
    from answers import PROJECT, cluster_id
    from server import PRIVATE_KEY, PUBLIC_KEY

    from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth

    async def run() -> dict[str, Any]:
        tracer = Tracer()
        async with AsyncSession(DigestAuth(PUBLIC_KEY, PRIVATE_KEY), base_url=url) as session:
            cluster = session.project(PROJECT, CLOUD_MANAGER).cluster(cluster_id(1, _JOBS))

            async def page() -> int:
                return len((await cluster.restore_jobs()).items)

            async def walk() -> int:
                return len([job.id async for job in cluster.restore_jobs()])

            call = page if way == "page" else walk
            for _ in range(2):
                assert await call() == _JOBS
            counts = await tracer.trace(call)
        return {**counts, "names": sorted(tracer.functions), "stack": tracer.stack}

    return asyncio.run(run())


def measure(bench: Bench) -> Result:
    """Count for a page that is awaited and for a list that is walked."""
    bench.set()
    found = {way: bench.child("work.calls:client", way=way) for way in _TITLES}
    return Result(
        title="The way of one call",
        text=f"A list of {_JOBS} jobs that fits on one page, after two like it, so that the login is warm: distinct "
        "functions and modules of this package that are entered, and its frames on the stack when aiohttp is called.",
        columns=["way", *_LIMITS],
        rows=[[_TITLES[way], *(counts[name] for name in _LIMITS)] for way, counts in found.items()],
        goals=[
            Goal(
                text=f"at most {limit} {name}",
                figure=max(counts[name] for counts in found.values()),
                limit=limit,
                counted=True,
            )
            for name, limit in _LIMITS.items()
        ],
        samples={_TITLES[way]: [counts] for way, counts in found.items()},
    )
