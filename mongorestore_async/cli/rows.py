"""A restore job of any family in the same few columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.cli.screen import printable
from mongorestore_async.cli.sheets import Sheet
from mongorestore_async.cli.tables import Column, state_style
from mongorestore_async.models import CloudBackupRestoreJob, RestoreJob, TenantRestoreJob

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mongorestore_async.models import JobDocument

__all__ = ["JOBS", "JobRow", "moment", "short", "some"]


@attrs.frozen(kw_only=True)
class JobRow:
    """What a table and a CSV file show of a job: text, empty where the API does not tell. No secrets.

    Attributes:
        id: Job id.
        state: One of our states.
        delivery: Kind of delivery in the API's own words. An automated job of Ops Manager and Cloud Manager says
            ``HTTP`` as well (``restore-jobs`` D13).
        delivery_status: Where the delivery stands; Ops Manager and Cloud Manager only.
        created: When the job was requested, UTC, ISO 8601, as all dates.
        finished: When it was over; Atlas only.
        snapshot_moment: When the restored data were current.
        snapshot_id: Snapshot restored from.
        expires: When the download is gone.
        batch_id: Batch of a sharded restore.
        target: Destination cluster, id or name.
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
        """Reduce a job of any family to a row."""
        found: dict[str, str | datetime | None] = {"id": job.id, "state": job.state}
        if isinstance(job, RestoreJob):
            found |= _manager(job)
        elif isinstance(job, CloudBackupRestoreJob):
            found |= {
                "delivery": job.delivery_type,
                "created": job.created_at,
                "finished": job.finished_at,
                "snapshot_moment": job.snapshot_moment,
                "snapshot_id": job.snapshot_id,
                "expires": job.expires_at,
                "target": job.target_cluster_name,
            }
        elif isinstance(job, TenantRestoreJob):
            found |= {
                "delivery": job.delivery_type,
                "created": job.restore_scheduled_date,
                "finished": job.restore_finished_date,
                "snapshot_moment": job.snapshot_moment,
                "snapshot_id": job.snapshot_id,
                "expires": job.expiration_date,
                "target": job.target_deployment_item_name,
            }
        ref = "" if job.ref is None else str(job.ref)
        return cls(ref=ref, **{name: _text(value) for name, value in found.items()})


def moment(value: datetime | None) -> str:
    """Write a UTC moment in whole seconds, ISO 8601."""
    return "" if value is None else value.isoformat(timespec="seconds").replace("+00:00", "Z")


def short(written: str) -> str:
    """Shorten a written moment for a table: whole minutes."""
    return written[:16].replace("T", " ")


def some(count: int, noun: str) -> str:
    """Count things in words."""
    return f"{count} {noun}{'s' * (count != 1)}"


def _summary(rows: Sequence[JobRow]) -> str:
    counts = Counter(row.state for row in rows)
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    return f"{some(len(rows), 'restore job')}: {states}. Dates are UTC."


def _manager(job: RestoreJob) -> dict[str, str | datetime | None]:
    found: dict[str, str | datetime | None] = {
        "created": job.created,
        "snapshot_moment": job.snapshot_moment,
        "snapshot_id": job.snapshot_id,
        "batch_id": job.batch_id,
    }
    if job.delivery is not None:
        found |= {
            "delivery": job.delivery.method_name,
            "delivery_status": job.delivery.status_name,
            "expires": job.delivery.expires,
            "target": job.delivery.target_cluster_name or job.delivery.target_cluster_id,
        }
    return found


def _text(value: str | datetime | None) -> str:
    return printable(value) if isinstance(value, str) else moment(value)


#: Restore jobs as lists show them.
JOBS: Sheet[JobDocument, JobRow] = Sheet(
    row_type=JobRow,
    row=JobRow.of,
    document=lambda job, redacted: job.to_dict(redacted=redacted),
    columns=(
        Column("Job", lambda row: row.id),
        Column("State", lambda row: row.state, style=lambda row: state_style(row.state)),
        Column("Delivery", lambda row: row.delivery_status or row.delivery, rank=1),
        Column("Created", lambda row: short(row.created), rank=2),
        Column("Data of", lambda row: short(row.snapshot_moment), rank=5),
        Column("Finished", lambda row: short(row.finished), rank=4),
        Column("Expires", lambda row: short(row.expires), rank=6),
        Column("Target", lambda row: row.target, rank=3),
        Column("Batch", lambda row: row.batch_id, rank=7),
        Column("Snapshot", lambda row: row.snapshot_id, rank=8),
    ),
    summary=_summary,
    nothing="no restore jobs",
)
