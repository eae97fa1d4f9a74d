"""Whether the collections of a job that is SUCCESSFUL were all restored as asked: a decision, no I/O.

A SUCCESSFUL job may hold collections that were not restored (API facts, November 2026, sections 2 and 6). What the
request named has to be SUCCESSFUL, and its indexes must not have failed. A restore of a whole database skips by design
what cannot be restored (views, time series): that is told, and is no failure. A word that is not known is no success.

Only what tells something is kept, so that a restore of many thousand collections costs no memory.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mongorestore_async.models import (
    CollectionRestoreJob,
    CollectionsOutcome,
    IndexState,
    IndexStrategy,
    JobState,
    RestoredCollection,
    RestoredCollectionState,
)
from mongorestore_async.models.collections.namespaces import split_namespace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.models import IndexStatus, JobDocument, RequestedNamespace

__all__ = ["CollectionJudge", "awaits_collections"]

_MOVING = frozenset(
    {
        RestoredCollectionState.NOT_STARTED,
        RestoredCollectionState.IN_PROGRESS,
        RestoredCollectionState.FINALIZING,
        RestoredCollectionState.ROLLBACK,
    }
)
_INDEXES_MOVING = frozenset({IndexState.NOT_STARTED, IndexState.IN_PROGRESS})


def awaits_collections(job: JobDocument | None) -> bool:
    """Whether a job ended well as far as its state tells, and its collections were not read yet."""
    return isinstance(job, CollectionRestoreJob) and job.state is JobState.FINISHED and job.outcome is None


class CollectionJudge:
    """What the collections of one job tell, taken one by one.

    What was asked for is known from the request, where this process made it, else from what the job echoes. If neither
    tells, every collection counts as named.

    Args:
        job: The job, which is SUCCESSFUL.

    """

    def __init__(self, job: CollectionRestoreJob) -> None:
        asked = job.asked
        if asked is None:
            databases, collections = _sources(job.databases), _sources(job.collections)
            self._indexes: str | None = job.index_strategy
        else:
            databases = [named.source for named in asked.named_databases()]
            collections = [named.source for named in asked.named_collections()]
            self._indexes = asked.indexes
        self._job = job
        self._databases, self._collections = frozenset(databases), frozenset(collections)
        self._missing = set(self._databases | self._collections)
        # One may be restored several times, under several names: it is there once all of them are.
        self._times = {name: count for name, count in Counter([*databases, *collections]).items() if count > 1}
        self._targets: dict[str, set[str]] = {name: set() for name in self._times}
        self._incomplete: list[RestoredCollection] = []
        self._skipped: list[RestoredCollection] = []
        self._any = self._moving = self._indexes_told = False

    def take(self, found: RestoredCollection) -> None:
        """Take one collection of the list."""
        self._any = True
        namespace = found.source_namespace or ""
        target = found.target_namespace or namespace
        for name, ends in ((namespace, target), (split_namespace(namespace)[0], split_namespace(target)[0])):
            if name in self._missing and self._is_there(name, ends):
                self._missing.discard(name)
        if found.state is RestoredCollectionState.UNSUPPORTED and self._is_skipped(namespace):
            self._skipped.append(found)
            return
        indexes_fit = self._indexes_fit(found.index_status)
        if found.state is RestoredCollectionState.SUCCESSFUL and indexes_fit:
            return
        self._incomplete.append(found)
        self._indexes_told |= not indexes_fit or found.state is RestoredCollectionState.INDEX_BUILD_FAILED
        index_state = None if found.index_status is None else found.index_status.state
        self._moving |= found.state in _MOVING or index_state in _INDEXES_MOVING

    @property
    def unsettled(self) -> bool:
        """Whether the list may be behind the job: a later look may show more, or other states."""
        return self._moving or bool(self._missing) or not self._any

    def outcome(self) -> CollectionsOutcome:
        """Tell what all collections tell together."""
        return CollectionsOutcome(
            incomplete=tuple(self._incomplete),
            skipped=tuple(self._skipped),
            missing=tuple(sorted(self._missing)),
            problem=self._problem(),
        )

    def _problem(self) -> str:
        status = self._job.index_status
        if status is not None and status.failed and not self._indexes_told:
            return "the job says that indexes could not be built, and no collection tells which"
        if not self._any and not (self._databases or self._collections):
            return "the server tells neither what was asked for nor what became of any collection"
        return ""

    def _is_there(self, name: str, target: str) -> bool:
        """Whether what was named has been seen as often as it was asked for, now that it was seen under this name."""
        if name not in self._times:
            return True
        self._targets[name].add(target)
        return len(self._targets[name]) >= self._times[name]

    def _is_skipped(self, namespace: str) -> bool:
        """Whether a collection that cannot be restored was not named itself, as far as is known what was."""
        known = bool(self._databases or self._collections)
        return known and bool(namespace) and namespace not in self._collections

    def _indexes_fit(self, status: IndexStatus | None) -> bool:
        if status is None:
            return True
        if status.failed or status.error_message:
            return False
        if status.state is None or status.state is IndexState.SUCCESSFUL:
            return True
        if status.state is IndexState.NOT_RESTORED:
            # Of a collection whose indexes are all TTL indexes none is asked for either.
            return self._indexes in {IndexStrategy.NONE, IndexStrategy.ALL_EXCEPT_TTL}
        return status.state is IndexState.NOT_STARTED and self._indexes == IndexStrategy.NONE


def _sources(echoed: Iterable[RequestedNamespace]) -> list[str]:
    targets = {(entry.source_namespace, entry.target_namespace) for entry in echoed if entry.source_namespace}
    return [source for source, _ in targets if source]
