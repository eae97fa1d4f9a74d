"""A fan-out cut into shards, for engines that run each of them somewhere else, and a runner for one process.

An engine passes on text: a plan is made once (:meth:`Fleet.fan_out_plan`), its shards go to workers, and each worker
brings a session of its own and gives a report. Running a shard changes nothing on the server and keeps nothing in the
process, so a shard that was cancelled or lost is simply run again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors import ConfigError, RestoreError
from mongorestore_async.families import FAMILIES
from mongorestore_async.fleet.cluster_reading import Member
from mongorestore_async.fleet.fleet_query import FleetQuery
from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject
from mongorestore_async.fleet.fleet_stream import FleetStream, innermost
from mongorestore_async.fleet.shard_plan import (
    ClusterReport,
    FanOutPlan,
    LastRestore,
    PlannedCluster,
    PlannedProject,
    ShardFailure,
    ShardReport,
)
from mongorestore_async.models import JobState
from mongorestore_async.models.validators import require_whole
from mongorestore_async.protocol.redaction import redact_text
from mongorestore_async.resources.session import view_of
from mongorestore_async.transport.session_view import check_family
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mongorestore_async.families import Family
    from mongorestore_async.fleet.fleet_records import FleetFailure, FleetProgress, Found
    from mongorestore_async.models import JobDocument
    from mongorestore_async.resources import AsyncSession
    from mongorestore_async.transport.observers import ExchangeRecord

__all__ = ["FanOutPlan", "ShardReport", "make_plan", "run_local", "run_shard"]

_EARLIEST = datetime.min.replace(tzinfo=UTC)


async def make_plan(member: Member, query: FleetQuery) -> FanOutPlan:
    """Discover what a query asks of a fleet; see :meth:`Fleet.fan_out_plan`.

    Raises:
        RestoreError: The list of projects could not be read.

    """
    async with FleetStream[Any]((member,), query, dry=True) as stream:
        async for _ in stream:
            pass
    return FanOutPlan(
        fleet=member.name,
        family=member.family.name,
        projects=tuple(
            PlannedProject(
                id=project.id,
                name=project.name,
                clusters=tuple(PlannedCluster(key=each.key, id=each.id, name=each.name) for each in clusters),
            )
            for project, clusters in stream.planned.items()
        ),
        since=query.since,
        states=None if query.states is None else tuple(sorted(query.states)),
        batch_id=query.batch_id,
        concurrency=query.concurrency,
        per_project=query.per_project,
        failures=tuple(map(_failure, stream.failures)),
    )


async def run_shard(shard: FanOutPlan, session: AsyncSession) -> ShardReport:
    """Read the restore jobs of a shard, or of a whole plan.

    Clusters that cannot be read are in ``failures`` of the report. Cancelling it ends its calls and leaves no task
    behind; nothing was changed, so it can be run again.

    Args:
        shard: What to read.
        session: A session of the server that the plan was made with; it stays open.

    Returns:
        The jobs and failures of each cluster, and the counts.

    Raises:
        ConfigError: The shard cannot be run by this release, or with this session.
        RestoreError: What concerns all of it, such as a key that is not accepted.

    """
    book = _Book(shard)
    await _run(shard, session, book)
    return book.report()


async def run_local(
    plan: FanOutPlan,
    session_factory: Callable[[], AsyncSession],
    *,
    shards: int = 4,
    concurrency: int = 2,
    done: Iterable[ShardReport] = (),
    on_report: Callable[[ShardReport], object] | None = None,
) -> tuple[ShardReport, ...]:
    """Run all shards of a plan in this process, a few at once.

    What ends a shard is the ``error`` of its report, and the others go on. When this is cancelled, no task is left;
    what ``on_report`` was given is not lost, and ``done`` takes it back.

    Args:
        plan: What to read.
        session_factory: Makes the session of each shard, which is closed after it. A view, made by
            ``session.with_options()``, shares connections, login and rate limits with the session, and closes nothing.
        shards: Into how many shards the plan is split.
        concurrency: Shards that run at once.
        done: Reports of an earlier run of the same plan and number of shards: shards that were read completely are not
            read again.
        on_report: Called with each report as soon as it is there; what it raises ends the run.

    Returns:
        The reports, in the order of the shards.

    Raises:
        ConfigError: A number out of its range, or a report of another plan.

    """
    parts = plan.shards(count=shards)
    require_whole("concurrency", concurrency)
    reports: dict[int, ShardReport] = {}
    for report in done:
        if not 0 < report.number <= len(parts) or not _is_of(report, parts[report.number - 1]):
            raise ConfigError("done has a report that is not of this plan and number of shards")
        if report.complete:
            reports[report.number] = report
    queue = iter([part for part in parts if part.number not in reports])

    async def work() -> None:
        for part in queue:
            report = reports[part.number] = await _report(part, session_factory)
            if on_report is not None:
                on_report(report)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(parts))):
                group.create_task(work())
    except Exception as error:  # noqa: BLE001 - raised without its group
        raise innermost(error) from None  # of on_report: errors of shards are in their reports
    return tuple(reports[part.number] for part in parts)


async def _report(shard: FanOutPlan, session_factory: Callable[[], AsyncSession]) -> ShardReport:
    """Run a shard; what ends it is in its report, beside what was read before."""
    book = _Book(shard)
    try:
        async with session_factory() as session:
            await _run(shard, session, book)
    except Exception as error:  # noqa: BLE001 - a failure of one shard never loses the others
        return book.report(_text_of(error))
    return book.report()


async def _run(shard: FanOutPlan, session: AsyncSession, book: _Book) -> None:
    family = _family_of(shard, session)
    places = {FleetProject(shard.fleet, each.id, each.name): each.clusters for each in shard.projects}
    known = {
        project: tuple(FleetCluster(project, each.key, each.id, each.name) for each in clusters)
        for project, clusters in places.items()
    }
    query = FleetQuery(
        concurrency=shard.concurrency,
        per_project=shard.per_project,
        since=shard.since,
        states=shard.states,
        batch_id=shard.batch_id,
    )
    counted = session.with_options(on_exchange=book.counting(session.options.on_exchange))
    stream = FleetStream[Any]((Member(counted, family, shard.fleet, known),), query, on_progress=book.note)
    try:
        async with stream:
            async for found in stream:
                book.add(found)
    finally:
        book.failures = tuple(map(_failure, stream.failures))


def _family_of(shard: FanOutPlan, session: AsyncSession) -> Family[Any]:
    family = FAMILIES.get(shard.family)
    if family is None:
        raise ConfigError(f"the plan is of a family that this release does not know: {shard.family!r}")
    check_family(view_of(session), family)
    return family


def _is_of(report: ShardReport, shard: FanOutPlan) -> bool:
    """Whether a report is about exactly the clusters of a shard."""
    asked = {(project.id, cluster.key) for project in shard.projects for cluster in project.clusters}
    told = {(cluster.project, cluster.cluster) for cluster in report.clusters}
    return (report.fleet, report.family, report.count) == (shard.fleet, shard.family, shard.count) and asked == told


class _Book:
    """What is noted of a shard while it is read."""

    def __init__(self, shard: FanOutPlan) -> None:
        self.failures: tuple[ShardFailure, ...] = ()
        self._shard = shard
        self._started = datetime.now(UTC)
        self._requests = 0
        self._outcomes: dict[tuple[str, str], str] = {}
        self._jobs: dict[tuple[str, str], Counter[str]] = {}
        self._last: dict[tuple[str, str], tuple[datetime, LastRestore]] = {}
        self._good: dict[tuple[str, str], datetime] = {}

    def counting(self, hook: Callable[[ExchangeRecord], None] | None) -> Callable[[ExchangeRecord], None]:
        """Make a hook that counts requests, before the one that the user has set."""

        def count(record: ExchangeRecord) -> None:
            self._requests += record.tries + record.challenges
            if hook is not None:
                hook(record)

        return count

    def note(self, progress: FleetProgress) -> None:
        """Note how the reading of a cluster ended."""
        if progress.cluster is not None and progress.outcome is not None:
            self._outcomes[progress.cluster.project.id, progress.cluster.key] = str(progress.outcome)

    def add(self, found: Found[JobDocument]) -> None:
        """Count a job, and keep what is told of the newest one."""
        job, key = found.job, (found.project.id, found.cluster.key)
        self._jobs.setdefault(key, Counter())[str(job.state)] += 1
        told = job.requested_at or job.finished_at or _EARLIEST
        if key not in self._last or told > self._last[key][0]:
            ref = None if job.ref is None else str(job.ref)
            self._last[key] = (
                told,
                LastRestore(job=ref, state=str(job.state), requested_at=job.requested_at, finished_at=job.finished_at),
            )
        if job.state is JobState.FINISHED:
            self._good[key] = max(told, self._good.get(key, _EARLIEST))

    def report(self, error: ShardFailure | None = None) -> ShardReport:
        """Make the report of what was noted."""
        shard = self._shard
        return ShardReport(
            fleet=shard.fleet,
            family=shard.family,
            number=shard.number,
            count=shard.count,
            started_at=self._started,
            ended_at=datetime.now(UTC),
            requests=self._requests,
            clusters=tuple(self._clusters()),
            failures=self.failures,
            error=error,
            library_version=__version__,
        )

    def _clusters(self) -> Iterator[ClusterReport]:
        for project in self._shard.projects:
            for cluster in project.clusters:
                key = project.id, cluster.key
                good = self._good.get(key)
                yield ClusterReport(
                    project=project.id,
                    cluster=cluster.key,
                    outcome=self._outcomes.get(key),
                    jobs=dict(sorted(self._jobs.get(key, Counter[str]()).items())),
                    last=self._last[key][1] if key in self._last else None,
                    last_finished_at=None if good == _EARLIEST else good,
                    project_name=project.name,
                    cluster_name=cluster.name,
                )


def _failure(failure: FleetFailure) -> ShardFailure:
    """Write down a failure of a fleet."""
    cluster = failure.cluster
    project = failure.project if cluster is None else cluster.project
    return attrs.evolve(
        _text_of(failure.error),
        kind=str(failure.kind),
        project=None if project is None else project.id,
        cluster=None if cluster is None else cluster.key,
    )


def _text_of(error: Exception) -> ShardFailure:
    """Write down an error, its problem and its hint apart."""
    if not isinstance(error, RestoreError):
        return ShardFailure(kind="error", error=type(error).__name__, message=redact_text(str(error)))
    return ShardFailure(
        kind="error",
        error=type(error).__name__,
        message=error.problem.removesuffix(":"),
        hint="" if error.hint is None else str(error.hint),
    )
