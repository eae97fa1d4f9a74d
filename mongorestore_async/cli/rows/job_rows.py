"""Restore jobs as rows of a table or of a CSV file: those of any family have the same columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.cli.columns import Column, ListLayout, state_style
from mongorestore_async.cli.console import fold_command, plural, stdout_console
from mongorestore_async.cli.job_selection import job_command
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.models import (
    CloudBackupRestoreJob,
    CollectionRestoreJob,
    JobState,
    RestoreJob,
    TenantRestoreJob,
)
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from mongorestore_async.cli.session_factory import ServerOptions
    from mongorestore_async.cli.stdout_writer import Footer
    from mongorestore_async.models import JobDocument

__all__ = ["JOB_LAYOUT", "JobRow", "reference_footer"]

_OPEN = frozenset({JobState.PENDING, JobState.RUNNING, JobState.UNKNOWN})

#: References that are listed below a table.
_MOST_REFERENCES = 20


@attrs.frozen(kw_only=True)
class JobRow:
    """The row of a job: text, empty where the API sends no value. It holds no secrets.

    Attributes:
        id: Job id.
        state: A :class:`~mongorestore_async.models.JobState`.
        delivery: Kind of delivery as the API calls it. Automated jobs of Ops Manager and Cloud Manager have
            ``HTTP`` as well (``restore-jobs`` D13); restores of collections have their write strategy.
        delivery_status: Status of the delivery; Ops Manager and Cloud Manager only.
        created: When the job was requested, UTC, ISO 8601, as all dates.
        finished: When it ended; Atlas only.
        snapshot_moment: The time that the restored data are of.
        snapshot_id: Snapshot restored from.
        expires: When the download link expires.
        batch_id: Batch of a sharded restore.
        target: Destination cluster, id or name, where its project is told too.
        ref: Text form of the job's reference.

    """

    id: str
    state: str
    delivery: str = ""
    delivery_status: str = ""
    created: str = ""
    finished: str = ""
    snapshot_moment: str = ""
    snapshot_id: str = ""
    expires: str = ""
    batch_id: str = ""
    target: str = ""
    ref: str = ""

    @classmethod
    def of(cls, job: JobDocument) -> JobRow:
        """Make the row of a job of any family."""
        found: dict[str, str | datetime | None] = {
            "id": job.id,
            "state": job.state,
            "created": job.requested_at,
            "finished": job.finished_at,
            "expires": job.expires_at,
            "target": None if job.target is None else job.target.cluster,
        }
        if isinstance(job, RestoreJob):
            found |= _manager(job)
        elif isinstance(job, (CloudBackupRestoreJob, TenantRestoreJob)):
            found |= {
                "delivery": job.delivery_type,
                "snapshot_moment": job.snapshot_moment,
                "snapshot_id": job.snapshot_id,
            }
        elif isinstance(job, CollectionRestoreJob):
            found |= {
                "delivery": job.write_strategy,
                "snapshot_moment": job.snapshot_moment,
                "snapshot_id": job.snapshot_id,
            }
        ref = "" if job.ref is None else str(job.ref)
        return cls(ref=ref, **{name: _text(value) for name, value in found.items()})


def _summary(rows: Sequence[JobRow]) -> str:
    counts = Counter(row.state for row in rows)
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    return f"{plural(len(rows), 'restore job')}: {states}. Dates are UTC."


def _manager(job: RestoreJob) -> dict[str, str | datetime | None]:
    found: dict[str, str | datetime | None] = {
        "snapshot_moment": job.snapshot_moment,
        "snapshot_id": job.snapshot_id,
        "batch_id": job.batch_id,
    }
    if job.delivery is not None:
        found |= {
            "delivery": job.delivery.method_name,
            "delivery_status": job.delivery.status_name,
        }
    return found


def _text(value: str | datetime | None) -> str:
    return printable(value) if isinstance(value, str) else format_time(value)


def _document(job: JobDocument, redacted: bool) -> dict[str, Any]:
    return ({} if job.ref is None else {"ref": str(job.ref)}) | job.to_dict(redacted=redacted)


#: It is longer than most terminals are wide: see :func:`reference_footer`.
_REFERENCE: Column[JobRow] = Column("Reference", lambda row: row.ref, rank=5)


def reference_footer(server: ServerOptions) -> Footer:
    """Make what follows a table of jobs: their references where the table has no room for them, and what to do next.

    Args:
        server: Where the API is, and how to get there.

    """

    def footer(rows: Sequence[JobRow], visible: AbstractSet[Column[Any]]) -> None:
        console = stdout_console()
        # What has not ended comes first: that is what one waits for.
        refs = [row.ref for row in sorted(rows, key=lambda row: row.state not in _OPEN) if row.ref]
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
        if any(row.ref and row.state in _OPEN for row in rows):
            console.print_sentence("Wait for a job:")
            words = job_command("wait", refs[:1], server)
            console.print(fold_command(words, console.width), soft_wrap=True)

    return footer


#: Restore jobs as lists show them.
JOB_LAYOUT: ListLayout[JobDocument, JobRow] = ListLayout(
    row_type=JobRow,
    row=JobRow.of,
    document=_document,
    columns=(
        Column("Job", lambda row: row.id),
        Column("State", lambda row: row.state, style=lambda row: state_style(row.state)),
        Column("Delivery", lambda row: row.delivery_status or row.delivery, rank=1),
        Column("Created", lambda row: shorten_time(row.created), rank=2),
        Column("Data of", lambda row: shorten_time(row.snapshot_moment), rank=6),
        Column("Finished", lambda row: shorten_time(row.finished), rank=4),
        Column("Expires", lambda row: shorten_time(row.expires), rank=7),
        Column("Target", lambda row: row.target, rank=3),
        Column("Batch", lambda row: row.batch_id, rank=8),
        Column("Snapshot", lambda row: row.snapshot_id, rank=9),
        _REFERENCE,
    ),
    summary=_summary,
    empty_text="no restore jobs",
)
