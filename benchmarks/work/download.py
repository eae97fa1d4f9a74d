"""One archive over loopback: this library beside curl, and beside what a script does: curl, sync, sha1sum."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import answers
from archive_server import CLUSTER, JOB, NAME
from harness import HERE, Goal, Result, ratio

from work.loop_stall import Probe

if TYPE_CHECKING:
    from collections.abc import Generator

    from harness import Bench

__all__ = ["measure"]

_MEBIBYTE = 1024 * 1024
_SIZE, _FAST_SIZE = 512, 4
#: The load of a machine changes from one round to the next.
_LEAST_ROUNDS = 7
_CURL, _SCRIPT, _OURS = "curl, neither synced nor hashed", "curl, sync, sha1sum", "this library"


def client(url: str, archives: str, directory: str) -> dict[str, Any]:
    """In a client process, so that its memory is its own: download, on all cores as the programs of the script."""
    del url
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, Options, Verification

    probe = Probe()

    async def run() -> dict[str, Any]:
        login = DigestAuth("public", "private")
        async with AsyncSession(login, base_url=archives, options=Options.for_tests()) as session:
            cluster = session.project(answers.PROJECT, CLOUD_MANAGER).cluster(CLUSTER)
            job = await cluster.restore_job(JOB)
            batch = await session.batch([str(job.ref)], until="downloadable")
            probe.longest = 0.0
            before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            (file,) = await batch.download(directory)
            seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
        assert file.verification is Verification.VERIFIED, file
        return {
            "wall": seconds,
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "added": (after.ru_maxrss - before.ru_maxrss) * 1024 / _MEBIBYTE,
            "turn": probe.longest,
        }

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(probe)) as runner:
        return runner.run(run())


@contextmanager
def archives_of(size: int, directory: str) -> Generator[str]:
    """Run the server of the archive in a process of its own."""
    command = [sys.executable, str(HERE / "archive_server.py"), directory, str(size)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait()


def run_programs(commands: list[list[str]]) -> dict[str, Any]:
    """Run one program after the other; wall and CPU seconds of all."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": seconds, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def measure_once(bench: Bench, name: str, url: str) -> dict[str, Any]:
    """Fetch the archive into a directory of its own, one of these ways."""
    with tempfile.TemporaryDirectory() as directory:
        target = str(Path(directory, "fetched"))
        curl = ["curl", "--silent", "--fail", "--output", target, f"{url}/{NAME}"]
        if name == _CURL:
            return run_programs([curl])
        if name == _SCRIPT:
            return run_programs([curl, ["sync", target], ["sha1sum", target]])
        return bench.child("work.download:client", archives=url, directory=directory)


def measure(bench: Bench) -> Result:
    """Measure in turns; each round begins with another way."""
    size = _FAST_SIZE if bench.fast else _SIZE
    rounds = 1 if bench.fast else max(bench.rounds, _LEAST_ROUNDS)
    missing = [program for program in ("curl", "sync", "sha1sum") if shutil.which(program) is None]
    names = [_OURS] if missing else [_CURL, _SCRIPT, _OURS]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as directory, archives_of(size * _MEBIBYTE, directory) as url:
        for turn in range(rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                found[name].append(measure_once(bench, name, url))
    loads.append(os.getloadavg()[0])
    ours, script = found[_OURS], found.get(_SCRIPT)
    figures = {what: ratio(ours, script, what) if script else None for what in ("wall", "cpu")}
    added = max(one["added"] for one in ours)
    turn = max(one["turn"] for one in ours) * 1000
    return Result(
        title=f"Download an archive of {size} MiB",
        text="Over loopback from a server that leaves the sending to the system; "
        f"{rounds} rounds, medians, the fastest and the slowest round in brackets. Ours receives, hashes, syncs, "
        "compares and renames; it works in three threads, the programs of a script one after the other. CPU is that "
        "of the clients alone. How long it takes depends on the disk (here that of the temporary directory) and on "
        f"what else the machine does: its load was {loads[0]:.1f} at the beginning and {loads[1]:.1f} at the end, on "
        f"{os.cpu_count()} cores. The longest turn of our loop took {turn:.1f} ms of CPU.",
        columns=["way", "wall, s", "CPU, s", "wall beside the script", "CPU beside the script", "memory added, MiB"],
        rows=[_row(name, samples, script) for name, samples in found.items()],
        goals=[
            Goal(text=f"wall: at most 0.75 x {_SCRIPT}", figure=figures["wall"], limit=0.75),
            Goal(text=f"CPU: at most 0.75 x {_SCRIPT}", figure=figures["cpu"], limit=0.75),
            Goal(text="memory: at most 6 MiB over before, in any round", figure=added, limit=6),
        ],
        skipped={"the programs of a script": f"missing: {', '.join(missing)}"} if missing else {},
        samples=found,
    )


def _row(name: str, samples: list[dict[str, Any]], script: list[dict[str, Any]] | None) -> list[Any]:
    beside = [_spread(samples, script, what) if script else None for what in ("wall", "cpu")]
    added = max(one["added"] for one in samples) if "added" in samples[0] else None
    return [name, *(statistics.median(one[what] for one in samples) for what in ("wall", "cpu")), *beside, added]


def _spread(samples: list[dict[str, Any]], script: list[dict[str, Any]], what: str) -> str:
    ratios = [mine[what] / other[what] for mine, other in zip(samples, script, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
