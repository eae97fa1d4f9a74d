"""How often jobs are looked at, and which failed looks are borne: pure decisions."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import attrs

from mongorestore_async.errors import (
    ApiError,
    ConfigError,
    DataError,
    NotFound,
    PaginationError,
    RateLimited,
    RestoreError,
    ServerError,
    TransportError,
)
from mongorestore_async.families.rate_limit import RateLimit  # noqa: TC001 - a field type

__all__ = ["Pace", "PollPolicy", "is_bearable", "may_appear"]

#: The rounds beyond which no growth is computed: any growth has met the longest delay by then.
_MOST_ROUNDS = 64
_MOST_GROWTH = 100

_NOT_FOUND = 404
#: Request timeout and too early: what a proxy says of a connection, never the API of a job.
_PASSING = frozenset({408, 425})
#: Codes of a 404 that say more than that the job is not there ("Error documents").
_NEVER_APPEARS = frozenset(
    {
        "ATLAS_GROUP",
        "CLUSTER_NAME_NOT_FOUND",
        "CLUSTER_NOT_FOUND",
        "GROUP_NAME_NOT_FOUND",
        "GROUP_NOT_FOUND",
        "HOST_NOT_FOUND",
        "NOT_ATLAS_GROUP",
        "NOT_CONFIG_SERVER",
    }
)


def _seconds(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ConfigError(f"{attribute.name} of a PollPolicy is a number from 0, not {value!r}")


def _growth(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= _MOST_GROWTH:
        raise ConfigError(f"{attribute.name} of a PollPolicy is a number from 1 to {_MOST_GROWTH}, not {value!r}")


def _share(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ConfigError(
            f"{attribute.name} of a PollPolicy is a number above 0 and up to 1, or None for no limit, not {value!r}"
        )


class Pace(NamedTuple):
    """What has to share a rate limit.

    Attributes:
        limit: The limit, None where none is documented.
        calls: Calls that one look at everything below this limit takes.

    """

    limit: RateLimit | None
    calls: int

    def least(self, share: float | None) -> float:
        """Seconds in which that many calls stay within a share of the limit."""
        if self.limit is None or share is None:
            return 0.0
        return self.calls * self.limit.per_seconds / (self.limit.refill * share)


@attrs.frozen(kw_only=True)
class PollPolicy:
    """How a wait looks at its jobs.

    Restores take minutes to hours, and every look counts against the rate limit of its project. The delay between two
    looks at a cluster grows while nothing changes and is short again after a change. Many clusters of one project are
    looked at less often, so that waiting leaves room for other calls.

    Attributes:
        shortest: Delay after a change, seconds. The vendor's own tool waits 4 s, which is short for a rate limit.
        longest: Where the delay stops to grow, seconds. The rate limit may still ask for more.
        growth: What the delay is multiplied with after a look that showed no change, 1 to 100.
        jitter: Part of the delay that is added by chance, so that many waits do not look at the same moment.
        grace: Seconds from the first look in which a job that was never seen may be missing (404): right after a
            create it may not be listed yet.
        patience: Seconds in which looks at a cluster may fail without a break before its jobs are given up. Only
            failures that can pass by themselves are borne: no answer, 5xx, rate limits, an unreadable answer. A look
            that shows one of the jobs that go on is a break: one job that cannot be read ends no wait for others.
        budget_share: The part of a documented rate limit that looks may take, None for any.

    Raises:
        ConfigError: A value is out of its range.

    """

    shortest: float = attrs.field(default=10.0, validator=_seconds)
    longest: float = attrs.field(default=60.0, validator=_seconds)
    growth: float = attrs.field(default=1.5, validator=_growth)
    jitter: float = attrs.field(default=0.1, validator=_seconds)
    grace: float = attrs.field(default=30.0, validator=_seconds)
    patience: float = attrs.field(default=1800.0, validator=_seconds)
    budget_share: float | None = attrs.field(default=0.5, validator=_share)

    def __attrs_post_init__(self) -> None:
        if self.longest < self.shortest:
            raise ConfigError(f"longest of a PollPolicy ({self.longest!r} s) is below shortest ({self.shortest!r} s)")

    def delay(self, quiet: int, pace: Pace, chance: float) -> float:
        """Choose the seconds until the next look at a cluster.

        Args:
            quiet: Looks in a row that showed no change.
            pace: What shares the rate limit of its project.
            chance: A random number from 0 to 1.

        """
        own = min(self.longest, self.shortest * self.growth ** min(quiet, _MOST_ROUNDS))
        return max(own, pace.least(self.budget_share)) * (1 + self.jitter * chance)

    def first_delay(self, position: int, pace: Pace) -> float:
        """Choose the seconds until the first look at a cluster: more than the budget has room for is spread.

        Args:
            position: Calls below the same limit that come before it.
            pace: What shares the rate limit of its project.

        """
        if pace.limit is None or self.budget_share is None or pace.calls <= pace.limit.capacity * self.budget_share:
            return 0.0
        return position * pace.least(self.budget_share) / pace.calls


def is_bearable(error: RestoreError) -> bool:
    """Whether a failed look may be followed by one that works, with nobody doing anything about it."""
    if isinstance(error, NotFound):
        # Without a word of the API it comes from a proxy that has lost its way, and says nothing about the job.
        return error.status == _NOT_FOUND and error.error_code is None and error.detail is None
    if isinstance(error, ApiError) and error.status in _PASSING:
        return True
    return isinstance(error, (TransportError, ServerError, RateLimited, DataError, PaginationError))


def may_appear(error: NotFound) -> bool:
    """Whether what was not found may still turn up: a job may, a project or a version of the API never does."""
    code = error.error_code or ""
    return error.status == _NOT_FOUND and code not in _NEVER_APPEARS and not code.startswith("INVALID_")
