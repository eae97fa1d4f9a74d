"""Counters of calls in Redis, each with one in this process behind it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyrate_limiter import RedisBucket, RedisStateStore, StateBucket, TokenBucket

from mongorestore_async.ratelimit.buckets import LocalBucket, one_call, rates_of, wait_of
from mongorestore_async.ratelimit.shared_limits import PATIENCE

if TYPE_CHECKING:
    from mongorestore_async.families.rate_limit import RateLimit
    from mongorestore_async.ratelimit.shared_limits import Store

__all__ = ["SharedBucket"]

# Stands in for the script of pyrate-limiter's RedisBucket, of which it keeps arguments and answer. That one does not
# count entries of clocks that are ahead, which lets more through than the limit, and its keys stay in Redis for ever.
_SLIDING_WINDOW = """
local now, start = tonumber(ARGV[1]), tonumber(ARGV[5])
local limit, rank = tonumber(ARGV[6]), -1 - tonumber(ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. start)
if redis.call('ZCARD', KEYS[1]) >= limit then
    return {0, tonumber(redis.call('ZRANGE', KEYS[1], rank, rank, 'WITHSCORES')[2])}
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], 2 * (now - start))
return {-1, -1}
"""


class SharedBucket:
    """A counter in Redis with one in this process behind it."""

    def __init__(self, store: Store, limit: RateLimit, project: str) -> None:
        self._store = store
        self._limit = limit
        self._local = LocalBucket(limit)
        self._taken = False  # here, and not yet in Redis
        self._bucket: Any = None
        kind = "w" if limit.window else "b"
        numbers = f"{kind}{limit.capacity}-{limit.refill}-{limit.per_seconds:g}"
        self._key = f"{store.prefix}:{numbers}:{quote(limit.name, safe='')}:{quote(project, safe='')}"

    async def take(self) -> float:
        """Take a permission; see :class:`~mongorestore_async.ratelimit.buckets.Bucket`."""
        if not self._taken:
            wait = await self._local.take()
            if wait:
                return wait
            self._taken = True
        wait = await self._ask()
        self._taken = wait > 0
        return wait

    def lower(self, left: int) -> None:
        """Leave at most so many permissions to this process."""
        self._local.lower(left)

    async def _ask(self) -> float:
        store = self._store
        async with store.slots:
            if not store.usable:
                return 0.0
            try:
                async with asyncio.timeout(PATIENCE):
                    if self._bucket is None:
                        self._bucket = await self._make()
                    decision = await self._bucket.put_decision(one_call(self._bucket.now()))
            except store.failures as error:
                self._bucket = None
                store.fail(error)
                return 0.0
        store.succeed()
        return wait_of(decision)

    async def _make(self) -> Any:
        client, rates = self._store.client, rates_of(self._limit)
        if self._limit.window:
            return RedisBucket(rates, client, self._key, str(await client.script_load(_SLIDING_WINDOW)))
        return StateBucket(rates, TokenBucket(), RedisStateStore(client, self._key))
