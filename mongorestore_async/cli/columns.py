"""Columns of tables. A table fits a terminal by leaving columns out, rather than by cutting ids in two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from mongorestore_async.models import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.cli.console import PlainConsole

__all__ = ["Column", "ListLayout", "print_table", "state_style", "table_lines"]

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")

_GAP = "  "

_STYLES = {
    JobState.PENDING: "cyan",
    JobState.RUNNING: "cyan",
    JobState.FINISHED: "green",
    JobState.FAILED: "bold red",
    JobState.CANCELLED: "yellow",
    JobState.EXPIRED: "dim",
    JobState.UNKNOWN: "magenta",
}


@attrs.frozen
class Column(Generic[ItemT]):
    """One column of a table.

    Attributes:
        title: Its heading.
        cell: Text of an item's cell.
        rank: 0 for a column that is always shown; of the others, those with the highest rank are left out first.
        number: Whether cells are numbers, which are aligned to the right.
        style: Rich style of an item's cell.

    """

    title: str
    cell: Callable[[ItemT], str]
    rank: int = 0
    number: bool = False
    style: Callable[[ItemT], str] = lambda _: ""


@attrs.frozen(kw_only=True)
class ListLayout(Generic[ItemT, RowT]):
    """How a kind of list is written.

    Attributes:
        row_type: Class of a row, of attrs or a TypedDict; its fields are the columns of CSV, so it holds no secrets.
        row: Reduces an item to a row.
        document: Makes the document of an item for the JSON formats, with secrets redacted or not.
        columns: Columns of a table.
        summary: Makes the sentence below a table.
        empty_text: Printed instead of an empty table.
        sort_key: Key that the rows of a table are sorted by; None keeps the order of the items.

    """

    row_type: type[RowT]
    row: Callable[[ItemT], RowT]
    document: Callable[[ItemT, bool], dict[str, Any]]
    columns: Sequence[Column[RowT]]
    summary: Callable[[Sequence[RowT]], str]
    empty_text: str
    sort_key: Callable[[RowT], Any] | None = None


def state_style(state: str) -> str:
    """The colour of a state."""
    return next((style for known, style in _STYLES.items() if known == state), "")


def print_table(
    console: PlainConsole, columns: Sequence[Column[ItemT]], items: Sequence[ItemT]
) -> frozenset[Column[ItemT]]:
    """Print a table of those columns that fit the console and are not empty; returns these."""
    lines, visible = _lay_out(console, columns, items)
    for line in lines:
        console.print_styled(*line)
    return visible


def table_lines(
    console: PlainConsole, columns: Sequence[Column[ItemT]], items: Sequence[ItemT]
) -> list[list[tuple[str, str]]]:
    """Make the lines of such a table: texts with their styles."""
    return _lay_out(console, columns, items)[0]


def _lay_out(
    console: PlainConsole, columns: Sequence[Column[ItemT]], items: Sequence[ItemT]
) -> tuple[list[list[tuple[str, str]]], frozenset[Column[ItemT]]]:
    """Make the lines of a table, and say which columns it has.

    Every cell is one line, so rich's own table, which takes a millisecond a row, is not needed.
    """
    texts = [[column.cell(item) for item in items] for column in columns]
    widths = [max(map(_width, [column.title, *cells])) for column, cells in zip(columns, texts, strict=True)]
    visible = _choose(columns, texts, widths, console.width)
    titles = (_padded(columns[index], columns[index].title, widths[index]) for index in visible)
    rule = "─" if console.encoding.startswith("utf") else "-"
    lines = [
        [(_GAP.join(titles).rstrip(), "bold")],
        [(rule * (sum(widths[index] for index in visible) + len(_GAP) * (len(visible) - 1)), "")],
    ]
    for row, item in enumerate(items):
        line: list[tuple[str, str]] = []
        for index in visible:
            column = columns[index]
            line += (_padded(column, texts[index][row], widths[index]), column.style(item)), (_GAP, "")
        lines.append(_without_blanks_at_the_end(line))
    return lines, frozenset(columns[index] for index in visible)


def _without_blanks_at_the_end(line: list[tuple[str, str]]) -> list[tuple[str, str]]:
    while line and not line[-1][0].rstrip():
        line.pop()
    return [*line[:-1], *[(text.rstrip(), style) for text, style in line[-1:]]]


def _width(text: str) -> int:
    """Count the columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _padded(column: Column[Any], text: str, width: int) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if column.number else text + blanks


def _choose(
    columns: Sequence[Column[Any]], texts: Sequence[Sequence[str]], widths: Sequence[int], width: int
) -> list[int]:
    left = width + len(_GAP)
    chosen: list[int] = []
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        needed = widths[index] + len(_GAP)
        if columns[index].rank == 0 or (needed <= left and any(texts[index])):
            chosen.append(index)
            left -= needed
    return sorted(chosen)
