"""Charts: numbers to SVG that a parser of XML reads, within its frame, with a label and titles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.reports import HOSTILE, NOW
from mongorestore_async.reports.axes import CountAxis, DurationAxis, TimeAxis
from mongorestore_async.reports.charts import Bar, Measure, Period, Point, goals, periods, timeline, trend

moments = st.datetimes(timezones=st.just(UTC))
seconds = st.floats(0, 10**9)


def read(chart):
    """Parse a chart; every mark lies within the picture."""
    tree = ET.fromstring(chart)  # noqa: S314 - our own text
    _, _, width, height = map(float, tree.attrib["viewBox"].split())
    for mark in tree.iter("rect"):
        x, y, wide, high = (float(mark.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert wide > 0
        assert high > 0
        assert x + wide <= width + 1
        assert y + high <= height + 1
    assert tree.attrib["role"] == "img"
    assert tree.attrib["aria-label"]
    return tree


def titles(tree):
    return [title.text for title in tree.iter("title")]


def words(tree):
    return [text.text for text in tree.iter("text")]


def test_a_bar_tells_label_word_moment_and_duration():
    tree = read(timeline([Bar("c1", NOW, NOW + timedelta(minutes=5), "good", "passed")], label="Timeline"))

    assert titles(tree) == ["c1: passed, 2026-11-29 12:00 UTC, 5 min"]
    assert {"c1", "passed"} <= set(words(tree))
    assert [mark.attrib["class"] for mark in tree.iter("rect")] == ["good"]


def test_a_bar_without_end_is_a_mark():
    tree = read(timeline([Bar("c1", NOW, None, "bad", "failed")], label="Timeline"))

    assert titles(tree) == ["c1: failed, 2026-11-29 12:00 UTC"]
    assert [mark.attrib["width"] for mark in tree.iter("rect")] == ["3"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_labels_stay_labels(name):
    chart = timeline([Bar(name, NOW, None, "bad", name)], label=name)

    assert {element.tag for element in read(chart).iter()} == {"svg", "rect", "text", "title", "line"}
    goals([Measure(name, 1.0, 2.0)], label=name).encode()


@given(st.lists(st.tuples(moments, st.none() | moments), min_size=1, max_size=5))
def test_any_timeline_stays_in_its_frame(spans):
    bars = [Bar("c", min(a, b or a), b and max(a, b), "good", "w") for a, b in spans]

    read(timeline(bars, label="Timeline"))


@given(st.lists(st.builds(Measure, st.just("c"), st.none() | seconds, st.none() | seconds), min_size=1, max_size=5))
def test_any_goals_stay_in_their_frame(measures):
    read(goals(measures, label="Goals"))


@given(st.lists(st.builds(Point, moments, seconds, seconds), min_size=1, max_size=5))
def test_any_trend_stays_in_its_frame(points):
    points = [Point(each.moment, min(each.middle, each.longest), each.longest) for each in points]

    read(trend(points, label="Trend"))


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_any_counts_stay_in_their_frame(counts):
    read(periods([Period("2026-11-02", {"good": count, "bad": 0}) for count in counts], label="Counts"))


def test_a_missed_goal_is_told_in_words():
    tree = read(
        goals([Measure("slow", 120.0, 60.0), Measure("quick", 30.0, 60.0), Measure("?", None, None)], label="RTO")
    )

    assert [mark.attrib["class"] for mark in tree.iter("rect")] == ["bad", "good", "none"]
    assert {"2 min, missed", "30 s"} <= set(words(tree))
    assert titles(tree)[0] == "slow: 2 min, goal 1 min"


def test_counts_are_named_by_what_they_mean():
    tree = read(periods([Period("2026-11-02", {"good": 3, "run": 0, "bad": 2})], label="Counts"))

    assert titles(tree) == ["2026-11-02: 3 finished", "2026-11-02: 2 failed"]


def test_a_trend_tells_median_and_longest():
    tree = read(trend([Point(NOW, 60.0, 120.0), Point(NOW + timedelta(days=7), 90.0, 90.0)], label="Trend"))

    assert titles(tree)[:2] == ["2026-11-29: median 1 min", "2026-11-29: longest 2 min"]
    assert len(list(tree.iter("polyline"))) == 1


@pytest.mark.parametrize(
    ("span", "first"),
    [
        (timedelta(seconds=5), "12:00:00"),
        (timedelta(hours=2), "12:00"),
        (timedelta(days=2), "11-29 12:00"),
        (timedelta(days=60), "2026-12-07"),
        (timedelta(days=365), "2027-01-18"),
        (timedelta(days=365 * 2000), None),
    ],
)
def test_time_has_round_ticks(span, first):
    ticks = TimeAxis(NOW, NOW + span, 0, 100).ticks

    assert 1 <= len(ticks) <= 9
    assert first in {None, ticks[0].label}
    assert [tick.place for tick in ticks] == sorted(tick.place for tick in ticks)


def test_moments_at_the_ends_of_the_calendar_have_a_place():
    ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    axis = TimeAxis.around(ends, 10, 100)

    assert [axis.place(moment) for moment in ends] == [10, 110]


@given(st.integers(0, 10**12))
def test_counts_have_at_most_five_round_ticks(most):
    ticks = CountAxis(most, 100, 100).ticks

    assert 1 <= len(ticks) <= 5
    assert str(ticks[0]).rstrip("0") in {"1", "2", "5"}
    assert ticks[-1] <= max(most, 1)


@given(st.floats(1, 10**12))
def test_durations_have_few_ticks(longest):
    axis = DurationAxis(longest, 0, 100)

    assert 1 <= len(axis.ticks()) <= 6
    assert axis.place(2 * longest) == 100
