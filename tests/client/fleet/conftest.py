"""A small fleet behind aioresponses, for fan-outs."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections import Counter
from typing import Any

import pytest

from mongorestore_async import OPS_MANAGER
from mongorestore_async.fleet import Fleet

_JOBS = re.compile(r"/groups/([^/]+)/(?:clusters|flexClusters)/([^/]+)/(?:backup/)?(?:r|collectionR)estoreJobs")
_LISTS = re.compile(r"/groups/([^/]+)/(?:clusters|flexClusters)\?")


class World:
    """A small fleet. ``plays`` has answers of its own for places: "p1/c2", "p1", "groups", "clusters"."""

    def __init__(self, server, projects=3, clusters=2, jobs=2):
        self.server = server
        self.places = {f"p{project}": [f"c{cluster}" for cluster in range(clusters)] for project in range(projects)}
        self.jobs = jobs
        self.plays = {}
        self.under_way = Counter()
        self.most = Counter()
        self.read = []
        server.serve(self)

    async def __call__(self, sent):
        if found := _JOBS.search(sent.url):
            project, cluster = found.groups()
            self.read.append(f"{project}/{cluster}")
            for word in (project, "all"):
                self.under_way[word] += 1
                self.most[word] = max(self.most[word], self.under_way[word])
            try:
                for _ in range(10):
                    await asyncio.sleep(0)
                return await self.play(f"{project}/{cluster}") or self.page(sent, self.ids(project, cluster))
            finally:
                for word in (project, "all"):
                    self.under_way[word] -= 1
        if found := _LISTS.search(sent.url):
            document = [{"id": key, "name": key} for key in self.places[found[1]]]
            return await self.play(found[1]) or self.page(sent, document)
        if "/groups?" in sent.url:
            return await self.play("groups") or self.page(sent, [{"id": one, "name": f"{one}!"} for one in self.places])
        return await self.play("clusters") or self.page(
            sent,
            [
                {"groupId": one, "groupName": f"{one}!", "clusters": [{"clusterId": key, "name": key} for key in keys]}
                for one, keys in self.places.items()
            ],
        )

    async def play(self, place):
        answer = self.plays.get(place)
        if inspect.iscoroutinefunction(answer):
            return await answer()
        return answer

    def ids(self, project, cluster):
        return [{"id": f"{project}/{cluster}/{number}"} for number in range(self.jobs)]

    def page(self, sent, results):
        start, size = (sent.page - 1) * int(sent.query["itemsPerPage"]), int(sent.query["itemsPerPage"])
        return self.server.answer({"results": results[start : start + size], "totalCount": len(results)})

    def refused(self, status, code=None):
        """Make an answer that is an error."""
        return self.server.answer({"error": status, "errorCode": code}, status=status)

    @staticmethod
    async def hang():
        """Answer never: for ``plays``."""
        await asyncio.Event().wait()

    @property
    def all_ids(self):
        return sorted(
            job["id"] for project, keys in self.places.items() for key in keys for job in self.ids(project, key)
        )


@pytest.fixture
def make_world(server: Any) -> Any:
    """Make a fleet of so many projects, clusters in each, and jobs in each of those."""
    return lambda **sizes: World(server, **sizes)


@pytest.fixture
def world(make_world: Any) -> World:
    return make_world()


@pytest.fixture
def fleet(session: Any) -> Fleet[Any]:
    return Fleet(session, OPS_MANAGER, name="om")


@pytest.fixture
def read() -> Any:
    """Read a stream to its end; gives the ids of its jobs, sorted."""

    async def read_all(stream: Any) -> list[str]:
        async with stream:
            return sorted([found.job.id async for found in stream])

    return read_all
