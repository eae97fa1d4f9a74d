"""Restore jobs as rows of a table or of a CSV file: the rows of the library, those of any family alike."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mongorestore_async.cli.columns import Column, ListLayout, state_style
from mongorestore_async.cli.console import fold_command, plural, stdout_console
from mongorestore_async.cli.job_selection import job_command
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.models import JobState
from mongorestore_async.models.rows import JobRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from mongorestore_async.cli.session_factory import ServerOptions
    from mongorestore_async.cli.stdout_writer import Footer
    from mongorestore_async.models import JobDocument

__all__ = ["JOB_LAYOUT", "reference_footer"]

_OPEN = frozenset({JobState.PENDING, JobState.RUNNING, JobState.UNKNOWN})

#: References that are listed below a table.
_MOST_REFERENCES = 20


def _minute(cell: Callable[[JobRow], datetime | None]) -> Callable[[JobRow], str]:
    return lambda row: shorten_time(format_time(cell(row)))


def _summary(rows: Sequence[JobRow]) -> str:
    counts = Counter(row["state"] for row in rows)
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    return f"{plural(len(rows), 'restore job')}: {states}. Dates are UTC."


def _document(job: JobDocument, redacted: bool) -> dict[str, Any]:
    return ({} if job.ref is None else {"ref": str(job.ref)}) | job.to_dict(redacted=redacted)


#: It is longer than most terminals are wide: see :func:`reference_footer`.
_REFERENCE: Column[JobRow] = Column("Reference", lambda row: row["ref"] or "", rank=5)


def reference_footer(server: ServerOptions) -> Footer:
    """Make what follows a table of jobs: their references where the table has no room for them, and what to do next.

    Args:
        server: Where the API is, and how to get there.

    """

    def footer(rows: Sequence[JobRow], visible: AbstractSet[Column[Any]]) -> None:
        console = stdout_console()
        # What has not ended comes first: that is what one waits for.
        refs = [row["ref"] for row in sorted(rows, key=lambda row: row["state"] not in _OPEN) if row["ref"]]
        places = {ref.rpartition("/")[0] for ref in refs}
        if _REFERENCE not in visible and len(places) == 1:
            console.print_sentence("The reference of a job is this, followed by its id:")
            console.print(f"  {places.pop()}/", soft_wrap=True)
        elif _REFERENCE not in visible and refs:
            console.print_sentence("References of the jobs, those that have not ended first:")
            for ref in refs[:_MOST_REFERENCES]:
                console.print(f"  {ref}", soft_wrap=True)
            if len(refs) > _MOST_REFERENCES:
                console.print_sentence(f"  ... and {len(refs) - _MOST_REFERENCES} more, which --output csv has")
        if any(row["ref"] and row["state"] in _OPEN for row in rows):
            console.print_sentence("Wait for a job:")
            words = job_command("wait", refs[:1], server)
            console.print(fold_command(words, console.width), soft_wrap=True)

    return footer


#: Restore jobs as lists show them.
JOB_LAYOUT: ListLayout[JobDocument, JobRow] = ListLayout(
    row_type=JobRow,
    row=lambda job: job.to_row(),
    document=_document,
    columns=(
        Column("Job", lambda row: row["id"]),
        Column("State", lambda row: row["state"], style=lambda row: state_style(row["state"])),
        Column("Delivery", lambda row: row["delivery_status"] or row["delivery"] or "", rank=1),
        Column("Created", _minute(lambda row: row["requested_at"]), rank=2),
        Column("Data of", _minute(lambda row: row["snapshot_moment"]), rank=6),
        Column("Finished", _minute(lambda row: row["finished_at"]), rank=4),
        Column("Expires", _minute(lambda row: row["expires_at"]), rank=7),
        Column("Target", lambda row: row["target_cluster"] or "", rank=3),
        Column("Batch", lambda row: row["batch_id"] or "", rank=8),
        Column("Snapshot", lambda row: row["snapshot_id"] or "", rank=9),
        _REFERENCE,
    ),
    summary=_summary,
    empty_text="no restore jobs",
)
