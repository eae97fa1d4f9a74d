"""What a refusal (HTTP 429) does to the calls behind it: the one place where that is decided.

Pure: it knows no clock, no event loop and no queue. What the client does after a refusal that names no time is
:meth:`Backoff.refuse`; how it gets faster again, :meth:`Backoff.succeed`. Nothing else decides about it.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Backoff"]

#: Longest pause, seconds, whatever the server says.
_LONGEST_PAUSE = 3600.0

#: Calls in flight after a pause, from which their number is no longer limited.
_UNLIMITED_FROM = 32

# The time between two calls, in seconds, where the server does not say how many it takes.
_FIRST = 0.9  # with its jitter about a second
_LONGEST = 10.0  # half a dozen more questions within the usual deadline of a minute, the least for a window of one
_JITTER = 0.25
_CAREFUL_FROM = 0.125  # the time is halved down to here by each success, then shortened by a tenth
_TENTH = 0.9
_NEAR = 0.99  # near to where calls were refused before, it is shortened by this
_FLOOR = 1.2  # what is near, as a multiple of the time at which they were refused
_ONCE = 1.5  # a refusal among successes
_NONE_FROM = 0.005


class Backoff:
    """No call passes until the pause is over; then one, and after each round of successes twice as many.

    A refusal that names no time (a 429, or a 503 of a proxy that limits) begins a pause of about a second, after which
    calls pass one after the other: each success shortens the time between them, each further refusal doubles it.

    Attributes:
        generation: Of the last pause. Calls that were admitted before it tell nothing new.
        resumes: When the pause is over.
        width: Most calls in flight, None for any number.
        interval: Least seconds between two calls.
        refusals: How many there were in a row.
        guessed: When the last pause of our own choice began.

    """

    def __init__(self, jitter: Callable[[float, float], float] = random.uniform) -> None:
        self.generation: int = 0
        self.resumes: float = -math.inf
        self.width: int | None = None
        self.interval: float = 0.0
        self.guessed: float = -math.inf
        self._jitter = jitter
        self.refusals: int = 0
        self._floor = 0.0
        self._passed = -math.inf  # when the last call did

    def hold(self, in_flight: int, now: float) -> float:
        """Seconds for which the next call is held back: 0 for none, infinity until one in flight is over."""
        wait = max(self.resumes, self._passed + self.interval) - now
        if wait > 0:
            return wait
        return 0.0 if self.width is None or in_flight < self.width else math.inf

    def enter(self, now: float) -> None:
        """Take note that a call passes."""
        self._passed = now

    def refuse(self, asked: float | None, now: float, *, admitted: int, current: int) -> None:
        """Begin a pause, or prolong the present one.

        Args:
            asked: Seconds the server asks to wait, None if it does not say. A second 0 in a row counts as none.
            now: The time.
            admitted: The generation in which the refused call was admitted.
            current: The generation that begins.

        """
        if admitted >= self.generation:
            self.generation = current
            self.refusals += 1
            known = self.refusals == 1 and self.interval > 0  # about how many calls the server takes
            self.width = max(1, (self.width or 0) // 2) if known else 1
            if asked is None or (not asked and self.refusals > 1):
                self.guessed = now
                if self.refusals == 1:
                    self._floor = _FLOOR * self.interval
                self.interval = min(self.interval * (_ONCE if known else 2), _LONGEST) or _FIRST
                asked = self.interval * self._jitter(1.0, 1.0 + _JITTER)
        self.resumes = max(self.resumes, now + min(asked or 0.0, _LONGEST_PAUSE))

    def succeed(self, admitted: int) -> None:
        """Take note that a call admitted in this generation was not refused."""
        if admitted < self.generation:
            return
        self.refusals = 0
        if self.width is None:
            return
        if self.interval <= self._floor:
            self.interval *= _NEAR
        elif self.interval <= _CAREFUL_FROM:
            self.interval = max(self._floor, self.interval * _TENTH)
        else:
            self.interval = max(self._floor, self.interval / 2)
        if self.interval < _NONE_FROM:
            self.interval = 0.0
        self.width += 1
        if self.width > _UNLIMITED_FROM and not self.interval:
            self.width = None

    def release(self) -> None:
        """Forget the last pause: what was refused then was no call too many."""
        self.resumes, self.width, self.interval = -math.inf, None, 0.0
