"""Snapshots of a cluster, and choosing one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from mongorestore_async.errors import ConfigError, NotRestorable
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import SnapshotDocument

if TYPE_CHECKING:
    from mongorestore_async.listing.page_reader import ListQuery, ListSource

__all__ = ["SnapshotPager"]


class SnapshotPager(Pager[SnapshotDocument]):
    """A list of snapshots that was not read yet; see :class:`Pager`."""

    def __init__(self, source: ListSource[SnapshotDocument], query: ListQuery) -> None:
        super().__init__(source, query)
        self._now = source.view.now

    async def latest_restorable(self, *, before: datetime | None = None) -> SnapshotDocument:
        """Choose the newest snapshot that can be restored ("Choosing").

        It is complete, consistent, misses no shard and has not expired. The whole list is read: its order is not
        documented, and a limit of the pager applies.

        Args:
            before: Only snapshots taken at or before this moment, an aware datetime.

        Raises:
            ConfigError: ``before`` is no datetime, or has no time zone.
            NotRestorable: There is none; the message says what stands against those that exist.

        """
        if before is not None and (not isinstance(before, datetime) or before.utcoffset() is None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("before is a moment with a time zone: pass an aware datetime, such as datetime.now(UTC)")
        now = self._now()
        against: Counter[str] = Counter()
        best: tuple[datetime, SnapshotDocument] | None = None
        async for snapshot in self:
            taken = snapshot.taken_at
            obstacles = list(snapshot.obstacles(now))
            if not obstacles and taken is None:
                obstacles.append("not dated")
            if not obstacles and taken is not None and before is not None and taken > before:
                obstacles.append("taken later")
            against.update(obstacle.split(" at ")[0] for obstacle in obstacles)
            if not obstacles and taken is not None and (best is None or taken > best[0]):
                best = taken, snapshot
        if best is not None:
            return best[1]
        if not against:
            raise NotRestorable("the cluster has no snapshots: is its backup switched on?")
        counted = ", ".join(f"{count} {obstacle}" for obstacle, count in against.most_common())
        raise NotRestorable(f"no snapshot can be restored ({counted}): wait for the next one, or take one")
