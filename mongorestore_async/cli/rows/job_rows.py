"""Restore jobs as rows of a table or of a CSV file: the rows of the library, those of any family alike."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mongorestore_async.cli.columns import Column, ListLayout, state_style
from mongorestore_async.cli.console import plural
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.models.rows import JobRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from mongorestore_async.models import JobDocument

__all__ = ["JOB_LAYOUT"]


def _minute(cell: Callable[[JobRow], datetime | None]) -> Callable[[JobRow], str]:
    return lambda row: shorten_time(format_time(cell(row)))


def _summary(rows: Sequence[JobRow]) -> str:
    counts = Counter(row["state"] for row in rows)
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    return f"{plural(len(rows), 'restore job')}: {states}. Dates are UTC."


#: Restore jobs as lists show them.
JOB_LAYOUT: ListLayout[JobDocument, JobRow] = ListLayout(
    row_type=JobRow,
    row=lambda job: job.to_row(),
    document=lambda job, redacted: job.to_dict(redacted=redacted),
    columns=(
        Column("Job", lambda row: row["id"]),
        Column("State", lambda row: row["state"], style=lambda row: state_style(row["state"])),
        Column("Delivery", lambda row: row["delivery_status"] or row["delivery"] or "", rank=1),
        Column("Created", _minute(lambda row: row["requested_at"]), rank=2),
        Column("Data of", _minute(lambda row: row["snapshot_moment"]), rank=5),
        Column("Finished", _minute(lambda row: row["finished_at"]), rank=4),
        Column("Expires", _minute(lambda row: row["expires_at"]), rank=6),
        Column("Target", lambda row: row["target_cluster"] or "", rank=3),
        Column("Batch", lambda row: row["batch_id"] or "", rank=7),
        Column("Snapshot", lambda row: row["snapshot_id"] or "", rank=8),
    ),
    summary=_summary,
    empty_text="no restore jobs",
)
