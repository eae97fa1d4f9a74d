"""What every peer can do, and the walks and fan-outs that users of most of them would write by hand."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

from answers import project_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from typing import Self

__all__ = ["ALL_CLUSTERS", "PAGE", "AsyncPeer", "BlockingPeer", "path_of"]

#: Path of the list of all clusters of all projects.
ALL_CLUSTERS = "/api/public/v1.0/clusters"

#: Jobs asked for at once.
PAGE = 500


def path_of(cluster: str) -> str:
    """Path of the restore jobs of a cluster, under its own project."""
    return f"/api/public/v1.0/groups/{project_of(cluster)}/clusters/{cluster}/restoreJobs"


class AsyncPeer(ABC):
    """A peer for asyncio.

    Attributes:
        cannot: Benchmarks it has no call for, with the reason.

    """

    cannot: ClassVar[dict[str, str]] = {}

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    @abstractmethod
    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page; gives its jobs and how many there are in all."""

    async def pages(self, cluster: str) -> AsyncIterator[Sequence[Any]]:
        """Walk the pages of a cluster."""
        number = seen = 0
        total = 1
        while seen < total:
            number += 1
            jobs, total = await self.page(cluster, number)
            seen += len(jobs)
            yield jobs

    async def list_jobs(self, cluster: str) -> int:
        """Look at each job of a cluster, one after the other."""
        count = number = 0
        total = 1
        while count < total:
            number += 1
            jobs, total = await self.page(cluster, number)
            for _ in jobs:
                count += 1
        return count

    async def fan_out(self, clusters: Sequence[str], in_flight: int) -> int:
        """Look at each job of each cluster, so many clusters at a time: that many tasks, each of many clusters."""
        waiting = iter(clusters)

        async def read() -> int:
            count = 0
            for cluster in waiting:
                count += await self.list_jobs(cluster)
            return count

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read()) for _ in range(in_flight)]
        return sum(task.result() for task in tasks)

    async def fleet(self, in_flight: int) -> int:
        """Find all clusters of all projects, and look at each job of each."""
        return await self.fan_out(await self.discover(), in_flight)

    async def discover(self) -> list[str]:
        """List the ids of all clusters by ``GET /clusters``."""
        raise NotImplementedError


class BlockingPeer(ABC):
    """A peer for threads; attributes and methods as those of :class:`AsyncPeer`."""

    cannot: ClassVar[dict[str, str]] = {}

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @abstractmethod
    def pages(self, cluster: str) -> Iterator[Sequence[Any]]:
        """Walk the pages of a cluster."""

    def list_jobs(self, cluster: str) -> int:
        """Look at each job of a cluster, one after the other."""
        count = 0
        for jobs in self.pages(cluster):
            for _ in jobs:
                count += 1
        return count

    def fan_out(self, clusters: Sequence[str], in_flight: int) -> int:
        """Look at each job of each cluster, so many clusters at a time."""
        with ThreadPoolExecutor(in_flight) as pool:
            results = deque(pool.map(self.list_jobs, clusters))
        return sum(results)
