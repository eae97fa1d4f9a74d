"""The page of a drill: the verdict, every cluster against its goals, and what the checks said."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC
from statistics import median
from typing import TYPE_CHECKING

from mongorestore_async.reports.charts import Bar, Measure, Point, goals, timeline, trend
from mongorestore_async.reports.formats import NOTHING, duration_text, moment_text, plural, size_text
from mongorestore_async.reports.html import Content, Markup, element, join, shorten
from mongorestore_async.reports.page_frame import (
    DETAILS_BUDGET,
    MATRIX_BUDGET,
    Head,
    Section,
    badge,
    cards,
    facts,
    figure,
    more,
    page,
    table,
    tiles,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.drills.results import DrillOutcome, DrillReport, OutcomeState
    from mongorestore_async.reports.charts import Kind

__all__ = ["drill_page"]

_KINDS: dict[OutcomeState, Kind] = {
    "FAILED": "bad",
    "UNDECIDED": "bad",
    "MISSED_GOAL": "warn",
    "SKIPPED": "none",
    "PASSED": "good",
}
_LETTERS: dict[OutcomeState, str] = {
    "FAILED": "F",
    "UNDECIDED": "?",
    "MISSED_GOAL": "G",
    "SKIPPED": "S",
    "PASSED": "✓",
}
_WORDS: dict[OutcomeState, str] = {
    "FAILED": "failed",
    "UNDECIDED": "undecided",
    "MISSED_GOAL": "missed goal",
    "SKIPPED": "skipped",
    "PASSED": "passed",
}
_VERIFIED = {None: "not opened", True: "verified", False: "not verified"}
_BARS = 60
#: Clusters whose checks and counts are shown; of more, those that did not pass come first.
_DETAILS = 60
_CHECKS = 20
_NAMESPACES = 15


def drill_page(report: DrillReport, earlier: Sequence[DrillReport] = ()) -> str:
    """Make the page of a drill.

    Args:
        report: The drill.
        earlier: Reports of earlier drills, for the trend of duration; in any order.

    """
    sections = [
        _outcomes(report),
        _matrix(report),
        _timeline(report),
        _goals(report),
        _trend(report, earlier),
        _details(report),
    ]
    return page(
        f"Restore drill {report.name}", _intro(report), [section for section in sections if section is not None]
    )


def _intro(report: DrillReport) -> Markup:
    counts = Counter(outcome.state for outcome in report.outcomes)
    passed = counts["PASSED"]
    verdict = f"{passed:,} of {plural(len(report.outcomes), 'cluster')} passed."
    if report.dry_run:
        verdict = "A dry run: nothing was restored, and nothing is proved."
    elif not report.outcomes:
        verdict = "No cluster was restored, so nothing is proved."
    numbers: list[tuple[str, str | int, Kind]] = [
        (_WORDS[state], counts[state], kind if counts[state] else "none") for state, kind in _KINDS.items()
    ]
    took = duration_text((report.ended_at - report.started_at).total_seconds())
    pairs: list[tuple[str, Content]] = [
        ("From", f"{moment_text(report.started_at)} UTC"),
        ("To", f"{moment_text(report.ended_at)} UTC ({took})"),
        ("Requests", f"{report.requests:,}"),
        ("Evidence", _evidence(report)),
        ("Drilled with", f"mongorestore-async {report.library_version}"),
    ]
    return join(element("p", element("b", verdict)), cards(numbers), facts(pairs))


def _evidence(report: DrillReport) -> Content:
    if report.evidence_head is None or report.evidence_count is None:
        return "none was kept"
    return join(f"{plural(report.evidence_count, 'line')}, head ", element("code", report.evidence_head))


def _outcomes(report: DrillReport) -> Section:
    heads = (
        Head("Cluster"),
        Head("Outcome"),
        Head("RTO", number=True),
        Head("Goal", number=True),
        Head("RPO", number=True),
        Head("Goal", number=True),
        Head("Archive"),
        Head("Checks", number=True),
        Head("Why"),
    )
    rows = [_row(outcome) for outcome in report.outcomes]
    if not rows:
        return Section("outcomes", "Clusters", element("p", "None.", class_="muted"))
    return Section("outcomes", "Clusters", table(heads, rows, label="Outcome of each cluster"))


def _row(outcome: DrillOutcome) -> tuple[Content, ...]:
    archive: Content = NOTHING
    if outcome.archive_bytes is not None:
        archive = f"{_VERIFIED[outcome.archive_verified]}, {size_text(outcome.archive_bytes)}"
    passed = sum(check.passed for check in outcome.checks)
    called: Content = shorten(outcome.label)
    if outcome.label != outcome.cluster:
        called = join(called, element("div", shorten(outcome.cluster), class_="muted"))
    return (
        called,
        badge(_WORDS[outcome.state], _KINDS[outcome.state]),
        _against(outcome.rto_seconds, outcome.rto_goal),
        duration_text(outcome.rto_goal),
        _against(outcome.rpo_seconds, outcome.rpo_goal),
        duration_text(outcome.rpo_goal),
        archive,
        f"{passed}/{len(outcome.checks)}" if outcome.checks else NOTHING,
        shorten(outcome.reason, 100),
    )


def _against(seconds: float | None, goal: float | None) -> Content:
    text = duration_text(seconds)
    return badge(text, "bad", title="missed") if seconds is not None and goal is not None and seconds > goal else text


def _matrix(report: DrillReport) -> Section | None:
    if not report.outcomes:
        return None
    counts = Counter(outcome.state for outcome in report.outcomes)
    legend = [
        element("li", badge(_LETTERS[state], kind), f" {_WORDS[state]}: {counts[state]:,}")
        for state, kind in _KINDS.items()
        if counts[state]
    ]
    projects: defaultdict[str, list[DrillOutcome]] = defaultdict(list)
    for outcome in report.outcomes:
        projects[outcome.project].append(outcome)
    rows: list[tuple[Content, ...]] = []
    for project, outcomes in projects.items():
        passed = sum(outcome.state == "PASSED" for outcome in outcomes)
        found: list[tuple[str, str, Kind]] = [
            (each.label, _LETTERS[each.state], _KINDS[each.state]) for each in outcomes
        ]
        told = f"{shorten(project)}: {passed} of {plural(len(outcomes), 'cluster')} passed"
        rows.append((shorten(project), f"{passed}/{len(outcomes)}", tiles(found, label=told)))
    heads = (Head("Project"), Head("Passed", number=True), Head("Clusters"))
    content = join(
        element("ul", *legend, class_="legend"), table(heads, rows, label="Outcomes by project", budget=MATRIX_BUDGET)
    )
    return Section("matrix", "By project", content)


def _timeline(report: DrillReport) -> Section | None:
    bars = [
        Bar(each.label, each.started_at, each.ended_at, _KINDS[each.state], _WORDS[each.state])
        for each in report.outcomes
        if each.started_at is not None
    ]
    if not bars:
        return None
    bars = sorted(bars, key=lambda bar: bar.start)
    shown = bars[:_BARS]
    caption = f"Work on each cluster, from its start to the end of its checks. {_shown(shown, bars)}"
    return Section("timeline", "Timeline", figure(timeline(shown, label="Timeline of the drill"), caption))


def _goals(report: DrillReport) -> Section | None:
    measured = [each for each in report.outcomes if each.rto_seconds is not None]
    if not measured:
        return None
    slowest = sorted(measured, key=lambda each: -(each.rto_seconds or 0.0))[:_BARS]
    measures = [Measure(each.label, each.rto_seconds, each.rto_goal) for each in slowest]
    told = "Time until the data could be used (RTO), the slowest first; the upright line is the goal."
    chart = goals(measures, label="RTO against its goal")
    return Section("rto", "Slowest, against the goal", figure(chart, f"{told} {_shown(slowest, measured)}"))


def _shown(shown: Sequence[object], known: Sequence[object]) -> str:
    return f"{len(shown):,} of {plural(len(known), 'cluster')}."


def _trend(report: DrillReport, earlier: Sequence[DrillReport]) -> Section | None:
    points: list[Point] = []
    for each in sorted((*earlier, report), key=lambda drill: drill.started_at):
        found = [outcome.rto_seconds for outcome in each.outcomes if outcome.rto_seconds is not None]
        if found:
            points.append(Point(each.started_at.astimezone(UTC), median(found), max(found)))
    if len(points) < 2:  # noqa: PLR2004 - one drill has no trend
        return None
    caption = "RTO of this drill and earlier ones: the line is the median, the marks are the longest."
    return Section("trend", "Trend of duration", figure(trend(points, label="Trend of RTO"), caption))


def _details(report: DrillReport) -> Section | None:
    order = list(_KINDS)
    found = [outcome for outcome in report.outcomes if outcome.checks or outcome.namespaces or outcome.job]
    if not found:
        return None
    shown = sorted(found, key=lambda outcome: order.index(outcome.state))[:_DETAILS]
    told = within((_detail(outcome) for outcome in shown), DETAILS_BUDGET)
    return Section("details", "Checks and contents", join(*told, more(len(found), len(told))))


def _detail(outcome: DrillOutcome) -> Markup:
    pairs: list[tuple[str, Content]] = [("Target", shorten(outcome.target, 120))]
    for name, text in (("Job", outcome.job), ("Snapshot", outcome.snapshot), ("SHA-256", outcome.archive_sha256)):
        if text is not None:
            pairs.append((name, element("code", shorten(text, 200))))
    if outcome.snapshot_at is not None:
        pairs.append(("Data of", f"{moment_text(outcome.snapshot_at)} UTC"))
    if outcome.reason:
        pairs.append(("Why", shorten(outcome.reason, 500)))
    checks = [
        (
            shorten(check.name),
            badge("passed", "good") if check.passed else badge("failed", "bad"),
            duration_text(check.seconds),
            shorten(check.detail, 200),
        )
        for check in outcome.checks[:_CHECKS]
    ]
    heads = (Head("Check"), Head("Outcome"), Head("Took", number=True), Head("What it saw"))
    title = f"{shorten(outcome.label)}: {_WORDS[outcome.state]}"
    return join(
        element("h3", title),
        facts(pairs),
        table(heads, checks, label=f"Checks of {shorten(outcome.label)}") if checks else None,
        _counts(outcome),
    )


def _counts(outcome: DrillOutcome) -> Markup | None:
    if not outcome.namespaces:
        return None
    found = sorted(outcome.namespaces.items(), key=lambda each: -each[1])
    words = ", ".join(f"{shorten(name)} {count:,}" for name, count in found[:_NAMESPACES])
    others = f" and {plural(len(found) - _NAMESPACES, 'more namespace')}" if len(found) > _NAMESPACES else ""
    return element("p", f"Documents: {words}{others}; {sum(outcome.namespaces.values()):,} in all.")
