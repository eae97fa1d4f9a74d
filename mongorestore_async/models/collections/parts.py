"""What became of one collection of a restore, and the contents of a snapshot (API facts, November 2026, section 2)."""

from __future__ import annotations

from enum import StrEnum

import attrs

from mongorestore_async.models.document import Document
from mongorestore_async.models.values import Link

__all__ = [
    "FailedIndex",
    "IndexState",
    "IndexStatus",
    "RestoredCollection",
    "RestoredCollectionState",
    "SnapshotCollection",
    "SnapshotDatabase",
]


class RestoredCollectionState(StrEnum):
    """``state`` of one collection. ``INDEX_BUILD_FAILED`` is gone from later documents of the vendor."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    FINALIZING = "FINALIZING"
    NOT_FOUND = "NOT_FOUND"
    UNSUPPORTED = "UNSUPPORTED"
    SUCCESSFUL = "SUCCESSFUL"
    ROLLBACK = "ROLLBACK"
    NOT_RESTORED = "NOT_RESTORED"
    FAILED = "FAILED"
    INDEX_BUILD_FAILED = "INDEX_BUILD_FAILED"


class IndexState(StrEnum):
    """``indexStatus.state`` of a job or of one collection. ``NOT_RESTORED`` is right with ``IndexStrategy.NONE``."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    NOT_RESTORED = "NOT_RESTORED"


@attrs.frozen(kw_only=True)
class FailedIndex:
    """An index that could not be built; its whole specification is in ``raw`` of the collection.

    Attributes:
        name: Its name.

    """

    name: str | None = None


@attrs.frozen(kw_only=True)
class IndexStatus:
    """How building indexes stands, of a job or of one collection.

    Attributes:
        state: Where it stands.
        failed_collection_count: Collections with indexes that could not be built; jobs only.
        error_message: Why; collections only.
        failed_indexes: Those that could not be built, 64 at most; collections only.

    """

    state: IndexState | str | None = None
    failed_collection_count: int | None = None
    error_message: str | None = None
    failed_indexes: tuple[FailedIndex, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether an index certainly could not be built, whatever the state is called."""
        return self.state is IndexState.FAILED or bool(self.failed_indexes or self.failed_collection_count)


@attrs.frozen(kw_only=True)
class RestoredCollection(Document):
    """What became of one collection in a restore job. It has no id: its source namespace tells it from others.

    Attributes:
        source_namespace: Its ``database.collection`` in the backup.
        target_namespace: What it was to be called in the target.
        effective_target_namespace: What it is called there: another name if the one asked for was taken.
        state: Where it stands.
        restored_documents: Documents restored so far.
        total_documents: Documents in all, an estimate at first.
        index_status: How its indexes stand.

    """

    source_namespace: str | None = None
    target_namespace: str | None = None
    effective_target_namespace: str | None = None
    state: RestoredCollectionState | str | None = None
    restored_documents: int | None = None
    total_documents: int | None = None
    index_status: IndexStatus | None = None

    @property
    def renamed(self) -> bool:
        """Whether it has another name than was asked for, because that one was taken."""
        ends, asked = self.effective_target_namespace, self.target_namespace
        return ends is not None and asked is not None and ends != asked


@attrs.frozen(kw_only=True)
class SnapshotDatabase(Document):
    """A database of a snapshot.

    Attributes:
        name: Its name, to pass to :class:`CollectionRestore`.
        links: Related documents, for information.

    """

    name: str
    links: tuple[Link, ...] = ()


@attrs.frozen(kw_only=True)
class SnapshotCollection(Document):
    """A collection of a snapshot.

    Attributes:
        name: Its name, without the database.
        links: Related documents, for information.

    """

    name: str
    links: tuple[Link, ...] = ()
