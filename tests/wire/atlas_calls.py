"""Calls to the Atlas side of an emulator by plain aiohttp, family by family."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from mongorestore_async.emulator import Emulator, EmulatorSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

V1, V2 = "/api/atlas/v1.0", "/api/atlas/v2"

#: Family: API, kind of cluster, where its clusters are, path of its jobs below the cluster, date of its version.
FAMILIES = {
    "legacy-v1": (V1, "legacy", "clusters", "restoreJobs", None),
    "legacy": (V2, "legacy", "clusters", "restoreJobs", "2023-01-01"),
    "cloud-v1": (V1, "cloud-backup", "clusters", "backup/restoreJobs", None),
    "cloud": (V2, "cloud-backup", "clusters", "backup/restoreJobs", "2023-01-01"),
    "tenant-v1": (V1, "tenant", "clusters", "backup/tenant/restores", None),
    "tenant": (V2, "tenant", "clusters", "backup/tenant/restores", "2023-01-01"),
    "serverless-v1": (V1, "serverless", "serverless", "backup/restoreJobs", None),
    "serverless": (V2, "serverless", "serverless", "backup/restoreJobs", "2023-01-01"),
    "collections": (V2, "cloud-backup", "clusters", "collectionRestoreJobs", "2025-03-12"),
    "flex": (V2, "flex", "flexClusters", "backup/restoreJobs", "2024-11-13"),
}


class AtlasCalls:
    """One family's calls to one cluster."""

    def __init__(self, emulator: Emulator, client: aiohttp.ClientSession, family: str, kind: str | None) -> None:
        self.emulator = emulator
        self.client = client
        self.api, usual, self.collection, self.tail, self.date = FAMILIES[family]
        self.cluster = emulator.world.first(kind or usual)
        self.snapshot = emulator.world.jobs.snapshot_id(self.cluster)

    @property
    def project(self) -> str:
        return f"{self.api}/groups/{self.cluster.project_id}"

    @property
    def place(self) -> str:
        return f"{self.project}/{self.collection}/{self.cluster.name}"

    @property
    def jobs(self) -> str:
        return f"{self.place}/{self.tail}"

    @property
    def creates(self) -> str:
        """The path of creates: singular for restores of M2 and M5."""
        return self.jobs.replace("tenant/restores", "tenant/restore")

    def job(self, position: int = 0) -> Any:
        return self.emulator.world.jobs.at(self.cluster, position)

    async def send(self, method: str, target: str, body: Any = None, **headers: str | None) -> Any:
        """The response, its ``document`` read (None when there is no body)."""
        url = URL(target if target.startswith("http") else self.emulator.url + target, encoded=True)
        media = "application/json" if self.date is None else f"application/vnd.atlas.{self.date}+json"
        named = {"Accept": media, "Content-Type": media if body is not None else None, **headers}
        sent = {name: value for name, value in named.items() if value is not None}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        skip = ("Accept", "Content-Type")
        async with self.client.request(method, url, data=data, headers=sent, skip_auto_headers=skip) as response:
            text = await response.read()
            response.document = json.loads(text) if text else None
            return response

    async def get(self, target: str | None = None, **headers: str | None) -> Any:
        response = await self.send("GET", target or self.jobs, **headers)
        assert response.status == 200, response.document
        return response.document

    async def post(self, body: Any, target: str | None = None, **headers: str | None) -> Any:
        return await self.send("POST", target or self.creates, body, **headers)

    async def made(self, body: Any, target: str | None = None) -> Any:
        response = await self.post(body, target)
        assert response.status in {200, 201}, response.document
        return response.document

    async def refused(self, method: str, target: str | None = None, body: Any = None, **headers: str | None) -> Any:
        """Status and code, of an error document that took no effect."""
        jobs = self.emulator.world.jobs
        before = self.emulator.counts.creates_taken, jobs.count(self.cluster)
        response = await self.send(method, target or self.creates, body, **headers)
        assert response.document["error"] == response.status
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers.get("X-Error-Code") == (response.document["errorCode"] if self.api == V2 else None)
        assert before == (self.emulator.counts.creates_taken, jobs.count(self.cluster))
        return response.status, response.document["errorCode"]


@asynccontextmanager
async def call_atlas(family: str, kind: str | None = None, **settings: Any) -> AsyncIterator[AtlasCalls]:
    """Start an emulator whose world has every kind of cluster, without a login and with its clock stopped."""
    settings = {"speed": 0, "auth_enabled": False, "clusters_per_project": 7, **settings}
    async with Emulator(EmulatorSettings(**settings)) as emulator, aiohttp.ClientSession() as client:
        yield AtlasCalls(emulator, client, family, kind)


class CollectionRestoreCalls(AtlasCalls):
    """Creates collection restores of one cluster, and looks at them."""

    path = ""

    @property
    def world(self) -> Any:
        return self.emulator.world

    async def create(self, *sources: Any, target: Any = None, **changes: Any) -> Any:
        """Databases are names without a dot; an entry may also be a dictionary."""
        target = target or self.cluster
        entries = [one if isinstance(one, dict) else {"sourceNamespace": one} for one in sources]
        body = {
            "targetClusterName": target.name,
            "targetGroupId": target.project_id,
            "writeStrategy": "CREATE_NEW",
            "indexStrategy": "ALL",
            "snapshotId": self.snapshot,
            "databases": [one for one in entries if "." not in one["sourceNamespace"]],
            "collections": [one for one in entries if "." in one["sourceNamespace"]],
            **changes,
        }
        made = await self.made({name: value for name, value in body.items() if value is not ...})
        self.path = f"{self.jobs}/{made['id']}"
        return made

    async def job(self, after: float = 0.0) -> Any:
        """The job that was created last, after some seconds on the emulator's clock."""
        self.emulator.clock.advance(after)
        return await self.get(self.path)

    async def collections(self, query: str = "") -> Any:
        """Its collections."""
        return (await self.get(f"{self.path}/collections{query}"))["results"]

    async def states(self) -> dict[str, str]:
        """Their states by namespace in the backup."""
        return {one["sourceNamespace"]: one["state"] for one in await self.collections()}

    def names(self, cluster: Any = None) -> list[str]:
        """The namespaces of a cluster in the world."""
        return [one.namespace for one in self.world.namespaces.of(cluster or self.cluster)]


@asynccontextmanager
async def restore_collections(kind: str | None = None, **settings: Any) -> AsyncIterator[CollectionRestoreCalls]:
    """The same for collection restores, each of which takes a thousand seconds."""
    async with call_atlas("collections", kind, **{"restore_seconds": 1000, **settings}) as atlas:
        yield CollectionRestoreCalls(atlas.emulator, atlas.client, "collections", kind)
