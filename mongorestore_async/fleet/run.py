"""Reading the clusters of one fleet, so many at once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from mongorestore_async.errors import RequestTimeout, RestoreError
from mongorestore_async.fleet.discovery import Discovery
from mongorestore_async.fleet.failures import ends_run, means_nothing_here
from mongorestore_async.fleet.records import ClusterOutcome, FailureKind
from mongorestore_async.fleet.work import ProjectWork, Reading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from mongorestore_async.fleet.discovery import Discovered
    from mongorestore_async.fleet.marks import Marks
    from mongorestore_async.fleet.query import FleetQuery
    from mongorestore_async.fleet.records import FleetCluster, FleetProject
    from mongorestore_async.fleet.tally import Tally
    from mongorestore_async.fleet.work import Member
    from mongorestore_async.models import JobDocument

__all__ = ["FleetRun"]


class FleetRun:
    """Discovers and reads one fleet.

    So many tasks take turns at projects that have a cluster to be read; a project has no more turns at once than its
    limit allows, and no more projects are open than keep the tasks busy. So memory does not grow with the fleet, and
    a project that hangs holds up nobody but itself.

    Args:
        member: What to read.
        query: What is asked of it.
        marks: What needs no reading, and what was read.
        tally: Where it is counted.
        hand_over: Takes the wanted jobs of a page, when there is room for them; None reads no jobs at all.

    Attributes:
        marks: What was read.
        error: What ended the discovery early, None if nothing did.

    """

    def __init__(
        self,
        member: Member,
        query: FleetQuery,
        marks: Marks,
        tally: Tally,
        hand_over: Callable[[Reading, Sequence[JobDocument]], Awaitable[None]] | None,
    ) -> None:
        self.marks = marks
        self.error: RestoreError | None = None
        self._member = member
        self._query = query
        self._tally = tally
        self._hand_over = hand_over
        self._discovery = Discovery(member.session, member.family, member.name)
        self._turns: asyncio.Queue[ProjectWork | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(2 * query.concurrency)
        self._open = 0
        self._exhausted = False
        self._unlisted = 1  # lists that are not read to the end: that of the projects, and those of their clusters

    @property
    def calls(self) -> int:
        """Pages of lists of projects and clusters that were read."""
        return self._discovery.calls

    async def run(self) -> None:
        """Read the fleet.

        Raises:
            ExceptionGroup: Of an error that concerns the whole fleet, such as a bad key.

        """
        async with asyncio.TaskGroup() as group:
            for _ in range(self._query.concurrency):
                group.create_task(self._work())
            await self._discover()

    async def _discover(self) -> None:
        try:
            async with aclosing(self._discovery.projects()) as projects:
                async for found in projects:
                    if self._query.projects.match(found.project.id, found.project.name):
                        await self._begin(found)
        except RestoreError as error:
            self._fail(error)
            self.error = error
        self._exhausted = True
        self._end_list()
        self._stop_when_over()

    async def _begin(self, found: Discovered) -> None:
        self._tally.projects += 1
        if found.clusters is None and self.marks.has_project(found.project):
            return
        work = ProjectWork(found.project)
        if found.clusters is not None:
            self._plan(work, found.clusters)
            if not work.waiting:
                return
        await self._room.acquire()
        self._open += 1
        if work.left is None:
            self._unlisted += 1
            work.queued = work.turns = 1
            self._turns.put_nowait(work)
        else:
            self._give_turns(work)

    def _plan(self, work: ProjectWork, clusters: tuple[FleetCluster, ...]) -> None:
        """Choose the clusters of a project that are to be read."""
        chosen = [cluster for cluster in clusters if self._query.clusters.match(cluster.key, cluster.id, cluster.name)]
        if self.marks.has_project(work.place):
            work.waiting.clear()
        else:
            for cluster in chosen:
                (work.read if self.marks.has_cluster(cluster) else work.waiting).append(cluster)
        work.left = len(work.waiting)
        self._tally.clusters += work.left
        self._tally.skipped += len(chosen) - work.left
        if self._hand_over is None:
            work.waiting.clear()

    def _end_list(self) -> None:
        self._unlisted -= 1
        if not self._unlisted:
            self._tally.end_discovery()

    def _give_turns(self, work: ProjectWork) -> None:
        while work.queued < len(work.waiting) and work.turns + work.timeouts < self._query.per_project:
            work.queued += 1
            work.turns += 1
            self._turns.put_nowait(work)
        if not work.turns:
            self._give_up(work)
            self._open -= 1
            self._room.release()
            self._stop_when_over()

    def _stop_when_over(self) -> None:
        if self._exhausted and not self._open:
            for _ in range(self._query.concurrency):
                self._turns.put_nowait(None)

    async def _work(self) -> None:
        while (work := await self._turns.get()) is not None:
            work.queued -= 1
            if work.left is None:
                await self._list(work)
            elif work.waiting:
                await self._read(work, work.waiting.popleft())
            work.turns -= 1
            self._give_turns(work)

    async def _list(self, work: ProjectWork) -> None:
        work.left = 0
        try:
            clusters = await self._discovery.clusters(work.place)
        except RestoreError as error:
            self._fail(error, project=work.place)
        else:
            self._plan(work, clusters)
            if not work.left:
                self.marks.add_project(work.place, work.read)
        self._end_list()

    async def _read(self, work: ProjectWork, cluster: FleetCluster) -> None:
        outcome = ClusterOutcome.READ
        reading = Reading(cluster, lambda read: self._mark(work, read))
        try:
            await self._read_jobs(reading)
        except RestoreError as error:
            if means_nothing_here(error):
                outcome = ClusterOutcome.NO_BACKUP
            else:
                outcome = ClusterOutcome.FAILED
                timed_out = self._fail(error, cluster=cluster) is FailureKind.TIMED_OUT
                work.timeouts = work.timeouts + 1 if timed_out else 0
        self._tally.end_cluster(cluster, outcome)
        if outcome is not ClusterOutcome.FAILED:
            work.timeouts = 0
            reading.end()

    async def _read_jobs(self, reading: Reading) -> None:
        query, family, place = self._query, self._member.family, reading.cluster
        project = self._member.session.project(place.project.id, family)
        pager = project.cluster(place.key).restore_jobs(batch_id=query.batch_id)
        async with aclosing(pager.pages()) as pages:
            async for page in pages:
                if self._hand_over is not None and (jobs := query.choose(page.items)):
                    self._tally.jobs += len(jobs)
                    reading.hand_over()
                    await self._hand_over(reading, jobs)
                if family.newest_first and query.ends_at(page.items):
                    break

    def _give_up(self, work: ProjectWork) -> None:
        """Spare what is left of a project that hangs: each cluster would take the whole deadline."""
        for cluster in work.waiting:
            error = RequestTimeout(
                f"not asked: {work.timeouts} clusters of this project timed out one after the other; resume the run "
                f"with its token when the project answers again"
            )
            self._fail(error, cluster=cluster)
            self._tally.end_cluster(cluster, ClusterOutcome.FAILED)
        work.waiting.clear()

    def _mark(self, work: ProjectWork, cluster: FleetCluster) -> None:
        self.marks.add_cluster(cluster)
        work.read.append(cluster)
        work.left = (work.left or 0) - 1
        if not work.left:
            self.marks.add_project(work.place, work.read)

    def _fail(
        self, error: RestoreError, *, project: FleetProject | None = None, cluster: FleetCluster | None = None
    ) -> FailureKind:
        """Put an error into the report, or raise it where it concerns the whole fleet."""
        if ends_run(error):
            error.add_note(f"reading the fleet {self._member.name!r}")
            raise error
        place = cluster.project if cluster is not None else project
        return self._tally.fail(self._member.name, error, project=place, cluster=cluster)
