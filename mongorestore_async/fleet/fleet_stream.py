"""The jobs of a fleet as they arrive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, cast

from mongorestore_async.codec.structs import unfrozen
from mongorestore_async.errors import ConfigError
from mongorestore_async.fleet.counters import Counters
from mongorestore_async.fleet.fleet_records import FailureKind, FleetPlan, Found
from mongorestore_async.fleet.fleet_run import FleetRun
from mongorestore_async.fleet.forecast import foretell
from mongorestore_async.fleet.page_queue import PageQueue
from mongorestore_async.fleet.resume_token import ResumeToken, fingerprint, read_token, write_token
from mongorestore_async.listing.iterators import BlockIterator, RowIterator
from mongorestore_async.listing.materialize import FEW, rest
from mongorestore_async.models import JobDocument, JobT_co
from mongorestore_async.models.rows import pairs_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from mongorestore_async.fleet.cluster_reading import Member, Reading
    from mongorestore_async.fleet.fleet_query import FleetQuery
    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetFailure, FleetProgress, FleetProject

__all__ = ["FleetStream", "innermost"]

_blank: Any = unfrozen(Found)


class FleetStream(BlockIterator[Found[JobT_co]]):
    """The restore jobs of a fleet, for ``async with ... as stream: async for found in stream``.

    Made by :meth:`Fleet.restore_jobs`; making one does no I/O. Entering starts the calls, and leaving, for whatever
    reason, cancels those in flight and leaves no task behind. When the jobs are taken slowly, calls wait: at most one
    page and a half per call that may be in flight, and a few more, are held in memory.

    Jobs of one cluster arrive in the order of its list, those of several clusters mixed. After a ``break`` a second
    ``async for`` continues where the first one stopped. A cancelled ``anext`` loses nothing; calls in flight continue.
    An error that ended the run is raised by every further ``anext``.
    """

    noun: ClassVar[str] = "stream"
    call: ClassVar[str] = "fleet.restore_jobs()"

    def __init__(
        self,
        members: Sequence[Member],
        query: FleetQuery,
        *,
        resume: str | None = None,
        on_progress: Callable[[FleetProgress], None] | None = None,
        dry: bool = False,
    ) -> None:
        super().__init__()
        self._names = {
            fingerprint(one.name, one.family.name, str(one.session.base_url), *query.words): one for one in members
        }
        resume_token = {} if resume is None else read_token(resume, self._names)
        self._query = query
        self._resumed = resume is not None
        self._counters = Counters([], len(self._names))
        if on_progress is not None:
            self.add_progress_callback(on_progress)
        self._pages = PageQueue(query.spare)
        self._runs = {
            name: FleetRun(
                member, query, resume_token.get(name, ResumeToken()), self._counters, None if dry else self._pages
            )
            for name, member in self._names.items()
        }
        self._error: BaseException | None = None  # ends the stream at once
        self._trace: TracebackType | None = None  # of it, from the task that met it
        self._taken: tuple[Reading, int] | None = None  # whose jobs are being taken, and how many they are

    def __repr__(self) -> str:
        return f"<FleetStream of {', '.join(repr(member.name) for member in self._names.values())}>"

    def _repr_html_(self) -> str:
        """Show it in a notebook: how far it is, and how much could not be read."""
        told = self.progress
        return pairs_table(
            repr(self)[1:-1],
            (
                ("projects", told.projects),
                ("clusters", told.clusters),
                ("read", told.over),
                ("without backup", told.without_backup),
                ("failed", told.failed),
                ("restore jobs", told.jobs),
            ),
        )

    def to_rows(self) -> RowIterator[Found[JobT_co]]:
        """Read the stream as flat rows, inside its block: ``async for row in stream.to_rows()``.

        Each is a :class:`JobRow` with the fleet, project and cluster that its job was found in. The jobs are those of
        the stream: a row taken here is not given by ``async for found in stream`` any more.

        Returns:
            An iterator over the rows.

        """
        return RowIterator(self, lambda found: found.to_row())

    @property
    def failures(self) -> tuple[FleetFailure, ...]:
        """What could not be read so far, cluster by cluster."""
        return tuple(self._counters.failures)

    @property
    def progress(self) -> FleetProgress:
        """How far it is."""
        return self._counters.progress()

    def add_progress_callback(self, callback: Callable[[FleetProgress], None]) -> None:
        """Call this too with the progress, as ``on_progress`` of :meth:`Fleet.restore_jobs` is called.

        It is the way to hear of clusters without jobs: ``progress.cluster`` and ``progress.outcome`` name each cluster
        when its reading is over, though its jobs may still wait to be taken.

        Args:
            callback: Called with the progress after each cluster. It must not block.

        Raises:
            ConfigError: It is no callable.

        """
        if not callable(callback):
            raise ConfigError(f"on_progress must be a callable, not {type(callback).__name__}")
        self._counters.callbacks.append(callback)

    @property
    def resume_token(self) -> str:
        """What was read to the end so far, for ``restore_jobs(resume=token)`` of the same fleet, in any process.

        A cluster counts once its last job was taken and the next one asked for: after a run that was cut short, jobs
        of clusters in progress are found again, and all others exactly once. Clusters that failed are tried again.
        Holds hashes only: 16 characters for each project read to its end, and 8 for each cluster read in the others.
        """
        return write_token({name: run.resume_token for name, run in self._runs.items()})

    @property
    def planned(self) -> Mapping[FleetProject, tuple[FleetCluster, ...]]:
        """The clusters that a run would read, by project; of use after a dry run."""
        return {project: found for run in self._runs.values() for project, found in run.planned.items()}

    async def plan(self) -> FleetPlan:
        """Say what was discovered, and how long it will take; of use after a dry run.

        Returns:
            Calls, and the seconds they take at least.

        Raises:
            RestoreError: What concerns the whole run, such as a key that is not accepted.

        """
        progress, forecast = self.progress, await foretell(tuple(self._runs.values()), self._query)
        return FleetPlan(
            projects=progress.projects,
            clusters=progress.clusters,
            requests=progress.clusters,
            discovery=sum(run.discovery.calls for run in self._runs.values()),
            seconds=forecast.seconds,
            bound_by=forecast.bound_by,
            documented=forecast.documented,
            failures=self.failures,
        )

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for run in self._runs.values():
                    group.create_task(run.run())
        except Exception as error:  # noqa: BLE001 - raised where the stream is read, without its groups
            self._end(innermost(error))
        else:
            self._report_unmatched()
            self._pages.end()

    def _leave(self, error: Exception) -> None:
        self._end(error)
        self._taken = None

    def _end(self, error: BaseException) -> None:
        """End the stream with an error, even while a task waits for a page."""
        if self._error is None:
            self._error, self._trace = error, error.__traceback__
        self._pages.end(at_once=True)

    async def _refill(self) -> None:
        self._check_entered()
        if self._taken is not None:
            (reading, length), self._taken = self._taken, None
            self._ready = iter(())  # jobs that are not needed any more cost the garbage collector time
            reading.take()
            if length > FEW:
                await rest(length)
        page = await self._pages.take()
        if page is None:
            raise self._ending()
        reading, jobs = page
        self._taken = reading, len(jobs)
        self._ready = _found(reading.cluster, jobs)

    def _ending(self) -> BaseException:
        """Say how the stream ended, where no page is left."""
        if self._error is not None:
            return self._error.with_traceback(self._trace)  # it would grow with each time it is raised
        # Nothing that could be read is missing up to here, so this was kept until now.
        errors = (run.error for run in self._runs.values() if run.error is not None)
        return next(errors, StopAsyncIteration())

    def _report_unmatched(self) -> None:
        """Report names and globs that matched nothing, once everything was read."""
        if self._resumed or any(failure.cluster is None for failure in self._counters.failures):
            return
        fleets = ", ".join(member.name for member in self._names.values())
        for error in self._query.unmatched():
            self._counters.fail(fleets, error, kind=FailureKind.UNMATCHED)


def _found(cluster: FleetCluster, jobs: Sequence[JobDocument]) -> Iterator[Found[Any]]:
    """Say of each job of a page where it was found."""
    for job in jobs:
        found = _blank()
        found.cluster, found.job = cluster, job
        found.__class__ = Found
        yield found


def innermost(error: Exception) -> BaseException:
    """Give the first error of nested groups."""
    found: BaseException = error
    while isinstance(found, BaseExceptionGroup):
        found = cast("BaseExceptionGroup[BaseException]", found).exceptions[0]
    return found
