"""Snapshots of a cluster, and choosing one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.codec.structuring import structure_by_id
from mongorestore_async.errors import ConfigError, Hint, HintKind, NotRestorable, Unsupported
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import ClusterSnapshot, SnapshotDocument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.listing.page_reader import ListQuery, ListSource
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["SnapshotPager", "list_snapshots", "read_snapshot"]

_COMPLETED = ("true", "false", "all")


def list_snapshots(
    view: SessionView,
    family: Family[Any],
    names: Mapping[str, str],
    query: ListQuery,
    *,
    sharded: bool,
    completed: str | None,
) -> SnapshotPager:
    """List the snapshots of a cluster or config server; see :meth:`ClusterBase.snapshots`.

    Args:
        view: What to call the API with.
        family: The product family.
        names: Identifiers for the path.
        query: What to ask for.
        sharded: Whether to read the list of snapshots of sharded clusters.
        completed: The filter of that name, None for none.

    Returns:
        The list as a query.

    Raises:
        ConfigError: A value out of its range.
        Unsupported: ``sharded`` or ``completed`` for a family that has no such list or filter.

    """
    path = _path_of(family, family.sharded_snapshots_path if sharded else family.snapshots_path)
    if completed is not None:
        if family.snapshot_type is not ClusterSnapshot:
            raise Unsupported(
                f"{family.title} cannot filter snapshots by completeness",
                hint=Hint(HintKind.LEAVE_OUT, {"argument": "completed"}),
            )
        if completed not in _COMPLETED:
            raise ConfigError(f"completed must be one of {', '.join(_COMPLETED)} as a string, not {completed!r}")
        query = attrs.evolve(query, filters={"completed": completed})
    source = documents_of(view, family, path, family.snapshot_type, attrgetter("id"), names)
    return SnapshotPager(source, query)


async def read_snapshot(
    view: SessionView, family: Family[Any], names: Mapping[str, str], *, sharded: bool
) -> SnapshotDocument:
    """Read one snapshot; see :meth:`ClusterBase.snapshot`.

    Raises:
        Unsupported: ``sharded`` for a family that has no such list.

    """
    path = _path_of(family, family.sharded_snapshot_path if sharded else family.snapshot_path)
    read = partial(structure_by_id, family.snapshot_type, asked=names["snapshot"])
    return await view.read("GET", path, read, family=family, names=names)


def _path_of(family: Family[Any], path: str | None) -> str:
    if family.snapshots_path is None:
        raise Unsupported(f"{family.title} has no list of snapshots here; use the family they belong to")
    if path is None:
        raise Unsupported(
            f"{family.title} has only one list of snapshots", hint=Hint(HintKind.LEAVE_OUT, {"argument": "sharded"})
        )
    return path


class SnapshotPager(Pager[SnapshotDocument]):
    """A lazy list of snapshots; see :class:`Pager`."""

    def __init__(self, source: ListSource[SnapshotDocument], query: ListQuery) -> None:
        super().__init__(source, query)
        self._now = source.view.now

    async def latest_restorable(self, *, before: datetime | None = None) -> SnapshotDocument:
        """Choose the newest snapshot that can be restored ("Choosing").

        It is complete, consistent, misses no shard and has not expired. The whole list is read: its order is not
        documented, and a limit of the pager applies.

        Args:
            before: Only snapshots taken at or before this moment, an aware datetime.

        Returns:
            The snapshot.

        Raises:
            ConfigError: ``before`` is no datetime, or has no time zone.
            NotRestorable: There is none; the message says why those that exist cannot be restored.

        """
        if before is not None and (not isinstance(before, datetime) or before.utcoffset() is None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("before must have a time zone: pass an aware datetime, such as datetime.now(UTC)")
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
            raise NotRestorable("the cluster has no snapshots: is its backup enabled?")
        counted = ", ".join(f"{count} {obstacle}" for obstacle, count in against.most_common())
        raise NotRestorable(f"no snapshot can be restored ({counted}): wait for the next one, or take one")
