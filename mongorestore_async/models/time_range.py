"""Ranges of time a cluster could be restored to (restore jobs, section 3.8)."""

import attrs

from mongorestore_async.models.base import Document
from mongorestore_async.models.timestamp import OplogTimestamp

__all__ = ["TimeRange"]


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
