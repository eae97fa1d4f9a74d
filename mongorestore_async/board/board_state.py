"""What the board knows: clusters and their restores, what changed, what could not be read. No I/O, no clock."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

import attrs

from mongorestore_async.fleet.fleet_records import ClusterOutcome
from mongorestore_async.reports.cluster_history import ClusterHistory, Restore, join_batches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetFailure, FleetProgress, FleetProject, Found
    from mongorestore_async.models import JobDocument, JobState

__all__ = ["BoardState", "Cell", "Change", "Reading", "Trouble"]

#: Restores of a cluster that are kept, beside those that are not over.
_MOST_RESTORES = 20
_MOST_CHANGES = 30
#: Fleet, project and cluster; None for the whole of it.
_Place: TypeAlias = "tuple[str, str | None, str | None]"


@attrs.define(eq=False)
class Cell:
    """A cluster in the matrix.

    Attributes:
        number: Names it in the page and in addresses, as long as the board runs.
        project_number: The same of its project.
        history: The cluster and its restores.
        jobs: All its jobs that are kept, by their reference.

    """

    number: int
    project_number: int
    history: ClusterHistory
    jobs: dict[str, Restore] = attrs.field(factory=dict[str, Restore])

    def put(self, restore: Restore) -> None:
        """Keep a job."""
        if restore.job in self.jobs or not self._is_too_old(restore):
            self.jobs[restore.job] = restore
            self._join()

    def drop(self, job: str) -> Restore | None:
        """Forget a job, and give what was known of it."""
        known = self.jobs.pop(job, None)
        self._join()
        return known

    def _is_too_old(self, restore: Restore) -> bool:
        """Whether a job would be dropped again: a list may have thousands of them."""
        kept = self.history.restores
        if len(kept) < _MOST_RESTORES or not restore.over or restore.batch is not None:
            return False
        oldest = kept[_MOST_RESTORES - 1].moment
        return restore.moment is None or (oldest is not None and restore.moment < oldest)

    def _join(self) -> None:
        joined = join_batches(self.jobs.values(), newest_first=False)
        kept = [each for place, each in enumerate(joined) if place < _MOST_RESTORES or not each.over]
        if len(kept) < len(joined):
            names, batches = {each.job for each in kept}, {each.batch for each in kept} - {None}
            self.jobs = {job: each for job, each in self.jobs.items() if job in names or each.batch in batches}
        self.history = attrs.evolve(self.history, restores=tuple(kept))

    @property
    def running(self) -> tuple[Restore, ...]:
        """Its restores that are not over."""
        return tuple(restore for restore in self.history.restores if not restore.over)

    @property
    def usual_seconds(self) -> float | None:
        """Median of its finished restores, None where none tells how long it took."""
        found = [restore.seconds for restore in self.history.restores if restore.seconds is not None]
        return median(found) if found else None


@attrs.frozen
class Change:
    """A job that was seen in another state than before.

    Attributes:
        moment: When it was seen.
        cell: Its cluster.
        job: Its reference.
        before: The state before, None for a job that is new.
        after: The state now, None for a job that cannot be found any more.

    """

    moment: datetime
    cell: Cell
    job: str
    before: JobState | None
    after: JobState | None


@attrs.frozen
class Trouble:
    """Something that cannot be read.

    Attributes:
        since: When it was met first.
        place: What it is.
        kind: Why, a word of ``FailureKind``.
        reason: The error as text.

    """

    since: datetime
    place: str
    kind: str
    reason: str


@attrs.frozen
class Reading:
    """How far the fleet is read.

    Attributes:
        over: Clusters read.
        clusters: Clusters found.
        discovered: Whether that is all of them.
        ended: When the fleet was last read to its end, None before.
        since: Only restores requested since then are read, None for all.

    """

    over: int = 0
    clusters: int = 0
    discovered: bool = False
    ended: datetime | None = None
    since: datetime | None = None


class BoardState:
    """All that the board shows. What is put in is noted in ``changed`` until the view has taken it.

    Args:
        since: Only restores requested since then are read, None for all.

    Attributes:
        changed: Clusters that changed.
        is_new: Whether clusters came or went.
        changes: The latest changes, the last one first.
        reading: How far the fleet is read.
        error: Why nothing can be read at all, None while that works.

    """

    def __init__(self, since: datetime | None = None) -> None:
        self.changed: set[Cell] = set()
        self.is_new: bool = True
        self.changes: deque[Change] = deque(maxlen=_MOST_CHANGES)
        self.reading: Reading = Reading(since=since)
        self.error: str | None = None
        self._cells: dict[_Place, Cell] = {}
        self._projects: dict[tuple[str, str], int] = {}
        self._troubles: dict[_Place, Trouble] = {}
        self._seen: set[_Place] = set()
        self._unconfirmed: set[_Place] = set()
        self._sorted: list[Cell] | None = None
        self._numbers = 0

    @property
    def cells(self) -> list[Cell]:
        """All clusters, by fleet, project and name."""
        if self._sorted is None:
            self._sorted = sorted(self._cells.values(), key=_names)
        return self._sorted

    @property
    def troubles(self) -> list[Trouble]:
        """What cannot be read, the latest first."""
        return sorted(self._troubles.values(), key=lambda trouble: trouble.since, reverse=True)

    def of_project(self, number: int) -> list[Cell]:
        """Clusters of a project; none where there is no such project."""
        return [cell for cell in self.cells if cell.project_number == number]

    def running(self) -> Iterator[tuple[Cell, Restore]]:
        """Restores that are not over."""
        for cell in self._cells.values():
            for restore in cell.running:
                yield cell, restore

    def running_jobs(self) -> Iterator[tuple[str, str]]:
        """Project and reference of each job that is not over."""
        for cell in self._cells.values():
            for job, restore in cell.jobs.items():
                if not restore.over:
                    yield cell.history.project_id, job

    def unread_projects(self) -> set[str]:
        """Ids of projects of which something cannot be read."""
        return {project for _, project, _ in self._troubles if project is not None}

    def put_job(self, found: Found[JobDocument], now: datetime) -> None:
        """Note a job; one that ended or began after the fleet was read is a change."""
        cell, restore = self._cell(found.cluster), Restore.of(found.job)
        known = cell.jobs.get(restore.job)
        if known is not None and known.over and not restore.over:
            return  # a list that was read before the end was told
        cell.put(restore)
        if known == restore or restore.job not in cell.jobs:
            return
        self.changed.add(cell)
        # What the first reading finds has been so before.
        if known.state is not restore.state if known else self.reading.ended is not None:
            before = None if known is None else known.state
            self.changes.appendleft(Change(now, cell, restore.job, before, restore.state))

    def lose_job(self, lost: Found[JobDocument], now: datetime) -> None:
        """Note that a job cannot be found any more: nobody knows how it ended."""
        cell, restore = self._cell(lost.cluster), Restore.of(lost.job)
        known = cell.drop(restore.job)
        self.changed.add(cell)
        self.changes.appendleft(Change(now, cell, restore.job, (known or restore).state, None))

    def begin_reading(self) -> None:
        """Begin to read the whole fleet."""
        self._seen.clear()
        self._unconfirmed = set(self._troubles)

    def end_reading(self, now: datetime) -> None:
        """Forget clusters that are not there any more; those of projects that could not be listed stay."""
        for place in self._unconfirmed & self._troubles.keys():
            del self._troubles[place]
        unread = {(fleet, project) for fleet, project, cluster in self._troubles if cluster is None}
        for place in list(self._cells):
            fleet, project, _ = place
            if place not in self._seen and not unread & {(fleet, project), (fleet, None)}:
                self.changed.discard(self._cells.pop(place))
                self._troubles.pop(place, None)
                self.is_new, self._sorted = True, None
        self.reading = attrs.evolve(self.reading, ended=now)

    def put_progress(self, progress: FleetProgress) -> None:
        """Note how far the reading of the whole fleet is."""
        self.reading = attrs.evolve(
            self.reading, over=progress.over, clusters=progress.clusters, discovered=progress.discovered
        )

    def put_outcome(self, cluster: FleetCluster, outcome: ClusterOutcome) -> None:
        """Note that the list of a cluster was read."""
        cell = self._cell(cluster)
        if outcome is not ClusterOutcome.FAILED:
            self.recover(cluster.project.fleet, cluster.project, cluster)
        has_backup = outcome is not ClusterOutcome.NO_BACKUP
        if cell.history.has_backup is not has_backup:
            cell.history = attrs.evolve(cell.history, has_backup=has_backup)
            self.changed.add(cell)

    def put_failure(self, failure: FleetFailure, now: datetime) -> None:
        """Note what could not be read; it stays until it is read again."""
        cluster = failure.cluster
        project = cluster.project if cluster is not None else failure.project
        place = (failure.fleet, None if project is None else project.id, None if cluster is None else cluster.key)
        known = self._troubles.get(place)
        names = [failure.fleet]
        if project is not None:
            names.append(project.name or project.id)
        if cluster is not None:
            names.append(cluster.name or cluster.key)
            cell = self._cell(cluster)
            cell.history = attrs.evolve(cell.history, unread=f"{failure.kind}: {failure.error.problem}")
            self.changed.add(cell)
        self._unconfirmed.discard(place)
        self._troubles[place] = Trouble(
            now if known is None else known.since, " / ".join(names), str(failure.kind), failure.error.problem
        )

    def recover(self, fleet: str, project: FleetProject | None = None, cluster: FleetCluster | None = None) -> None:
        """Note that a cluster, the clusters of a project, or the projects of a fleet can be listed (again)."""
        self._troubles.pop((fleet, None, None), None)
        if project is not None:
            self._troubles.pop((fleet, project.id, None), None)
        if cluster is not None:
            self._troubles.pop((fleet, cluster.project.id, cluster.key), None)
            cell = self._cell(cluster)
            if cell.history.unread is not None:
                cell.history = attrs.evolve(cell.history, unread=None)
                self.changed.add(cell)

    def _cell(self, cluster: FleetCluster) -> Cell:
        project = cluster.project
        place = (project.fleet, project.id, cluster.key)
        self._seen.add(place)
        cell = self._cells.get(place)
        if cell is None:
            self._numbers += 1
            project_number = self._projects.setdefault((project.fleet, project.id), len(self._projects) + 1)
            history = ClusterHistory(
                fleet=project.fleet,
                project_id=project.id,
                project=project.name or project.id,
                cluster=cluster.name or cluster.id or cluster.key,
                key=cluster.key,
            )
            cell = self._cells[place] = Cell(self._numbers, project_number, history)
            self.is_new, self._sorted = True, None
        return cell


def _names(cell: Cell) -> tuple[str, ...]:
    history = cell.history
    return (history.fleet, history.project, history.project_id, history.cluster, history.key)
