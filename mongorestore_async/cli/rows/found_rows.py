"""Restore jobs of a fleet as rows: those of a cluster, and where they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.rows.job_rows import JOB_LAYOUT
from mongorestore_async.models.rows import JobRow

if TYPE_CHECKING:
    from mongorestore_async import Found
    from mongorestore_async.models import JobDocument

__all__ = ["found_layout"]


def found_layout(*, merged: bool) -> ListLayout[Found[JobDocument], JobRow]:
    """The layout of restore jobs of a fleet.

    Args:
        merged: Whether there are several fleets, so that their names are shown.

    """
    fleet: tuple[Column[JobRow], ...] = (Column("Fleet", lambda row: row["fleet"] or "", rank=1),) if merged else ()
    return ListLayout(
        row_type=JobRow,
        row=lambda found: found.to_row(),
        document=_document,
        columns=(*fleet, Column("Project", _project), Column("Cluster", _cluster), *JOB_LAYOUT.columns),
        summary=JOB_LAYOUT.summary,
        empty_text=JOB_LAYOUT.empty_text,
        sort_key=lambda row: (row["fleet"], _project(row), row["project_id"], _cluster(row)),
    )


def _project(row: JobRow) -> str:
    return row["project_name"] or row["project_id"] or ""


def _cluster(row: JobRow) -> str:
    return row["cluster_name"] or row["cluster_id"] or ""


def _document(found: Found[JobDocument], redacted: bool) -> dict[str, Any]:
    project, cluster = found.project, found.cluster
    return {
        "fleet": found.fleet,
        "project": {"id": project.id, "name": project.name},
        "cluster": {"id": cluster.id, "name": cluster.name},
        "ref": None if found.job.ref is None else str(found.job.ref),
        "job": found.job.to_dict(redacted=redacted),
    }
