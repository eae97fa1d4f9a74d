"""The sections of the page and the tiles of its matrix, as HTML. No I/O, no clock."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from mongorestore_async.reports.charts import Bar, Kind, timeline
from mongorestore_async.reports.cluster_history import LastOutcome, Restore
from mongorestore_async.reports.fleet_figures import OUTCOME_KINDS, OUTCOME_LETTERS, STATE_KINDS
from mongorestore_async.reports.formats import duration_text, moment_text, moment_value, plural
from mongorestore_async.reports.html import Content, Markup, element, join, shorten
from mongorestore_async.reports.page_frame import Head, badge, cards, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mongorestore_async.board.board_state import BoardState, Cell, Change, Reading, Trouble

__all__ = [
    "changes_section",
    "counts_section",
    "last_moment",
    "matrix_section",
    "moment",
    "outcome_badge",
    "reading_section",
    "running_section",
    "tile",
    "timeline_section",
    "trouble_section",
]

_MOST_ROWS = 12
_MOST_BARS = 30
_WINDOW = timedelta(hours=24)


def moment(when: datetime | None) -> Markup:
    """A moment, for people and for programs."""
    text = moment_text(when)
    return join(text) if when is None else element("time", text, datetime=moment_value(when))


def last_moment(restore: Restore | None) -> datetime | None:
    """When a restore was requested, None without one."""
    return None if restore is None else restore.moment


def outcome_badge(outcome: LastOutcome) -> Markup:
    """The last outcome of a cluster as a word on its colour."""
    return badge(outcome.replace("-", " "), OUTCOME_KINDS[outcome])


def counts_section(cells: Iterable[Cell]) -> Markup:
    """How many clusters have which last outcome."""
    found = Counter(cell.history.outcome for cell in cells)
    shown: list[tuple[str, int, Kind]] = [
        (outcome.replace("-", " "), found[outcome], OUTCOME_KINDS[outcome]) for outcome in LastOutcome if found[outcome]
    ]
    numbers = cards([("clusters", found.total(), "none"), *shown])
    return element("div", numbers, id="counts")


def matrix_section(cells: Sequence[Cell], tiles: Mapping[int, Markup]) -> Markup:
    """A row of tiles for each project."""
    rows: list[Markup] = []
    fleets = {cell.history.fleet for cell in cells}
    for number, members in groupby(cells, key=lambda cell: cell.project_number):
        row = list(members)
        history = row[0].history
        name = history.project if len(fleets) == 1 else f"{history.fleet}: {history.project}"
        found = element("span", *(tiles[cell.number] for cell in row), class_="tiles")
        link = element("a", shorten(name), href=f"project/{number}", id=f"p{number}")
        rows.append(Markup(f"{element('li', link, found)}\n"))
    if not rows:
        return element("div", element("p", "No clusters were found yet.", class_="note"), id="matrix")
    legend = [
        element("li", badge(OUTCOME_LETTERS[outcome], OUTCOME_KINDS[outcome]), f" {outcome.replace('-', ' ')}")
        for outcome in LastOutcome
    ]
    return element("div", element("ul", *legend, class_="legend"), element("ul", *rows, class_="matrix"), id="matrix")


def _requested(each: tuple[Cell, Restore]) -> str:
    return moment_value(each[1].moment)


def tile(cell: Cell) -> Markup:
    """A cluster in the matrix: a letter on a colour, with the rest in its title."""
    outcome, last = cell.history.outcome, cell.history.last
    kind, letter = OUTCOME_KINDS[outcome], OUTCOME_LETTERS[outcome]
    told = f"{shorten(cell.history.cluster)}: {outcome.replace('-', ' ')}"
    if last is not None and last.moment is not None:
        told += f", {moment_text(last.moment)}"
    # By keyboard a row is entered at its project; arrow keys go on from there.
    return element(
        "a",
        letter,
        class_=f"t {kind}",
        id=f"c{cell.number}",
        href=f"project/{cell.project_number}#k{cell.number}",
        title=told,
        tabindex="-1",
    )


def _place(cell: Cell) -> Markup:
    history = cell.history
    address = f"project/{cell.project_number}#k{cell.number}"
    return join(element("a", shorten(history.cluster), href=address), f" {shorten(history.project)}")


def running_section(restores: Iterable[tuple[Cell, Restore]], now: datetime) -> Markup:
    """Restores that are not over, the oldest first."""
    found = sorted(restores, key=_requested)
    if not found:
        return element("div", element("p", "No restore is running.", class_="note"), id="running")
    heads = (
        Head("Cluster"),
        Head("State"),
        Head("Requested", whole=True),
        Head("Progress", whole=True),
        Head("Target"),
    )
    rows = [
        (
            _place(cell),
            badge(restore.state.lower(), STATE_KINDS[restore.state]),
            moment(restore.requested_at),
            _progress(cell, restore, now),
            shorten(restore.target or "download"),
        )
        for cell, restore in found[:_MOST_ROWS]
    ]
    return _rows("running", heads, rows, len(found), "restore")


def _progress(cell: Cell, restore: Restore, now: datetime) -> Markup:
    """How long it has run beside how long it usually takes: the APIs tell nothing else."""
    if restore.requested_at is None:
        return join("–")  # noqa: RUF001 - a dash
    passed = max((now - restore.requested_at).total_seconds(), 0.0)
    since = moment_value(restore.requested_at)
    told = element("span", duration_text(round(passed)), class_="passed", data_since=since)
    usual = cell.usual_seconds
    if usual is None:
        return told
    label = f"{cell.history.cluster}: time passed of what is usual"
    bar = element("progress", value=f"{min(passed, usual):.0f}", max=f"{max(usual, 1):.0f}", aria_label=shorten(label))
    return join(bar, " ", told, f" of usually {duration_text(usual)}")


def trouble_section(state: BoardState) -> Markup:
    """What stopped, what cannot be read, and clusters whose last restore failed, the latest first."""
    parts = [_stopped(state.error), _unread(state.troubles), _failed(state.cells)]
    if not any(parts):
        parts = [element("p", "No last restore failed, and everything can be read.", class_="note")]
    return element("div", *parts, id="trouble")


def _stopped(error: str | None) -> Markup | None:
    if error is None:
        return None
    return element("p", badge("stopped", "bad"), f" {error}", role="alert")


def _failed(cells: Iterable[Cell]) -> Markup | None:
    bad = {LastOutcome.FAILED, LastOutcome.CANCELLED}
    found = [cell for cell in cells if cell.history.outcome in bad]
    found.sort(key=lambda cell: moment_value(last_moment(cell.history.last)), reverse=True)
    if not found:
        return None
    heads = (
        Head("Cluster"),
        Head("Last restore"),
        Head("Requested", whole=True),
        Head("Last good", whole=True),
        Head("Job"),
    )
    rows = [
        (
            _place(cell),
            outcome_badge(cell.history.outcome),
            moment(last_moment(cell.history.last)),
            moment(last_moment(cell.history.last_good)),
            element("code", cell.history.restores[0].job),
        )
        for cell in found[:_MOST_ROWS]
    ]
    return _rows("failed", heads, rows, len(found), "cluster")


def _unread(found: Sequence[Trouble]) -> Markup | None:
    if not found:
        return None
    heads = (Head("Cannot be read"), Head("Why"), Head("Reason"), Head("Since", whole=True))
    rows = [
        (
            shorten(each.place, 120),
            badge(each.kind.replace("-", " "), "bad"),
            shorten(each.reason, 200),
            moment(each.since),
        )
        for each in found[:_MOST_ROWS]
    ]
    return _rows("unread", heads, rows, len(found), "place")


def _rows(name: str, heads: Sequence[Head], rows: Iterable[Sequence[Content]], count: int, noun: str) -> Markup:
    left = count - _MOST_ROWS
    more = element("p", f"and {plural(left, noun)} more", class_="note") if left > 0 else None
    return element("div", table(heads, rows, label=name), more, id=name)


def changes_section(changes: Sequence[Change]) -> Markup:
    """The latest changes."""
    if not changes:
        return element("div", element("p", "No change was seen yet.", class_="note"), id="changes")
    lines = [
        element(
            "li",
            element("time", f"{change.moment:%H:%M:%S}", datetime=moment_value(change.moment)),
            " ",
            _place(change.cell),
            " ",
            None if change.before is None else join(badge(change.before.lower(), STATE_KINDS[change.before]), " → "),
            badge("lost", "warn") if change.after is None else badge(change.after.lower(), STATE_KINDS[change.after]),
        )
        for change in changes
    ]
    return element("div", element("ol", *lines), id="changes")


def reading_section(reading: Reading) -> Markup:
    """How far the fleet is read."""
    if reading.ended is not None:
        told = join("The whole fleet was last read ", moment(reading.ended), " UTC. Running restores are watched.")
    elif reading.clusters:
        told = join(f"Reading the fleet: {reading.over:,} of {plural(reading.clusters, 'cluster')}")
        told = join(told, " so far." if not reading.discovered else ".")
    else:
        told = join("Looking for projects and clusters.")
    if reading.since is not None:
        told = join(told, " Restores requested before ", moment(reading.since), " UTC are left out.")
    return element("p", told, id="reading", class_="note")


def timeline_section(cells: Iterable[Cell], now: datetime) -> Markup:
    """Restores of the last day, those that run first, then the latest."""
    start = now - _WINDOW
    found = [
        (restore.over, restore.requested_at, cell, restore)
        for cell in cells
        for restore in cell.history.restores
        if restore.requested_at is not None
        and (not restore.over or (restore.finished_at or restore.requested_at) >= start)
    ]
    found.sort(key=lambda each: (each[0], -each[1].timestamp()))
    bars = [
        Bar(
            label=f"{cell.history.cluster} ({cell.history.project})",
            start=max(requested, start),
            end=restore.finished_at if over else now,
            kind=STATE_KINDS[restore.state],
            word=restore.state.lower(),
        )
        for over, requested, cell, restore in found[:_MOST_BARS]
    ]
    if not bars:
        return element("div", element("p", "No restore in the last 24 hours.", class_="note"), id="timeline")
    left = len(found) - len(bars)
    note = f"{plural(len(found), 'restore')}" + (f", {len(bars)} of them shown" if left else "")
    label = "Timeline of restores in the last 24 hours"
    chart = element("div", timeline(bars, label=label), class_="wide", role="region", tabindex="0", aria_label=label)
    return element("div", element("p", note, class_="note"), chart, id="timeline")
