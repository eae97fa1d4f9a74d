"""The tokens of a service account as a state machine without I/O: one :class:`TokenCache` a session.

Rules (restore architecture, "Service accounts"; API protocol section 2):

- one token serves all calls; it is renewed when four fifths of its life are over, while calls continue with the old
  one, and is no longer used a moment before its end. Life counts from when the token was asked for;
- a token that was refused, has expired or was revoked is never used again;
- a try of a call uses two tokens at most. Two new tokens refused one after the other are the verdict "refused":
  calls fail without I/O for 60 seconds, then one more token is tried, then another; after four no more for an hour;
- an answer of the token endpoint that will not change soon (a wrong secret, 100 live tokens, no such endpoint, a
  login page) holds for 60 seconds as well, a rate limit as long as the endpoint says. Failures that may pass (5xx,
  408, broken connections) are not cached: the next call tries again;
- 401 with ``Bearer error="invalid_token"`` is the token's death, whatever the error code says;
- any other 401 with an error code than ``UNEXPECTED_ERROR`` is about rights when the token is young. Otherwise it is
  taken for the token's death once, and tokens count as young for twice as long from then on.

- once the API took a token, a 401 that is a gateway's page (no ``Bearer`` challenge, no error document of the API)
  costs one more token, in case it is meant for the token; the next ones go to the caller. The page of a gateway in
  place of a token is not cached then either.

How requests are sent and how calls wait is up to ``authenticators``.
"""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.auth.digest_login import VERDICT_SECONDS, AttemptOutcome
from mongorestore_async.auth.tokens import ask_for_token, ask_to_revoke, read_token
from mongorestore_async.errors import ApiError, AuthError, RestoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yarl import URL

    from mongorestore_async.auth.credentials import ServiceAccount
    from mongorestore_async.auth.tokens import Token, TokenRequest
    from mongorestore_async.protocol.replies import RawReply

__all__ = ["HeldToken", "TokenCache"]

#: Parts of a token's life after which it is renewed, and after which it is no longer used.
_RENEW_AT = 0.8
_STOP_AT = 0.9
#: No token needs to be given up longer than this before its end, seconds.
_LONGEST_MARGIN = 60.0
#: Between two tries to renew a token that still lives, at least, seconds.
_RENEWAL_PAUSE = 1.0

#: New tokens refused one after the other: the verdict, and when even a probe a minute is too much.
_REFUSALS = 2
_REFUSALS_AT_LAST = 4
_LONG_VERDICT_SECONDS = 3600.0

#: How long a token is so young that a coded 401 is not about it, at first and at last, seconds.
_YOUNG = 60.0
_YOUNG_AT_LAST = 3600.0

#: What a rate limit holds when the endpoint does not say: it takes 10 requests a minute.
_RATE_SECONDS = 6.0

#: Tokens remembered: for telling a dead one when it is handed out again, and for revoking.
_REMEMBERED = 16


@attrs.define(eq=False)
class HeldToken:
    """A token in use.

    Attributes:
        token: What the endpoint gave.
        asked_at: When it was asked for, on the keeper's clock.
        renew_at: When to ask for the next one.
        stop_at: When to use it no longer.
        accepted: Whether the API took it once.
        dead: Whether it was refused or revoked.

    """

    token: Token
    asked_at: float
    renew_at: float
    stop_at: float
    accepted: bool = False
    dead: bool = False


