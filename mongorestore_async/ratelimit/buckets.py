"""Counters of calls, one for each limit and project: pyrate-limiter's, asked and never waited for.

Its ``Limiter`` is not used: it starts a thread for each bucket, waits under one lock for all of them, and 50 ms longer
each time than it has to. :mod:`mongorestore_async.ratelimit.rate_limiter` decides who waits, how long and for what.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from pyrate_limiter import AbstractClock, InMemoryBucket, Rate, RateItem, StateBucket, TokenBucket

if TYPE_CHECKING:
    from pyrate_limiter import Decision

    from mongorestore_async.families.rate_limit import RateLimit

__all__ = ["Bucket", "LocalBucket", "one_call", "rates_of", "wait_of"]


class Bucket(Protocol):
    """A counter of calls."""

    async def take(self) -> float:
        """Take the permission for one call: 0 for had, otherwise seconds after which it is worth asking again."""
        ...

    def lower(self, left: int) -> None:
        """Leave at most so many permissions."""
        ...


class _LoopClock(AbstractClock):
    """Milliseconds of the running loop's clock."""

    def now(self) -> int:
        return int(asyncio.get_running_loop().time() * 1000)


_clock = _LoopClock()


def rates_of(limit: RateLimit) -> list[Rate]:
    """Put a limit into the library's words, for its token bucket and its sliding window alike."""
    return [Rate(limit.refill, max(1, round(limit.per_seconds * 1000)), burst=limit.capacity)]


def one_call(now: int) -> RateItem:
    """Put one call into the library's words; ``now`` in milliseconds."""
    return RateItem("call", now)


def wait_of(decision: Decision) -> float:
    """Seconds to wait that the library decided on, 0 for none."""
    return 0.0 if decision.allowed else max(1, decision.retry_after_ms or 0) / 1000


class LocalBucket:
    """A counter in this process.

    A limit that is a bucket becomes a token bucket, which is the vendor's own algorithm. One that is a window becomes
    a sliding window: whenever the server's counter restarts, it never sees more than its limit.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._capacity = limit.capacity
        rates = rates_of(limit)
        # Of types that allow for awaitables everywhere; these two have none.
        self._bucket: Any = InMemoryBucket(rates) if limit.window else StateBucket(rates, TokenBucket(), clock=_clock)

    async def take(self) -> float:
        """Take a permission; see :class:`Bucket`. Does not suspend."""
        now = _clock.now()
        self._bucket.leak(now)
        return wait_of(self._bucket.put_decision(one_call(now)))

    def lower(self, left: int) -> None:
        """Leave at most so many permissions."""
        now = _clock.now()
        self._bucket.leak(now)
        excess = self._capacity - self._bucket.count() - left
        if excess > 0:
            self._bucket.put(RateItem("told", now, excess))
