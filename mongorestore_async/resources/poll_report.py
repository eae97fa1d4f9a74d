"""What a wait tells while it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from mongorestore_async.errors import RestoreError
    from mongorestore_async.resources.source import RestoreSource

__all__ = ["PollFailure", "PollReport"]


@attrs.frozen
class PollFailure:
    """A cluster that could not be looked at.

    Attributes:
        source: The cluster or config server.
        error: What the last look failed with.
        in_a_row: Looks that failed since the last one that did not.

    """

    source: RestoreSource[Any]
    error: RestoreError
    in_a_row: int


@attrs.frozen(kw_only=True)
class PollReport:
    """What a wait has come to, after a round of looks.

    Attributes:
        round: Rounds so far. Not every cluster is looked at in every round.
        seconds: Time since the wait began.
        open: Jobs that are not over.
        over: Jobs that ended well.
        bad: Jobs that ended badly, and those that are not looked at any more: members of a batch that another one
            ended, jobs of a cluster that is given up.
        failures: Clusters whose last look failed.
        next_delay: Seconds until the next round, 0 after the last one.

    """

    round: int
    seconds: float
    open: int
    over: int
    bad: int
    failures: tuple[PollFailure, ...]
    next_delay: float
