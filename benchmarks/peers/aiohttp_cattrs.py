"""aiohttp, attrs, and stock cattrs over orjson."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - cattrs reads it
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs
from cattrs.gen import make_dict_structure_fn, override
from cattrs.preconf.orjson import make_converter

from peers import aiohttp_json
from peers.base import PAGE, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["JobPage", "Peer", "converter"]


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


@attrs.define
class Link:
    """A link."""

    href: str
    rel: str


@attrs.define
class Hash:
    """A checksum."""

    file_name: str | None = None
    hash: str | None = None
    type_name: str | None = None
    links: tuple[Link, ...] = ()


@attrs.define
class Timestamp:
    """A moment of the oplog."""

    date: datetime | None = None
    increment: int | None = None
    time: int | None = None


@attrs.define
class Delivery:
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


@attrs.define
class Job:
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
    master_key_uuid: str | None = None
    hashes: tuple[Hash, ...] = ()
    delivery: Delivery | None = None
    links: tuple[Link, ...] = ()
    deployment_job_id: str | None = None


@attrs.define
class JobPage:
    """A page of them."""

    results: tuple[Job, ...]
    total_count: int
    links: tuple[Link, ...] = ()


def _camel(name: str) -> str:
    if name == "master_key_uuid":
        return "masterKeyUUID"
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def converter() -> Any:
    """Make cattrs' own converter of orjson, told how members are spelt, and not to explain each failure."""
    made = make_converter(detailed_validation=False)

    def by_camel(kind: Any) -> Any:
        names: dict[str, Any] = {field.name: override(rename=_camel(field.name)) for field in attrs.fields(kind)}
        return make_dict_structure_fn(kind, made, _cattrs_detailed_validation=False, **names)

    made.register_structure_hook_factory(attrs.has, by_camel)
    return made


class Peer(aiohttp_json.Peer):
    """``converter.loads(await response.read(), JobPage)``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._loads = converter().loads

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        async with self.session.get(path_of(cluster), params={"pageNum": number, "itemsPerPage": PAGE}) as response:
            page = self._loads(await response.read(), JobPage)
        return page.results, page.total_count
