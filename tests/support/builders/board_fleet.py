"""A fleet for the board that tests play by hand: what a reading finds, and what a watch tells."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from mongorestore_async import (
    ChangeKind,
    FailureKind,
    FleetChange,
    FleetCluster,
    FleetFailure,
    FleetProgress,
    FleetProject,
    Found,
    JobState,
)
from mongorestore_async.errors import ServerError
from mongorestore_async.fleet.fleet_records import ClusterOutcome

__all__ = ["HOSTILE", "NOW", "Job", "PlayedFleet", "cluster_of", "failure_of"]

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
#: A name that must not become markup, nor turn the text around it.
HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e"


@attrs.frozen
class Job:
    """What the board reads of a restore job."""

    id: str
    state: JobState = JobState.RUNNING
    requested_at: datetime | None = NOW - timedelta(minutes=10)
    finished_at: datetime | None = None
    target: Any = None
    ref: Any = None
    batch_id: str | None = None

    def to_row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "ref": self.ref and str(self.ref),
            "requested_at": self.requested_at,
            "finished_at": self.finished_at,
            "snapshot_moment": None,
            "target_project_id": self.target and self.target.project_id,
            "target_cluster": self.target and self.target.cluster,
            "batch_id": self.batch_id,
        }

    def over(self, state: JobState = JobState.FINISHED, after: float = 300) -> Job:
        assert self.requested_at is not None
        return attrs.evolve(self, state=state, finished_at=self.requested_at + timedelta(seconds=after))


def cluster_of(name: str, project: str = "p1", fleet: str = "fleet") -> FleetCluster:
    return FleetCluster(
        FleetProject(fleet, project, f"{project}!" if len(project) == 2 else project), name, f"{name}-id", name
    )


def failure_of(
    cluster: FleetCluster | None = None, project: FleetProject | None = None, kind: FailureKind = FailureKind.SERVER
) -> FleetFailure:
    return FleetFailure("fleet", project, cluster, kind, ServerError("the server failed: HTTP 503"))


class PlayedFleet:
    """What a fleet has.

    ``clusters`` is what a reading finds, ``tell`` what a watch tells, ``running`` what it has running; ``error`` ends
    readings.
    """

    def __init__(self, clusters: dict[FleetCluster, list[Job]] | None = None) -> None:
        self.clusters = clusters or {}
        self.failures: list[FleetFailure] = []
        self.error: Exception | None = None
        self.readings: list[Any] = []
        self.watches = 0
        self.running: list[Found[Any]] = []
        self.watch_failures: list[FleetFailure] = []
        self.asked: dict[str, Any] = {}
        self.asked_watch: dict[str, Any] = {}
        self._told: asyncio.Queue[Any] = asyncio.Queue()

    def tell(self, kind: str, cluster: FleetCluster | None = None, job: Job | None = None, **more: Any) -> None:
        project = more.pop("project", None if cluster is None else cluster.project)
        fields = {"fleet": "fleet", "at": datetime.now(UTC), "before": None, "failure": None} | more
        self._told.put_nowait(FleetChange(kind=ChangeKind(kind), project=project, cluster=cluster, job=job, **fields))

    def end_watch(self, error: Exception) -> None:
        self._told.put_nowait(error)

    @asynccontextmanager
    async def restore_jobs(self, *, projects: Any = None, on_progress: Any = None, **asked: Any) -> Any:
        self.readings.append(projects)
        self.asked = asked
        if self.error is not None:
            raise self.error
        yield _Stream(self, projects, on_progress)

    @asynccontextmanager
    async def watch(self, **asked: Any) -> Any:
        self.asked_watch = asked
        self.watches += 1
        yield _Watch(self, self._told)


class _Watch:
    def __init__(self, fleet: PlayedFleet, told: asyncio.Queue[Any]) -> None:
        self._fleet, self._told = fleet, told

    @property
    def running(self) -> tuple[Found[Any], ...]:
        return tuple(self._fleet.running)

    @property
    def failures(self) -> tuple[FleetFailure, ...]:
        return tuple(self._fleet.watch_failures)

    def __aiter__(self) -> _Watch:
        return self

    async def __anext__(self) -> Any:
        told = await self._told.get()
        if isinstance(told, Exception):
            raise told
        return told


class _Stream:
    def __init__(self, fleet: PlayedFleet, projects: Any, on_progress: Any) -> None:
        self.failures = tuple(fleet.failures)
        self._fleet, self._projects, self._tell = fleet, projects, on_progress

    async def __aiter__(self) -> Any:
        failed = {failure.cluster for failure in self.failures}
        found = [each for each in self._fleet.clusters if self._projects is None or each.project.id in self._projects]
        for number, cluster in enumerate(found, start=1):
            for job in self._fleet.clusters[cluster]:
                yield Found(cluster, job)
            await asyncio.sleep(0)
            outcome = ClusterOutcome.FAILED if cluster in failed else ClusterOutcome.READ
            self._tell(
                FleetProgress(clusters=len(found), over=number, discovered=True, cluster=cluster, outcome=outcome)
            )
