"""Small values that several documents hold: links, timestamps, ranges of time, versions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

import attrs

from mongorestore_async.models.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Link", "OplogTimestamp", "ServiceVersion", "TimeRange", "find_link"]


@attrs.frozen
class Link:
    """One link. Information only: its host may be another one than was asked, so requests never follow it.

    Attributes:
        href: Target as received, never rewritten.
        rel: Relation: a word such as ``self``, or a URL such as ``http://mms.mongodb.com/snapshot``; empty
            when the answer gave none.

    """

    href: str
    rel: str = ""

    @property
    def name(self) -> str:
        """Last path segment of ``rel``: the part on which v1.0 and v2 agree (``snapshot``, ``self``, ...)."""
        return self.rel.rstrip("/").rpartition("/")[2]


def find_link(links: Iterable[Link], name: str) -> Link | None:
    """Return the first link whose :attr:`Link.name` is ``name``, or None.

    Args:
        links: The links of a document.
        name: Relation, such as ``self``.

    Returns:
        The link, or None.

    """
    return next((link for link in links if link.name == name), None)


@attrs.frozen(kw_only=True)
class OplogTimestamp:
    """A BSON timestamp. Every member may be missing; with all of them missing the whole object counts as absent.

    Attributes:
        date: The second, in UTC.
        increment: Order of the operation among those of that second. The minimum the vendor's v2 schema prints
            for it is a copying mistake, so no range is checked.
        time: Epoch seconds, sent by some Atlas servers beside ``date``.

    """

    date: datetime | None = None
    increment: int | None = None
    time: int | None = None


@attrs.frozen(kw_only=True)
class TimeRange(Document):
    """A range whose every moment can be restored to.

    Attributes:
        start: Its first moment.
        end: Its last one.
        snapshot_id: Snapshot it starts from.
        shard_count: Number of shards; sharded clusters only.
        config_server_type: ``Embedded`` or ``Dedicated``; sharded clusters only.

    """

    start: OplogTimestamp | None = None
    end: OplogTimestamp | None = None
    snapshot_id: str | None = None
    shard_count: int | None = None
    config_server_type: str | None = None


@attrs.frozen
class ServiceVersion:
    """A parsed ``X-MongoDB-Service-Version`` header. Atlas v1.0 answers may have none.

    Attributes:
        git_hash: Commit of the server, or None.
        version: Release, or None. The way to learn which Ops Manager one talks to.
        raw: The header as received.

    """

    git_hash: str | None
    version: str | None
    raw: str

    @classmethod
    def parse(cls, header: str) -> Self:
        """Read ``gitHash=...; versionString=...``. Order, case of the names and further pairs do not matter.

        Args:
            header: Value of the header ``X-MongoDB-Service-Version``.

        Returns:
            The version; of what the header does not tell the fields are None.

        """
        pairs: dict[str, str] = {}
        for part in header.split(";"):
            name, _, value = part.partition("=")
            pairs.setdefault(name.strip().lower(), value.strip())
        return cls(git_hash=pairs.get("githash") or None, version=pairs.get("versionstring") or None, raw=header)
