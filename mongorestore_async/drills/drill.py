"""A drill: its restores, a few at a time, in their order, until all have an outcome."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mongorestore_async.drills.checks.inspecting import Inspector
from mongorestore_async.drills.checks.needs import check_needs
from mongorestore_async.drills.checks.own_thread import in_own_thread
from mongorestore_async.drills.cluster_run import ClusterRun, Surroundings
from mongorestore_async.drills.journal import Journal
from mongorestore_async.drills.results import DrillReport
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import JobRef
from mongorestore_async.transport.worker_threads import WorkerThreads
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from mongorestore_async.drills.journal import Recorder
    from mongorestore_async.drills.plan import DrillCluster, DrillPlan
    from mongorestore_async.drills.results import DrillOutcome
    from mongorestore_async.drills.steps import JournalStep, StepName
    from mongorestore_async.resources import AsyncSession

__all__ = ["JOURNAL_NAME", "resume_drill", "run_drill"]

#: The journal in the folder of a drill.
JOURNAL_NAME = "journal.sqlite3"

_GOOD = {"PASSED", "MISSED_GOAL"}
_BAD = {"FAILED", "UNDECIDED"}


async def run_drill(
    plan: DrillPlan,
    session: AsyncSession,
    folder: str | PathLike[str],
    *,
    evidence: Recorder | None = None,
    last: DrillReport | None = None,
    on_step: Callable[[JournalStep], object] | None = None,
) -> DrillReport:
    """Run a drill. When it is killed or cancelled, :func:`resume_drill` goes on with it.

    Args:
        plan: What to do.
        session: The session to do it with. Its guard holds: a target that it protects is refused.
        folder: The folder of this drill, made if need be: journal, and archives while they are needed.
        evidence: Where each step is written to as well, such as an ``EvidenceLog``.
        last: The report of the last drill: documents that are counted are compared with it.
        on_step: Called with each step when it is in the journal. It must not block.

    Returns:
        What became of each cluster, measured against the goals of the plan.

    Raises:
        ConfigError: A drill has begun in the folder already, or something that the plan needs is not on this machine:
            a library, its server, the program or function of a check.
        OSError: The journal or the evidence cannot be written.

    """
    place = Path(folder)
    await check_needs(plan)
    await in_own_thread(partial(place.mkdir, parents=True, exist_ok=True))
    make = partial(Journal.create, place / JOURNAL_NAME, plan, recorder=evidence)
    return await _run(make, session, place, evidence, last, on_step)


async def resume_drill(
    session: AsyncSession,
    folder: str | PathLike[str],
    *,
    evidence: Recorder | None = None,
    last: DrillReport | None = None,
    on_step: Callable[[JournalStep], object] | None = None,
) -> DrillReport:
    """Go on with a drill that was ended before its end, by its journal; the plan is the one it began with.

    No create that may have been taken is sent again. Where the job lists do not tell what became of one, the cluster
    is ``UNDECIDED``; resuming once more looks again.

    Args:
        session: As for :func:`run_drill`; so are the others.
        folder: The folder of the drill.
        evidence: The same evidence as before.
        last: The report of the last drill.
        on_step: Called with each step.

    Returns:
        What became of each cluster.

    Raises:
        ConfigError: There is no drill in the folder, another run of it is going on, or something that its plan needs
            is not on this machine: a library, its server, the program or function of a check.
        OSError: The journal or the evidence cannot be written.

    """
    place = Path(folder)
    return await _run(
        partial(Journal.open, place / JOURNAL_NAME, recorder=evidence), session, place, evidence, last, on_step
    )


async def _run(
    make: Callable[[], Journal],
    session: AsyncSession,
    folder: Path,
    evidence: Recorder | None,
    last: DrillReport | None,
    on_step: Callable[[JournalStep], object] | None,
) -> DrillReport:
    threads = WorkerThreads("journal", 1)
    try:
        journal = await _open(threads, make)
        try:
            await check_needs(journal.plan)
            drill = _Drill(journal, session, folder, threads, last, on_step)
            return await drill.run(evidence)
        finally:
            # Waited for: whoever resumes the drill next needs its lock. A second cancellation does not stop it.
            await asyncio.shield(threads.start(journal.close))
    finally:
        threads.close()


async def _open(threads: WorkerThreads, make: Callable[[], Journal]) -> Journal:
    opening = threads.start(make)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(partial(_let_go, threads))
        raise


def _let_go(threads: WorkerThreads, opened: asyncio.Future[Journal]) -> None:
    """Close a journal that nobody waits for any more."""
    if not opened.cancelled() and opened.exception() is None:
        threads.submit(opened.result().close)
    threads.close()


class _Drill:
    """One run of a drill."""

    def __init__(
        self,
        journal: Journal,
        session: AsyncSession,
        folder: Path,
        threads: WorkerThreads,
        last: DrillReport | None,
        on_step: Callable[[JournalStep], object] | None,
    ) -> None:
        plan = journal.plan
        self._plan = plan
        self._journal = journal
        self._session = session
        self._threads = threads
        self._on_step = on_step
        self._sent_before = session.stats.requests
        self._slots = asyncio.Semaphore(plan.parallel)
        self._ended = {cluster.name: asyncio.Event() for cluster in plan.clusters}
        self._outcomes: dict[str, DrillOutcome] = {}
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._inspector = Inspector(plan, folder, last, journal.run)
        self._around = Surroundings(
            session=session,
            family=FAMILIES[plan.family],
            inspector=self._inspector,
            write=self._write,
            creating=lambda entry: self._locks[entry.project.casefold(), entry.cluster.casefold()],
            taken=set(),
            run=journal.run,
        )

    async def run(self, evidence: Recorder | None) -> DrillReport:
        """Run it to its end."""
        histories = await self._threads.run(self._journal.histories)
        for history in histories.values():
            started = history.data("started")
            self._around.taken.update(JobRef.parse(ref).job for ref in (started or {}).get("jobs", ()))
        runs = {
            cluster.name: ClusterRun(cluster, histories[cluster.name], self._around) for cluster in self._plan.clusters
        }
        try:
            async with asyncio.TaskGroup() as group:
                for cluster in self._plan.clusters:
                    group.create_task(self._one(cluster, runs[cluster.name]))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            self._inspector.close()
        outcomes = tuple(self._outcomes[cluster.name] for cluster in self._plan.clusters)
        requests = await self._threads.run(self._journal.requests)
        states = {cluster.name: self._outcomes[cluster.name].state for cluster in self._plan.clusters}
        await self._threads.run(self._journal.note, "report", {"states": states, "requests": requests})
        head = None if evidence is None else await self._threads.run(lambda: evidence.head)
        return DrillReport(
            name=self._plan.name,
            started_at=self._journal.started_at,
            ended_at=datetime.now(UTC),
            outcomes=outcomes,
            evidence_head=None if head is None else head.hash,
            evidence_count=None if head is None else head.count,
            requests=requests,
            library_version=__version__,
        )

    async def _one(self, entry: DrillCluster, run: ClusterRun) -> None:
        for name in entry.after:
            await self._ended[name].wait()
        async with self._slots:
            if run.history.over:
                outcome = run.history.outcome()
            else:
                why = "" if run.history.steps else self._reason_to_skip(entry)
                outcome = await run.skip(why) if why else await run.run()
        self._outcomes[entry.name] = outcome
        self._ended[entry.name].set()

    def _reason_to_skip(self, entry: DrillCluster) -> str:
        bad = [name for name in entry.after if self._outcomes[name].state not in _GOOD]
        if bad:
            return f"{bad[0]}, which comes before it, did not pass"
        failures = sum(outcome.state in _BAD for outcome in self._outcomes.values())
        if self._plan.stop_after is not None and failures >= self._plan.stop_after:
            return f"nothing more is started after {failures} failures"
        return ""

    async def _write(self, cluster: str, step: StepName, data: Mapping[str, Any]) -> JournalStep:
        requests = self._session.stats.requests - self._sent_before
        # What has happened is written even if this run is being cancelled.
        step_written = await asyncio.shield(self._threads.start(self._journal.add, cluster, step, requests, data))
        if self._on_step is not None:
            self._on_step(step_written)
        return step_written
