"""Feeds the board: reads the whole fleet now and then, and watches what runs in between."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors import RestoreError
from mongorestore_async.fleet import ChangeKind, FailureKind, Found
from mongorestore_async.reports.cluster_history import Restore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import timedelta

    from mongorestore_async.board.board_state import BoardState
    from mongorestore_async.fleet import Fleet, FleetChange, FleetProgress, FleetWatch

__all__ = ["BoardFeed", "BoardQuery", "as_words"]

_logger = logging.getLogger(__name__)

#: Seconds until a reading or a watch that ended with an error is begun again.
_SHORTEST, _LONGEST = 5.0, 300.0
#: Seconds between two comparisons with the watch, which by then has looked at every cluster.
_COMPARE = 300.0


def as_words(names: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Names that can be read several times, as those of an iterator cannot."""
    return names if names is None else (names,) if isinstance(names, str) else tuple(names)


@attrs.frozen(kw_only=True)
class BoardQuery:
    """Which restores of which clusters are shown; see :func:`create_board`."""

    since: datetime | None = None
    projects: tuple[str, ...] | None = None
    clusters: tuple[str, ...] | None = None
    include_deleted: bool = False
    concurrency: int = 16
    per_project: int = 4

    def check(self, fleet: Fleet[Any]) -> None:
        """Refuse what a reading or a watch would refuse, before anything is sent.

        Raises:
            ConfigError: An argument is out of its range.
            Unsupported: ``include_deleted`` for a family that has no such list.

        """
        fleet.restore_jobs(**self.reading())
        fleet.watch(**self.watching())

    def watching(self) -> dict[str, Any]:
        """Arguments of :meth:`Fleet.watch`."""
        return {name: value for name, value in attrs.asdict(self, recurse=False).items() if name != "since"}

    def reading(self, projects: list[str] | None = None) -> dict[str, Any]:
        """Arguments of :meth:`Fleet.restore_jobs`; with projects only those of them."""
        return attrs.asdict(self, recurse=False) | ({} if projects is None else {"projects": projects})


class BoardFeed:
    """Puts what a fleet tells into the state.

    Args:
        fleet: What is read.
        query: What of it.
        state: Where it goes.
        touch: Called after each change of the state.
        reread: How often the whole fleet is read.

    """

    def __init__(
        self, fleet: Fleet[Any], query: BoardQuery, state: BoardState, touch: Callable[[], None], reread: timedelta
    ) -> None:
        self._fleet = fleet
        self._query = query
        self._state = state
        self._touch = touch
        self._reread = reread.total_seconds()
        self._due = 0.0
        self._is_read = asyncio.Event()
        self._recovered: set[str] = set()
        self._recovery = asyncio.Event()
        self._watched: FleetWatch[Any] | None = None
        self._missing: set[str] = set()
        self._asked: set[str] = set()

    async def run(self) -> None:
        """Read and watch until cancelled. An error is shown, and then it is tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self._read_next))
            group.create_task(self._repeat(self._watch))
            group.create_task(self._repeat(self._compare))

    async def _repeat(self, work: Callable[[], Awaitable[None]]) -> None:
        pause = _SHORTEST
        while True:
            try:
                await work()
                pause = _SHORTEST
            except Exception as error:
                if not isinstance(error, RestoreError):
                    _logger.exception("the board has met an error of its own")
                self._state.error = str(error) if isinstance(error, RestoreError) else "internal error; see the log"
                self._touch()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST)

    async def _read_next(self) -> None:
        """Read the whole fleet when it is time, and before that projects that can be read again."""
        clock = asyncio.get_running_loop().time
        while (left := self._due - clock()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._recovery.wait()
            except TimeoutError:
                break
            self._recovery.clear()
            projects, self._recovered = self._recovered, set()
            await self._read(sorted(projects))
        self._state.begin_reading()
        await self._read()
        self._state.error = None
        self._state.end_reading(datetime.now(UTC))
        self._due = clock() + self._reread
        self._is_read.set()
        self._touch()

    async def _read(self, projects: list[str] | None = None) -> None:
        """Read the lists of all clusters, or of those of some projects."""
        state = self._state

        def note(progress: FleetProgress) -> None:
            if projects is None:
                state.put_progress(progress)
            if progress.cluster is not None and progress.outcome is not None:
                state.put_outcome(progress.cluster, progress.outcome)
            self._touch()

        async with self._fleet.restore_jobs(**self._query.reading(projects), on_progress=note) as stream:
            try:
                async for found in stream:
                    state.put_job(found, datetime.now(UTC))
                    self._touch()
            finally:
                for failure in stream.failures:
                    # What fits nothing in some projects may fit in the others.
                    if projects is None or failure.kind is not FailureKind.UNMATCHED:
                        state.put_failure(failure, datetime.now(UTC))
                self._touch()

    async def _watch(self) -> None:
        await self._is_read.wait()
        async with self._fleet.watch(**self._query.watching()) as watch:
            self._watched = watch
            try:
                async for change in watch:
                    self._take(change)
                    self._touch()
            finally:
                self._watched = None

    def _take(self, change: FleetChange[Any]) -> None:
        state = self._state
        state.error = None
        if change.failure is not None:
            state.put_failure(change.failure, change.at)
        elif change.cluster is None or change.job is None:
            state.recover(change.fleet, change.project, change.cluster)
            if change.project is not None:
                self._read_soon({change.project.id})  # what ended meanwhile is not told by a watch
        elif change.kind is ChangeKind.LOST:
            state.lose_job(Found(change.cluster, change.job), change.at)
        else:
            state.put_job(Found(change.cluster, change.job), change.at)

    def _read_soon(self, projects: set[str]) -> None:
        self._recovered |= projects
        self._recovery.set()

    async def _compare(self) -> None:
        """Read again, once, where a restore runs on the board and not in the watch.

        It ended after the reading and before the first look of the watch, which does not tell it then.
        """
        await asyncio.sleep(_COMPARE)
        if self._watched is None:
            return
        watched = {Restore.of(found.job).job for found in self._watched.running}
        running = {job: project for project, job in self._state.running_jobs()}
        missing = running.keys() - watched
        again = missing & self._missing - self._asked
        self._missing = missing
        self._asked = (self._asked & missing) | again
        places = [(failure.project, failure.cluster) for failure in self._watched.failures]
        failing = {project.id for project, _ in places if project is not None}
        failing |= {cluster.project.id for _, cluster in places if cluster is not None}
        # What failed in the reading only is told by no watch, neither as failed nor as recovered.
        projects = {running[job] for job in again} | self._state.unread_projects() - failing
        if projects:
            self._read_soon(projects)
