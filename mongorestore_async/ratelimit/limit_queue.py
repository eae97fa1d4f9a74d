"""The queue of calls before one rate limit."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING

from mongorestore_async.errors import Hint, HintKind, RateLimited
from mongorestore_async.ratelimit.backoff import Backoff
from mongorestore_async.ratelimit.buckets import SlidingWindow, TokenBucket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.families.rate_limit import RateLimit

__all__ = ["LimitQueue"]

#: Shortest wait, seconds: the clock has certainly moved on by then.
_TICK = 0.001

#: Seconds after a pause for which its refusals are remembered.
_MEMORY = 30.0

#: That of all queues without a refusal so far, which most are: only read, never written.
_CALM = Backoff()


class LimitQueue:
    """Admits calls in the order they came, no faster than a limit and not during a pause.

    Most queues never hold a call back. What it takes is made when the first call waits, or is refused.

    Attributes:
        limit: The limit, None if none is known.
        backoff: What refusals hold back.
        pending: Calls that were admitted and are not over.
        waiting: Calls that wait.
        doubtful: Whether the last pause may come of a service that is down rather than of a limit.

    """

    def __init__(self, limit: RateLimit | None, shared: Callable[[], Awaitable[float]] | None = None) -> None:
        self.backoff: Backoff = _CALM
        self.pending: int = 0
        self.waiting: int = 0
        self.doubtful = False
        self._turn: asyncio.Lock | None = None  # goes to waiting calls in the order they came
        self._changed: asyncio.Event | None = None
        self.replace_limit(limit, shared)

    def replace_limit(self, limit: RateLimit | None, shared: Callable[[], Awaitable[float]] | None) -> None:
        """Keep to another limit, initially unused; ``shared`` counts its calls in other processes too."""
        self.limit = limit
        self._bucket = None if limit is None else SlidingWindow(limit) if limit.window else TokenBucket(limit)
        self._shared = shared
        self._shared_at = -math.inf  # when the shared counter is worth asking again
        self._spare = 0  # calls that the server says are left, however empty the bucket is

    def is_idle(self, now: float) -> bool:
        """Whether it equals a new queue: it is empty, nothing is used up, and there is no recent pause."""
        full_at = -math.inf if self._bucket is None else self._bucket.full_at
        return not self.pending and not self.waiting and max(full_at, self.backoff.resumes + _MEMORY) <= now

    def is_open(self, now: float) -> bool:
        """Whether a call that comes now may :meth:`enter` at once."""
        return not self.waiting and not self._obstacle(now) and (self._shared is None or self._spare > 0)

    def enter(self, now: float) -> float | None:
        """Admit a call and say when it was counted, None if it was not; :meth:`leave` must follow."""
        self.pending += 1
        if self.backoff is not _CALM:
            self.backoff.enter(now)
        if self._spare:
            self._spare -= 1
        return now if self._bucket is not None and self._bucket.take(now) else None

    def leave(self) -> None:
        """Take note that a call is over, however it ended."""
        self.pending -= 1
        self._wake()

    def withdraw(self, counted: float | None) -> None:
        """Take note that a call was not made after all; ``counted`` is what :meth:`enter` said."""
        if self._bucket is not None and counted is not None:
            self._bucket.give_back(counted)
        self.leave()

    async def enter_in_turn(self, ends: float) -> float | None:
        """Admit a call when its turn has come, as :meth:`enter` does; :meth:`leave` must follow.

        Args:
            ends: Loop time of its deadline.

        Raises:
            RateLimited: Its turn comes after the deadline; told as soon as that is known, with ``status`` 0.

        """
        clock = asyncio.get_running_loop().time
        if self._turn is None or self._changed is None:
            self._turn, self._changed = asyncio.Lock(), asyncio.Event()
        self.waiting += 1
        try:
            async with self._turn:
                while wait := self._obstacle(clock()) or await self._ask():
                    now = clock()
                    if math.isfinite(wait) and now + wait >= ends:
                        raise self._too_late(wait, paused=self.backoff.resumes > now)
                    with contextlib.suppress(TimeoutError):
                        self._changed.clear()
                        async with asyncio.timeout(wait if math.isfinite(wait) else None):
                            await self._changed.wait()
                return self.enter(clock())
        finally:
            self.waiting -= 1

    def update_remaining(self, remaining: int, now: float, *, trusted: bool) -> None:
        """Take note of the calls that the server says are left; if trusted, also where that is more than thought."""
        if self._bucket is not None:
            self._bucket.lower(remaining, now)
            # Those in flight may not be counted in yet.
            self._spare = remaining - self.pending if trusted and remaining > self.pending else 0
            self._wake()

    def refuse(self, asked: float | None, now: float, *, admitted: int, current: int, trusted: bool = False) -> None:
        """Take note that the server refused a call; see :meth:`Backoff.refuse`.

        If its word is trusted, a call may pass at the time it names, however empty the bucket is.
        """
        if self.backoff is _CALM:
            self.backoff = Backoff()
        self.backoff.refuse(asked, now, admitted=admitted, current=current)
        self._spare = int(trusted and asked is not None)
        self._wake()

    def succeed(self, admitted: int) -> None:
        """Take note that a call admitted in this generation was not refused."""
        if self.backoff is not _CALM:
            self.backoff.succeed(admitted)
            self._wake()

    def release(self) -> None:
        """Forget the last pause; see :meth:`Backoff.release`."""
        if self.backoff is not _CALM:
            self.backoff.release()
            self._wake()

    def resolve_doubt(self) -> None:
        """Forget the last pause if it was doubtful: it was the service that is down, after all."""
        if self.doubtful:
            self.release()

    def _wake(self) -> None:
        """Let the first of those that wait look again."""
        if self._changed is not None:
            self._changed.set()

    def _obstacle(self, now: float) -> float:
        """Seconds until a call may pass: 0 for now, infinity if only calls in flight can tell."""
        hold = 0.0 if self.backoff is _CALM else self.backoff.hold(self.pending, now)
        if hold or self._bucket is None or self._spare:
            return hold
        wait = self._bucket.wait(now)
        if self._shared is not None:
            wait = max(wait, self._shared_at - now)
        return max(_TICK, wait) if wait > 0 else 0.0

    async def _ask(self) -> float:
        """Take a call from the shared counter: as :meth:`_obstacle`."""
        if self._shared is None or self._spare:
            return 0.0
        wait = await self._shared()
        now = asyncio.get_running_loop().time()
        self._shared_at = now + wait
        return self._obstacle(now)  # it may have changed meanwhile

    def _too_late(self, wait: float, *, paused: bool) -> RateLimited:
        why = "the server has refused other calls" if paused else f"the limit of {self.limit} is used up"
        return RateLimited(
            f"not sent: {why}; the next call is possible in {wait:.0f} s, after the deadline of this call; "
            "try again then",
            retry_after=wait,
            hint=Hint(HintKind.FEWER_CALLS),
        )
