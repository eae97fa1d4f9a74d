"""What a drill would do, foretold without starting anything: its requests, how long it takes, and why it would fail.

The snapshots and targets are read and checked as before a create. How long a restore takes is what the last ones of the
cluster took, or what the last drill measured; where nothing is known, nothing is foretold.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.drills.checks.needs import check_needs
from mongorestore_async.drills.restoring import choose_snapshot, make_request
from mongorestore_async.errors import RestoreError
from mongorestore_async.families import FAMILIES
from mongorestore_async.fleet.forecast import seconds_for
from mongorestore_async.transport.options import choose_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mongorestore_async.drills.plan import DrillCluster, DrillPlan
    from mongorestore_async.drills.results import DrillReport
    from mongorestore_async.families import Family
    from mongorestore_async.models import PollPolicy
    from mongorestore_async.resources import AsyncSession

__all__ = ["ForeseenRestore", "Foresight", "count_polls", "foresee", "schedule"]

#: Reads of a restore beside its polls: snapshots, snapshot and target for the pre-check, two job lists, list of ids.
_READS = 8
#: How many restores of the past tell how long the next one takes.
_LAST = 10


@attrs.frozen(kw_only=True)
class ForeseenRestore:
    """What one restore would be.

    Attributes:
        name: The cluster in the plan.
        target: ``PROJECT/CLUSTER``, or ``download``.
        snapshot: Snapshot that would be restored, None where none can be.
        snapshot_at: When its data were current.
        method: HTTP verb of the create.
        url: Where it would go; holds no secrets.
        problems: Why it would fail.
        requests: About how many requests it takes.
        seconds: About how long it takes; None where nothing tells.

    """

    name: str
    target: str
    snapshot: str | None = None
    snapshot_at: datetime | None = None
    method: str = ""
    url: str = ""
    problems: tuple[str, ...] = ()
    requests: int = 0
    seconds: float | None = None


@attrs.frozen(kw_only=True)
class Foresight:
    """What a drill would be.

    Attributes:
        restores: One for each cluster, in the order of the plan.
        requests: About how many requests it takes.
        seconds: About how long it takes, at least what the documented rate limits demand; None where a restore is not
            foretold.

    """

    restores: tuple[ForeseenRestore, ...]
    requests: int
    seconds: float | None

    @property
    def is_refused(self) -> bool:
        """Whether one of the restores would fail."""
        return any(restore.problems for restore in self.restores)


async def foresee(plan: DrillPlan, session: AsyncSession, *, last: DrillReport | None = None) -> Foresight:
    """Foretell a drill; only reads.

    Args:
        plan: The plan.
        session: The session to read with.
        last: The report of the last drill, for clusters that have no other restores.

    Returns:
        Each restore with its obstacles and its expected duration in seconds.

    Raises:
        ConfigError: The session cannot reach the family of the plan: Ops Manager needs a ``base_url``. Or something
            that the plan needs is not on this machine: a library, its server, the program or function of a check.

    """
    await check_needs(plan)
    session.project(plan.clusters[0].project, FAMILIES[plan.family])  # raises what no task could tell as it is
    slots = asyncio.Semaphore(plan.parallel)

    async def one(entry: DrillCluster) -> ForeseenRestore:
        before = None if last is None else last.find(entry.name, entry.project, entry.cluster)
        known = None if before is None else before.rto_seconds
        async with slots:
            return await _foresee(entry, FAMILIES[plan.family], session, known)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(entry)) for entry in plan.clusters]
    restores = tuple(task.result() for task in tasks)
    took = {restore.name: restore.seconds for restore in restores}
    seconds = schedule(plan, {name: each for name, each in took.items() if each is not None})
    least = _limited(plan, restores)
    return Foresight(
        restores=restores,
        requests=sum(restore.requests for restore in restores),
        seconds=None if None in took.values() else max(seconds, least),
    )


async def _foresee(
    entry: DrillCluster, family: Family[Any], session: AsyncSession, known: float | None
) -> ForeseenRestore:
    found = ForeseenRestore(name=entry.name, target=entry.place)
    cluster = session.project(entry.project, family).cluster(entry.cluster)
    now = datetime.now(UTC)
    try:
        snapshot = await choose_snapshot(entry, cluster, now)
        found = attrs.evolve(found, snapshot=snapshot.id, snapshot_at=snapshot.taken_at)
        plan = await cluster.dry_run(make_request(entry, family, snapshot.id, now), precheck=True)
        jobs = await cluster.restore_jobs(limit=100).collect()
    except RestoreError as error:
        return attrs.evolve(found, problems=(f"{type(error).__name__}: {error.problem}",))
    past = [
        (job.finished_at - job.requested_at).total_seconds()
        for job in jobs
        if job.ok and job.finished_at is not None and job.requested_at is not None
    ]
    seconds = statistics.median(past[:_LAST]) if past else known
    problems = [finding.problem for finding in plan.findings if finding.fatal]
    age = None if snapshot.taken_at is None else (now - snapshot.taken_at).total_seconds()
    if entry.rpo is not None and age is not None and age > entry.rpo:
        problems.append(f"the snapshot is older than the RPO allows: {age:.0f} s, goal {entry.rpo:.0f} s")
    polls = 1 if seconds is None else count_polls(seconds, session.options.poll)
    return attrs.evolve(
        found,
        method=plan.method,
        url=plan.url,
        problems=tuple(problems),
        requests=_READS + 1 + polls,
        seconds=seconds,
    )


def count_polls(seconds: float, poll: PollPolicy) -> int:
    """Count the polls of a restore that takes so long."""
    count, delay, at = 1, max(poll.shortest, 0.001), 0.0
    while at < seconds and delay < poll.longest:
        at, delay, count = at + delay, min(delay * poll.growth, poll.longest), count + 1
        if poll.growth == 1:
            break
    return count + int(max(0.0, seconds - at) / max(delay, 0.001))


def schedule(plan: DrillPlan, seconds: Mapping[str, float]) -> float:
    """Say when the last restore ends, if each takes what is foretold; those that are not count as none.

    Args:
        plan: Order and how many run at once.
        seconds: How long each takes, by name.

    """
    ends: dict[str, float] = {}
    busy: list[float] = []  # when the slots are free again
    left = list(plan.clusters)
    while left:
        ready = [entry for entry in left if all(name in ends for name in entry.after)]
        entry = min(ready, key=lambda each: max((ends[name] for name in each.after), default=0.0))
        left.remove(entry)
        begin = max((ends[name] for name in entry.after), default=0.0)
        if len(busy) >= plan.parallel:
            busy.sort()
            begin = max(begin, busy.pop(0))
        ends[entry.name] = begin + seconds.get(entry.name, 0.0)
        busy.append(ends[entry.name])
    return max(ends.values())


def _limited(plan: DrillPlan, restores: Sequence[ForeseenRestore]) -> float:
    """Say how long the documented rate limits make it last."""
    calls: Counter[str] = Counter()
    for entry, restore in zip(plan.clusters, restores, strict=True):
        calls[entry.project] += restore.requests
    family, longest = FAMILIES[plan.family], 0.0
    for project, count in calls.items():
        limit = choose_limit("documented", family, family.jobs_path, project)
        if limit is not None:
            total = count if limit.scope == "project" else calls.total()
            longest = max(longest, seconds_for(limit, total))
    return longest
