"""What the charts of a fleet draw: counts and durations by day, week or month, and what took longest."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from mongorestore_async.models import JobState
from mongorestore_async.reports.charts import Bar, Period, Point
from mongorestore_async.reports.cluster_history import LastOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mongorestore_async.reports.charts import Kind
    from mongorestore_async.reports.cluster_history import ClusterHistory, Restore

__all__ = [
    "OUTCOME_KINDS",
    "OUTCOME_LETTERS",
    "STATE_KINDS",
    "bars",
    "by_period",
    "by_span",
    "durations",
    "groups",
    "slowest",
]

#: Columns of a chart; of a longer time the latest are shown.
_MOST_PERIODS = 40
_SPANS = {1: "day", 7: "week", 28: "four weeks"}
_ZERO = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday

STATE_KINDS: dict[JobState, Kind] = {
    JobState.FINISHED: "good",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "warn",
    JobState.EXPIRED: "warn",
    JobState.RUNNING: "run",
    JobState.PENDING: "run",
    JobState.UNKNOWN: "none",
}
OUTCOME_KINDS: dict[LastOutcome, Kind] = {
    LastOutcome.FAILED: "bad",
    LastOutcome.CANCELLED: "warn",
    LastOutcome.UNREAD: "bad",
    LastOutcome.NEVER: "warn",
    LastOutcome.UNKNOWN: "none",
    LastOutcome.EXPIRED: "warn",
    LastOutcome.RUNNING: "run",
    LastOutcome.FINISHED: "good",
    LastOutcome.NO_BACKUP: "none",
}
#: What stands in the matrix, so that nobody needs its colours.
OUTCOME_LETTERS: dict[LastOutcome, str] = {
    LastOutcome.FAILED: "F",
    LastOutcome.CANCELLED: "C",
    LastOutcome.UNREAD: "?",
    LastOutcome.NEVER: "N",
    LastOutcome.UNKNOWN: "U",
    LastOutcome.EXPIRED: "E",
    LastOutcome.RUNNING: "R",
    LastOutcome.FINISHED: "✓",
    LastOutcome.NO_BACKUP: "-",
}


def by_span(moments: Iterable[datetime]) -> tuple[int, str]:
    """Choose how many days a period has, and what it is called, for at most 40 periods if that can be."""
    found = list(moments)
    days = (max(found) - min(found)).days if found else 0
    return next(((span, name) for span, name in _SPANS.items() if days / span < _MOST_PERIODS), (28, _SPANS[28]))


def by_period(restores: Iterable[Restore], span: int) -> list[Period]:
    """Count restores by period, the latest 40, those without any included."""
    counts: defaultdict[int, Counter[Kind]] = defaultdict(Counter)
    for restore in restores:
        if restore.moment is not None:
            counts[_period(restore.moment, span)][STATE_KINDS[restore.state]] += 1
    if not counts:
        return []
    last = max(counts)
    kinds: tuple[Kind, ...] = ("good", "run", "none", "warn", "bad")
    return [
        Period(f"{_begin(number, span):%Y-%m-%d}", {kind: counts[number][kind] for kind in kinds})
        for number in range(max(min(counts), last - _MOST_PERIODS + 1), last + 1)
    ]


def durations(restores: Iterable[Restore], span: int) -> list[Point]:
    """Median and longest duration by period, for periods with a finished restore that tells its duration."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for restore in restores:
        if restore.requested_at is not None and restore.seconds is not None:
            found[_period(restore.requested_at, span)].append(restore.seconds)
    periods = sorted(found)[-_MOST_PERIODS:]
    return [Point(_begin(number, span), median(found[number]), max(found[number])) for number in periods]


def slowest(clusters: Iterable[ClusterHistory], count: int) -> list[tuple[ClusterHistory, Restore, float]]:
    """The slowest restore of each cluster, those that took longest first."""
    found: list[tuple[ClusterHistory, Restore, float]] = []
    for cluster in clusters:
        timed = [(restore.seconds, restore) for restore in cluster.restores if restore.seconds is not None]
        if timed:
            seconds, restore = max(timed, key=lambda each: each[0])
            found.append((cluster, restore, seconds))
    return sorted(found, key=lambda each: -each[2])[:count]


def bars(clusters: Iterable[ClusterHistory], count: int, now: datetime) -> list[Bar]:
    """The latest restores of all clusters, in the order of time. What still runs has no end yet, so it ends now."""
    found = [
        (moment, cluster, restore)
        for cluster in clusters
        for restore in cluster.restores[:count]
        if (moment := restore.moment) is not None
    ]
    latest = sorted(found, key=lambda each: each[0])[-count:]
    return [_bar(moment, cluster, restore, now) for moment, cluster, restore in latest]


def _bar(moment: datetime, cluster: ClusterHistory, restore: Restore, now: datetime) -> Bar:
    end = restore.finished_at
    if end is None and restore.state in {JobState.PENDING, JobState.RUNNING}:
        end = now
    kind = STATE_KINDS[restore.state]
    # A clock that went back must not draw a bar to the left.
    return Bar(cluster.cluster, moment, None if end is None or end <= moment else end, kind, restore.state.lower())


def _period(moment: datetime, span: int) -> int:
    return (moment - _ZERO).days // span


def _begin(number: int, span: int) -> datetime:
    return _ZERO + timedelta(days=number * span)


def groups(clusters: Sequence[ClusterHistory], most: int) -> list[tuple[str, list[ClusterHistory]]]:
    """Clusters by project, in their order, at most so many in one group."""
    found: defaultdict[tuple[str, str], list[ClusterHistory]] = defaultdict(list)
    for cluster in clusters:
        found[cluster.fleet, cluster.project_id].append(cluster)
    return [
        (whole[0].project, whole[start : start + most])
        for whole in found.values()
        for start in range(0, len(whole), most)
    ]
