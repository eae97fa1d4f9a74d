"""Restore jobs of a fleet as rows: those of a cluster, and where they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.rows.job_rows import JOB_LAYOUT, JobRow
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async import Found
    from mongorestore_async.models import JobDocument

__all__ = ["FoundRow", "found_layout"]


@attrs.frozen(kw_only=True)
class FoundRow(JobRow):
    """A job of a fleet: its row, and where it was found.

    Attributes:
        fleet: Name of the fleet: product family and host.
        project_id: Project id.
        project_name: Its name.
        cluster_id: Cluster id.
        cluster_name: Its name.

    """

    fleet: str = ""
    project_id: str = ""
    project_name: str = ""
    cluster_id: str = ""
    cluster_name: str = ""

    @classmethod
    def found(cls, found: Found[JobDocument]) -> FoundRow:
        """Make the row of a job of a fleet."""
        project, cluster = found.project, found.cluster
        return cls(
            **attrs.asdict(JobRow.of(found.job)),
            fleet=printable(found.fleet),
            project_id=printable(project.id),
            project_name=printable(project.name or ""),
            cluster_id=printable(cluster.id or ""),
            cluster_name=printable(cluster.name or ""),
        )

    @property
    def project(self) -> str:
        """Name of the project, or its id."""
        return self.project_name or self.project_id

    @property
    def cluster(self) -> str:
        """Name of the cluster, or its id."""
        return self.cluster_name or self.cluster_id


def found_layout(*, merged: bool) -> ListLayout[Found[JobDocument], FoundRow]:
    """The layout of restore jobs of a fleet.

    Args:
        merged: Whether there are several fleets, so that their names are shown.

    """
    fleet: tuple[Column[FoundRow], ...] = (Column("Fleet", lambda row: row.fleet, rank=1),) if merged else ()
    job_columns: Sequence[Column[Any]] = JOB_LAYOUT.columns
    return ListLayout(
        row_type=FoundRow,
        row=FoundRow.found,
        document=_document,
        columns=(
            *fleet,
            Column("Project", lambda row: row.project),
            Column("Cluster", lambda row: row.cluster),
            *job_columns,
        ),
        summary=JOB_LAYOUT.summary,
        empty_text=JOB_LAYOUT.empty_text,
        sort_key=lambda row: (row.fleet, row.project, row.project_id, row.cluster),
    )


def _document(found: Found[JobDocument], redacted: bool) -> dict[str, Any]:
    project, cluster = found.project, found.cluster
    return {
        "fleet": found.fleet,
        "project": {"id": project.id, "name": project.name},
        "cluster": {"id": cluster.id, "name": cluster.name},
        "ref": None if found.job.ref is None else str(found.job.ref),
        "job": found.job.to_dict(redacted=redacted),
    }
