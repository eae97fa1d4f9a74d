"""Rate limits kept by the client, in one process or shared through Redis."""

from mongorestore_async.ratelimit.rate_limiter import RateLimiter
from mongorestore_async.ratelimit.shared_limits import SharedLimits

__all__ = ["RateLimiter", "SharedLimits"]
