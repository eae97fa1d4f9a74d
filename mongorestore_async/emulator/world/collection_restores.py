"""One collection restore: what was asked for, what becomes of each collection, and how far it is at a moment.

It is ``INITIALIZING`` for the first tenth of its time and knows no collections yet; then the collections take turns;
the last tenth it is ``FINALIZING``. The target changes when it has ended well, and not at all otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.world.collection_words import CollectionOutcome, RestoreResult
from mongorestore_async.emulator.world.namespaces import ID_INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.emulator.world.entities import Cluster, JobOutcome
    from mongorestore_async.emulator.world.namespaces import Collection, Index

__all__ = [
    "BEGIN",
    "FINALIZE",
    "CollectionOrder",
    "CollectionProgress",
    "CollectionRestore",
    "PlannedCollection",
]

#: The parts of its time at which a job leaves INITIALIZING, and IN_PROGRESS.
BEGIN, FINALIZE = 0.1, 0.9
#: The part of a collection's own time in which its documents arrive; the rest is for its indexes.
_LOAD = 0.8
_FAILED_INDEXES = 64


@attrs.frozen(kw_only=True)
class CollectionOrder:
    """What a create asked for.

    Attributes:
        target: The cluster it goes into.
        write: ``CREATE_NEW`` or ``OVERWRITE_EXISTING``.
        indexes: ``ALL``, ``NONE`` or ``ALL_EXCEPT_TTL``.
        snapshot_id: The snapshot asked for, or None.
        moment: Point in time in seconds since 1970, or None.
        oplog: Seconds and ordinal, or None.
        databases: Names in the backup and in the target (None: the same).
        collections: The same of collections, as ``database.collection``.
        database_suffix: Added to the names of databases, or None.
        collection_suffix: Added to the names of collections, or None.

    """

    target: Cluster
    write: str = "CREATE_NEW"
    indexes: str = "ALL"
    snapshot_id: str | None = None
    moment: int | None = None
    oplog: tuple[int, int] | None = None
    databases: tuple[tuple[str, str | None], ...] = ()
    collections: tuple[tuple[str, str | None], ...] = ()
    database_suffix: str | None = None
    collection_suffix: str | None = None

    @property
    def overwrites(self) -> bool:
        """Whether it replaces what has the same name."""
        return self.write == "OVERWRITE_EXISTING"

    @property
    def seconds(self) -> int | None:
        """The moment it restores to, however it was named; None for a snapshot."""
        return self.moment if self.oplog is None else self.oplog[0]

    def suffixed(self, namespace: str) -> str:
        """The name that a restored namespace gets, conflicts aside."""
        database, _, name = namespace.partition(".")
        return f"{database}{self.database_suffix or ''}.{name}{self.collection_suffix or ''}"

    def keeps(self, index: Index) -> bool:
        """Whether an index is restored. ``_id_`` always is: no collection is without it."""
        return index == ID_INDEX or self.indexes == "ALL" or (self.indexes == "ALL_EXCEPT_TTL" and not index.ttl)


@attrs.frozen(kw_only=True)
class PlannedCollection:
    """One collection of a job.

    Attributes:
        source: Its namespace in the backup.
        target: Its namespace in the target, suffixes included.
        effective: The same after a conflict; None if it is skipped.
        outcome: How it ends if the job does not fail before.
        documents: How many documents the backup holds.
        indexes: Its indexes there that the job restores.
        begins: The part of the job's time at which it begins.
        ends: The part at which it ends.

    """

    source: str
    target: str
    effective: str | None
    outcome: CollectionOutcome
    documents: int = 0
    indexes: tuple[Index, ...] = ()
    begins: float = BEGIN
    ends: float = BEGIN


@attrs.frozen
class CollectionProgress:
    """How far a collection is at a moment.

    Attributes:
        state: In the word of the API.
        restored: Documents that have arrived.
        index_state: The same of its indexes.
        failed_indexes: Those that could not be built.

    """

    state: str
    restored: int
    index_state: str
    failed_indexes: tuple[Index, ...] = ()


@attrs.define(kw_only=True, eq=False)
class CollectionRestore:
    """A collection restore.

    Attributes:
        id: 24 hexadecimal characters.
        number: Its number in the cluster, oldest first.
        cluster: Whose backup it restores.
        created: When it was requested, seconds since 1970.
        seconds: How long it takes, on the emulator's clock, unless it fails before.
        order: What was asked for.
        outcome: How it ends, if a test said so; None: as its collections do.
        endings: How collections end by their namespace in the backup, as a test said.
        held: What the backup holds of what was asked for; None where it holds nothing.
        estimate: How many documents that seems to be.
        collections: Its collections, once it has begun.
        part: The part of its time at which it ends.
        result: How.
        message: Why, if not well.
        changes: Members of its document that were patched.
        collection_changes: The same of the documents of its collections, by namespace.

    """

    id: str
    number: int
    cluster: Cluster
    created: float
    seconds: float
    order: CollectionOrder
    outcome: JobOutcome | None = None
    endings: Mapping[str, CollectionOutcome]
    held: Mapping[str, tuple[str, Collection | None]] = attrs.field(repr=False)
    estimate: int = 0
    collections: tuple[PlannedCollection, ...] | None = None
    part: float = 1.0
    result: RestoreResult = RestoreResult.SUCCESSFUL
    message: str | None = None
    changes: dict[str, object] = attrs.field(factory=dict)
    collection_changes: dict[str, dict[str, object]] = attrs.field(factory=dict)

    @property
    def finished(self) -> float:
        """When it ends, seconds since 1970."""
        return self.created + self.part * self.seconds

    @property
    def begins(self) -> float:
        """When it leaves ``INITIALIZING``, seconds since 1970."""
        return self.created + BEGIN * self.seconds

    def over(self, now: float) -> bool:
        """Whether it has ended.

        Args:
            now: The moment, seconds since 1970.

        Returns:
            Whether it has.

        """
        return self.collections is not None and now >= self.finished

    def state(self, now: float) -> str:
        """Its ``state`` in the API.

        Args:
            now: The moment, seconds since 1970.

        Returns:
            The word of the API.

        """
        if self.over(now):
            return self.result
        if self.collections is None:
            return "INITIALIZING"
        return "IN_PROGRESS" if self._progress(now) < FINALIZE else "FINALIZING"

    def total(self) -> int:
        """How many documents it restores, of all collections that can be; an estimate before it has begun."""
        if self.collections is None:
            return self.estimate
        return sum(one.documents for one in self.collections if not one.outcome.skipped)

    def progress_of(self, one: PlannedCollection, now: float) -> CollectionProgress:
        """How far a collection of it is.

        Args:
            one: The collection.
            now: The moment, seconds since 1970.

        Returns:
            How far it is.

        """
        state = self._collection_state(one, now)
        done = one.outcome.restored and state == one.outcome.word
        if done and one.outcome.lacks_indexes:
            failed = tuple(index for index in one.indexes if index != ID_INDEX) or (ID_INDEX,)
            return CollectionProgress(state, one.documents, "FAILED", failed[:_FAILED_INDEXES])
        if self.order.indexes == "NONE":
            index_state = "NOT_RESTORED"
        else:
            waiting = {"NOT_STARTED": "NOT_STARTED", "IN_PROGRESS": "NOT_STARTED", "FINALIZING": "IN_PROGRESS"}
            index_state = waiting.get(state, "SUCCESSFUL" if done else "NOT_RESTORED")
        return CollectionProgress(state, self._restored(one, state, now), index_state)

    def index_state(self, now: float) -> tuple[str, int]:
        """The state of all its indexes in the word of the API, and in how many collections they have failed.

        Args:
            now: The moment, seconds since 1970.

        Returns:
            The word, and the number of collections.

        """
        found = [self.progress_of(one, now).index_state for one in self.collections or ()]
        failed = found.count("FAILED")
        if self.over(now):
            whole = self.result is RestoreResult.SUCCESSFUL and "SUCCESSFUL" in found
            return "FAILED" if failed else "SUCCESSFUL" if whole else "NOT_RESTORED", failed
        begun = any(state in {"IN_PROGRESS", "SUCCESSFUL", "FAILED"} for state in found)
        return "NOT_RESTORED" if self.order.indexes == "NONE" else "IN_PROGRESS" if begun else "NOT_STARTED", failed

    def _progress(self, now: float) -> float:
        if self.over(now):
            return self.part
        return (now - self.created) / self.seconds if self.seconds > 0 else 1.0

    def _collection_state(self, one: PlannedCollection, now: float) -> str:
        part = self._progress(now)
        if one.outcome.skipped:
            return one.outcome.word
        if self.over(now) and self.result is not RestoreResult.SUCCESSFUL:
            kept = not one.outcome.restored and one.ends <= part
            return one.outcome.word if kept else "ROLLBACK" if one.begins < part else "NOT_RESTORED"
        if part < one.begins:
            return "NOT_STARTED"
        if part < _loaded(one):
            return "IN_PROGRESS"
        return "FINALIZING" if part < one.ends else one.outcome.word

    def _restored(self, one: PlannedCollection, state: str, now: float) -> int:
        if state == "IN_PROGRESS":
            return int(one.documents * (self._progress(now) - one.begins) / (_loaded(one) - one.begins))
        if state == CollectionOutcome.FAILED:
            return one.documents // 2
        there = state == "FINALIZING" or (one.outcome.restored and state == one.outcome.word)
        return one.documents if there else 0


def _loaded(one: PlannedCollection) -> float:
    """The part of the job's time at which all documents of a collection have arrived."""
    return one.begins + _LOAD * (one.ends - one.begins)
