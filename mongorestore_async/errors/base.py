"""The root of the tree, errors made before any I/O, and calls without a usable answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors.hints import Hint, add_advice

if TYPE_CHECKING:
    from typing import Any, Self

__all__ = [
    "AuthError",
    "ConfigError",
    "ConnectFailed",
    "ConnectionBroken",
    "ProtectedTarget",
    "ProtocolError",
    "ProxyFailed",
    "RequestContext",
    "RequestTimeout",
    "RestoreError",
    "ResumePoint",
    "SessionClosed",
    "TLSFailed",
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
        in_doubt: Whether the server may have acted on an earlier try, to which no whole answer came or a 5xx.
        version: The version of Atlas v2 that the caller named, None where the family chose it.

    """

    method: str
    url: str
    family: str | None = None
    status: int | None = None
    challenges: int = 0
    unanswered: bool = False
    tries: int = 1
    logging_in: bool = False
    in_doubt: bool = False
    version: str | None = None


class ResumePoint(int):
    """Where to resume a walk over a list: the number of a page, with the size that pages had.

    ``starting_at`` takes over the size, for a page number alone has no meaning. Together with another
    ``items_per_page`` it becomes the page of that size which holds the position: items may come again then, none is
    lost. Otherwise it is an int, is written like one, and can be pickled.

    Args:
        number: Page number, from 1.
        items_per_page: The page size that the number counts in, None where none was asked for.
        position: How many items lie before that page at least, where that is not what number and size make.
        total_count: How many items the server counted last, None when it did not: the walk that resumes knows by it
            whether items were deleted meanwhile.

    Attributes:
        items_per_page: As passed.
        position: How many items lie before that page at least, 0 without a size.
        total_count: As passed.

    """

    items_per_page: int | None
    position: int
    total_count: int | None

    def __new__(
        cls,
        number: int,
        items_per_page: int | None = None,
        *,
        position: int | None = None,
        total_count: int | None = None,
    ) -> Self:
        """Make an int that carries the rest."""
        self = super().__new__(cls, number)
        self.items_per_page = items_per_page
        self.position = (number - 1) * (items_per_page or 0) if position is None else position
        self.total_count = total_count
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _resume_point, (type(self), int(self), self.items_per_page, self.position, self.total_count)

    def in_pages_of(self, items_per_page: int) -> int:
        """Give the number of the page, of another size, that holds the position.

        Args:
            items_per_page: The other page size, from 1.

        Returns:
            The page, from 1.

        """
        return int(self) if items_per_page == self.items_per_page else self.position // items_per_page + 1


def _resume_point(
    kind: type[ResumePoint], number: int, items_per_page: int | None, position: int, total_count: int | None
) -> ResumePoint:
    return kind(number, items_per_page, position=position, total_count=total_count)


class RestoreError(Exception):
    """Root of all errors of this library.

    Args:
        message: What went wrong, and what to do next where ``hint`` does not say it.
        request: The HTTP call concerned, or None.
        resume_at: For an error met while walking a list: what to pass as ``starting_at`` to resume, a
            :class:`ResumePoint`.
        hint: What to do next where that names parts of the Python interface, or None.

    Attributes:
        problem: The message without the hint.
        request: As passed.
        resume_at: As passed.
        hint: As passed; :meth:`Hint.render` writes it in words of another interface.
        transient: Whether the failure is temporary: the same call may work later without any change.
            Waits continue after such an error.
        repeatable: Whether repeating the call at once, within its deadline, may help. Whether that is safe depends
            on the verb as well: see :func:`is_transient`.
        not_acted: Whether the server certainly did not act on the call, so that even a create can be sent again.
        holds_others: Whether other calls have to wait as well before they are sent.
        run_wide: Whether every other call of the session, or of a fleet run, would end the same way.

    """

    transient: bool = False
    repeatable: bool = False
    not_acted: bool = False
    holds_others: bool = False
    run_wide: bool = False

    def __init__(
        self,
        message: str = "",
        *,
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message)
        self.problem: str = message
        self.request = request
        self.resume_at = resume_at
        self.hint = hint

    @property
    def message(self) -> str:
        """What went wrong and what to do next."""
        return self.problem if self.hint is None else add_advice(self.problem, str(self.hint))

    def __str__(self) -> str:
        parts = [self.message]
        if self.request is not None:
            parts.append(f"[{self.request.method} {self.request.url}]")
        if self.resume_at is not None and self.resume_at > 1:  # the first page needs no advice
            size = self.resume_at.items_per_page if isinstance(self.resume_at, ResumePoint) else None
            sized = "" if size is None else f", items_per_page={size}"
            parts.append(f"(resume with starting_at={self.resume_at}{sized})")
        return " ".join(parts)


class ConfigError(RestoreError):
    """Bad input or bad settings; raised before any I/O."""


class Unsupported(ConfigError):
    """The product family has no such verb, filter or request variant."""

    run_wide = True


class SessionClosed(ConfigError):
    """The session was closed before or during the call."""

    run_wide = True


class WrongLoop(ConfigError):
    """The session is used from another event loop than the one it was opened on."""

    run_wide = True


class TransportError(RestoreError):
    """No usable HTTP answer arrived."""

    transient = True


class ConnectFailed(TransportError):
    """No connection could be made (DNS, TCP, TLS or proxy); nothing of the request was sent."""

    repeatable = True
    not_acted = True


class TLSFailed(ConnectFailed):
    """TLS was not established; nothing was sent. A refused certificate is not ``repeatable``."""


class ProxyFailed(ConnectFailed):
    """The proxy could not be reached, or did not connect to the server; nothing was sent.

    A proxy that refuses (403, 407) is not ``repeatable``, one that fails (5xx) is.
    """


class RequestTimeout(TransportError):
    """The deadline of the call (``Options.timeout``, seconds) passed."""


class ProtocolError(TransportError):
    """What arrived is no answer of the API (a redirect, an oversize body) or, in the subclass, not all of one."""


class ConnectionBroken(ProtocolError):
    """The connection broke before the whole answer came: a reset, a time-out of a proxy, a truncated body."""

    repeatable = True


class AuthError(RestoreError):
    """The server does not accept the key, or asks for a kind of login that is not available."""

    run_wide = True


class ProtectedTarget(ConfigError):
    """The restore would overwrite a cluster that the session's guard protects, or may protect; nothing was started."""
