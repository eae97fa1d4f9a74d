"""The words of collections and their restores: what they are, and how they end."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["CollectionKind", "CollectionOutcome", "RestoreResult"]


class CollectionKind(StrEnum):
    """What a namespace is; a collection restore takes the first kind only.

    Members:
        COLLECTION: A usual collection.
        VIEW: A view; skipped.
        TIME_SERIES: A time series collection; skipped.
        ENCRYPTED: A collection with Queryable Encryption; skipped.
    """

    COLLECTION = "collection"
    VIEW = "view"
    TIME_SERIES = "time-series"
    ENCRYPTED = "encrypted"


class RestoreResult(StrEnum):
    """How a collection restore ends, in the words of the API."""

    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class CollectionOutcome(StrEnum):
    """How a collection of a collection restore ends: the words of the API, and one of ours.

    Members:
        SUCCESSFUL: Well.
        NOT_FOUND: The backup does not hold it. The job fails as soon as it knows.
        UNSUPPORTED: It is skipped, as views, time series and encrypted collections are; the job ends well.
        ROLLBACK: It was restored and taken back; the job fails.
        NOT_RESTORED: Its turn never came; the job fails.
        FAILED: It could not be restored; the job fails at once, and takes back what it had restored.
        INDEX_BUILD_FAILED: Its documents are there, its indexes are not; the job ends well.
        INDEXES_FAILED: The same as newer servers may say it: ``SUCCESSFUL``, and only its ``indexStatus`` has failed.
    """

    SUCCESSFUL = "SUCCESSFUL"
    NOT_FOUND = "NOT_FOUND"
    UNSUPPORTED = "UNSUPPORTED"
    ROLLBACK = "ROLLBACK"
    NOT_RESTORED = "NOT_RESTORED"
    FAILED = "FAILED"
    INDEX_BUILD_FAILED = "INDEX_BUILD_FAILED"
    INDEXES_FAILED = "INDEXES_FAILED"

    @property
    def skipped(self) -> bool:
        """Whether nothing of it is ever restored, and no time is spent on it."""
        return self in {CollectionOutcome.NOT_FOUND, CollectionOutcome.UNSUPPORTED}

    @property
    def lacks_indexes(self) -> bool:
        """Whether its indexes failed."""
        return self in {CollectionOutcome.INDEX_BUILD_FAILED, CollectionOutcome.INDEXES_FAILED}

    @property
    def restored(self) -> bool:
        """Whether its documents are in the target afterwards."""
        return self is CollectionOutcome.SUCCESSFUL or self.lacks_indexes

    @property
    def word(self) -> str:
        """Its ``state`` in the API."""
        return "SUCCESSFUL" if self is CollectionOutcome.INDEXES_FAILED else str(self)
