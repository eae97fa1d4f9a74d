"""The question before a cluster is overwritten: what is about to happen, and what of it is not known."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from mongorestore_async.cli.console import stderr_console
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.errors import AuthError, ConfigError, ConnectFailed, NotFound, RestoreError
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    CollectionRestore,
    OplogTime,
    PointInTime,
    Snapshot,
    Target,
)
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, ClusterBase
    from mongorestore_async.models import ClusterSummary, SnapshotDocument

__all__ = ["OverwritePrompt", "OverwritingRestore", "read_prompt"]

#: A restore that replaces data of its target.
OverwritingRestore: TypeAlias = AutomatedRestore | CollectionRestore

#: Names shown of what is dropped; a request has up to 200.
_MOST_NAMES = 10


@attrs.frozen(kw_only=True)
class OverwritePrompt:
    """What is shown before a restore into a cluster is sent.

    Attributes:
        request: The restore.
        origin: Cluster or host that the data come from, in words.
        snapshot: The snapshot to restore; None for another source, or where it cannot be read.
        target: The cluster to be overwritten, None where it cannot be read.
        is_name_unique: Whether no other cluster of its project has the target's name.
        unknown: What could not be read, a sentence each.

    """

    request: OverwritingRestore
    origin: str
    snapshot: "SnapshotDocument | None" = None
    target: "ClusterSummary | None" = None
    is_name_unique: bool = True
    unknown: tuple[str, ...] = ()

    def ask(self) -> bool:
        """Ask for the name or the id of the cluster to be overwritten: a y is typed too easily."""
        from rich.table import Table

        console = stderr_console()
        target = self.request.target
        name = self.target.name if self.target is not None and self.is_name_unique else None
        console.print_sentence(
            "This removes all data of the target and replaces them with those of the backup."
            if isinstance(self.request, AutomatedRestore)
            else "This drops collections of the target and replaces them with those of the backup. What is written to "
            "them during the restore is lost."
        )
        console.print()
        facts = Table.grid(padding=(0, 0, 0, 2))
        facts.add_row("", "Restore", self._source())
        facts.add_row("", "of", printable(self.origin))
        facts.add_row("", "into", printable(_describe(target, self.target)), style="bold")
        for label, what in self._losses(name or target.cluster):
            facts.add_row("", label, printable(what), style="bold red")
        for warning in self._warnings():
            facts.add_row("", "warning", printable(warning), style="bold red")
        for sentence in self.unknown:
            facts.add_row("", "unknown", sentence, style="bold yellow")
        console.rich.print(facts)
        console.print()
        either = f" or {target.cluster}" if name not in {None, target.cluster} else ""
        text = f"Type {name or target.cluster}{either} to continue: "
        console.print(printable(text), end="", soft_wrap=True)
        sys.stderr.flush()
        return sys.stdin.readline().strip() in {name or target.cluster, target.cluster}

    def _losses(self, name: str) -> list[tuple[str, str]]:
        if isinstance(self.request, AutomatedRestore):
            return [("removed", f"all data of {name}")]
        dropped = _dropped(self.request)
        shown, left = dropped[:_MOST_NAMES], len(dropped) - _MOST_NAMES
        return [("dropped", what) for what in [*shown, *[f"... and {left} more"] * (left > 0)]]

    def _source(self) -> str:
        match self.request.source:
            case Snapshot(id=snapshot_id):
                taken = None if self.snapshot is None else self.snapshot.taken_at
                when = "" if taken is None else f", data of {shorten_time(format_time(taken))} UTC"
                return f"snapshot {printable(snapshot_id)}{when}"
            case PointInTime(moment=wanted):
                return f"the data of {format_time(wanted)}"
            case OplogTime(seconds=seconds, increment=increment):
                return f"the data up to oplog timestamp {seconds}, {increment}"
            case Checkpoint(id=checkpoint_id):
                return f"checkpoint {printable(checkpoint_id)}"

    def _warnings(self) -> list[str]:
        if self.snapshot is None:
            return []
        return [f"this snapshot cannot be restored: {words}" for words in self.snapshot.obstacles(datetime.now(UTC))]


def _dropped(request: CollectionRestore) -> list[str]:
    """What a request drops in the target, where it exists there, under the names that it has there."""
    of_database, of_collection = request.database_suffix or "", request.collection_suffix or ""
    found = [
        f"collections of database {each.target}{of_database} that the backup has" for each in request.named_databases()
    ]
    for each in request.named_collections():
        database, _, collection = each.target.partition(".")
        found.append(f"collection {database}{of_database}.{collection}{of_collection}")
    return found


async def read_prompt(
    session: "AsyncSession", source: "ClusterBase[Any]", request: OverwritingRestore
) -> OverwritePrompt:
    """Read what is shown. What cannot be read is told: a key can have the right to restore and not the right to read.

    Raises:
        ConnectFailed: The server cannot be reached.
        AuthError: It does not accept the key.
        ConfigError: The session cannot be used with it.

    """
    own, target = source.ref("-"), request.target
    reading = _Reading(session, source)
    snapshot = await reading.snapshot(request.source.id) if isinstance(request.source, Snapshot) else None
    place = Target(own.project, own.cluster or str(own.host))
    origin = () if own.cluster is None else await reading.origin(place)
    found = await reading.clusters(target, "the target")
    return OverwritePrompt(
        request=request,
        origin=_describe(place, origin[0] if origin else None),
        snapshot=snapshot,
        target=found[0] if found else None,
        is_name_unique=len(found) == 1,
        unknown=tuple(reading.unknown),
    )


class _Reading:
    """What is read for the question, and what of it could not be read."""

    def __init__(self, session: "AsyncSession", source: "ClusterBase[Any]") -> None:
        self.unknown: list[str] = []
        self._session = session
        self._source = source

    async def snapshot(self, snapshot_id: str) -> "SnapshotDocument | None":
        """Read the snapshot, which has reasons why it cannot be restored."""
        try:
            try:
                return await self._source.snapshot(snapshot_id)
            except NotFound:
                if self._source.family.sharded_snapshot_path is None:
                    raise
                return await self._source.snapshot(snapshot_id, sharded=True)
        except RestoreError as error:
            self._note("the snapshot", error)
            return None

    async def origin(self, place: Target) -> "list[ClusterSummary]":
        """Read which cluster the backup comes from, also where it was deleted and its backups are retained."""
        what, known = "the cluster that the backup comes from", len(self.unknown)
        found = await self.clusters(place, what)
        if found or not self._source.family.lists_deleted_clusters:
            return found
        del self.unknown[known:]
        return await self.clusters(place, what, include_deleted=True)

    async def clusters(self, wanted: Target, what: str, *, include_deleted: bool = False) -> "list[ClusterSummary]":
        """Read the list of a project: the cluster that is wanted, then others that have its name."""
        family = self._source.family
        project = self._session.project(wanted.project_id, family)
        try:
            listed = await project.clusters(include_deleted=include_deleted).collect()
        except RestoreError as error:
            self._note(f"the name of {what}", error)
            return []
        is_wanted = [wanted.cluster == (each.name if family.cluster_key == "name" else each.id) for each in listed]
        found = [each for each, is_it in zip(listed, is_wanted, strict=True) if is_it]
        if not found:
            self.unknown.append(
                printable(f"{what} is not in the list of clusters of project {wanted.project_id}: {wanted.cluster}")
            )
            return []
        others = [each for each, is_it in zip(listed, is_wanted, strict=True) if not is_it and each.takes_restores]
        return found[:1] + found[1:] + [each for each in others if each.name == found[0].name]

    def _note(self, what: str, error: RestoreError) -> None:
        # What keeps the create from being sent as well ends the command; so does a key that is not accepted.
        if isinstance(error, (ConnectFailed, AuthError, ConfigError)):
            raise error
        self.unknown.append(f"{what} could not be read: {printable(' '.join(error.problem.split()))}")


def _describe(target: Target, found: "ClusterSummary | None") -> str:
    if found is None or not found.name:
        return f"cluster {target.cluster} in project {target.project_id}"
    ident = "" if found.name == target.cluster else f" ({target.cluster})"
    kind = f", a {found.type_name.lower().replace('_', ' ')}" if found.type_name else ""
    return f"cluster {found.name}{ident} in project {target.project_id}{kind}"
