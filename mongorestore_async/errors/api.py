"""Errors the API answers with, and answers that are not what was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.errors.base import RestoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.errors.base import RequestContext
    from mongorestore_async.errors.hints import Hint

__all__ = [
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

#: Statuses that are worth repeating a call after: of the server, or of a proxy before it.
_REPEATABLE = frozenset({408, 425, 429, 500, 502, 503, 504})

_UPGRADE = (405, "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES")

#: Codes about the key or the address it is used from: every other call is answered the same.
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

#: Codes for a cluster whose backup is switched off, where the API does not answer with an empty list.
_NO_BACKUP = frozenset({"BACKUP_CONFIG_NOT_FOUND", "BACKUP_JOB_NOT_FOUND"})

#: Codes of a 404 that mean more than a missing job ("Error documents").
_NEVER_APPEARS = frozenset(
    {
        "ATLAS_GROUP",
        "CLUSTER_NAME_NOT_FOUND",
        "CLUSTER_NOT_FOUND",
        "GROUP_NAME_NOT_FOUND",
        "GROUP_NOT_FOUND",
        "HOST_NOT_FOUND",
        "NOT_ATLAS_GROUP",
        "NOT_CONFIG_SERVER",
    }
)
_NOT_FOUND = 404
_TOO_MANY = 429


class ApiError(RestoreError):
    """The API answered with an error.

    What it means for others (``transient`` and so on, see :class:`RestoreError`) follows from its class, status and
    code.

    Attributes:
        status: HTTP status of the answer (the inner one of an envelope).
        error_code: The API's machine word such as ``RESTORE_JOB_NOT_FOUND``; unknown words are kept, None if absent.
        reason: Status phrase.
        detail: The API's text for people.
        parameters: Values that fill the message; mixed types.
        service_version: ``X-MongoDB-Service-Version`` of the answer as received, or None.
        retry_after: Seconds the server asked to wait, or None when it did not say.
        from_gateway: Whether it is no error document of the API: a JSON object whose ``error`` is the status, with a
            ``detail``, ``reason`` or ``errorCode``. Then it comes from a proxy before the API and says nothing about
            the resource, nor whether the API acted on the call. It is ``transient``: waits bear it like a 5xx.

    """

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
        retry_after: float | None = None,
        from_gateway: bool | None = None,
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at, hint=hint)
        self.status = status
        self.error_code = error_code
        self.reason = reason
        self.detail = detail
        self.parameters: tuple[Any, ...] = tuple(parameters)
        self.service_version = service_version
        self.retry_after = retry_after
        told = error_code is not None or detail is not None
        self.from_gateway: bool = (not told if from_gateway is None else from_gateway) and status >= 400  # noqa: PLR2004
        # A code in a header, or in a document that is not the API's, proves nothing; a 429 in any form does.
        sure = not self.from_gateway or status == _TOO_MANY
        self.not_acted: bool = sure and (self.not_acted or (status, error_code) == _UPGRADE)
        self.repeatable: bool = self.repeatable or self.not_acted or status in _REPEATABLE
        self.transient: bool = self.transient or self.repeatable or self.from_gateway
        self.run_wide: bool = error_code in _ABOUT_THE_CALLER

    @property
    def refused(self) -> bool:
        """Whether the API itself said no, so that a create certainly started nothing.

        A 4xx that is the API's own error document, and a 429 in any form; never a 5xx, nor the page of a gateway.
        """
        return self.not_acted or (400 <= self.status < 500 and not self.from_gateway)  # noqa: PLR2004

    @property
    def no_backup(self) -> bool:
        """Whether it only says that the backup of the cluster is switched off."""
        return self.error_code in _NO_BACKUP


class BadRequest(ApiError):
    """400: the API rejected the request."""


class Forbidden(ApiError):
    """403, or 401 for a key that is right but has no rights here; also an address not on the API access list."""


class NotFound(ApiError):
    """404, 410, or ``one()`` on an empty list."""

    @property
    def certain(self) -> bool:
        """Whether the API itself says that what was asked for is not there; the page of a gateway does not."""
        return self.status == _NOT_FOUND and not self.transient

    @property
    def may_appear(self) -> bool:
        """Whether it may still appear. A job may; a project or a version of the API never does."""
        code = self.error_code or ""
        return self.status == _NOT_FOUND and code not in _NEVER_APPEARS and not code.startswith("INVALID_")


class Conflict(ApiError):
    """409: the state of the snapshot, cluster or job forbids the request."""


class RateLimited(ApiError):
    """429, or 400 with code ``RATE_LIMITED_IP``; or a call that was :attr:`held_back`.

    ``retry_after`` says when to try again, if that is known.
    """

    transient = True
    repeatable = True
    not_acted = True
    holds_others = True

    @property
    def held_back(self) -> bool:
        """Whether the call was not sent because it would have had to wait past its deadline. ``status`` is 0 then."""
        return self.status == 0


class ServerError(ApiError):
    """5xx: the service or a proxy before it failed."""

    transient = True


class DataError(RestoreError):
    """The answer does not have the promised shape.

    Attributes:
        path: JSON path of what did not fit, such as ``$.results[3].id``; ``$`` for the whole document.
        status: HTTP status of the answer, or None for a document that came from elsewhere.
        excerpt: A bounded, redacted piece of a body that is not JSON; empty otherwise.

    """

    transient = True

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
    """The pages of a list contradict each other, so continuing could lose jobs or never end."""

    transient = True


class NotUnique(RestoreError):
    """``one()`` found more than one item, or ``ensure_restore()`` several jobs that may be the requested restore."""
