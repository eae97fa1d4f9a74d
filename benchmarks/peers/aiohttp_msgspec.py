"""aiohttp and msgspec: the fastest there is for typed objects."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads it
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from peers import aiohttp_json
from peers.base import PAGE, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["JobPage", "Peer"]


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


class Struct(msgspec.Struct, frozen=True, rename="camel"):
    """What all have in common."""


class Link(Struct, frozen=True):
    """A link."""

    href: str
    rel: str


class Hash(Struct, frozen=True):
    """A checksum."""

    file_name: str | None = None
    hash: str | None = None
    type_name: str | None = None
    links: tuple[Link, ...] = ()


class Timestamp(Struct, frozen=True):
    """A moment of the oplog."""

    date: datetime | None = None
    increment: int | None = None
    time: int | None = None


class Delivery(Struct, frozen=True):
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


class Job(Struct, frozen=True):
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
    master_key_uuid: str | None = msgspec.field(default=None, name="masterKeyUUID")
    hashes: tuple[Hash, ...] = ()
    delivery: Delivery | None = None
    links: tuple[Link, ...] = ()
    deployment_job_id: str | None = None


class JobPage(Struct, frozen=True):
    """A page of them."""

    results: tuple[Job, ...]
    total_count: int
    links: tuple[Link, ...] = ()


class Peer(aiohttp_json.Peer):
    """``decoder.decode(await response.read())``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._decoder = msgspec.json.Decoder(JobPage)

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        async with self.session.get(path_of(cluster), params={"pageNum": number, "itemsPerPage": PAGE}) as response:
            page = self._decoder.decode(await response.read())
        return page.results, page.total_count
