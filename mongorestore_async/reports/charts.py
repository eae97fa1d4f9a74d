"""Charts: numbers to SVG text, for pages of reports and for the board.

Colours are classes (``good``, ``bad``, ``warn``, ``run``, ``none``) that the style sheet of the page defines, for the
screen, for dark and for paper; no chart relies on colour alone. Every mark has a title that a pointer shows, and every
chart a label that a screen reader reads. Labels are escaped and cut.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from mongorestore_async.reports.axes import CountAxis, DurationAxis, TimeAxis
from mongorestore_async.reports.formats import duration_text, moment_text
from mongorestore_async.reports.html import Markup, element, join, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

__all__ = ["KINDS", "Bar", "Kind", "Measure", "Period", "Point", "goals", "periods", "timeline", "trend"]

#: What a mark means; the style sheet has a colour for each.
Kind: TypeAlias = Literal["good", "bad", "warn", "run", "none"]

#: What the kinds mean where restores are counted.
KINDS: Mapping[Kind, str] = {
    "good": "finished",
    "bad": "failed",
    "warn": "cancelled or expired",
    "run": "waiting or running",
    "none": "not known",
}

_WIDTH = 900
_LABELS = 230
_RIGHT = 110
_ROW = 20
_TOP = 24
_PLOT = 150
_LEFT = 70
_LONGEST = 28
_SMALLEST = 3.0
_BELOW = 30


@attrs.frozen
class Bar:
    """A row of a timeline.

    Attributes:
        label: What it is about.
        start: Its begin.
        end: Its end; None draws a mark at the begin.
        kind: What it means.
        word: Written behind it, so that colour is not needed.

    """

    label: str
    start: datetime
    end: datetime | None
    kind: Kind
    word: str


@attrs.frozen
class Period:
    """A column: counts of one day, week or month.

    Attributes:
        label: When it began.
        counts: How many of each kind.

    """

    label: str
    counts: Mapping[Kind, int]


@attrs.frozen
class Point:
    """Durations of one moment, or of the period that begins at it.

    Attributes:
        moment: When.
        middle: Median, in seconds.
        longest: The longest, in seconds.

    """

    moment: datetime
    middle: float
    longest: float


@attrs.frozen
class Measure:
    """A duration beside its goal.

    Attributes:
        label: What was measured.
        seconds: How long it took, None where that is not known.
        goal: At most so long, None without a goal.

    """

    label: str
    seconds: float | None
    goal: float | None


def timeline(bars: Sequence[Bar], *, label: str) -> Markup:
    """Draw one bar a row over time, in the given order.

    Args:
        bars: At least one.
        label: What a screen reader says of the whole.

    """
    height = _TOP + _ROW * len(bars) + _BELOW
    moments = [moment for bar in bars for moment in (bar.start, bar.end) if moment is not None]
    axis = TimeAxis.around(moments, _LABELS, _WIDTH - _LABELS - _RIGHT)
    bottom = height - _BELOW
    content = [_upright(tick.place, tick.label, bottom) for tick in axis.ticks]
    for row, bar in enumerate(bars):
        top = _TOP + _ROW * row
        left = axis.place(bar.start)
        right = left if bar.end is None else axis.place(bar.end)
        told = f"{shorten(bar.label)}: {bar.word}, {moment_text(bar.start)} UTC"
        if bar.end is not None:
            told += f", {duration_text((bar.end - bar.start).total_seconds())}"
        width = max(right - left, _SMALLEST)
        content += (
            _text(_LABELS - 8, top + 14, shorten(bar.label, _LONGEST), anchor="end"),
            _mark(told, x=left, y=top + 3, width=width, height=_ROW - 6, rx=2, class_=bar.kind),
            _text(left + width + 5, top + 14, bar.word, class_="word"),
        )
    return _picture(height, label, content)


def periods(columns: Sequence[Period], *, label: str) -> Markup:
    """Draw one column a period, with its kinds on top of each other.

    Args:
        columns: At least one.
        label: What a screen reader says of the whole.

    """
    axis = CountAxis(max(sum(column.counts.values()) for column in columns), _TOP + _PLOT, _PLOT)
    content = [_level(axis.place(count), str(count)) for count in axis.ticks]
    step = (_WIDTH - _LEFT - 10) / len(columns)
    every = -(-len(columns) // 10)
    for index, column in enumerate(columns):
        left, below = _LEFT + step * index, 0
        for kind, count in column.counts.items():
            if count:
                top, bottom = axis.place(below + count), axis.place(below)
                told = f"{column.label}: {count} {KINDS[kind]}"
                width = min(step * 0.8, 40.0)
                content.append(_mark(told, x=left, y=top, width=width, height=bottom - top, class_=kind))
                below += count
        if index % every == 0 and left < _WIDTH - 80:
            content.append(_text(left, _TOP + _PLOT + 18, column.label))
    return _picture(_TOP + _PLOT + _BELOW, label, content)


def trend(points: Sequence[Point], *, label: str) -> Markup:
    """Draw the median of durations as a line, and the longest as marks above it.

    Args:
        points: At least one, in the order of time.
        label: What a screen reader says of the whole.

    """
    across = TimeAxis.around([point.moment for point in points], _LEFT, _WIDTH - _LEFT - 20)
    up = DurationAxis(max(1.0, *(point.longest for point in points)) * 1.05, _TOP + _PLOT, -_PLOT)
    content = [_level(up.place(seconds), duration_text(seconds)) for seconds in up.ticks()]
    content += [_upright(tick.place, tick.label, _TOP + _PLOT) for tick in across.ticks]
    path = " ".join(f"{across.place(point.moment):.1f},{up.place(point.middle):.1f}" for point in points)
    content.append(element("polyline", class_="line", points=path))
    for point in points:
        x, y = across.place(point.moment), up.place(point.longest) - 1
        when = f"{point.moment.astimezone(UTC):%Y-%m-%d}"
        middle, longest = duration_text(point.middle), duration_text(point.longest)
        content += (
            _dot(f"{when}: median {middle}", x, up.place(point.middle)),
            _mark(f"{when}: longest {longest}", x=x - 6, y=y, width=12, height=3, class_="warn"),
        )
    return _picture(_TOP + _PLOT + _BELOW, label, content)


def goals(measures: Sequence[Measure], *, label: str) -> Markup:
    """Draw one bar a row for what was measured, and a line across it where the goal is.

    Args:
        measures: At least one, in the given order.
        label: What a screen reader says of the whole.

    """
    height = _TOP + _ROW * len(measures) + _BELOW
    known = [seconds for each in measures for seconds in (each.seconds, each.goal) if seconds is not None]
    axis = DurationAxis(max([1.0, *known]) * 1.05, _LABELS, _WIDTH - _LABELS - _RIGHT)
    content = [_upright(axis.place(seconds), duration_text(seconds), height - _BELOW) for seconds in axis.ticks(7)]
    for row, each in enumerate(measures):
        top = _TOP + _ROW * row
        word = duration_text(each.seconds)
        missed = each.seconds is not None and each.goal is not None and each.seconds > each.goal
        told = f"{shorten(each.label)}: {word}, goal {duration_text(each.goal)}"
        end = axis.zero if each.seconds is None else axis.place(each.seconds)
        width = max(end - axis.zero, _SMALLEST)
        kind: Kind = "bad" if missed else "none" if each.seconds is None or each.goal is None else "good"
        content += (
            _text(_LABELS - 8, top + 14, shorten(each.label, _LONGEST), anchor="end"),
            _mark(told, x=axis.zero, y=top + 4, width=width, height=_ROW - 8, rx=2, class_=kind),
        )
        far = end
        if each.goal is not None:
            far = max(end, axis.place(each.goal))
            content.append(_line(axis.place(each.goal), top + 1, axis.place(each.goal), top + _ROW - 1, "goal"))
        content.append(_text(far + 5, top + 14, f"{word}, missed" if missed else word, class_="word"))
    return _picture(height, label, content)


def _picture(height: int, label: str, content: Iterable[Markup]) -> Markup:
    return element(
        "svg",
        *content,
        viewBox=f"0 0 {_WIDTH} {height}",
        width=_WIDTH,
        height=height,
        role="img",
        aria_label=label,
        class_="chart",
    )


def _text(x: float, y: float, text: str, *, anchor: str | None = None, class_: str | None = None) -> Markup:
    return element("text", text, x=float(x), y=float(y), text_anchor=anchor, class_=class_)


def _mark(told: str, **attributes: str | float) -> Markup:
    rounded = {name: float(value) if isinstance(value, (int, float)) else value for name, value in attributes.items()}
    return element("rect", element("title", told), **rounded)


def _dot(told: str, x: float, y: float) -> Markup:
    return element("circle", element("title", told), cx=x, cy=y, r=3, class_="run")


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def _upright(x: float, label: str, bottom: float) -> Markup:
    return join(_line(x, _TOP - 6, x, bottom, "grid"), _text(x, bottom + 18, label, anchor="middle", class_="tick"))


def _level(y: float, label: str) -> Markup:
    return join(_line(_LEFT, y, _WIDTH, y, "grid"), _text(_LEFT - 6, y + 4, label, anchor="end", class_="tick"))
