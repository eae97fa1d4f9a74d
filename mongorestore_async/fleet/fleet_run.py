"""Reading the clusters of one fleet, so many at once."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ApiError, RequestTimeout, RestoreError
from mongorestore_async.fleet.cluster_reading import ProjectWork, Reading
from mongorestore_async.fleet.discovery import Discovery
from mongorestore_async.fleet.fleet_records import ClusterOutcome, FailureKind
from mongorestore_async.fleet.loop_turns import LoopTurns

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.fleet.cluster_reading import Member
    from mongorestore_async.fleet.counters import Counters
    from mongorestore_async.fleet.discovery import Discovered
    from mongorestore_async.fleet.fleet_query import FleetQuery
    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject
    from mongorestore_async.fleet.page_queue import PageQueue
    from mongorestore_async.fleet.resume_token import ResumeToken
    from mongorestore_async.listing.page_reader import PageReader
    from mongorestore_async.resources import AsyncSession

__all__ = ["FleetRun"]

#: Which turns are taken before which.
_FIRST, _THEN = 0, 1


class FleetRun:
    """Discovers and reads one fleet.

    So many tasks take turns at projects that have a cluster to be read, a call each; a project has no more turns at
    once than its limit allows, and no more projects are open than keep the tasks busy. So memory does not grow with the
    fleet, and a project that hangs delays no other.

    Args:
        member: What to read.
        query: What is asked of it.
        resume_token: What needs no reading, and what was read.
        counters: Where it is counted.
        pages: Takes the wanted jobs of each page; None reads no jobs at all.

    Attributes:
        resume_token: What was read.
        error: What ended the discovery early, None if nothing did.
        discovery: Finds the projects and clusters.
        planned: The clusters of each project that are to be read; of a dry run only.

    """

    def __init__(
        self,
        member: Member,
        query: FleetQuery,
        resume_token: ResumeToken,
        counters: Counters,
        pages: PageQueue | None,
    ) -> None:
        self.resume_token = resume_token
        self.error: RestoreError | None = None
        self._member = member
        self._query = query
        self._counters = counters
        self._pages = pages
        self._loop_turns = LoopTurns()
        self.planned: dict[FleetProject, tuple[FleetCluster, ...]] = {}
        self.discovery: Discovery = Discovery(
            member.session, member.family, member.name, include_deleted=query.include_deleted, known=member.known
        )
        self._turns: asyncio.PriorityQueue[tuple[int, int, ProjectWork | None]] = asyncio.PriorityQueue()
        self._number = count()  # of turns: those of one priority are taken in the order they were given
        self._room = asyncio.Semaphore(2 * query.concurrency)
        self._open = 0
        self._exhausted = False
        self._unlisted = 1  # lists that are not read to the end: that of the projects, and those of their clusters

    @property
    def session(self) -> AsyncSession:
        """What reads it."""
        return self._member.session

    @property
    def family(self) -> Family[Any]:
        """What is read."""
        return self._member.family

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
            while (page := await self.discovery.next_projects()) is not None:
                for found in page:
                    if self._query.projects.match(found.project.id, found.project.name):
                        await self._begin(found)
        except RestoreError as error:
            self._fail(error)
            self.error = error
        self._exhausted = True
        self._end_list()
        self._stop_when_over()

    async def _begin(self, found: Discovered) -> None:
        self._counters.projects += 1
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
            self._queue(work)
        else:
            self._give_turns(work)

    def _plan(self, work: ProjectWork, clusters: tuple[FleetCluster, ...]) -> None:
        """Choose the clusters of a project that are to be read."""
        chosen = [cluster for cluster in clusters if self._query.clusters.match(cluster.key, cluster.id, cluster.name)]
        work.waiting.extend(self.resume_token.unread(work.place, chosen))
        keys = {cluster.key for cluster in work.waiting}
        work.read += [cluster for cluster in chosen if cluster.key not in keys]
        work.left = len(work.waiting)
        self._counters.clusters += work.left
        self._counters.skipped += len(chosen) - work.left
        if self._pages is None:
            self.planned[work.place] = tuple(work.waiting)
            work.waiting.clear()

    def _end_list(self) -> None:
        self._unlisted -= 1
        if not self._unlisted:
            self._counters.end_discovery()

    def _give_turns(self, work: ProjectWork) -> None:
        while work.queued < len(work.begun) + len(work.waiting):
            begun = work.queued < len(work.begun)  # lists in progress are continued, whatever timed out
            if work.turns + (0 if begun else work.timeouts) >= self._query.per_project:
                break
            work.queued += 1
            work.turns += 1
        self._queue(work)
        if not work.turns:
            self._give_up(work)
            self._open -= 1
            self._room.release()
            self._stop_when_over()

    def _queue(self, work: ProjectWork) -> None:
        """Put the turns of a project into the queue, those at lists that were begun before all others.

        So few lists are open at once. A turn that is brought forward leaves an entry behind, for the next one.
        """
        begun = min(work.queued, len(work.begun))
        while work.entries[_FIRST] < begun:
            self._put(work, _FIRST)
        while sum(work.entries) < work.queued:
            self._put(work, _THEN)

    def _put(self, work: ProjectWork, priority: int) -> None:
        work.entries[priority] += 1
        self._turns.put_nowait((priority, next(self._number), work))

    def _stop_when_over(self) -> None:
        if self._exhausted and not self._open:
            for _ in range(self._query.concurrency):
                self._turns.put_nowait((_THEN, next(self._number), None))

    async def _work(self) -> None:
        while True:
            priority, _, work = await self._turns.get()
            if work is None:
                return
            work.entries[priority] -= 1
            if not work.queued:
                continue  # it was brought forward
            work.queued -= 1
            put = False
            if work.left is None:
                await self._list(work)
            else:
                put = await self._read(work)
                await self._loop_turns.wait()
            work.turns -= 1
            self._give_turns(work)
            if put and self._pages is not None:  # the next call before the wait for room
                await self._pages.wait_for_room()

    async def _list(self, work: ProjectWork) -> None:
        work.left = 0
        try:
            clusters = await self.discovery.clusters(work.place)
        except RestoreError as error:
            self._fail(error, project=work.place)
        else:
            self._plan(work, clusters)
            if not work.left:
                self.resume_token.add_project(work.place, work.read)
        self._end_list()

    async def _read(self, work: ProjectWork) -> bool:
        """Read the next page of a cluster that was begun, or the first one of another; says whether jobs were found."""
        begun = bool(work.begun)
        reading = work.begun.popleft() if begun else Reading(work, work.waiting.popleft(), self._mark)
        try:
            if not begun:
                reading.reader = self._reader(reading)
            page = await reading.reader.step()
        except RestoreError as error:
            self._end(reading, error)
            return False
        items = () if page is None else page.items
        jobs = self._query.choose(items)
        if jobs and self._pages is not None:
            self._counters.jobs += len(jobs)
            reading.hand_over()
            self._pages.put(reading, jobs)
        if reading.reader.ended or (self.family.newest_first and self._query.ends_at(items)):
            self._end(reading)
        else:
            work.begun.append(reading)
        return bool(jobs)

    def _reader(self, reading: Reading) -> PageReader[Any]:
        work = reading.work
        if work.project is None:
            work.project = self.session.project(work.place.id, self.family)
        pager = work.project.cluster(reading.cluster.key).restore_jobs(batch_id=self._query.batch_id)
        return pager.reader()  # its calls are made one by one

    def _end(self, reading: Reading, error: RestoreError | None = None) -> None:
        """Note that the reading of a cluster is over."""
        work, cluster = reading.work, reading.cluster
        outcome = ClusterOutcome.READ
        if isinstance(error, ApiError) and error.no_backup:
            outcome = ClusterOutcome.NO_BACKUP
        elif error is not None:
            outcome = ClusterOutcome.FAILED
            timed_out = self._fail(error, cluster=cluster) is FailureKind.TIMED_OUT
            work.timeouts = work.timeouts + 1 if timed_out else 0
        self._counters.end_cluster(cluster, outcome)
        if outcome is not ClusterOutcome.FAILED:
            work.timeouts = 0
            reading.end()

    def _give_up(self, work: ProjectWork) -> None:
        """Spare what is left of a project that hangs: each cluster would take the whole deadline."""
        for cluster in work.waiting:
            error = RequestTimeout(
                f"skipped: {work.timeouts} consecutive clusters of this project timed out; resume the run "
                f"with its token when the project responds again"
            )
            self._fail(error, cluster=cluster)
            self._counters.end_cluster(cluster, ClusterOutcome.FAILED)
        work.waiting.clear()

    def _mark(self, reading: Reading) -> None:
        work = reading.work
        self.resume_token.add_cluster(reading.cluster)
        work.left = (work.left or 0) - 1
        if not work.left:
            self.resume_token.add_project(work.place, work.read)

    def _fail(
        self, error: RestoreError, *, project: FleetProject | None = None, cluster: FleetCluster | None = None
    ) -> FailureKind:
        """Put an error into the report, or raise it where it concerns the whole fleet."""
        if error.run_wide:
            error.add_note(f"reading the fleet {self._member.name!r}")
            raise error
        place = cluster.project if cluster is not None else project
        return self._counters.fail(self._member.name, error, project=place, cluster=cluster)
