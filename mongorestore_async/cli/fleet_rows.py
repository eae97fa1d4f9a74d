"""What a fleet's jobs, plans and failures are in a few columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from rich.table import Table
from rich.text import Text

from mongorestore_async.cli.exits import reason
from mongorestore_async.cli.rows import JOBS, JobRow, some
from mongorestore_async.cli.screen import printable
from mongorestore_async.cli.sheets import Sheet
from mongorestore_async.cli.tables import Column, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.cli.screen import Screen
    from mongorestore_async.fleet import FleetFailure, FleetPlan, Found
    from mongorestore_async.models import JobDocument

__all__ = ["PLAN", "FoundRow", "PlanRow", "is_unmatched", "jobs_sheet", "print_failures"]


_JOB_COLUMNS: Sequence[Column[Any]] = JOBS.columns


@attrs.frozen(kw_only=True)
class FoundRow(JobRow):
    """A job's row and where it was found.

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
        """Reduce what was found to a row."""
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
        """What people call the project."""
        return self.project_name or self.project_id

    @property
    def cluster(self) -> str:
        """What people call the cluster."""
        return self.cluster_name or self.cluster_id


@attrs.frozen(kw_only=True)
class PlanRow:
    """What a run would read.

    Attributes:
        projects: Chosen projects.
        clusters: Clusters to read.
        requests: Calls that read them.
        discovery: Calls that find them.

    """

    projects: str
    clusters: str
    requests: str
    discovery: str

    @classmethod
    def of(cls, plan: FleetPlan) -> PlanRow:
        """Reduce a plan to a row."""
        return cls(**{name: str(count) for name, count in _plan(plan).items()})


def _plan(plan: FleetPlan) -> dict[str, int]:
    return {name: getattr(plan, name) for name in ("projects", "clusters", "requests", "discovery")}


def _summary(rows: Sequence[PlanRow]) -> str:
    total = sum(int(row.requests) + int(row.discovery) for row in rows)
    return (
        f"{some(total, 'request')} in all, and one more for every 500 jobs that a cluster has beyond its first 500. "
        f"Nothing of the jobs was read."
    )


def _document(found: Found[JobDocument], redacted: bool) -> dict[str, Any]:
    project, cluster = found.project, found.cluster
    return {
        "fleet": found.fleet,
        "project": {"id": project.id, "name": project.name},
        "cluster": {"id": cluster.id, "name": cluster.name},
        "job": found.job.to_dict(redacted=redacted),
    }


def jobs_sheet(*, merged: bool) -> Sheet[Found[JobDocument], FoundRow]:
    """Restore jobs of a fleet.

    Args:
        merged: Whether there are several fleets to be told apart.

    """
    fleet: tuple[Column[FoundRow], ...] = (Column("Fleet", lambda row: row.fleet, rank=1),) if merged else ()
    return Sheet(
        row_type=FoundRow,
        row=FoundRow.found,
        document=_document,
        columns=(
            *fleet,
            Column("Project", lambda row: row.project),
            Column("Cluster", lambda row: row.cluster),
            *_JOB_COLUMNS,
        ),
        summary=JOBS.summary,
        nothing=JOBS.nothing,
        order=lambda row: (row.fleet, row.project, row.project_id, row.cluster),
    )


#: What a run would read.
PLAN: Sheet[FleetPlan, PlanRow] = Sheet(
    row_type=PlanRow,
    row=PlanRow.of,
    document=lambda plan, _redacted: _plan(plan),
    columns=(
        Column("Projects", lambda row: row.projects, number=True),
        Column("Clusters", lambda row: row.clusters, number=True),
        Column("Requests for jobs", lambda row: row.requests, number=True),
        Column("To find them", lambda row: row.discovery, number=True),
    ),
    summary=_summary,
    nothing="nothing to read",
)

_FAILURES: tuple[Column[FleetFailure], ...] = (
    Column("Project", lambda failure: _name(failure.project)),
    Column("Cluster", lambda failure: _name(failure.cluster)),
    Column("Failure", lambda failure: str(failure.kind), style=lambda _: "bold red"),
    Column("Why", lambda failure: reason(failure.error)),
)


def is_unmatched(failure: FleetFailure) -> bool:
    """Whether it is only a name that fits nothing, so that there is nothing to try again."""
    from mongorestore_async.fleet import FailureKind  # loads the HTTP library

    return failure.kind is FailureKind.UNMATCHED


def print_failures(console: Screen, failures: Sequence[FleetFailure], *, merged: bool) -> None:
    """Print what could not be read: a table whose last column is wrapped on a terminal, and nowhere else."""
    if not failures:
        return
    fleet: tuple[Column[FleetFailure], ...] = (Column("Fleet", _fleet),) if merged else ()
    columns = (*fleet, *_FAILURES)
    console.say(f"{some(len(failures), 'failure')}:", style="bold")
    if not console.is_terminal:
        print_table(console, columns, failures)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.title, overflow="fold")
    for failure in failures:
        table.add_row(*(Text(column.cell(failure), style=column.style(failure)) for column in columns))
    console.print(table)


def _fleet(failure: FleetFailure) -> str:
    return "-" if is_unmatched(failure) else printable(failure.fleet)


def _name(place: Any) -> str:
    return "-" if place is None else printable(place.name or place.id)
