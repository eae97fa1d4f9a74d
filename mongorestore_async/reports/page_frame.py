"""The frame of a page: one file, no script, nothing fetched; and the pieces that both pages are made of."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.reports.html import Content, Markup, element, join, shorten
from mongorestore_async.reports.style import STYLE
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mongorestore_async.reports.charts import Kind

__all__ = [
    "DETAILS_BUDGET",
    "MATRIX_BUDGET",
    "POLICY",
    "Head",
    "Section",
    "badge",
    "cards",
    "facts",
    "figure",
    "more",
    "page",
    "table",
    "tiles",
    "within",
]

#: Bytes of the rows of the longest table. Ordinary names of 2,500 clusters need less.
BUDGET = 560_000
#: Bytes of the matrix, and of the details of a drill. All three, the charts and the short lists stay below 1 MB.
MATRIX_BUDGET, DETAILS_BUDGET = 220_000, 120_000
_TILE = 24

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
#: The style sheet, by its hash, is all that a browser may use: no script, picture, font, frame, form or connection.
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


@attrs.frozen
class Head:
    """A heading of a column.

    Attributes:
        title: Its text.
        number: Whether the cells are numbers, which are aligned to the right.
        whole: Whether cells must not be broken into lines.

    """

    title: str
    number: bool = False
    whole: bool = False

    @property
    def style(self) -> str | None:
        """The class of its cells."""
        return "n" if self.number else "w" if self.whole else None


@attrs.frozen
class Section:
    """A part of a page.

    Attributes:
        id: Its anchor.
        title: Its heading.
        content: What is in it.

    """

    id: str
    title: str
    content: Markup


def page(title: str, intro: Content, sections: Sequence[Section]) -> str:
    """Make a whole page."""
    links = [element("li", element("a", section.title, href=f"#{section.id}")) for section in sections]
    body = [element("section", element("h2", section.title), section.content, id=section.id) for section in sections]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", shorten(title, 120)),
        element("style", Markup(STYLE)),
    )
    made = element("p", f"Made by mongorestore-async {__version__}. All times are UTC.", class_="note")
    frame = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        element("header", element("h1", shorten(title, 120)), intro),
        element("nav", element("ul", *links), aria_label="Sections"),
        element("main", *body, id="content"),
        element("footer", made),
    )
    return f"<!DOCTYPE html>\n{element('html', head, frame, lang='en')}\n"


def badge(word: str, kind: Kind, *, title: str | None = None) -> Markup:
    """A word on the colour of what it means."""
    return element("i", word, class_=None if kind == "none" else kind, title=title)


def cards(counts: Iterable[tuple[str, str | int, Kind]]) -> Markup:
    """Numbers that are read first: a name, the number, what it means."""
    found = (
        element("li", element("b", f"{number:,}" if isinstance(number, int) else number), name, class_=kind)
        for name, number, kind in counts
    )
    return element("ul", *found, class_="cards")


def facts(pairs: Iterable[tuple[str, Content]]) -> Markup:
    """Names and what they are."""
    return element("dl", *(join(element("dt", name), element("dd", value)) for name, value in pairs))


def within(pieces: Iterable[Markup], budget: int) -> list[Markup]:
    """Take pieces as long as their bytes stay within a budget, so that no names make a page too long to open."""
    found: list[Markup] = []
    for piece in pieces:
        budget -= len(piece.encode())
        if budget < 0:
            break
        found.append(piece)
    return found


def more(count: int, shown: int) -> Markup | None:
    """Say how many are left out, None if none are."""
    return element("p", f"And {count - shown:,} more, in report.json.", class_="note") if count > shown else None


def table(
    heads: Sequence[Head], rows: Iterable[Sequence[Content]], *, label: str, total: int = 0, budget: int = BUDGET
) -> Markup:
    """A table; the first cell of a row is its heading. Too wide for a screen, it is scrolled, by keyboard too.

    Args:
        heads: The headings.
        rows: Their cells; those beyond the budget are left out, and it is said how many.
        label: What a screen reader says of it.
        total: How many rows there are, if more than given.
        budget: Bytes that the rows may take.

    """
    names = [element("th", head.title, scope="col", class_=head.style) for head in heads]
    styles = [head.style for head in heads]

    def line(first: Content, *others: Content) -> Markup:
        cells = [element("td", cell, class_=style) for cell, style in zip(others, styles[1:], strict=True)]
        return Markup(f"{element('tr', element('th', first, scope='row'), *cells)}\n")

    found = tuple(rows)
    lines = within((line(*row) for row in found), budget)
    whole = element("table", element("thead", element("tr", *names)), element("tbody", *lines))
    region = element("div", whole, class_="wide", role="region", tabindex="0", aria_label=label)
    return join(region, more(max(total, len(found)), len(lines)))


def figure(chart: Markup, caption: str) -> Markup:
    """A chart and what it shows; too wide for a screen, it is scrolled, by keyboard too."""
    return join(
        element("p", caption, class_="note"),
        element("div", chart, class_="wide", role="region", tabindex="0", aria_label=caption),
    )


def tiles(found: Iterable[tuple[str, str, Kind]], *, label: str) -> Markup:
    """A row of a matrix: a letter on a colour for each of its members, which a pointer names.

    Args:
        found: Name, letter and kind of each.
        label: What a screen reader says of the row; the tables name every member.

    """
    each = [badge(letter, kind, title=shorten(name, _TILE)) for name, letter, kind in found]
    return element("div", *each, class_="tiles", role="img", aria_label=label)
