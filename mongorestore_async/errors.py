"""The one tree of errors.

::

    RestoreError
    ├── ConfigError             bad input or bad settings; raised before any I/O
    │   ├── Unsupported         the product family has no such verb, filter or variant
    │   ├── SessionClosed       the session was closed
    │   └── WrongLoop           the session belongs to another event loop
    ├── TransportError          no usable HTTP answer arrived
    │   ├── ConnectFailed       no connection was made: nothing was sent
    │   ├── RequestTimeout      the deadline of the call passed
    │   └── ProtocolError       the answer is none an API gives
    │       └── ConnectionBroken    the connection broke before the whole answer came
    ├── AuthError               the server does not accept the key
    ├── ApiError                the API answered with an error document
    │   ├── BadRequest          400
    │   ├── Forbidden           403, and 401 for a key that is right but has no rights here
    │   ├── NotFound            404, 410
    │   ├── Conflict            409
    │   ├── RateLimited         429, the coded 400, and calls held back until too late
    │   └── ServerError         5xx
    ├── DataError               the answer does not have the promised shape
    ├── PaginationError         the pages of a list contradict each other
    ├── NotUnique               ``one()`` met more than one item
    └── MaybeCreated            the outcome of a create is not known

Every error tells what to do next, carries the HTTP call it came from in ``request`` (None when there
was none) and never holds a secret: URLs and excerpts are redacted before they get here. The exception
of the HTTP library is the ``__cause__``, never the type a user has to catch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mongorestore_async.resources.creation import Reconciliation

__all__ = [
    "ApiError",
    "AuthError",
    "BadRequest",
    "ConfigError",
    "Conflict",
    "ConnectFailed",
    "ConnectionBroken",
    "DataError",
    "Forbidden",
    "MaybeCreated",
    "NotFound",
    "NotUnique",
    "PaginationError",
    "ProtocolError",
    "RateLimited",
    "RequestContext",
    "RequestTimeout",
    "RestoreError",
    "ServerError",
    "SessionClosed",
    "TransportError",
    "Unsupported",
    "WrongLoop",
]


@attrs.frozen
class RequestContext:
    """The HTTP call an error came from.

    Attributes:
        method: HTTP verb in upper case.
        url: The URL with secrets redacted.
        family: Name of the product family, or None for a call without one.
        status: HTTP status of the last answer, or None when none arrived.
        challenges: How many digest challenges this call has met.
        unanswered: Whether a request was sent to which no whole answer came: the server may have acted on it.
        tries: How often the call was tried.
        logging_in: Whether it ended in getting a token for it, so that this try of the call itself had no effect.

    """

    method: str
    url: str
    family: str | None = None
    status: int | None = None
    challenges: int = 0
    unanswered: bool = False
    tries: int = 1
    logging_in: bool = False


class RestoreError(Exception):
    """Root of all errors of this library.

    Attributes:
        message: What went wrong and what to do next.
        request: The HTTP call concerned, or None.
        resume_at: For an error met while walking a list: the page number to pass as ``starting_at`` to go on.

    """

    def __init__(
        self, message: str = "", *, request: RequestContext | None = None, resume_at: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.request = request
        self.resume_at = resume_at

    def __str__(self) -> str:
        parts = [self.message]
        if self.request is not None:
            parts.append(f"[{self.request.method} {self.request.url}]")
        if self.resume_at is not None:
            parts.append(f"(go on with starting_at={self.resume_at})")
        return " ".join(parts)


class ConfigError(RestoreError):
    """Bad input or bad settings; raised before any I/O."""


class Unsupported(ConfigError):
    """The product family has no such verb, filter or request variant."""


class SessionClosed(ConfigError):
    """The session was closed before or during the call."""


class WrongLoop(ConfigError):
    """The session is used from another event loop than the one it was opened on."""


class TransportError(RestoreError):
    """No usable HTTP answer arrived."""


class ConnectFailed(TransportError):
    """No connection could be made (DNS, TCP, TLS or proxy); nothing of the request was sent."""


class RequestTimeout(TransportError):
    """The deadline of the call (``Options.timeout``, seconds) passed."""


class ProtocolError(TransportError):
    """What arrived is no answer of the API (a redirect, an oversize body) or, in the subclass, not all of one."""


class ConnectionBroken(ProtocolError):
    """The connection broke before the whole answer came: a reset, a time-out of a proxy, a truncated body."""


class AuthError(RestoreError):
    """The server does not accept the key, or asks for a kind of login that is not available."""


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
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at)
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
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at)
        self.path = path
        self.status = status
        self.excerpt = excerpt


class PaginationError(RestoreError):
    """The pages of a list contradict each other, so going on could lose or repeat jobs for ever."""


class NotUnique(RestoreError):
    """``one()`` met more than one item."""


class MaybeCreated(RestoreError):
    """A create was sent and its outcome is not known: a restore may be running.

    Never send the create again blindly: ask :meth:`reconcile`, or look into the job list. The failure that left
    the outcome open is the ``__cause__``.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reconcile: Callable[[], Awaitable[Reconciliation[Any]]] | None = None,
        request: RequestContext | None = None,
        resume_at: int | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at)
        self._reconcile = reconcile

    def __reduce__(self) -> tuple[Any, ...]:
        # The way to the server stays in the process that made the call.
        return type(self), self.args, {**self.__dict__, "_reconcile": None}

    async def reconcile(self) -> Reconciliation[Any]:
        """Look into the job list for what the create may have started. May be asked again later.

        Returns:
            ``verdict`` (taken, not taken, cannot tell), ``batch`` when it was taken, and all ``candidates``.

        Raises:
            ConfigError: The error comes from another process.
            RestoreError: The list could not be read.

        """
        if self._reconcile is None:
            raise ConfigError("this error was copied from another process; list the cluster's restore jobs instead")
        return await self._reconcile()
