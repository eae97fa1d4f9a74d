"""Snapshots of Atlas M2/M5 and flex clusters (neighbour endpoints, section 3.3)."""

from datetime import datetime

import attrs

from mongorestore_async.models.base import wire
from mongorestore_async.models.link import Link
from mongorestore_async.models.snapshot import SnapshotDocument
from mongorestore_async.models.states import TenantStatus

__all__ = ["TenantSnapshot"]


@attrs.frozen(kw_only=True)
class TenantSnapshot(SnapshotDocument):
    """A snapshot of an Atlas M2/M5 or flex cluster.

    Attributes:
        status: Only a ``COMPLETED`` one can be restored.
        scheduled_time: When it was to be taken (UTC).
        start_time: When taking it began (UTC).
        finish_time: When it was complete (UTC).
        expiration: When it is deleted (UTC).
        mongo_db_version: Version of the server.
        links: Related documents; often absent.

    """

    status: TenantStatus | str | None = None
    scheduled_time: datetime | None = None
    start_time: datetime | None = None
    finish_time: datetime | None = None
    expiration: datetime | None = None
    mongo_db_version: str | None = attrs.field(default=None, metadata=wire("mongoDBVersion"))
    links: tuple[Link, ...] = ()

    @property
    def taken_at(self) -> datetime | None:
        """When it was complete (UTC)."""
        return self.finish_time

    @property
    def kept_until(self) -> datetime | None:
        """When it is deleted (UTC)."""
        return self.expiration

    @property
    def is_sharded(self) -> bool | None:
        """Always False, for such clusters have no shards."""
        return False

    def _defects(self) -> tuple[str, ...]:
        return () if self.status is TenantStatus.COMPLETED else (f"its status is {self.status or 'unknown'}",)
