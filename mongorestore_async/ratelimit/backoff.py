"""What a refusal (HTTP 429) does to the calls behind it: the one place where that is decided.

Pure: it knows no clock, no event loop and no queue. To change what the client does after a 429 that names no time,
exchange :func:`choose_pause`; to change how it starts again, :meth:`Backoff.succeed`. Nothing else decides about it.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.families.rate_limit import RateLimit

__all__ = ["Backoff", "choose_pause"]

#: Longest pause, seconds, whatever the server says.
_LONGEST_PAUSE = 3600.0

#: Calls in flight after a pause, from which their number is no longer limited.
_UNLIMITED_FROM = 32

#: Pauses in seconds after the first, second and every further refusal in a row: the vendor's recommendation.
_PAUSES = (10.0, 20.0, 40.0)
_JITTER = 0.25


def choose_pause(
    refusals: int, limit: RateLimit | None, jitter: Callable[[float, float], float] = random.uniform
) -> float:
    """Choose the seconds to pause after a refusal that does not say.

    Args:
        refusals: Refusals in a row, from 1.
        limit: The limit, None for an unknown one. The pause is not longer than its time: then all calls are back.
        jitter: Gives a random number between two bounds.

    """
    pause = _PAUSES[min(refusals, len(_PAUSES)) - 1]
    return min(pause, math.inf if limit is None else limit.per_seconds) * jitter(1.0, 1.0 + _JITTER)


class Backoff:
    """No call passes until the pause is over; then one, and after each round of successes twice as many.

    Attributes:
        generation: Of the last pause. Calls that were admitted before it tell nothing new.
        resumes: When the pause is over.
        width: Most calls in flight, None for any number.

    """

    def __init__(self) -> None:
        self.generation = 0
        self.resumes = -math.inf
        self.width: int | None = None
        self._refusals = 0  # in a row

    def hold(self, in_flight: int, now: float) -> float:
        """Seconds for which the next call is held back: 0 for none, infinity until one in flight is over."""
        if self.resumes > now:
            return self.resumes - now
        return 0.0 if self.width is None or in_flight < self.width else math.inf

    def refuse(self, asked: float | None, limit: RateLimit | None, now: float, *, admitted: int, current: int) -> None:
        """Begin a pause, or prolong the present one.

        Args:
            asked: Seconds the server asks to wait, None if it does not say.
            limit: The limit, None for an unknown one.
            now: The time.
            admitted: The generation in which the refused call was admitted.
            current: The generation that begins.

        """
        if admitted >= self.generation:
            self.generation = current
            self.width = 1
            self._refusals += 1
            asked = choose_pause(self._refusals, limit) if asked is None else asked
        self.resumes = max(self.resumes, now + min(asked or 0.0, _LONGEST_PAUSE))

    def succeed(self, admitted: int) -> None:
        """Take note that a call admitted in this generation was not refused."""
        if admitted >= self.generation and self.width is not None:
            self._refusals = 0
            self.width = None if self.width >= _UNLIMITED_FROM else self.width + 1
