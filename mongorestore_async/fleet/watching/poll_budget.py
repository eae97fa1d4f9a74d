"""Keeps polls within their share of a rate limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.ratelimit.buckets import SlidingWindow, TokenBucket

if TYPE_CHECKING:
    from mongorestore_async.families import RateLimit

__all__ = ["PollBudget"]


class PollBudget:
    """Lets calls pass, in the order they came, at no higher rate than a share of a limit.

    Args:
        limit: The limit, None where none is known.
        share: The share (``PollPolicy.budget_share``), None for any number of calls.

    """

    def __init__(self, limit: RateLimit | None, share: float | None) -> None:
        self._bucket: TokenBucket | SlidingWindow | None = None
        self._turn = asyncio.Lock()
        if limit is None or share is None:
            return
        refill = max(1, int(limit.refill * share))
        part = attrs.evolve(limit, capacity=max(1, int(limit.capacity * share)), refill=refill)
        self._bucket = SlidingWindow(part) if limit.window else TokenBucket(part)

    async def wait(self) -> None:
        """Wait until a call may be made, and count it."""
        if self._bucket is None:
            return
        clock = asyncio.get_running_loop().time
        async with self._turn:
            while not self._bucket.take(clock()):  # noqa: ASYNC110 - time itself is waited for
                await asyncio.sleep(self._bucket.wait(clock()))
