"""The arithmetic of a rate limit: when the next call may be made, and what a call uses up.

Pure: it knows no clock, no event loop and no server. ``now`` is in seconds, of a clock that does not go back.
"""

from __future__ import annotations

import contextlib
import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mongorestore_async.families.rate_limit import RateLimit

__all__ = ["SlidingWindow", "TokenBucket"]


class TokenBucket:
    """Calls that come back evenly: the generic cell rate algorithm (GCRA).

    Attributes:
        full_at: When all calls are back; this is the whole state.

    """

    def __init__(self, limit: RateLimit) -> None:
        self._capacity = limit.capacity
        self._interval = limit.per_seconds / limit.refill
        self._ahead = (limit.capacity - 1) * self._interval  # of ``full_at``, when the last call is taken
        self.full_at: float = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until a call may be made, 0 for now."""
        wait = self.full_at - self._ahead - now
        return wait if wait > 0 else 0.0

    def take(self, now: float) -> bool:
        """Count a call if it may be made now; say whether."""
        full_at = self.full_at
        if full_at - self._ahead > now:
            return False
        self.full_at = max(now, full_at) + self._interval
        return True

    def give_back(self, _taken: float) -> None:
        """Take note that a call counted at this moment was not made after all."""
        self.full_at -= self._interval

    def lower(self, remaining: int, now: float) -> None:
        """Leave at most ``remaining`` calls."""
        self.full_at = max(self.full_at, now + (self._capacity - remaining) * self._interval)


class SlidingWindow:
    """Calls in any window of the limit's length: whenever the server restarts its counter, it never sees more.

    It has the methods of :class:`TokenBucket`.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._period = limit.per_seconds
        self._capacity = limit.capacity
        self._taken: deque[float] = deque(maxlen=limit.capacity)  # a full one drops the oldest

    @property
    def full_at(self) -> float:
        """When all calls are back."""
        return self._taken[-1] + self._period if self._taken else -math.inf

    def wait(self, now: float) -> float:
        """Seconds until a call may be made, 0 for now."""
        return max(0.0, self._taken[0] + self._period - now) if len(self._taken) == self._capacity else 0.0

    def take(self, now: float) -> bool:
        """Count a call if it may be made now; say whether."""
        taken = self._taken
        if len(taken) == self._capacity and taken[0] + self._period > now:
            return False
        taken.append(now)
        return True

    def give_back(self, taken: float) -> None:
        """Take note that a call counted at this moment was not made after all."""
        with contextlib.suppress(ValueError):  # the newest calls of a full window drop the oldest
            self._taken.remove(taken)

    def lower(self, remaining: int, now: float) -> None:
        """Leave at most ``remaining`` calls."""
        while self._taken and self._taken[0] + self._period <= now:
            self._taken.popleft()
        self._taken.extend([now] * (self._capacity - remaining - len(self._taken)))
