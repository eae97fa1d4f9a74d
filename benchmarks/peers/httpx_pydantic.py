"""httpx and pydantic models."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import PAGE, AsyncPeer, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

__all__ = ["PAGES", "JobPage", "Peer"]


class Status(StrEnum):
    """Where a job stands."""

    FINISHED = "FINISHED"
    IN_PROGRESS = "IN_PROGRESS"
    BROKEN = "BROKEN"
    KILLED = "KILLED"


class Method(StrEnum):
    """How the data are delivered."""

    HTTP = "HTTP"
    AUTOMATED_RESTORE = "AUTOMATED_RESTORE"
    QUERY = "QUERY"
    SCP = "SCP"
    CLIENT_PIT_HTTP = "CLIENT_PIT_HTTP"
    CLIENT_PIT_SCP = "CLIENT_PIT_SCP"
    THIRD_PARTY_COPY = "THIRD_PARTY_COPY"


class Stand(StrEnum):
    """Where the delivery stands."""

    NOT_STARTED = "NOT_STARTED"
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    EXPIRED = "EXPIRED"
    MAX_DOWNLOADS_EXCEEDED = "MAX_DOWNLOADS_EXCEEDED"


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
    links: tuple[Link, ...] = ()


class Timestamp(Model):
    """A moment of the oplog."""

    date: datetime | None = None
    increment: int | None = None
    time: int | None = None


class Delivery(Model):
    """How the data are delivered."""

    method_name: Method | None = None
    status_name: Stand | None = None
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


#: One for the whole program; it reads bytes.
PAGES = TypeAdapter(JobPage)

#: As many as are ever under way here.
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=32)


class Peer(AsyncPeer):
    """``TypeAdapter(JobPage).validate_json(response.content)``."""

    async def __aenter__(self) -> Self:
        login = httpx.DigestAuth(PUBLIC_KEY, PRIVATE_KEY)
        self.client = httpx.AsyncClient(base_url=self.url, auth=login, timeout=60, limits=_LIMITS, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        response = await self.client.get(path_of(cluster), params={"pageNum": number, "itemsPerPage": PAGE})
        response.raise_for_status()
        page = PAGES.validate_json(response.content)
        return page.results, page.total_count