class TokenCache:
    """What a session knows about its service account: the token, when to renew it, what failed.

    Args:
        account: The service account.
        base: The session's base URL.
        clock: A monotonic clock, seconds.

    """

    def __init__(self, account: ServiceAccount, base: URL, clock: Callable[[], float]) -> None:
        self.account = account
        self._base = base
        self._clock = clock
        self._current: HeldToken | None = None
        self._known: deque[HeldToken] = deque(maxlen=_REMEMBERED)
        self._refusals = 0  # new tokens refused since one was accepted
        self._young = _YOUNG
        self._held: RestoreError | None = None  # the failure that calls get without I/O
        self._held_until = 0.0
        self.works: bool = False  # the API took a token once
        self._renewed_for_page = False

    def usable(self) -> HeldToken | None:
        """Give the token for the next send, None when there is none that is known to live."""
        held = self._current
        return None if held is None or held.dead or self._clock() >= held.stop_at else held

    def is_due(self, held: HeldToken) -> bool:
        """Whether a token should be renewed while it still lives."""
        return held is self._current and self._clock() >= held.renew_at

    def defer_renewal(self) -> None:
        """Note that the renewal failed: use the token on, and try again later, ever sooner towards its end."""
        current = self._current
        if current is not None:
            now = self._clock()
            current.renew_at = now + max(_RENEWAL_PAUSE, (current.stop_at - now) / 3)

    def ask(self) -> tuple[TokenRequest, float]:
        """Write a request for a token, with the moment it is asked for.

        Raises:
            RestoreError: A failure holds: nothing is to be sent.

        """
        now = self._clock()
        if self._held is not None and now < self._held_until:
            raise _repeated(self._held, self._held_until - now)
        return ask_for_token(self._base, self.account), now

    def take(self, raw: RawReply, asked_at: float) -> HeldToken:
        """Read the answer of the token endpoint; the token is the one to use from now on.

        Args:
            raw: The answer.
            asked_at: When the request was written.

        Raises:
            AuthError: The service account is refused, or the endpoint returns a token that the API refused.
            RestoreError: Any other failure; see :func:`~mongorestore_async.auth.tokens.read_token`.

        """
        try:
            token = read_token(raw, self.account, works=self.works)
        except RestoreError as error:
            if isinstance(error, ApiError) and error.holds_others:
                self._hold(error, _RATE_SECONDS if error.retry_after is None else error.retry_after)
            elif not (error.repeatable or (isinstance(error, ApiError) and error.transient)):
                self._hold(error, VERDICT_SECONDS)
            raise
        span = token.lifetime
        held = HeldToken(
            token=token,
            asked_at=asked_at,
            renew_at=asked_at + span * _RENEW_AT,
            stop_at=asked_at + max(span * _STOP_AT, span - _LONGEST_MARGIN),
        )
        held.dead = any(known.dead and known.token.value == token.value for known in self._known)
        self._held = None
        if held.dead:
            self._count_refusal()
            raise AuthError(f"{raw.request.url} returned a token that the API has already refused; {_ADVICE}")
        self._known.append(held)
        self._current = held
        return held

    def receive(
        self, held: HeldToken, *, status: int, error_code: str | None, own: bool = True, invalid: bool = False
    ) -> AttemptOutcome:
        """Read what the API answered to a call with a token.

        Args:
            held: The token it was sent with.
            status: HTTP status.
            error_code: The API's error code, None without one.
            invalid: Whether the server says that the token is what it refused: then the code does not count.
            own: Whether the API itself answered: not with a page of a gateway, nor an error of a proxy.

        Returns:
            ``DONE`` when the answer is the caller's, ``AGAIN`` when the token is dead and another one may help.

        """
        if status == 401 and not own and self.works and self._renewed_for_page:  # noqa: PLR2004
            return AttemptOutcome.DONE
        if status == 401 and (invalid or not self._is_about_rights(held, error_code)):  # noqa: PLR2004
            self._renewed_for_page = not own
            self._refuse(held)
            return AttemptOutcome.AGAIN
        if own and status < 500:  # noqa: PLR2004 - an error of a proxy proves nothing
            held.accepted = self.works = True
            self._renewed_for_page = False
            self._refusals = 0
        return AttemptOutcome.DONE

    def refused(self) -> AuthError:
        """Make the error of a call whose second token was refused."""
        return AuthError(f"the API refused two consecutive tokens of {self._name}; {_ADVICE}")

    def tokens_to_revoke(self) -> list[TokenRequest]:
        """Give up all tokens: the requests that revoke those which may still live. A second call gives none."""
        now = self._clock()
        living = [held for held in self._known if now < held.asked_at + held.token.lifetime]
        for held in self._known:
            held.dead = True
        self._known.clear()
        return [ask_to_revoke(self._base, self.account, held.token) for held in reversed(living)]

    @property
    def _name(self) -> str:
        return f"the service account {self.account.client_id!r}"

    def _is_about_rights(self, held: HeldToken, error_code: str | None) -> bool:
        if error_code is None or error_code == "UNEXPECTED_ERROR" or held.dead:
            return False
        if self._clock() - held.asked_at < self._young:
            return True
        self._young = min(2 * self._young, _YOUNG_AT_LAST)
        return False

    def _refuse(self, held: HeldToken) -> None:
        if not held.dead:
            held.dead = True
            if not held.accepted:
                self._count_refusal()

    def _count_refusal(self) -> None:
        self._refusals += 1
        if self._refusals >= _REFUSALS:
            seconds = VERDICT_SECONDS if self._refusals < _REFUSALS_AT_LAST else _LONG_VERDICT_SECONDS
            error = AuthError(f"the API refused {self._refusals} new tokens of {self._name}; {_ADVICE}")
            self._hold(error, seconds)

    def _hold(self, error: RestoreError, seconds: float) -> None:
        self._held = copy.copy(error)  # without its traceback
        self._held_until = self._clock() + seconds


_ADVICE = "was the account deleted or removed from the organisation, or does the base URL point to another service?"


def _repeated(error: RestoreError, left: float) -> RestoreError:
    """Repeat a failure for a call that is not sent because of it."""
    again = copy.copy(error)
    again.problem = f"No request is sent for another {left:.0f} s because of: {error.problem}"
    again.args = (again.message,)
    if isinstance(again, ApiError) and again.holds_others:
        again.retry_after = left
    return again
