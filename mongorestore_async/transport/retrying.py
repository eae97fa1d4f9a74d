"""Whether a failed call is made again, and when: a pure decision.

What may be repeated after what (restore architecture, "Retries"; API protocol section 7):

- GET and DELETE: failed connections, broken connections and truncated answers, 408, 425, 429, 500 (can be switched
  off), 502, 503, 504, 400 ``RATE_LIMITED_IP`` and 405 ``WRITES_NOT_ALLOWED_DURING_APP_UPGRADES``;
- everything else (POST above all, which may start a restore): failures of which it is certain that the server
  did not act on the request: a connection that was never made, 429 and those coded 400 and 405, and whatever went
  wrong in getting a token for it. A challenge is answered by the login and is no failure.

Which errors these are is said on their classes (``repeatable`` and ``not_acted`` of :class:`RestoreError`).

Waits grow exponentially with full jitter; what the server asks for (``Retry-After``) is the least it gets.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol, cast

import attrs

from mongorestore_async.errors import ApiError, ConfigError, RestoreError, ServerError
from mongorestore_async.models.validators import seconds, whole

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NO_RETRY", "Failure", "RetryBudget", "RetryPolicy", "RetryRule", "ask_rule", "is_transient"]

_REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})


@attrs.frozen
class Failure:
    """One failed try of a call.

    Attributes:
        method: HTTP verb in upper case.
        error: What it ended with.
        tries: How often the call was tried so far, from 1. Not counted, beside the first, are those that a rate limit
            refused while the server took other calls.

    """

    method: str
    error: RestoreError
    tries: int


class RetryRule(Protocol):
    """What decides about repeating a call: any callable of this form; :class:`RetryPolicy` is the usual one.

    It gets a :class:`Failure` and gives seconds to wait, or None to give up. Rules compose by calling each
    other. A rule cannot make an unsafe repetition happen: see :func:`is_transient`.

    What a rule raises ends the call: it has a note about the failure, which is its ``__context__``. A create whose
    outcome is open ends in ``MaybeCreated`` all the same.
    """

    def __call__(self, failure: Failure, /) -> float | None:
        """Decide about one failure."""
        ...


def ask_rule(rule: RetryRule, failure: Failure) -> float | None:
    """Ask a rule, which a user may have written, about one failure.

    Args:
        rule: The rule.
        failure: The failed try.

    Returns:
        Seconds to wait, from 0; None to give up.

    Raises:
        ConfigError: It returned something else than a number or None.
        Exception: Whatever it raises, with a note about the failure.

    """
    try:
        wait = cast("object", rule(failure))
    except Exception as error:
        if error is not failure.error:
            error.add_note(f"raised by the retry rule when it was asked about: {failure.error}")
        raise
    if wait is None:
        return None
    if isinstance(wait, bool) or not isinstance(wait, (int, float)) or wait != wait:  # noqa: PLR0124 - not a number
        raise ConfigError(f"the retry rule returned {wait!r}; it must return seconds to wait, or None to give up")
    return max(0, wait)


def is_transient(failure: Failure, *, server_errors: bool = True) -> bool:
    """Whether repeating the call is safe and may help.

    Args:
        failure: The failed try.
        server_errors: Whether a read is repeated after a plain 500.

    Returns:
        Whether it may.

    """
    error = failure.error
    if error.not_acted:
        return error.repeatable
    logging_in = error.request is not None and error.request.logging_in
    if failure.method not in _REPEATABLE and not logging_in:
        return False
    is_plain_500 = isinstance(error, ServerError) and error.status == 500  # noqa: PLR2004
    return error.repeatable and (server_errors or not is_plain_500)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """Repeat what :func:`is_transient` allows, with exponential waits and full jitter.

    Attributes:
        tries: Most tries of one call, the first included; 1 never repeats.
        base: Upper bound of the first wait, seconds; it doubles with each try.
        longest: Upper bound of any wait of our own choice, seconds. What the server asks for may be longer.
        server_errors: Whether a read is repeated after a plain 500.
        jitter: Gives a random number between two bounds.

    """

    tries: int = attrs.field(default=4, validator=whole())
    base: float = attrs.field(default=0.5, validator=seconds(zero=True))
    longest: float = attrs.field(default=30.0, validator=seconds(zero=True))
    server_errors: bool = True
    jitter: Callable[[float, float], float] = attrs.field(default=random.uniform, repr=False, eq=False)

    def __call__(self, failure: Failure, /) -> float | None:
        """Decide about one failure: seconds to wait, or None to give up."""
        if failure.tries >= self.tries or not is_transient(failure, server_errors=self.server_errors):
            return None
        bound = min(self.longest, self.base * 2 ** min(failure.tries - 1, 60))
        own = self.jitter(0, bound)
        asked = failure.error.retry_after if isinstance(failure.error, ApiError) else None
        # Spread calls that were asked to wait for the same time.
        return own if asked is None else asked + self.jitter(0, self.base)


#: Never repeat anything.
NO_RETRY = RetryPolicy(tries=1)


class RetryBudget:
    """How many retries a session has left, so that many calls do not worsen an outage.

    Each repetition takes one, each success gives a part of one back, and time refills it.

    Attributes:
        capacity: Most that can be saved up.
        per_success: What a success gives back.
        per_second: What time gives back.
        left: What there is.

    """

    def __init__(
        self, *, capacity: float = 50.0, per_success: float = 0.1, per_second: float = 1.0, left: float = 50.0
    ) -> None:
        self.capacity = capacity
        self.per_success = per_success
        self.per_second = per_second
        self.left: float = left
        self._at: float | None = None

    def spend(self, now: float) -> bool:
        """Take one repetition; False when there is none left.

        Args:
            now: A monotonic clock, seconds.

        """
        if self._at is not None:
            self.left = min(self.capacity, self.left + (now - self._at) * self.per_second)
        self._at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def succeed(self) -> None:
        """Give back for a call that worked."""
        self.left = min(self.capacity, self.left + self.per_success)
