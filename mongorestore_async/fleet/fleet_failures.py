"""The kinds of failure in the report of a run (neighbour endpoints, sections 2.2 and 6)."""

from __future__ import annotations

from mongorestore_async.errors import (
    ApiError,
    Forbidden,
    NotFound,
    RateLimited,
    RequestTimeout,
    RestoreError,
    ServerError,
    TransportError,
)
from mongorestore_async.fleet.fleet_records import FailureKind

__all__ = ["kind_of"]

_ANOTHER_API = frozenset(
    {
        "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API",
        "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API",
        "INCORRECT_BACKUP_API_ENDPOINT",
        "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED",
        "ATLAS_GROUP",
        "NOT_ATLAS_GROUP",
    }
)

_KINDS: tuple[tuple[type[RestoreError], FailureKind], ...] = (
    (Forbidden, FailureKind.FORBIDDEN),
    (NotFound, FailureKind.GONE),
    (RateLimited, FailureKind.RATE_LIMITED),
    (ServerError, FailureKind.SERVER),
    (ApiError, FailureKind.REFUSED),
    (RequestTimeout, FailureKind.TIMED_OUT),
    (TransportError, FailureKind.BROKEN),
)


def kind_of(error: RestoreError) -> FailureKind:
    """Give the kind of an error that stays with one cluster or project."""
    if isinstance(error, ApiError) and error.error_code in _ANOTHER_API:
        return FailureKind.WRONG_API
    return next((kind for type_, kind in _KINDS if isinstance(error, type_)), FailureKind.UNREADABLE)
