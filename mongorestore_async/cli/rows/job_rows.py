"""Restore jobs as rows of a table or of a CSV file: those of any family have the same columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.cli.columns import Column, ListLayout, state_style
from mongorestore_async.cli.console import plural
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.models import (
    CloudBackupRestoreJob,
    CollectionRestoreJob,
    RestoreJob,
    TenantRestoreJob,
)
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mongorestore_async.models import JobDocument

__all__ = ["JOB_LAYOUT", "JobRow"]


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


#: Restore jobs as lists show them.
JOB_LAYOUT: ListLayout[JobDocument, JobRow] = ListLayout(
    row_type=JobRow,
    row=JobRow.of,
    document=lambda job, redacted: job.to_dict(redacted=redacted),
    columns=(
        Column("Job", lambda row: row.id),
        Column("State", lambda row: row.state, style=lambda row: state_style(row.state)),
        Column("Delivery", lambda row: row.delivery_status or row.delivery, rank=1),
        Column("Created", lambda row: shorten_time(row.created), rank=2),
        Column("Data of", lambda row: shorten_time(row.snapshot_moment), rank=5),
        Column("Finished", lambda row: shorten_time(row.finished), rank=4),
        Column("Expires", lambda row: shorten_time(row.expires), rank=6),
        Column("Target", lambda row: row.target, rank=3),
        Column("Batch", lambda row: row.batch_id, rank=7),
        Column("Snapshot", lambda row: row.snapshot_id, rank=8),
    ),
    summary=_summary,
    empty_text="no restore jobs",
)
