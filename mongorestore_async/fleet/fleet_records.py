"""What a fan-out reports: places, jobs, failures, progress and plans."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic

import attrs

from mongorestore_async.models import JobT_co
from mongorestore_async.models.rows import pairs_table, text_cell

if TYPE_CHECKING:
    from mongorestore_async.errors import RestoreError
    from mongorestore_async.families import RateLimit
    from mongorestore_async.models.rows import JobRow

__all__ = [
    "ClusterOutcome",
    "FailureKind",
    "FleetCluster",
    "FleetFailure",
    "FleetPlan",
    "FleetProgress",
    "FleetProject",
    "Found",
]


@attrs.frozen
class FleetProject:
    """A project that was discovered.

    Attributes:
        fleet: Name of the fleet it belongs to.
        id: Project id.
        name: Its name, None where the server did not say.

    """

    fleet: str
    id: str
    name: str | None = None


@attrs.frozen
class FleetCluster:
    """A cluster that was discovered; only clusters that take restores are.

    Attributes:
        project: The project it belongs to.
        key: What paths take: its id on Ops Manager and Cloud Manager, its name on Atlas. Pass it to
            :meth:`Project.cluster`.
        id: Cluster id, None where the server did not say.
        name: Cluster name, None where the server did not say.

    """

    project: FleetProject
    key: str
    id: str | None = None
    name: str | None = None


@attrs.frozen
class Found(Generic[JobT_co]):
    """A restore job and where it was found.

    Attributes:
        cluster: The cluster it belongs to.
        job: The job; ``job.ref`` finds it again.

    """

    cluster: FleetCluster
    job: JobT_co

    @property
    def project(self) -> FleetProject:
        """The project it belongs to."""
        return self.cluster.project

    @property
    def fleet(self) -> str:
        """Name of the fleet it was found in."""
        return self.cluster.project.fleet

    def to_row(self) -> JobRow:
        """Make a flat row of the job and where it was found: see :class:`JobRow`."""
        row, cluster, project = self.job.to_row(), self.cluster, self.project
        row["fleet"], row["project_id"] = text_cell(project.fleet), text_cell(project.id)
        row["project_name"] = text_cell(project.name)
        row["cluster_id"] = text_cell(cluster.id) or row["cluster_id"]
        row["cluster_name"] = text_cell(cluster.name) or row["cluster_name"]
        return row

    def _repr_html_(self) -> str:
        """Show it in a notebook, without links and secrets."""
        return pairs_table("Found", self.to_row().items())


class FailureKind(StrEnum):
    """Why something could not be read.

    Members:
        FORBIDDEN: The key has no right there.
        GONE: The project or cluster is not there any more.
        WRONG_API: Another product family reads it: a flex cluster among dedicated ones, an Atlas project among those
            of Cloud Manager, the other kind of backup.
        TIMED_OUT: No answer in time (``Options.timeout``), or not asked after so many others of its project.
        RATE_LIMITED: Refused for a rate limit until too late.
        SERVER: The server failed (5xx), or a gateway before it answered in its place.
        BROKEN: No connection, or it broke.
        UNREADABLE: The answer does not have the promised shape, or its pages contradict each other.
        REFUSED: Any other answer of the API; the error has its code.
        UNMATCHED: Nothing that the key sees fits a name, id or glob of ``projects`` or ``clusters``.
    """

    FORBIDDEN = "forbidden"
    GONE = "gone"
    WRONG_API = "wrong-api"
    TIMED_OUT = "timed-out"
    RATE_LIMITED = "rate-limited"
    SERVER = "server"
    BROKEN = "broken"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    UNMATCHED = "unmatched"


@attrs.frozen
class FleetFailure:
    """Something that could not be read, or not to its end.

    Attributes:
        fleet: Name of the fleet.
        project: The project; None when the list of projects itself could not be read.
        cluster: The cluster; None when the project's clusters could not be listed.
        kind: Why.
        error: The error as a single call raises it.

    """

    fleet: str
    project: FleetProject | None
    cluster: FleetCluster | None
    kind: FailureKind
    error: RestoreError = attrs.field(eq=False)

    def __str__(self) -> str:
        """Say on one line what could not be read and why: ``fleet 'f', project 'p', cluster 'c': forbidden: ...``."""
        places = [f"fleet {self.fleet!r}"]
        if self.project is not None:
            places.append(f"project {(self.project.name or self.project.id)!r}")
        if self.cluster is not None:
            places.append(f"cluster {(self.cluster.name or self.cluster.key)!r}")
        return f"{', '.join(places)}: {self.kind}: {self.error}"


class ClusterOutcome(StrEnum):
    """How the reading of a cluster ended.

    Members:
        READ: Its list was read to the end.
        NO_BACKUP: It has no backup: nothing is here, and that is no failure.
        FAILED: See ``stream.failures``.
    """

    READ = "read"
    NO_BACKUP = "no-backup"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class FleetProgress:
    """How far a fan-out is: told after each cluster, and once when everything is discovered.

    Attributes:
        projects: Projects discovered so far, those without clusters included.
        clusters: Clusters to read discovered so far.
        discovered: Whether that is all of them.
        over: Clusters whose reading is over, whatever the outcome.
        without_backup: Those of them that have no backup.
        failed: Those of them that failed.
        skipped: Clusters an earlier run has read, as the resume token says; not among ``clusters``.
        jobs: Jobs found so far.
        cluster: The cluster whose reading ended just now, None at other moments.
        outcome: How it ended, None at other moments.

    """

    projects: int = 0
    clusters: int = 0
    discovered: bool = False
    over: int = 0
    without_backup: int = 0
    failed: int = 0
    skipped: int = 0
    jobs: int = 0
    cluster: FleetCluster | None = None
    outcome: ClusterOutcome | None = None


@attrs.frozen(kw_only=True)
class FleetPlan:
    """What a fan-out would do.

    Attributes:
        projects: Chosen projects, those without clusters included.
        clusters: Clusters to read.
        requests: Calls it takes to read them: one each, and one more for every 500 jobs a cluster has beyond the
            first 500, a number not known in advance. Logins and the discovery are not counted.
        discovery: Calls the discovery took; the fan-out makes them again.
        seconds: How long all of them take at least: as the slowest of the rate limits lets them pass, if it is full at
            the start, and no faster than the fastest call of the discovery.
        bound_by: That limit, its ``name`` that of the endpoint set; None where no limit holds the run back.
        documented: Whether the limits are only what the vendor documents, and not what the server told.
        failures: What could not be discovered.

    """

    projects: int
    clusters: int
    requests: int
    discovery: int
    seconds: float = 0.0
    bound_by: RateLimit | None = None
    documented: bool = True
    failures: tuple[FleetFailure, ...] = ()
