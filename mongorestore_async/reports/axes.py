"""Axes of charts: round steps of time, durations and counts, and where a value lies on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CountAxis", "DurationAxis", "Tick", "TimeAxis"]

_DAY = 86400
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAYS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640)
_MOST_TICKS = 8
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # weeks begin as weeks do
#: The calendar has ends, and a moment of a server may lie at one; there must be room behind it.
_FIRST, _LAST = datetime(400, 1, 1, tzinfo=UTC), datetime(9600, 1, 1, tzinfo=UTC)


@attrs.frozen
class Tick:
    """A line of an axis.

    Attributes:
        place: Where it is, in units of the picture.
        label: What is written at it.

    """

    place: float
    label: str


@attrs.frozen
class TimeAxis:
    """Moments from left to right.

    Attributes:
        start: Moment of the left end.
        end: Moment of the right end, after it.
        left: Place of the left end.
        width: Units from end to end.

    """

    start: datetime
    end: datetime
    left: float
    width: float

    @classmethod
    def around(cls, moments: Iterable[datetime], left: float, width: float) -> TimeAxis:
        """Make the axis that has all of these moments, at least one, with some room at the ends."""
        found = [moment.astimezone(UTC) for moment in moments]
        first, last = min(found), max(found)
        room = max((last - first) / 50, timedelta(seconds=1))
        first, last = (min(max(moment, _FIRST), _LAST) for moment in (first, last))
        return cls(first - room, last + room, left, width)

    def place(self, moment: datetime) -> float:
        """Where a moment lies; at an end, if it is outside."""
        share = (moment - self.start) / (self.end - self.start)
        return self.left + self.width * min(max(share, 0.0), 1.0)

    @property
    def ticks(self) -> list[Tick]:
        """Round moments, at most eight."""
        span = (self.end - self.start).total_seconds()
        steps = (*_STEPS, *(days * _DAY for days in _DAYS))
        step = next((each for each in steps if span / each <= _MOST_TICKS), span / _MOST_TICKS)
        form = "%Y-%m-%d" if step >= _DAY else "%m-%d %H:%M" if span > _DAY else "%H:%M" if step >= 60 else "%H:%M:%S"  # noqa: PLR2004 - a minute
        first = ceil((self.start - _MONDAY).total_seconds() / step)
        last = floor((self.end - _MONDAY).total_seconds() / step)
        moments = (_MONDAY + timedelta(seconds=count * step) for count in range(first, last + 1))
        return [Tick(self.place(moment), f"{moment:{form}}") for moment in moments]


@attrs.frozen
class DurationAxis:
    """Durations from 0 on.

    Attributes:
        longest: Seconds at the far end, more than 0.
        zero: Place of 0.
        length: Units from 0 to the far end; below 0 where the axis goes up.

    """

    longest: float
    zero: float
    length: float

    def place(self, seconds: float) -> float:
        """Where a duration lies."""
        return self.zero + self.length * min(seconds / self.longest, 1.0)

    def ticks(self, most: int = 5) -> list[float]:
        """Round durations in seconds, without 0."""
        steps = (*_STEPS, *(days * _DAY for days in _DAYS))
        step = next((each for each in steps if self.longest / each <= most), self.longest / most)
        return [count * step for count in range(1, int(self.longest / step) + 1)]


@attrs.frozen
class CountAxis:
    """Counts from 0 on, upwards.

    Attributes:
        most: The greatest count.
        zero: Place of 0.
        height: Units from 0 to the top.

    """

    most: int
    zero: float
    height: float

    def place(self, count: float) -> float:
        """Where a count lies."""
        return self.zero - self.height * count / max(self.most, 1)

    @property
    def ticks(self) -> list[int]:
        """Round counts, at most five, without 0."""
        most = max(self.most, 1)
        steps = (digit * 10**power for power in range(len(str(most))) for digit in (1, 2, 5))
        step = next(each for each in steps if most <= 5 * each)
        return list(range(step, most + 1, step))
