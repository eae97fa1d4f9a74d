"""Short tables for notebooks: everything put into one is escaped here."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from mongorestore_async.models.rows.text_cells import printable
from mongorestore_async.models.secret import without_urls

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mongorestore_async.models.rows.job_row import JobRow

__all__ = ["job_table", "pairs_table", "text_list"]

#: Rows shown; the caption tells how many there are.
_MOST = 10
#: Characters of a cell.
_LONGEST = 200
#: Columns of a table of jobs, of those that are not empty.
_COLUMNS = (
    "fleet",
    "project_name",
    "cluster_name",
    "id",
    "state",
    "delivery",
    "delivery_status",
    "requested_at",
    "finished_at",
    "snapshot_moment",
    "target_cluster",
)

#: As ``html.escape``, whose module would cost every user a millisecond.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def pairs_table(caption: str, pairs: Iterable[tuple[str, object]]) -> str:
    """Make a table of names and their values; those that are None are left out."""
    rows = [f"<tr><th>{_escape(name)}</th>{_cell(value)}</tr>" for name, value in pairs if value is not None]
    return _table(caption, rows)


def job_table(caption: str, rows: Sequence[JobRow]) -> str:
    """Make a table of restore jobs: the first few, and how many are in which state."""
    states = Counter(row["state"] for row in rows)
    counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
    shown: list[dict[str, object]] = [dict(row) for row in rows[:_MOST]]
    names = [name for name in _COLUMNS if any(row[name] is not None for row in shown)]
    head = "".join(f"<th>{name}</th>" for name in names)
    lines = [f"<tr>{''.join(_cell(row[name]) for name in names)}</tr>" for row in shown]
    told = f"{caption}: {counts}" if counts else caption
    return _table(f"{told}{_left_out(len(rows))}", [f"<tr>{head}</tr>", *lines] if lines else [])


def text_list(caption: str, items: Sequence[object]) -> str:
    """Make a table of what has no rows: a line of text each, its ``repr`` without URLs."""
    rows = [f"<tr>{_cell(without_urls(repr(item)))}</tr>" for item in islice(items, _MOST)]
    return _table(f"{caption}{_left_out(len(items))}", rows)


def _left_out(count: int) -> str:
    return f"; the first {_MOST}" if count > _MOST else ""


def _table(caption: str, rows: Iterable[str]) -> str:
    return f"<table><caption>{_escape(printable(caption))}</caption>{''.join(rows)}</table>"


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        text = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    else:
        text = "" if value is None else printable(str(value))
    return f"<td>{_escape(text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…')}</td>"


def _escape(text: str) -> str:
    return text.translate(_ENTITIES)
