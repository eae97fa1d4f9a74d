"""Listing ten pages of 100 jobs over loopback: this library against plain aiohttp and dictionaries.

The emulator runs in a process of its own, so that its work does not count as ours; both sides wait for it alike.
``python benchmarks/walk.py`` measures it in full, ``--fast`` roughly; all options are pyperf's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pyperf

from mongorestore_async import CLOUD_MANAGER, AsyncSession

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OURS", "PAGES", "PAGE_SIZE", "PLAIN"]

PLAIN = "10 pages: plain aiohttp, dictionaries"
OURS = "10 pages: AsyncSession, typed jobs"
PAGES = 10
PAGE_SIZE = 100

#: Ids of the emulator's first project and cluster: they follow from its seed.
_PROJECT, _CLUSTER = "4f000000237bdc5ac49343c3", "4f000000737bdc5ac49343c3"
_URL, _PUBLIC, _PRIVATE = names = (
    "MONGODB_ATLAS_BASE_URL",
    "MONGODB_ATLAS_PUBLIC_API_KEY",
    "MONGODB_ATLAS_PRIVATE_API_KEY",
)


@contextmanager
def emulator() -> Iterator[dict[str, str]]:
    """Run an emulator; gives the environment variables that lead to it."""
    command = [sys.executable, "-m", "mongorestore_async.emulator", "--jobs", str(PAGES * PAGE_SIZE), "--projects", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found: dict[str, str] = {}
            while len(found) < len(names):
                name, _, value = process.stdout.readline().removeprefix("export ").strip().partition("=")
                if name in names:
                    found[name] = value
            yield found
        finally:
            process.terminate()


async def plain() -> int:
    """List all jobs with aiohttp alone, and its own digest login."""
    auth = aiohttp.DigestAuthMiddleware(os.environ[_PUBLIC], os.environ[_PRIVATE])
    url = f"{os.environ[_URL]}/api/public/v1.0/groups/{_PROJECT}/clusters/{_CLUSTER}/restoreJobs"
    jobs: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(middlewares=(auth,)) as session:
        for number in range(1, PAGES + 1):
            async with session.get(url, params={"pageNum": number, "itemsPerPage": PAGE_SIZE}) as response:
                jobs += (await response.json())["results"]
    assert len(jobs) == PAGES * PAGE_SIZE
    return len(jobs)


async def ours() -> int:
    """List all jobs with this library."""
    async with AsyncSession.from_env() as session:
        cluster = session.project(_PROJECT, CLOUD_MANAGER).cluster(_CLUSTER)
        jobs = await cluster.restore_jobs(items_per_page=PAGE_SIZE).collect()
    assert len(jobs) == PAGES * PAGE_SIZE
    return len(jobs)


def main() -> None:
    """Measure both against one emulator, which the first process starts and the workers share."""
    if _URL in os.environ and "--worker" in sys.argv:
        _measure()
        return
    with emulator() as found:
        os.environ.update(found)
        sys.argv += ["--inherit-environ", ",".join(names)]
        _measure()


def _measure() -> None:
    runner = pyperf.Runner()
    runner.bench_async_func(PLAIN, plain)
    runner.bench_async_func(OURS, ours)


if __name__ == "__main__":
    main()
