"""One queue of calls before one rate limit."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from mongorestore_async.errors import Hint, HintKind, RateLimited
from mongorestore_async.protocol.rate_limit_headers import pause_without_word

if TYPE_CHECKING:
    from mongorestore_async.families.rate_limit import RateLimit
    from mongorestore_async.ratelimit.buckets import Bucket

__all__ = ["LimitQueue"]

#: Pause after a refusal, seconds, whatever the server says: then one call asks again.
_LONGEST_PAUSE = 3600.0

#: Calls under way after a pause, from which on their number is no longer looked at.
_WIDE_OPEN = 32

#: Seconds that a lane is remembered after its last call, at least.
_LEAST_MEMORY = 60.0

#: Seconds after which the clock has certainly moved on.
_TICK = 0.001


class LimitQueue:
    """Lets calls pass in the order they came, no faster than a limit.

    After a refusal nobody passes until the time is over that the server asked for; then one call alone, and with each
    round of calls that work twice as many.

    Attributes:
        limit: The limit, None if none is known.
        trusting: Whether the server's word is taken over ``limit``.
        armed: Whether ``limit`` is kept to; until then calls are only counted. The server arms it by its first word
            about a limit.
        pending: Calls that passed and are not over.
        waiting: Calls that have not passed.
        generation: Grows with each pause; a call belongs to the one it passed in.

    """

    def __init__(self, limit: RateLimit | None, bucket: Bucket | None, *, trusting: bool, armed: bool = True) -> None:
        self.limit = limit
        self.trusting = trusting
        self.armed = armed
        self.pending = 0
        self.waiting = 0
        self.generation = 0
        self._bucket = bucket
        self._permit = False  # taken from the bucket by a call that then gave up
        self._spare = 0  # what the server told to be left, when the bucket is empty
        self._asks_at = -math.inf  # when the bucket is worth asking again
        self._resumes = -math.inf
        self._width: int | None = None  # most calls under way, None for no such limit
        self._refusals = 0
        self._used = -math.inf
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    def is_as_new(self, now: float) -> bool:
        """Whether all it knows is over: nobody is in it, and for so long that its bucket is full again."""
        if self.pending or self.waiting or self._resumes > now:
            return False
        limit = self.limit
        full = 0.0 if limit is None else limit.per_seconds * limit.capacity / limit.refill
        return now - self._used > max(full, _LEAST_MEMORY)

    async def enter(self, until: float) -> int:
        """Wait for the call's turn; :meth:`leave` must follow.

        Args:
            until: Loop time by which it must be.

        Returns:
            The era it passed in.

        Raises:
            RateLimited: It will not be in time. Told as soon as that is known.

        """
        self.waiting += 1
        try:
            async with self._turn:
                while wait := await self._obstacle():
                    now = asyncio.get_running_loop().time()
                    if math.isfinite(wait) and now + wait >= until:
                        raise self._refusal(wait, paused=self._resumes > now)
                    await self._wait(wait)
        finally:
            self.waiting -= 1
        self._pass(asyncio.get_running_loop().time())
        return self.generation

    def enter_at_once(self) -> bool:
        """Pass if nothing is in the way and nothing is to be counted; :meth:`leave` must follow then."""
        now = asyncio.get_running_loop().time()
        if self.waiting or self._hold(now):
            return False
        if self._bucket is not None and (self.armed or now >= self._asks_at):
            return False
        self._pass(now)
        return True

    def _pass(self, now: float) -> None:
        self.pending += 1
        self._used = now
        self._permit = False
        self._spare = max(0, self._spare - 1)

    def leave(self) -> None:
        """Take note that a call is over."""
        self.pending -= 1
        if self._width is not None:
            self._changed.set()

    def succeed(self, generation: int) -> None:
        """Take note that a call of this era was not refused."""
        if generation != self.generation or self._width is None:
            return
        self._refusals = 0
        self._width = None if self._width >= _WIDE_OPEN else self._width + 1
        self._changed.set()

    def update_remaining(self, remaining: int) -> None:
        """Take note of how many calls the server says are left."""
        if self._bucket is None:
            return
        self.armed = True
        self._bucket.lower(remaining)
        if self.trusting:
            # Those under way may not be counted in yet.
            self._spare = max(0, remaining - self.pending)
            self._changed.set()

    def refuse(self, generation: int, asked: float | None) -> None:
        """Take note that the server refused a call, and pause.

        Args:
            generation: The era the call had passed in.
            asked: Seconds the server asks to wait, None if it does not say.

        """
        self.armed = True
        if generation == self.generation:
            self.generation += 1
            self._refusals += 1
            self._width = 1
            self._spare = 0
            if asked is None:
                asked = pause_without_word(self._refusals, self.limit)
        # Others were under way when the pause began. They know no more, unless the server told them.
        now = asyncio.get_running_loop().time()
        self._resumes = max(self._resumes, now + min(asked or 0.0, _LONGEST_PAUSE))
        self._changed.set()

    def replace_limit(self, limit: RateLimit, bucket: Bucket) -> None:
        """Keep to the limit that a refusal told, of which nothing is left then."""
        bucket.lower(0)
        self.limit, self._bucket = limit, bucket
        self._permit = False
        self._asks_at = -math.inf

    async def _obstacle(self) -> float:
        """Seconds until the next call may pass: 0 for now, infinity if only calls under way can tell."""
        time = asyncio.get_running_loop().time
        if self._bucket is not None and not self._permit and time() >= self._asks_at:
            wait = await self._bucket.take()
            self._permit, self._asks_at = not wait, time() + wait
        now = time()
        if hold := self._hold(now):
            return hold
        if self._bucket is None or self._permit or self._spare or not self.armed:
            return 0.0
        return max(_TICK, self._asks_at - now)

    def _hold(self, now: float) -> float:
        """Seconds for which a refusal holds calls back: infinity until one under way is over."""
        if self._resumes > now:
            return self._resumes - now
        return math.inf if self._width is not None and self.pending >= self._width else 0.0

    async def _wait(self, seconds: float) -> None:
        """Wait so long, or until something has changed. Only the first in the queue does."""
        self._changed.clear()
        alarm = None
        if math.isfinite(seconds):
            alarm = asyncio.get_running_loop().call_later(seconds, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            if alarm is not None:
                alarm.cancel()

    def _refusal(self, wait: float, *, paused: bool) -> RateLimited:
        why = "the server has refused other calls" if paused else f"the limit of {self.limit} is used up"
        error = RateLimited(
            f"not sent: {why}, and the next one can be made in {wait:.0f} s, which is after the deadline of this one;"
            f" try again then",
            hint=Hint(HintKind.FEWER_CALLS),
        )
        error.retry_after = wait
        return error
