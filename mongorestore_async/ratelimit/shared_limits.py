"""Limits that several processes share through Redis (extra ``redis``)."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Never
from urllib.parse import quote

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import hide, unhide
from mongorestore_async.protocol.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from mongorestore_async.families.rate_limit import RateLimit

__all__ = ["REPLY_TIMEOUT", "RedisCounters", "SharedLimits"]

_logger = logging.getLogger(__name__)

#: Seconds that a call waits for Redis, at most.
REPLY_TIMEOUT = 1.0

#: Seconds after a failure in which Redis is not asked.
_OUTAGE = 30.0

#: Questions to Redis at once, each of which needs a connection.
_CONNECTIONS = 8


# The arithmetic of buckets.py on the clock of Redis, in microseconds. Gives those to wait, 0 for taken.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1e6 + clock[2]
local kind, capacity, period, interval = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if kind == 'w' then
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - period)
    local count = redis.call('ZCARD', KEYS[1])
    if count >= capacity then
        local last = redis.call('ZRANGE', KEYS[1], -capacity, -capacity, 'WITHSCORES')
        return math.ceil(last[2] + period - now)
    end
    redis.call('ZADD', KEYS[1], now, string.format('%.0f-%d', now, count))
    redis.call('PEXPIRE', KEYS[1], math.ceil(period / 1000))
else
    local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
    local wait = full_at - (capacity - 1) * interval - now
    if wait > 0 then
        return math.ceil(wait)
    end
    full_at = full_at + interval
    redis.call('SET', KEYS[1], full_at, 'PX', math.ceil((full_at - now) / 1000))
end
return 0
"""


def _import_redis() -> Any:
    try:
        return import_module("redis.asyncio")
    except ImportError:
        raise ConfigError(
            "SharedLimits requires the redis client: install mongorestore-async[redis], or leave shared_limits out"
        ) from None


@attrs.frozen(eq=False, init=False)
class SharedLimits:
    """Counters in Redis, for several processes that use one API key: together they stay within its limits.

    Every process keeps counters of its own as well. While Redis does not answer they alone decide, so that calls go
    on; it is logged once as a warning, and Redis is tried again every half minute. What is shared is how many calls
    were made, on the clock of the Redis server (version 5 or later). That the API refused a call is known to the
    process it happened to only.

    Attributes:
        redis: URL of the server (``redis://``, ``rediss://`` or ``unix://``), or a ``redis.asyncio.Redis`` of your
            own, which is used and not closed.
        key: Names the API key whose calls are counted, such as its public key; the same in all processes.

    Raises:
        ConfigError: The redis client is not installed, or a value is none of these.

    """

    _redis: str | Redis = attrs.field(repr=False, alias="redis")
    key: str

    def __init__(self, redis: str | Redis, key: str) -> None:
        # Rebound before anything is checked: local variables of a refusal may be exported.
        redis = hide(redis) if isinstance(redis, str) else redis
        self.__attrs_init__(redis, key)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]

    @property
    def redis(self) -> str | Redis:
        """Where the counters are."""
        return unhide(self._redis)

    def __attrs_post_init__(self) -> None:
        library = _import_redis()
        if isinstance(self.redis, str):
            _ = self.connect()  # which connects later: it reads the URL
        elif not isinstance(self.redis, library.Redis):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(
                "redis of SharedLimits must be a URL such as redis://host:6379/0, or a redis.asyncio.Redis"
            )
        if not isinstance(self.key, str) or not self.key or not self.key.isprintable():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("key of SharedLimits must be a non-empty string that names the API key")

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("SharedLimits may hold a password and cannot be pickled; create it in the other process")

    def connect(self) -> Redis:
        """Give the client passed, or make one; does no I/O.

        Returns:
            The client.

        Raises:
            ConfigError: The extra ``redis`` is not installed, or the address is none.

        """
        if not isinstance(self.redis, str):
            return self.redis
        library = _import_redis()
        # One try on a connection that died meanwhile.
        retry = import_module("redis.asyncio.retry").Retry(import_module("redis.backoff").NoBackoff(), 1)
        client: Redis | None = None
        with contextlib.suppress(ValueError):  # whose frames hold the URL
            client = library.Redis.from_url(
                str(self.redis), socket_timeout=REPLY_TIMEOUT, socket_connect_timeout=REPLY_TIMEOUT, retry=retry
            )
        if client is None:
            raise ConfigError("redis of SharedLimits is not a valid URL; pass one such as redis://host:6379/0")
        return client


class RedisCounters:
    """The counters of one session in Redis. While Redis does not respond, they count nothing and delay no call."""

    def __init__(self, settings: SharedLimits) -> None:
        self._client: Any = settings.connect()
        self._owned = isinstance(settings.redis, str)
        self._script = self._client.register_script(_TAKE)
        self._prefix = f"mongorestore-async:{quote(settings.key, safe='')}"
        self._slots = asyncio.Semaphore(_CONNECTIONS)
        self._resumes = 0.0  # after an outage
        self._told = False
        self._failures = OSError, TimeoutError, import_module("redis.exceptions").RedisError

    def counter(self, limit: RateLimit, project: str) -> Callable[[], Awaitable[float]]:
        """Make the counter of a limit and project, empty for none.

        Returns:
            Takes one call; gives 0, or the seconds after which it is worth asking again.

        """
        kind = "w" if limit.window else "t"
        numbers = f"{kind}{limit.capacity}-{limit.refill}-{limit.per_seconds:g}"
        key = f"{self._prefix}:{numbers}:{quote(limit.name, safe='')}:{quote(project, safe='')}"
        period = limit.per_seconds * 1e6
        return functools.partial(self._take, [key], [kind, limit.capacity, period, period / limit.refill])

    async def close(self) -> None:
        """Close the client made here."""
        if self._owned:
            with contextlib.suppress(*self._failures):
                async with asyncio.timeout(REPLY_TIMEOUT):
                    await self._client.aclose()

    async def _take(self, keys: list[str], numbers: list[Any]) -> float:
        async with self._slots:
            if time.monotonic() < self._resumes:
                return 0.0
            try:
                async with asyncio.timeout(REPLY_TIMEOUT):
                    wait = await self._script(keys=keys, args=numbers)
            except self._failures as error:
                self._resumes = time.monotonic() + _OUTAGE
                _logger.log(
                    logging.DEBUG if self._told else logging.WARNING,  # once for each outage
                    "Redis does not respond (%s: %s); until it does, this process applies the rate limits locally",
                    type(error).__name__,
                    redact_text(str(error)),
                )
                self._told = True
                return 0.0
        if self._told:
            self._told = False
            _logger.debug("Redis responds again")
        return int(wait) / 1e6
