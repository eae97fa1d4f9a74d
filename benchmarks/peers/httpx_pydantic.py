"""httpx and pydantic models."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import PAGE, AsyncPeer, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

__all__ = ["JobPage", "Peer"]


class Status(StrEnum):
    """Where a job stands."""

    FINISHED = "FINISHED"
    IN_PROGRESS = "IN_PROGRESS"
    BROKEN = "BROKEN"
    KILLED = "KILLED"


class Model(BaseModel):
    """What all have in common."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class Link(Model):
    """A link."""

    href: str
    rel: str


class Hash(Model):
    """A checksum."""

    file_name: str | None = None
    hash: str | None = None
    type_name: str | None = None


class Timestamp(Model):
    """A moment of the oplog."""

    date: datetime | None = None
    increment: int | None = None


class Delivery(Model):
    """How the data are delivered."""

    method_name: str | None = None
    status_name: str | None = None
    url: str | None = None
    url_v2: str | None = None
    auth_header: str | None = None
    auth_bearer: str | None = None
    auth_value: str | None = None
    expiration_hours: int | None = None
    expires: datetime | None = None
    max_downloads: int | None = None
    target_group_id: str | None = None
    target_cluster_id: str | None = None
    target_cluster_name: str | None = None


class Job(Model):
    """A restore job."""

    id: str
    group_id: str | None = None
    cluster_id: str | None = None
    cluster_name: str | None = None
    host_id: str | None = None
    batch_id: str | None = None
    created: datetime | None = None
    snapshot_id: str | None = None
    checkpoint_id: str | None = None
    point_in_time: bool | None = None
    status_name: Status | None = None
    timestamp: Timestamp | None = None
    encryption_enabled: bool | None = None
    master_key_uuid: str | None = Field(default=None, alias="masterKeyUUID")
    hashes: tuple[Hash, ...] = ()
    delivery: Delivery | None = None
    links: tuple[Link, ...] = ()
    deployment_job_id: str | None = None


class JobPage(Model):
    """A page of them."""

    results: tuple[Job, ...]
    total_count: int
    links: tuple[Link, ...] = ()


class Peer(AsyncPeer):
    """``JobPage.model_validate_json(response.content)``."""

    async def __aenter__(self) -> Self:
        self.client = httpx.AsyncClient(base_url=self.url, auth=httpx.DigestAuth(PUBLIC_KEY, PRIVATE_KEY), timeout=60)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        query = {"pageNum": number, "itemsPerPage": PAGE}
        response = await self.client.get(path_of(cluster), params=query)
        response.raise_for_status()
        page = JobPage.model_validate_json(response.content)
        return page.results, page.total_count
