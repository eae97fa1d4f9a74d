"""What cannot be read at present, and what of it is told: a decision, no I/O.

What may pass (a server that fails, no answer, a refusal for a rate limit) is told by project, for it seldom concerns
one cluster only: once when the first list of the project fails, and again when none of them does any more. What will
not pass by itself (no right, another API) is told by cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.fleet.fleet_records import FailureKind

if TYPE_CHECKING:
    from mongorestore_async.fleet.fleet_records import FleetFailure

__all__ = ["OpenFailures", "Place", "is_passing"]

#: Name of a fleet, id of a project, key of a cluster; None for the last ones of what is about more.
Place = tuple[str, str | None, str | None]

_PASSING = frozenset({FailureKind.SERVER, FailureKind.TIMED_OUT, FailureKind.RATE_LIMITED, FailureKind.BROKEN})


def is_passing(kind: FailureKind) -> bool:
    """Whether a failure may be over at the next look, without anybody doing something about it."""
    return kind in _PASSING


class OpenFailures:
    """The failures that are not over."""

    def __init__(self) -> None:
        self._reasons: dict[Place, dict[str, FleetFailure]] = {}

    @property
    def failures(self) -> tuple[FleetFailure, ...]:
        """One for each place that cannot be read."""
        return tuple(next(iter(reasons.values())) for reasons in self._reasons.values())

    def count(self, place: Place) -> int:
        """How many lists of a place fail."""
        return len(self._reasons.get(place, ()))

    def reasons(self, place: Place) -> set[str]:
        """Which lists of a place fail."""
        return set(self._reasons.get(place, ()))

    def add(self, place: Place, reason: str, failure: FleetFailure) -> bool:
        """Note that a list of a place failed; say whether this is to be told."""
        is_new = place not in self._reasons
        self._reasons.setdefault(place, {})[reason] = failure
        return is_new

    def clear(self, place: Place, reason: str) -> bool:
        """Note that a list does not fail; say whether its place has recovered by that."""
        reasons = self._reasons.get(place, {})
        if reasons.pop(reason, None) is None or reasons:
            return False
        del self._reasons[place]
        return True
