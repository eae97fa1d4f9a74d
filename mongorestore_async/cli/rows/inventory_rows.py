"""Organizations, projects and clusters as rows: what a key sees, with the ids that other commands take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.console import plural
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async.fleet.shard_plan import PlannedCluster, PlannedProject
    from mongorestore_async.models import ProjectSummary, RawDocument

__all__ = [
    "ORGANIZATION_LAYOUT",
    "PROJECT_LAYOUT",
    "ClusterRow",
    "ListedCluster",
    "OrganizationRow",
    "ProjectRow",
    "cluster_layout",
]


@attrs.frozen(kw_only=True)
class OrganizationRow:
    """The row of an organization.

    Attributes:
        id: Organization id.
        name: Its name.

    """

    id: str
    name: str

    @classmethod
    def of(cls, found: RawDocument) -> OrganizationRow:
        """Make the row of an organization as it was received."""
        return cls(id=_text(found.get("id")), name=_text(found.get("name")))


@attrs.frozen(kw_only=True)
class ProjectRow:
    """The row of a project: text, empty where the API sends no value.

    Attributes:
        id: Project id.
        name: Its name.
        organization_id: Organization it belongs to.
        clusters: Number of its clusters; Atlas only.
        created: When it was created, UTC, ISO 8601; Atlas only.

    """

    id: str
    name: str = ""
    organization_id: str = ""
    clusters: str = ""
    created: str = ""

    @classmethod
    def of(cls, project: ProjectSummary) -> ProjectRow:
        """Make the row of a project."""
        return cls(
            id=_text(project.id),
            name=_text(project.name),
            organization_id=_text(project.org_id),
            clusters=_text(project.cluster_count),
            created=format_time(project.created),
        )


@attrs.frozen
class ListedCluster:
    """A cluster that takes restores, and where it was found.

    Attributes:
        family: Name of the product family.
        project: Its project.
        cluster: The cluster.

    """

    family: str
    project: PlannedProject
    cluster: PlannedCluster


@attrs.frozen(kw_only=True)
class ClusterRow:
    """The row of a cluster: text, empty where the API sends no value.

    Attributes:
        family: Name of the product family.
        project_id: Project id.
        project_name: Its name.
        cluster_id: Cluster id.
        cluster_name: Its name.
        key: What ``--cluster-id`` takes: its id, on Atlas its name.

    """

    family: str
    project_id: str
    project_name: str
    cluster_id: str
    cluster_name: str
    key: str

    @classmethod
    def of(cls, found: ListedCluster) -> ClusterRow:
        """Make the row of a cluster."""
        return cls(
            family=found.family,
            project_id=_text(found.project.id),
            project_name=_text(found.project.name),
            cluster_id=_text(found.cluster.id),
            cluster_name=_text(found.cluster.name),
            key=_text(found.cluster.key),
        )


def _text(value: object) -> str:
    return "" if value is None else printable(str(value))


def _cluster_document(found: ListedCluster, _redacted: bool) -> dict[str, Any]:
    project, cluster = found.project, found.cluster
    return {
        "family": found.family,
        "project": {"id": project.id, "name": project.name},
        "cluster": {"id": cluster.id, "name": cluster.name},
    }


#: Organizations as lists show them.
ORGANIZATION_LAYOUT: ListLayout[RawDocument, OrganizationRow] = ListLayout(
    row_type=OrganizationRow,
    row=OrganizationRow.of,
    document=lambda found, redacted: found.to_dict(redacted=redacted),
    columns=(Column("Organization id", lambda row: row.id), Column("Name", lambda row: row.name)),
    summary=lambda rows: f"{plural(len(rows), 'organization')}.",
    empty_text="no organizations: the key sees none",
)

#: Projects as lists show them.
PROJECT_LAYOUT: ListLayout[ProjectSummary, ProjectRow] = ListLayout(
    row_type=ProjectRow,
    row=ProjectRow.of,
    document=lambda project, redacted: project.to_dict(redacted=redacted),
    columns=(
        Column("Project id", lambda row: row.id),
        Column("Name", lambda row: row.name),
        Column("Clusters", lambda row: row.clusters, rank=1, number=True),
        Column("Organization id", lambda row: row.organization_id, rank=2),
        Column("Created", lambda row: shorten_time(row.created), rank=3),
    ),
    summary=lambda rows: f"{plural(len(rows), 'project')}.",
    empty_text="no projects: the key sees none",
)


def cluster_layout(*, merged: bool) -> ListLayout[ListedCluster, ClusterRow]:
    """The layout of clusters. Where the name is what commands take, the id has no column.

    Args:
        merged: Whether they are of several product families, so that these are shown.

    """
    family: tuple[Column[ClusterRow], ...] = (Column("Family", lambda row: row.family),) if merged else ()
    return ListLayout(
        row_type=ClusterRow,
        row=ClusterRow.of,
        document=_cluster_document,
        columns=(
            *family,
            Column("Project id", lambda row: row.project_id),
            Column("Project", lambda row: row.project_name, rank=2),
            Column("Cluster", lambda row: row.cluster_name or row.key),
            Column("Cluster id", lambda row: "" if row.key == row.cluster_name else row.key, rank=1),
        ),
        summary=lambda rows: (
            f"{plural(len(rows), 'cluster')} in {plural(len({row.project_id for row in rows}), 'project')}. "
            "Only clusters that take restores are listed."
        ),
        empty_text="no clusters that take restores",
    )
