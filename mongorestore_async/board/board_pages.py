"""The pages of the board as HTML: all that is to be read is in them, so they need no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.board.board_sections import last_moment, moment, outcome_badge
from mongorestore_async.reports.formats import duration_text, plural
from mongorestore_async.reports.html import Markup, element, join, shorten
from mongorestore_async.reports.page_frame import Head, table
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mongorestore_async.board.board_state import Cell

__all__ = ["board_page", "project_page"]

_SECTIONS = {
    "trouble": "Failures",
    "running": "Running restores",
    "matrix": "Clusters by their last restore",
    "timeline": "Timeline",
    "changes": "Changes",
}
#: Without a script a page is loaded anew after so many seconds.
_RELOAD = "30"


def board_page(title: str, fragments: Mapping[str, Markup], last_id: str) -> str:
    """Make the page of the board.

    Args:
        title: Its heading.
        fragments: Its sections by their id.
        last_id: Id of the last event that they show.

    """
    links = [element("li", element("a", name, href=f"#s-{key}")) for key, name in _SECTIONS.items()]
    sections = [
        element("section", element("h2", name), fragments.get(key, element("div", id=key)), id=f"s-{key}")
        for key, name in _SECTIONS.items()
    ]
    status = element("p", "Loaded once; reload for news.", id="status", role="status", class_="note")
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        element("header", element("h1", shorten(title, 120)), status, fragments.get("reading")),
        element("nav", element("ul", *links), aria_label="Sections"),
        element("main", fragments.get("counts"), *sections, id="content"),
        _footer(),
        data_after=last_id,
    )
    return _document(title, body, "")


def project_page(title: str, cells: Sequence[Cell]) -> str:
    """Make the page of a project.

    Args:
        title: Heading of the board.
        cells: Its clusters, at least one.

    """
    name = f"{cells[0].history.project} · {cells[0].history.fleet}"
    heads = (
        Head("Cluster"),
        Head("Last restore"),
        Head("Requested", whole=True),
        Head("Usually takes", whole=True),
        Head("Last good", whole=True),
        Head("Job"),
    )
    rows = [
        (
            element("span", cell.history.cluster, id=f"k{cell.number}"),
            join(outcome_badge(cell.history.outcome), " ", cell.history.unread),
            moment(last_moment(cell.history.last)),
            duration_text(cell.usual_seconds),
            moment(last_moment(cell.history.last_good)),
            element("code", cell.history.last.job) if cell.history.last else "–",  # noqa: RUF001 - a dash
        )
        for cell in cells
    ]
    back = element("p", element("a", f"Back to {title}", href="../"))
    count = element("p", plural(len(cells), "cluster"))
    body = element(
        "body",
        element("header", element("h1", shorten(name, 160)), back),
        element("main", count, table(heads, rows, label="Clusters"), id="content"),
        _footer(),
    )
    return _document(name, body, "../")


def _footer() -> Markup:
    return element("footer", element("p", f"mongorestore-async {__version__}. All times are UTC.", class_="note"))


def _document(title: str, body: Markup, up: str) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", shorten(title, 120)),
        Markup(f'<link rel="icon" href="{up}icon.svg"><link rel="stylesheet" href="{up}board.css">'),
        Markup(f'<script src="{up}board.js" defer></script>'),
        element("noscript", element("meta", http_equiv="refresh", content=_RELOAD)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"
