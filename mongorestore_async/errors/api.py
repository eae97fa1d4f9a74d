"""Errors the API answers with, and answers that are not what was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.errors.base import RestoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.errors.base import RequestContext
    from mongorestore_async.errors.hints import Hint

__all__ = [
    "NO_BACKUP",
    "ApiError",
    "BadRequest",
    "Conflict",
    "DataError",
    "Forbidden",
    "NotFound",
    "NotUnique",
    "PaginationError",
    "RateLimited",
    "ServerError",
]

#: Error codes for a cluster whose backup is switched off, where the API does not answer with an empty list.
NO_BACKUP = frozenset({"BACKUP_CONFIG_NOT_FOUND", "BACKUP_JOB_NOT_FOUND"})


class ApiError(RestoreError):
    """The API answered with an error.

    Attributes:
        status: HTTP status of the answer (the inner one of an envelope).
        error_code: The API's machine word such as ``RESTORE_JOB_NOT_FOUND``; unknown words are kept, None if absent.
        reason: Status phrase.
        detail: The API's text for people.
        parameters: Values that fill the message; mixed types.
        service_version: ``X-MongoDB-Service-Version`` of the answer as received, or None.
        retry_after: Seconds the server asked to wait, or None when it did not say.

    """

    retry_after: float | None = None

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        error_code: str | None = None,
        reason: str | None = None,
        detail: str | None = None,
        parameters: Sequence[Any] = (),
        service_version: str | None = None,
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at, hint=hint)
        self.status = status
        self.error_code = error_code
        self.reason = reason
        self.detail = detail
        self.parameters = tuple(parameters)
        self.service_version = service_version


class BadRequest(ApiError):
    """400: the API refused the request as it stands."""


class Forbidden(ApiError):
    """403, or 401 for a key that is right but has no rights here; also an address not on the API access list."""


class NotFound(ApiError):
    """404, 410, or ``one()`` on an empty list."""


class Conflict(ApiError):
    """409: the state of the snapshot, cluster or job forbids the request."""


class RateLimited(ApiError):
    """429, or 400 with code ``RATE_LIMITED_IP``.

    ``status`` is 0 for a call that was not sent at all: its turn would have come after its deadline, because a
    limit is known or an earlier call was refused. ``retry_after`` tells when.
    """


class ServerError(ApiError):
    """5xx: the service or a proxy before it failed."""


class DataError(RestoreError):
    """The answer does not have the promised shape.

    Attributes:
        path: JSON path of what did not fit, such as ``$.results[3].id``; ``$`` for the whole document.
        status: HTTP status of the answer, or None for a document that came from elsewhere.
        excerpt: A bounded, redacted piece of a body that is not JSON; empty otherwise.

    """

    def __init__(
        self,
        message: str = "",
        *,
        path: str = "$",
        status: int | None = None,
        excerpt: str = "",
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at, hint=hint)
        self.path = path
        self.status = status
        self.excerpt = excerpt


class PaginationError(RestoreError):
    """The pages of a list contradict each other, so going on could lose or repeat jobs for ever."""


class NotUnique(RestoreError):
    """``one()`` met more than one item, or ``ensure_restore()`` jobs of which it cannot tell the one it looks for."""
