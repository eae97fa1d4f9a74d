"""The rate limits of a session: which lanes a call passes before it is sent, and what its answer teaches them."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from mongorestore_async.errors import ApiError, RateLimited
from mongorestore_async.families.rate_limit import RateLimit
from mongorestore_async.protocol.rate_limit_headers import rate_remaining, told_bucket
from mongorestore_async.ratelimit.buckets import LocalBucket
from mongorestore_async.ratelimit.limit_queue import LimitQueue

if TYPE_CHECKING:
    from types import TracebackType

    from mongorestore_async.ratelimit.buckets import Bucket
    from mongorestore_async.ratelimit.shared_limits import SharedLimits, Store
    from mongorestore_async.transport.options import RateRule
    from mongorestore_async.transport.sender import Call, Progress

__all__ = ["MOST_LANES", "Admission", "RateLimiter"]

#: Projects that are remembered. A forgotten one starts anew, which its server corrects.
MOST_LANES = 2000

#: This limit is on the machine's address, not on the project.
_BY_ADDRESS = "RATE_LIMITED_IP"


class Admission:
    """The permission for one try of a call, as a context manager around it."""

    def __init__(self, limits: RateLimiter, progress: Progress, until: float) -> None:
        self._limits = limits
        self._progress = progress
        self._until = until
        self._last = progress.last
        self._passed: list[tuple[LimitQueue, int]] = []

    async def __aenter__(self) -> None:
        progress = self._progress
        progress.held_back = True
        try:
            for queue in self._limits.lanes_of(progress.call):
                generation = queue.generation if queue.enter_at_once() else await queue.enter(self._until)
                self._passed.append((queue, generation))
        except BaseException:
            self._leave()
            raise
        progress.held_back = False

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()
        # A try that was not answered, or not by the API but by the token endpoint, teaches nothing.
        if self._passed and self._progress.last is not self._last and not self._progress.logging_in:
            self._limits.learn(self._passed, self._progress, error)

    def _leave(self) -> None:
        for queue, _ in self._passed:
            queue.leave()


class RateLimiter:
    """The rate limits of a session and its views.

    Args:
        rule: Which limits to keep to.
        shared: Where they are shared with other processes, None for nowhere.

    """

    def __init__(self, rule: RateRule, shared: SharedLimits | None) -> None:
        self._off = rule is None
        self._armed = rule != "adaptive"
        self._everywhere = rule if isinstance(rule, RateLimit) else None
        self._chosen: dict[str, RateLimit | None] = {}
        if rule is not None and not isinstance(rule, (str, RateLimit)):
            self._chosen = {family.name: limit for family, limit in rule.items()}
        self._shared = shared
        self._store: Store | None = None
        self._queues: OrderedDict[tuple[RateLimit | None, str | None], LimitQueue] = OrderedDict()
        self._session = LimitQueue(None, None, trusting=False)

    def admit(self, progress: Progress, until: float | None) -> Admission:
        """Ask for the permission to try a call.

        Args:
            progress: The call.
            until: Loop time of its deadline, None for none.

        """
        return Admission(self, progress, math.inf if until is None else until)

    def lanes_of(self, call: Call) -> tuple[LimitQueue, ...]:
        """Find what a call has to pass: the lane of its project (or of all calls without one), then the session's."""
        if self._off:
            return ()
        limit, trusting = self._limit_of(call)
        key = limit, call.project if limit is None or limit.scope == "project" else None
        queue = self._queues.get(key)
        if queue is None:
            self._forget()
            bucket = None if limit is None else self._bucket(limit, call.project)
            queue = self._queues[key] = LimitQueue(limit, bucket, trusting=trusting, armed=self._armed)
        self._queues.move_to_end(key)
        return queue, self._session

    def learn(self, passed: list[tuple[LimitQueue, int]], progress: Progress, error: BaseException | None) -> None:
        """Take note of an answer.

        Args:
            passed: The lanes its call passed, with their eras.
            progress: The call.
            error: What it ended with, None for a success.

        """
        queue, generation = passed[0]
        remaining = None if progress.last is None else rate_remaining(progress.last.headers)
        if remaining is not None:
            queue.update_remaining(remaining)
        if isinstance(error, RateLimited):
            if error.error_code == _BY_ADDRESS:
                queue, generation = passed[-1]
            queue.refuse(generation, error.retry_after)
            told = told_bucket(error.error_code, error.parameters)
            if told is not None and queue.trusting:
                queue.replace_limit(told, self._bucket(told, progress.call.project))
        elif error is None or (isinstance(error, ApiError) and error.status < 500):  # noqa: PLR2004
            for each, since in passed:
                each.succeed(since)

    async def close(self) -> None:
        """Close the connections to where limits are shared."""
        if self._store is not None:
            await self._store.close()

    def _limit_of(self, call: Call) -> tuple[RateLimit | None, bool]:
        """Find the limit of a call, and whether its server may know better."""
        if self._everywhere is not None:
            fits = self._everywhere.scope == "caller" or call.project is not None
            return self._everywhere if fits else None, False
        if call.family in self._chosen:
            return self._chosen[call.family], False
        return call.rate, True

    def _bucket(self, limit: RateLimit, project: str | None) -> Bucket:
        if self._shared is None:
            return LocalBucket(limit)
        from mongorestore_async.ratelimit.shared_buckets import SharedBucket
        from mongorestore_async.ratelimit.shared_limits import Store

        if self._store is None:
            self._store = Store(self._shared)
        return SharedBucket(self._store, limit, project or "")

    def _forget(self) -> None:
        """Make room for one more lane: forget those that are as new, else the oldest that nobody is in."""
        now = asyncio.get_running_loop().time()
        while self._queues and next(iter(self._queues.values())).is_as_new(now):
            self._queues.popitem(last=False)
        if len(self._queues) >= MOST_LANES:
            idle = (key for key, queue in self._queues.items() if not queue.pending and not queue.waiting)
            if (oldest := next(idle, None)) is not None:
                del self._queues[oldest]
