"""Which errors end a run, which are entries in its report, and which mean that nothing is there.

Neighbour endpoints, sections 2.2 and 6.
"""

from __future__ import annotations

from mongorestore_async.errors import (
    ApiError,
    AuthError,
    Forbidden,
    NotFound,
    RateLimited,
    RequestTimeout,
    RestoreError,
    ServerError,
    SessionClosed,
    TransportError,
    Unsupported,
    WrongLoop,
)
from mongorestore_async.errors.api import NO_BACKUP
from mongorestore_async.fleet.fleet_records import FailureKind

__all__ = ["ends_run", "kind_of", "means_nothing_here"]

#: Answers about the key or the address it is used from: every other call is answered the same.
_ABOUT_THE_CALLER = frozenset(
    {
        "IP_ADDRESS_NOT_ON_ACCESS_LIST",
        "IP_ADDRESS_NOT_ON_WHITELIST",
        "RESOURCE_REQUIRES_ACCESS_LIST",
        "RESOURCE_REQUIRES_WHITELIST",
        "ORG_REQUIRES_ACCESS_LIST",
        "ORG_REQUIRES_WHITELIST",
        "GLOBAL_USER_OUTSIDE_SUBNET",
        "PERSONAL_API_KEYS_DEPRECATED",
        "VERSION_GONE",
    }
)

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


def ends_run(error: RestoreError) -> bool:
    """Whether an error concerns all calls of the session: a bad key, a blocked address, a closed session."""
    if isinstance(error, ApiError):
        return error.error_code in _ABOUT_THE_CALLER
    return isinstance(error, (AuthError, SessionClosed, WrongLoop, Unsupported))


def means_nothing_here(error: RestoreError) -> bool:
    """Whether an error is only the server's way to say that a cluster has no backup."""
    return isinstance(error, ApiError) and error.error_code in NO_BACKUP


def kind_of(error: RestoreError) -> FailureKind:
    """Give the kind of an error that stays with one cluster or project."""
    if isinstance(error, ApiError) and error.error_code in _ANOTHER_API:
        return FailureKind.WRONG_API
    return next((kind for type_, kind in _KINDS if isinstance(error, type_)), FailureKind.UNREADABLE)
