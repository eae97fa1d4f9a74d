"""What the first create, wait, download or fleet of a process holds the event loop up for, beside the first list."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
from harness import HERE, Result, beside, table

from work.loop_stall import Probe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from harness import Bench

__all__ = ["measure"]

_JOBS = 20
_TIMES = 3
_TITLES = {
    "list": "list of 20 jobs",
    "create": "create_restore_job()",
    "ensure": "ensure_restore()",
    "batch": "session.batch()",
    "wait": "wait()",
    "watch": "watch_restore_job()",
    "download": "download()",
    "fleet": "Fleet",
}


def serve() -> None:
    """In a process of its own: run the emulator until standard input ends; says where everything is."""
    from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, HttpRestore, Options
    from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager

    settings = EmulatorSettings(
        manager=Manager.CLOUD_MANAGER,
        projects=1,
        clusters_per_project=1,
        jobs_per_cluster=_JOBS - 1,
        restore_seconds=0,
        archive_bytes=1024 * 1024,
    )

    async def run() -> None:
        async with Emulator(settings) as emulator:
            place = emulator.world.first("replica-set")
            auth = DigestAuth(emulator.public_key, emulator.private_key)
            async with AsyncSession(auth, base_url=emulator.url, options=Options.for_tests()) as session:
                cluster = session.project(place.project_id, CLOUD_MANAGER).cluster(place.id)
                snapshot = await cluster.snapshots().latest_restorable()
                request = HttpRestore(snapshot.id, 2147483647, expiration_hours=1)
                batch = await (await cluster.create_restore_job(request)).wait(timeout=60, until="finished")
            found = {"url": emulator.url, "keys": [emulator.public_key, emulator.private_key]}
            found |= {"project": place.project_id, "cluster": place.id, "snapshot": snapshot.id}
            print(json.dumps(found | {"job": batch[0].id, "ref": str(batch.refs[0])}), flush=True)
            await asyncio.to_thread(sys.stdin.read)

    asyncio.run(run())


def client(url: str, work: str, found: dict[str, Any]) -> dict[str, Any]:
    """In a client process: do one thing a few times; the session is open before the first."""
    del url
    from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, Fleet, HttpRestore, Options

    probe = Probe()
    turns: list[float] = []

    async def run(directory: str) -> None:
        session = AsyncSession(DigestAuth(*found["keys"]), base_url=found["url"], options=Options.for_tests())
        async with session:
            cluster = session.project(found["project"], CLOUD_MANAGER).cluster(found["cluster"])
            request = HttpRestore(found["snapshot"], 3, expiration_hours=24)

            async def wait() -> None:
                await (await session.batch([found["ref"]])).wait(timeout=60, until="finished")

            async def watch() -> None:
                async for _ in cluster.watch_restore_job(found["job"], timeout=60, until="finished"):
                    pass

            async def download() -> None:
                await (await session.batch([found["ref"]])).download(directory, overwrite=True)

            async def fleet() -> None:
                async with Fleet(session, CLOUD_MANAGER).restore_jobs() as stream:
                    async for _ in stream:
                        pass

            ways: dict[str, Callable[[], Awaitable[object]]] = {
                "list": lambda: cluster.restore_jobs(items_per_page=_JOBS).first(),
                "create": lambda: cluster.create_restore_job(request),
                "ensure": lambda: cluster.ensure_restore(request),
                "batch": lambda: session.batch([found["ref"]]),
                "wait": wait,
                "watch": watch,
                "download": download,
                "fleet": fleet,
            }
            for _ in range(_TIMES):
                await asyncio.sleep(0.01)
                probe.longest = 0.0
                await ways[work]()
                await asyncio.sleep(0)
                turns.append(probe.longest)

    with (
        tempfile.TemporaryDirectory() as directory,
        asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(probe)) as runner,
    ):
        runner.run(run(directory))
    return {"first": turns[0], "second": turns[1]}


def measure(bench: Bench) -> Result:
    """Measure each in fresh processes, in turns."""
    command = [sys.executable, "-c", "from work.first_use import serve; serve()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        rows = {work: partial(bench.child, "work.first_use:client", work=work, found=found) for work in _TITLES}
        samples = bench.turns(rows)
        assert process.stdin is not None
        process.stdin.close()
    columns, rows = table(samples, "list", _TITLES, figure="first", unit="ms")
    return Result(
        title="First use",
        text="CPU of the longest turn of the loop that the first use in a fresh process causes; the session is open.",
        columns=columns,
        rows=rows,
        goals=[
            attrs.evolve(goal, text=f"{_TITLES[work]}: at most 2 x the first list")
            for work in _TITLES
            if work != "list"
            for goal in beside(samples, work, {"list": 2.0}, _TITLES, figure="first")
        ],
        samples=samples,
    )
