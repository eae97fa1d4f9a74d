"""Downloading one archive over loopback: this library against curl, in turns, in one run.

The emulator serves from a process of its own. Ours streams, hashes, syncs to disk and renames; ``curl`` only writes, so
the second peer is ``curl`` followed by ``sync`` and ``sha1sum`` of the file, which is what a script would do.
``python benchmarks/download.py [MEBIBYTES [ROUNDS]]``: 4096 and 3 unless told.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, HttpRestore, Options, Verification
from mongorestore_async.emulator import Emulator, EmulatorSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["main"]

MEBIBYTE = 1024 * 1024
#: How often the loop is looked at, seconds.
TICK = 0.002


async def serve(size: int) -> None:
    """Serve one archive of so many bytes until the process is ended."""
    async with Emulator(EmulatorSettings(archive_bytes=size, restore_seconds=0, jobs_per_cluster=0)) as emulator:
        place = emulator.world.first("replica-set")
        found = await download_job(emulator.url, emulator.public_key, emulator.private_key, place.project_id, place.id)
        print(json.dumps(found), flush=True)
        await asyncio.Event().wait()


def session_of(url: str, public: str, private: str) -> AsyncSession:
    """Connect to the emulator."""
    return AsyncSession(DigestAuth(public, private), base_url=url, options=Options.for_tests())


async def download_job(url: str, public: str, private: str, project: str, cluster: str) -> dict[str, str]:
    """Create a job whose file may be fetched any number of times; says where it is."""
    async with session_of(url, public, private) as session:
        here = session.project(project, CLOUD_MANAGER).cluster(cluster)
        snapshot = await here.snapshots().latest_restorable()
        batch = await here.create_restore_job(HttpRestore(snapshot.id, max_downloads=2147483647, expiration_hours=1))
        done = await batch.wait(timeout=60)
        link = done[0].delivery.url
        return {"url": url, "public": public, "private": private, "ref": str(done.refs[0]), "file": str(link)}


async def fetch(found: dict[str, str], directory: str) -> dict[str, float]:
    """Download with this library; tells seconds, bytes of memory added and the longest pause of the loop."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            longest = max(longest, time.perf_counter() - before - TICK)

    async with session_of(found["url"], found["public"], found["private"]) as session:
        batch = await session.batch([found["ref"]], until="downloadable")
        ticker = asyncio.create_task(watch())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        (file,) = await batch.download(directory)
        seconds = time.perf_counter() - started
        ticker.cancel()
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert file.verification is Verification.VERIFIED, file
    return {"seconds": seconds, "added": added, "pause": longest}


@contextmanager
def server(size: int) -> Iterator[dict[str, str]]:
    """Run the emulator in a process of its own."""
    command = [sys.executable, __file__, "--serve", str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def curl(url: str, target: Path) -> float:
    """Fetch with curl; seconds."""
    started = time.perf_counter()
    subprocess.run(["curl", "--silent", "--fail", "--output", target, url], check=True)
    return time.perf_counter() - started


def script(url: str, target: Path) -> float:
    """Fetch, sync and hash as a shell script would; seconds."""
    started = time.perf_counter()
    curl(url, target)
    subprocess.run(["sync", target], check=True)
    subprocess.run(["sha1sum", target], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def ours(found: dict[str, str], directory: str) -> dict[str, Any]:
    """Fetch with this library in a fresh process, so that its memory is its own."""
    command = [sys.executable, __file__, "--fetch", json.dumps(found), directory]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout)


def main(mebibytes: int = 4096, rounds: int = 3) -> None:
    """Measure in turns and print medians and ratios."""
    rows: dict[str, list[float]] = {"curl": [], "curl, sync, sha1sum": [], "this library": []}
    figures: list[dict[str, Any]] = []
    with server(mebibytes * MEBIBYTE) as found:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as directory:
                rows["curl"].append(curl(found["file"], Path(directory, "curl")))
            with tempfile.TemporaryDirectory() as directory:
                rows["curl, sync, sha1sum"].append(script(found["file"], Path(directory, "script")))
            with tempfile.TemporaryDirectory() as directory:
                figures.append(ours(found, directory))
            rows["this library"].append(figures[-1]["seconds"])
    bare = statistics.median(rows["curl"])
    print(f"one archive of {mebibytes} MiB, {rounds} rounds, medians")
    for name, seconds in rows.items():
        middle = statistics.median(seconds)
        print(f"{name:24} {middle:8.2f} s {mebibytes / middle:8.0f} MiB/s {middle / bare:8.2f} x curl")
    print(f"memory added, largest    {max(one['added'] for one in figures) / MEBIBYTE:8.1f} MiB")
    print(f"pause of the loop, worst {max(one['pause'] for one in figures) * 1000:8.1f} ms")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--serve", size]:
            asyncio.run(serve(int(size)))
        case ["--fetch", found, directory]:
            print(json.dumps(asyncio.run(fetch(json.loads(found), directory))))
        case numbers:
            main(*map(int, numbers))
