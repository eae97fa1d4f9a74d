"""aiohttp, attrs and cattrs as they come."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - cattrs reads it
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs
from cattrs.gen import make_dict_structure_fn, override
from cattrs.preconf.json import make_converter

from peers import aiohttp_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aiohttp

__all__ = ["JobPage", "Peer", "converter"]


class Status(StrEnum):
    """Where a job stands."""

    FINISHED = "FINISHED"
    IN_PROGRESS = "IN_PROGRESS"
    BROKEN = "BROKEN"
    KILLED = "KILLED"


@attrs.frozen
class Link:
    """A link."""

    href: str
    rel: str


@attrs.frozen
class Hash:
    """A checksum."""

    file_name: str | None = None
    hash: str | None = None
    type_name: str | None = None


@attrs.frozen
class Timestamp:
    """A moment of the oplog."""

    date: datetime | None = None
    increment: int | None = None


@attrs.frozen
class Delivery:
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


@attrs.frozen
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


@attrs.frozen
class JobPage:
    """A page of them."""

    results: tuple[Job, ...]
    total_count: int
    links: tuple[Link, ...] = ()


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def converter() -> Any:
    """Make cattrs' own JSON converter, told only how members are spelt."""
    made = make_converter()

    def by_camel(kind: Any) -> Any:
        names: dict[str, Any] = {field.name: override(rename=_camel(field.name)) for field in attrs.fields(kind)}
        return make_dict_structure_fn(kind, made, **names)

    made.register_structure_hook_factory(attrs.has, by_camel)
    return made


class Peer(aiohttp_json.Peer):
    """``converter.structure(await response.json(), JobPage)``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._converter = converter()

    async def decode(self, response: aiohttp.ClientResponse) -> tuple[Sequence[Any], int]:
        """Make attrs objects of an answer."""
        page = self._converter.structure(await response.json(), JobPage)
        return page.results, page.total_count
