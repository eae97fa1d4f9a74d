"""Downloads in processes of their own: killed again and again, and watched for memory and for pauses of the loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from pathlib import Path

import pytest

from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth
from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.download import DownloadSource, download_batch
from mongorestore_async.transport.connection import HttpSettings

KILLS = 10
MB = 1_000_000


async def main(base_url, public_key, private_key, project, cluster, job, directory):
    """Download one job and tell about it."""
    longest = work = 0.0

    async def watch():
        nonlocal longest, work
        while True:
            began, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began - 0.001)
            work = max(work, time.thread_time() - worked)

    async with AsyncSession(DigestAuth(public_key, private_key), base_url=base_url) as session:
        place = session.project(project, OPS_MANAGER).cluster(cluster)
        source = DownloadSource(await place.restore_job(job), lambda: place.restore_job(job))
        fetcher = ArchiveFetcher(HttpSettings(), user_agent="tests", stall_timeout=10)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        watching = asyncio.create_task(watch())
        (file,) = await download_batch([source], directory, fetcher=fetcher, verify_pause=0.1)
        watching.cancel()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    told = {
        "sha1": file.sha1,
        "verification": file.verification,
        "resumed_from": file.resumed_from,
        "requests": file.requests,
        "grown": grown,
        "pause": longest,
        "work": work,
        "rate": (file.size - file.resumed_from) / file.seconds / MB,
    }
    sys.stdout.write(json.dumps(told))


async def start(library, sources, directory):
    job, emulator = library.job, library.emulator
    return await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        *(emulator.url, emulator.public_key, emulator.private_key),
        *(job.cluster.project_id, job.cluster.id, job.id, str(directory)),
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=asyncio.subprocess.PIPE,
    )


async def finish(process):
    out, _ = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode == 0
    return json.loads(out)


def sizes(directory):
    found = {}
    for path in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):  # records come and go while the other process runs
            found[path.name] = path.stat().st_size
    return found


@pytest.mark.parametrize("seed", [4])
async def test_ten_kills_and_the_right_file_in_the_end(open_library, tmp_path, sha1_of, seed):
    size = 40 * MB
    points = [0, *sorted(random.Random(seed).sample(range(size), KILLS - 1))]  # noqa: S311 - places, no secrets
    async with open_library({"bytes_per_second": 40 * MB}, archive_bytes=size) as library:
        sources = await library.order(max_downloads=None)
        for point in points:
            process = await start(library, sources, tmp_path)
            async with asyncio.timeout(120):
                while not any(name.endswith(".part") and there >= point for name, there in sizes(tmp_path).items()):
                    assert process.returncode is None
                    await asyncio.sleep(0.002)
            process.kill()
            await process.communicate()
            assert not any(name.endswith(".gz") for name in sizes(tmp_path))
        told = await finish(await start(library, sources, tmp_path))

        assert told["sha1"] == library.archive.sha1()
        sent = sum(record.sent for record in library.records)
    assert told["verification"] == "VERIFIED"
    assert told["resumed_from"] >= points[-1]
    # A request is counted before it is sent: one that a kill forestalled counts, one that was sent always does.
    assert len(library.records) <= told["requests"] <= KILLS + 1
    # What a killed process had not read yet is lost; to begin anew each time would be more than four times the size.
    assert sent <= 2.5 * size
    begun = [int((record.range or "bytes=0-").removeprefix("bytes=").partition("-")[0]) for record in library.records]
    assert begun == sorted(begun)
    (path,) = tmp_path.iterdir()
    assert sha1_of(path) == told["sha1"]


async def test_memory_stays_flat_and_the_loop_is_not_held_up(open_library, tmp_path):
    async with open_library({"block": 1 << 20}, archive_bytes=400 * MB) as library:
        sources = await library.order()
        told = await finish(await start(library, sources, tmp_path))

    assert told["verification"] == "VERIFIED"
    assert told["grown"] < 64
    assert told["work"] < 0.1
    assert told["pause"] < 1  # other processes count


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
