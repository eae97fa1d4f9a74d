"""Limits that several processes share through Redis (extra ``redis``)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Never
from urllib.parse import quote

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import Secret
from mongorestore_async.protocol.redaction import redact_text

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["PATIENCE", "SharedLimits", "Store"]

_logger = logging.getLogger(__name__)

#: Seconds that a call waits for Redis, at most.
PATIENCE = 1.0

#: Seconds after a failure in which Redis is not asked.
_OUTAGE = 30.0

#: Questions to Redis at once, each of which needs a connection.
_CONNECTIONS = 8


def _import_redis() -> Any:
    try:
        return import_module("redis.asyncio")
    except ImportError:
        raise ConfigError(
            "SharedLimits needs the redis client: install mongorestore-async[redis], or leave shared_limits out"
        ) from None


@attrs.frozen(eq=False)
class SharedLimits:
    """Counters in Redis, for several processes that use one API key: together they stay within its limits.

    Every process keeps counters of its own as well. While Redis does not answer they alone decide, so that calls go
    on; it is logged once as a warning, and Redis is tried again every half minute. What is shared is how many calls
    were made. That the server refused one is known to the process it happened to. The clocks of the machines must
    agree, about as well as NTP keeps them.

    Attributes:
        redis: URL of the server (``redis://``, ``rediss://`` or ``unix://``), or a ``redis.asyncio.Redis`` of your
            own, which is used and not closed.
        key: Names the API key whose calls are counted, such as its public key; the same in all processes.

    Raises:
        ConfigError: The redis client is not installed, or a value is none of these.

    """

    redis: str | Redis = attrs.field(repr=False)
    key: str

    def __attrs_post_init__(self) -> None:
        library = _import_redis()
        if isinstance(self.redis, str):
            object.__setattr__(self, "redis", Secret(self.redis))
            _ = self.connect()  # which connects later: it reads the URL
        elif not isinstance(self.redis, library.Redis):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("redis of SharedLimits is a URL such as redis://host:6379/0, or a redis.asyncio.Redis")
        if not isinstance(self.key, str) or not self.key or not self.key.isprintable():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("key of SharedLimits is a non-empty string that names the API key")

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("SharedLimits may hold a password and cannot be pickled; make it anew in the other process")

    def connect(self) -> Redis:
        """Give the client passed, or make one; does no I/O."""
        if not isinstance(self.redis, str):
            return self.redis
        library = _import_redis()
        # One try on a connection that died meanwhile.
        retry = import_module("redis.asyncio.retry").Retry(import_module("redis.backoff").NoBackoff(), 1)
        try:
            client: Redis = library.Redis.from_url(
                str(self.redis), socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=retry
            )
        except ValueError:
            raise ConfigError("redis of SharedLimits is no URL such as redis://host:6379/0") from None
        return client


class Store:
    """The Redis of one session."""

    def __init__(self, settings: SharedLimits) -> None:
        self.client = settings.connect()
        self.prefix = f"mongorestore-async:{quote(settings.key, safe='')}"
        self.slots = asyncio.Semaphore(_CONNECTIONS)
        self._owned = isinstance(settings.redis, str)
        self._resumes = 0.0
        self._told = False
        self._failures: tuple[type[Exception], ...] = (
            OSError,
            TimeoutError,
            import_module("redis.exceptions").RedisError,
        )

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What it raises when it does not work."""
        return self._failures

    @property
    def usable(self) -> bool:
        """Whether it is worth asking."""
        return time.monotonic() >= self._resumes

    def fail(self, error: Exception) -> None:
        """Leave it alone for a while."""
        self._resumes = time.monotonic() + _OUTAGE
        if not self._told:
            self._told = True
            _logger.warning(
                "Redis does not answer (%s: %s); until it does, this process keeps to the rate limits on its own",
                type(error).__name__,
                redact_text(str(error)),
            )

    def succeed(self) -> None:
        """Take note that it works."""
        if self._told:
            self._told = False
            _logger.debug("Redis answers again")

    async def close(self) -> None:
        """Close the client made here."""
        if self._owned:
            with contextlib.suppress(*self.failures):
                async with asyncio.timeout(PATIENCE):
                    await self.client.aclose()
