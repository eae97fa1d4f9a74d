"""The page of a fleet: what needs a look first, all clusters last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.models import JobState
from mongorestore_async.reports.charts import KINDS, periods, timeline, trend
from mongorestore_async.reports.cluster_history import LastOutcome
from mongorestore_async.reports.fleet_figures import (
    OUTCOME_KINDS,
    OUTCOME_LETTERS,
    bars,
    by_period,
    by_span,
    durations,
    groups,
    slowest,
)
from mongorestore_async.reports.formats import NOTHING, duration_text, moment_text, plural
from mongorestore_async.reports.html import Content, Markup, element, join, shorten
from mongorestore_async.reports.page_frame import (
    MATRIX_BUDGET,
    Head,
    Section,
    badge,
    cards,
    facts,
    figure,
    page,
    table,
    tiles,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mongorestore_async.reports.charts import Kind
    from mongorestore_async.reports.cluster_history import ClusterHistory, Restore
    from mongorestore_async.reports.fleet_report import FleetReport

__all__ = ["fleet_page"]

_UNTIMED = "No finished restore tells both when it was requested and when it was over."
#: Rows of a list that is a choice of clusters; the table of all has the others.
_ROWS = 25
_BARS = 40
#: Places that could not be read. If there are more, the first of them tell why.
_PLACES = 50
#: Clusters in a row of the matrix; a project with more has several rows.
_TILES = 500


def fleet_page(report: FleetReport) -> str:
    """Make the page of a fleet."""
    sections = [
        _unread(report),
        _failed(report),
        _never(report),
        _stale(report),
        _matrix(report),
        _timeline(report),
        _trend(report),
        _slowest(report),
        _all(report),
    ]
    fleets = sorted({cluster.fleet for cluster in report.clusters})
    title = f"Restores of {', '.join(fleets)}" if fleets else "Restores of a fleet"
    return page(title, _intro(report), [section for section in sections if section is not None])


def _intro(report: FleetReport) -> Markup:
    counts = report.counts
    stale = len(report.stale)
    numbers: list[tuple[str, str | int, Kind]] = [
        ("clusters", len(report.clusters), "none"),
        ("last restore finished", counts[LastOutcome.FINISHED], "good"),
        ("last restore failed", counts[LastOutcome.FAILED], "bad" if counts[LastOutcome.FAILED] else "none"),
        (_never_words(report), counts[LastOutcome.NEVER], "warn" if counts[LastOutcome.NEVER] else "none"),
        ("not lately", stale, "warn" if stale else "none"),
        ("waiting or running", counts[LastOutcome.RUNNING], "run" if counts[LastOutcome.RUNNING] else "none"),
        ("could not be read", counts[LastOutcome.UNREAD], "bad" if counts[LastOutcome.UNREAD] else "none"),
    ]
    pairs: list[tuple[str, Content]] = [
        ("Read at", f"{moment_text(report.taken_at)} UTC"),
        (
            "Restores",
            f"{report.restores:,}" + ("" if report.since is None else f" since {moment_text(report.since)} UTC"),
        ),
        ("Lately means", f"within {duration_text(report.lately.total_seconds())}"),
    ]
    if report.skipped:
        pairs.append(("Left out", f"{plural(report.skipped, 'cluster')}: an earlier run read them"))
    return join(cards(numbers), facts(pairs))


def _never_words(report: FleetReport) -> str:
    return "never restored" if report.since is None else f"not restored since {moment_text(report.since)}"


def _unread(report: FleetReport) -> Section | None:
    clusters = report.having(LastOutcome.UNREAD)
    if not clusters and not report.unread:
        return None
    rows = [
        (shorten(each.fleet), shorten(each.project or "all"), "all", f"{each.kind}: {each.reason}")
        for each in report.unread
    ]
    rows += [
        (shorten(each.fleet), shorten(each.project), shorten(each.cluster), each.unread or "") for each in clusters
    ]
    heads = (Head("Fleet"), Head("Project"), Head("Cluster"), Head("Why"))
    shown = [(*row[:3], shorten(row[3], 200)) for row in rows[:_PLACES]]
    note = element("p", "What is listed here may hide restores: this report is not complete.")
    return Section(
        "unread",
        "Could not be read",
        join(note, table(heads, shown, label="Could not be read", total=len(rows))),
    )


def _failed(report: FleetReport) -> Section:
    found = report.having(LastOutcome.FAILED, LastOutcome.CANCELLED)
    latest = sorted(found, key=_last_moment, reverse=True)
    return _choice("failed", "Last restore failed or was cancelled", latest)


def _never(report: FleetReport) -> Section:
    title = _never_words(report)
    found = report.having(LastOutcome.NEVER)
    if not found:
        return Section("never", title.capitalize(), _none())
    heads = (Head("Cluster"), Head("Project"), Head("Fleet"))
    rows = [(shorten(each.cluster), shorten(each.project), shorten(each.fleet)) for each in found[:_ROWS]]
    return Section("never", title.capitalize(), table(heads, rows, label=title, total=len(found)))


def _stale(report: FleetReport) -> Section:
    title = f"No good restore since {moment_text(report.stale_before)}"
    return _choice("stale", title, report.stale)


def _choice(name: str, title: str, found: Sequence[ClusterHistory]) -> Section:
    if not found:
        return Section(name, title, _none())
    heads = (
        Head("Cluster"),
        Head("Project"),
        Head("Last"),
        Head("When", whole=True),
        Head("Last good", whole=True),
        Head("Job"),
    )
    rows = [
        (
            shorten(each.cluster),
            shorten(each.project),
            _outcome(each),
            moment_text(None if each.last is None else each.last.moment),
            moment_text(None if each.last_good is None else each.last_good.moment),
            element("code", "" if each.last is None else shorten(each.last.job, 120)),
        )
        for each in found[:_ROWS]
    ]
    return Section(name, title, table(heads, rows, label=title, total=len(found)))


def _matrix(report: FleetReport) -> Section:
    legend = [
        element("li", badge(OUTCOME_LETTERS[outcome], OUTCOME_KINDS[outcome]), f" {_words(outcome)}: {count:,}")
        for outcome, count in report.counts.items()
        if count
    ]
    rows: list[tuple[Content, ...]] = []
    before = report.stale_before
    for project, clusters in groups(report.clusters, _TILES):
        good = sum(each.outcome is LastOutcome.FINISHED for each in clusters)
        row = [_tile(each, before) for each in clusters]
        told = f"{shorten(project)}: the last restore of {good} of {plural(len(clusters), 'cluster')} is finished"
        rows.append((shorten(project), f"{good}/{len(clusters)}", tiles(row, label=told)))
    note = element(
        "p", "A letter for each cluster. A finished one on the colour of a warning is not lately.", class_="note"
    )
    heads = (Head("Project"), Head("Finished", number=True), Head("Clusters"))
    found = table(heads, rows, label="Last outcome of each cluster", budget=MATRIX_BUDGET) if rows else _none()
    content = join(element("ul", *legend, class_="legend"), note, found)
    return Section("matrix", "Clusters by last outcome", content)


def _tile(cluster: ClusterHistory, before: datetime) -> tuple[str, str, Kind]:
    outcome = cluster.outcome
    stale = outcome is LastOutcome.FINISHED and cluster.is_stale(before)
    return cluster.cluster, OUTCOME_LETTERS[outcome], "warn" if stale else OUTCOME_KINDS[outcome]


def _timeline(report: FleetReport) -> Section:
    restores = [restore for cluster in report.clusters for restore in cluster.restores]
    span, name = by_span(restore.moment for restore in restores if restore.moment is not None)
    columns = by_period(restores, span)
    if not columns:
        return Section("timeline", "Timeline of restores", _none("No restore tells its time."))
    latest = bars(report.clusters, _BARS, report.taken_at)
    legend = [element("li", badge(KINDS[kind], kind)) for kind in KINDS]
    return Section(
        "timeline",
        "Timeline of restores",
        join(
            element("ul", *legend, class_="legend"),
            figure(periods(columns, label=f"Restores by {name}"), f"Restores by {name}. {_untimed(restores)}"),
            figure(timeline(latest, label="The latest restores"), f"The latest {plural(len(latest), 'restore')}."),
        ),
    )


def _untimed(restores: Sequence[Restore]) -> str:
    """Say what is not drawn."""
    count = sum(restore.moment is None for restore in restores)
    told = "When it was requested counts, or where that is not told, when it was over."
    return f"{told} Not drawn, for they tell neither: {count:,}." if count else told


def _trend(report: FleetReport) -> Section:
    restores = [restore for cluster in report.clusters for restore in cluster.restores]
    span, name = by_span(restore.moment for restore in restores if restore.moment is not None)
    points = durations(restores, span)
    if not points:
        return Section(
            "trend",
            "Trend of duration",
            _none(_UNTIMED),
        )
    caption = f"From request to end by {name}: the line is the median, the marks are the longest."
    return Section("trend", "Trend of duration", figure(trend(points, label="Trend of duration"), caption))


def _slowest(report: FleetReport) -> Section:
    found = slowest(report.clusters, _ROWS)
    if not found:
        return Section("slowest", "Slowest", _none(_UNTIMED))
    heads = (
        Head("Cluster"),
        Head("Project"),
        Head("Duration", number=True),
        Head("When", whole=True),
        Head("Job"),
    )
    rows = [
        (
            shorten(each.cluster),
            shorten(each.project),
            duration_text(seconds),
            moment_text(restore.moment),
            element("code", shorten(restore.job, 120)),
        )
        for each, restore, seconds in found
    ]
    return Section("slowest", "Slowest", table(heads, rows, label="Slowest restores"))


def _all(report: FleetReport) -> Section:
    heads = (
        Head("Cluster"),
        Head("Project"),
        Head("Last"),
        Head("When", whole=True),
        Head("Duration", number=True),
        Head("Last good", whole=True),
        Head("Restores", number=True),
        Head("Failed", number=True),
    )
    rows = [_row(each) for each in report.clusters]
    if not rows:
        return Section("clusters", "All clusters", _none("No cluster was found."))
    content = table(heads, rows, label="All clusters")
    return Section("clusters", "All clusters", content)


def _row(cluster: ClusterHistory) -> tuple[Content, ...]:
    last, good = cluster.last, cluster.last_good
    return (
        shorten(cluster.cluster),
        shorten(cluster.project),
        _outcome(cluster),
        moment_text(None if last is None else last.moment),
        duration_text(None if last is None else last.seconds),
        moment_text(None if good is None else good.moment),
        len(cluster.restores),
        cluster.counts[JobState.FAILED] or NOTHING,
    )


def _outcome(cluster: ClusterHistory) -> Markup:
    return badge(_words(cluster.outcome), OUTCOME_KINDS[cluster.outcome])


def _words(outcome: LastOutcome) -> str:
    return outcome.value.replace("-", " ")


def _last_moment(cluster: ClusterHistory) -> float:
    moment = None if cluster.last is None else cluster.last.moment
    return 0.0 if moment is None else moment.timestamp()


def _none(text: str = "None.") -> Markup:
    return element("p", text, class_="muted")
