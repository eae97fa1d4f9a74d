"""The question before a cluster is overwritten: what is known about both sides, and what was typed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
from rich.table import Table

from mongorestore_async.cli.rows import moment, short
from mongorestore_async.cli.screen import printable, screen
from mongorestore_async.errors import ApiError, NotFound
from mongorestore_async.models import AutomatedRestore, Checkpoint, OplogTime, PointInTime, Snapshot, Target

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession
    from mongorestore_async.models import ClusterSummary, SnapshotDocument
    from mongorestore_async.resources.cluster_base import ClusterBase

__all__ = ["Question", "read_question"]


@attrs.frozen(kw_only=True)
class Question:
    """What is shown before a restore into a cluster is sent.

    Attributes:
        request: The restore.
        origin: Cluster or host the data come from, in words.
        snapshot: The snapshot to restore, None for another source or where the API does not tell.
        target: The cluster to be overwritten, None where the API does not tell.

    """

    request: AutomatedRestore
    origin: str
    snapshot: SnapshotDocument | None = None
    target: ClusterSummary | None = None

    def agreed(self) -> bool:
        """Show it, and ask for the name or the id of the cluster to be overwritten: a y is typed too fast."""
        notes = screen(error=True)
        target = self.request.target
        name = None if self.target is None else self.target.name
        notes.say("This removes all data of the target and puts those of the backup in their place.")
        notes.print()
        facts = Table.grid(padding=(0, 0, 0, 2))
        facts.add_row("", "Restore", self._source())
        facts.add_row("", "of", printable(self.origin))
        facts.add_row("", "into", printable(_named(target, self.target)), style="bold")
        facts.add_row("", "removed", f"all data of {printable(name or target.cluster)}", style="bold red")
        for warning in self._warnings():
            facts.add_row("", "note", printable(warning), style="yellow")
        notes.print(facts)
        notes.print()
        either = f" or {target.cluster}" if name not in {None, target.cluster} else ""
        notes.print(printable(f"Type {name or target.cluster}{either} to go on: "), end="", soft_wrap=True)
        sys.stderr.flush()
        return sys.stdin.readline().strip() in {name or target.cluster, target.cluster}

    def _source(self) -> str:
        match self.request.source:
            case Snapshot(id=snapshot_id):
                taken = None if self.snapshot is None else self.snapshot.taken_at
                when = "" if taken is None else f", data of {short(moment(taken))} UTC"
                return f"snapshot {printable(snapshot_id)}{when}"
            case PointInTime(moment=wanted):
                return f"the data of {moment(wanted)}"
            case OplogTime(seconds=seconds, increment=increment):
                return f"the data up to oplog entry {seconds}, {increment}"
            case Checkpoint(id=checkpoint_id):
                return f"checkpoint {printable(checkpoint_id)}"

    def _warnings(self) -> list[str]:
        if self.snapshot is None:
            return []
        return [f"the snapshot: {words}" for words in self.snapshot.obstacles(datetime.now(UTC))]


async def read_question(session: AsyncSession, source: ClusterBase[Any], request: AutomatedRestore) -> Question:
    """Read what is shown, as far as the key may: it can have the right to restore and not the right to read.

    Raises:
        RestoreError: The server cannot be reached, or does not accept the key.

    """
    own = source.ref("-")
    snapshot = await _snapshot(source, request.source.id) if isinstance(request.source, Snapshot) else None
    origin = await _cluster(session, source, Target(own.project, own.cluster or ""))
    target = await _cluster(session, source, request.target)
    return Question(
        request=request,
        origin=_named(Target(own.project, own.cluster or str(own.host)), origin),
        snapshot=snapshot,
        target=target,
    )


async def _cluster(session: AsyncSession, source: ClusterBase[Any], wanted: Target) -> ClusterSummary | None:
    try:
        async for found in session.project(wanted.project_id, source.family).clusters():
            if wanted.cluster == (found.name if source.family.cluster_key == "name" else found.id):
                return found
    except ApiError:
        # A key may have the right to restore and not the right to list.
        return None
    return None


def _named(target: Target, found: ClusterSummary | None) -> str:
    if found is None or not found.name:
        return f"cluster {target.cluster} in project {target.project_id}"
    ident = "" if found.name == target.cluster else f" ({target.cluster})"
    kind = f", a {found.type_name.lower().replace('_', ' ')}" if found.type_name else ""
    return f"cluster {found.name}{ident} in project {target.project_id}{kind}"


async def _snapshot(source: ClusterBase[Any], snapshot_id: str) -> SnapshotDocument | None:
    try:
        return await source.snapshot(snapshot_id)
    except NotFound:
        if source.family.sharded_snapshot_path is None:
            return None
    except ApiError:
        return None
    try:
        return await source.snapshot(snapshot_id, sharded=True)
    except ApiError:
        return None
