"""How often jobs are polled: pure decisions over a :class:`PollPolicy` and the rate limit that polls share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mongorestore_async.families import RateLimit
    from mongorestore_async.models import PollPolicy

__all__ = ["Pace"]

#: The rounds beyond which no growth is computed: any growth has met the longest delay by then.
_MOST_ROUNDS = 64


class Pace(NamedTuple):
    """What has to share a rate limit.

    Attributes:
        limit: The limit, None where none is documented.
        calls: Calls that one poll of everything below this limit takes.

    """

    limit: RateLimit | None
    calls: int

    def least(self, share: float | None) -> float:
        """Seconds in which that many calls stay within a share of the limit."""
        if self.limit is None or share is None:
            return 0.0
        return self.calls * self.limit.per_seconds / (self.limit.refill * share)

    def delay(self, policy: PollPolicy, quiet: int, chance: float) -> float:
        """Choose the seconds until the next poll of a cluster.

        Args:
            policy: How to poll.
            quiet: Polls in a row that showed no change.
            chance: A random number from 0 to 1.

        """
        own = min(policy.longest, policy.shortest * policy.growth ** min(quiet, _MOST_ROUNDS))
        return max(own, self.least(policy.budget_share)) * (1 + policy.jitter * chance)

    def first_delay(self, policy: PollPolicy, position: int) -> float:
        """Choose the seconds until the first poll of a cluster: more than the budget has room for is spread.

        Args:
            policy: How to poll.
            position: Calls below the same limit that come before it.

        """
        share = policy.budget_share
        if self.limit is None or share is None or self.calls <= self.limit.capacity * share:
            return 0.0
        return position * self.least(share) / self.calls
