"""Tables that fit the width of the terminal by leaving columns out, rather than by cutting ids in two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs
from rich.cells import cell_len
from rich.text import Text

from mongorestore_async.models import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.cli.screen import Screen

__all__ = ["Column", "print_table", "state_style", "table_lines"]

ItemT = TypeVar("ItemT")

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
        title: Its head.
        cell: Text of an item's cell.
        rank: 0 for a column that is always there; of the others, those with the lowest rank stay longest.
        number: Whether cells are numbers, which stand at the right.
        style: Rich style of an item's cell.

    """

    title: str
    cell: Callable[[ItemT], str]
    rank: int = 0
    number: bool = False
    style: Callable[[ItemT], str] = lambda _: ""


def state_style(state: str) -> str:
    """The colour of a state."""
    return next((style for known, style in _STYLES.items() if known == state), "")


def print_table(console: Screen, columns: Sequence[Column[ItemT]], items: Sequence[ItemT]) -> None:
    """Print a table of those columns that fit and have something to tell."""
    for line in table_lines(console, columns, items):
        console.print(line, soft_wrap=True)


def table_lines(console: Screen, columns: Sequence[Column[ItemT]], items: Sequence[ItemT]) -> list[Text]:
    """Write the lines of such a table.

    Every cell is one line, so this needs none of rich's own table, which takes a millisecond a row.
    """
    texts = [[column.cell(item) for item in items] for column in columns]
    widths = [max(map(cell_len, [column.title, *cells])) for column, cells in zip(columns, texts, strict=True)]
    shown = _choose(columns, texts, widths, console.width)
    titles = (_padded(columns[index], columns[index].title, widths[index]) for index in shown)
    rule = "─" if console.encoding.startswith("utf") else "-"
    lines = [
        Text(_GAP.join(titles).rstrip(), style="bold"),
        Text(rule * (sum(widths[index] for index in shown) + len(_GAP) * (len(shown) - 1))),
    ]
    for row, item in enumerate(items):
        line = Text()
        for index in shown:
            column = columns[index]
            line.append(_padded(column, texts[index][row], widths[index]), style=column.style(item)).append(_GAP)
        line.rstrip()
        lines.append(line)
    return lines


def _padded(column: Column[Any], text: str, width: int) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if column.number else text + blanks


def _choose(
    columns: Sequence[Column[Any]], texts: Sequence[Sequence[str]], widths: Sequence[int], room: int
) -> list[int]:
    left = room + len(_GAP)
    chosen: list[int] = []
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        needed = widths[index] + len(_GAP)
        if columns[index].rank == 0 or (needed <= left and any(texts[index])):
            chosen.append(index)
            left -= needed
    return sorted(chosen)
