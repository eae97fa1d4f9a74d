"""One restore of a drill, from the choice of its snapshot to its outcome, or from where an earlier run left it.

Each step is in the journal before the next begins. A step that may be made twice (a wait, a download that resumes, the
checks) is made again after a crash; the create is not: see ``restoring``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.creating.reconciling import Baseline
from mongorestore_async.drills.durations import format_duration
from mongorestore_async.drills.restoring import choose_snapshot, decide, make_request, reconcile, start
from mongorestore_async.errors import (
    Forbidden,
    MaybeCreated,
    NotFound,
    RestoreError,
    RestoreFailed,
    SessionClosed,
    WaitError,
    WaitTimeout,
)
from mongorestore_async.models import JobDocument, JobRef
from mongorestore_async.resources.batch import until_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from mongorestore_async.drills.checks.inspecting import Inspector
    from mongorestore_async.drills.plan import DrillCluster
    from mongorestore_async.drills.results import DrillOutcome, OutcomeState
    from mongorestore_async.drills.steps import History, StepName
    from mongorestore_async.families import Family
    from mongorestore_async.models import RestoreRequest
    from mongorestore_async.resources import AsyncSession, Cluster, RestoreBatch

__all__ = ["ClusterRun", "Surroundings"]


@attrs.frozen(kw_only=True)
class Surroundings:
    """What the restores of a drill share.

    Attributes:
        session: The session.
        family: The product family.
        inspector: Fetches archives and runs checks.
        write: Writes a step into journal and evidence.
        creating: One lock for each source cluster: at most one create of it may be open when a run is killed.
        taken: Ids of the jobs that belong to restores of the drill.
        run: Number of the run.

    """

    session: AsyncSession
    family: Family[Any]
    inspector: Inspector
    write: Callable[[str, StepName, Mapping[str, Any]], Awaitable[Any]]
    creating: Callable[[DrillCluster], asyncio.Lock]
    taken: set[str]
    run: int


class _EndError(Exception):
    """The restore is over before its last step."""

    def __init__(self, state: OutcomeState, reason: str) -> None:
        super().__init__(reason)
        self.state: OutcomeState = state
        self.reason = reason


class ClusterRun:
    """One restore.

    Args:
        entry: The cluster in the plan.
        history: What the journal says of it.
        around: What all restores share.

    Attributes:
        history: The same; it grows with each step.

    """

    def __init__(self, entry: DrillCluster, history: History, around: Surroundings) -> None:
        self._entry = entry
        self.history = history
        self._around = around
        self._cluster: Cluster[Any] = around.session.project(entry.project, around.family).cluster(entry.cluster)

    async def run(self) -> DrillOutcome:
        """Make what is left of it.

        Raises:
            OSError: The journal or the evidence cannot be written: nothing may go on without.
            SessionClosed: The session was closed meanwhile; the restore can be resumed.

        """
        try:
            await self._restore()
        except _EndError as end:
            return await self._finish(end.state, end.reason)
        except SessionClosed:
            raise  # this run is over, and says nothing of the restore
        except MaybeCreated as error:
            return await self._finish("UNDECIDED", error.problem)
        except RestoreError as error:
            if "started" in self.history.steps and _leaves_open(error):
                reason = f"what became of its restore could not be read: {type(error).__name__}: {error.problem}"
                return await self._finish("UNDECIDED", reason)
            seen = [job.to_dict() for job in getattr(error, "jobs", ()) if isinstance(job, JobDocument)]
            return await self._finish("FAILED", f"{type(error).__name__}: {error.problem}", answers=seen)
        return await self._finish(*self._judge())

    async def skip(self, reason: str) -> DrillOutcome:
        """Start nothing."""
        return await self._finish("SKIPPED", reason)

    async def _restore(self) -> None:
        batch = await self._started()
        waited = self.history.data("waited")
        if waited is None:
            batch = await self._wait(batch)
        if self._entry.target is None and "downloaded" not in self.history.steps:
            await self._fetch(batch)
        if "checked" not in self.history.steps:
            await self._check()
        if "cleaned" not in self.history.steps:
            failed = any(not check["passed"] for check in self.history.facts["checks"])  # somebody will look at it
            await self._around.inspector.clean(self._entry, keep=self._entry.keep or failed)
            await self._write("cleaned")

    async def _started(self) -> RestoreBatch[Any]:
        started = self.history.data("started")
        if started is not None:
            request = self._request()
            return await self._around.session.batch(started["jobs"], until=until_of(request))
        async with self._around.creating(self._entry):
            sent = self.history.data("sent")
            if sent is not None:
                return await self._decided(sent)
            return await self._create()

    async def _create(self) -> RestoreBatch[Any]:
        now = datetime.now(UTC)
        begun = self.history.data("begun")
        if begun is None:
            facts = {
                "name": self._entry.name,
                "project": self._entry.project,
                "cluster": self._entry.cluster,
                "target": self._entry.place,
                "started_at": now.isoformat(),
                "rto_goal": self._entry.rto,
                "rpo_goal": self._entry.rpo,
            }
            await self._write("begun", facts)
        snapshot = await choose_snapshot(self._entry, self._cluster, now)
        request = make_request(self._entry, self._around.family, snapshot.id, now)
        taken_at = snapshot.taken_at
        facts = {
            "snapshot": snapshot.id,
            "snapshot_at": None if taken_at is None else taken_at.astimezone(UTC).isoformat(),
            "rpo_seconds": None if taken_at is None else (now - taken_at).total_seconds(),
        }
        asked = await self._cluster.dry_run(request)
        sends = {"request": f"{asked.method} {asked.url}", "body": dict(asked.body)}
        await self._write("intent", facts, snapshot_document=snapshot.to_dict(), **sends)

        async def before_send(baseline: Baseline) -> None:
            await self._write("sent", {}, baseline=baseline.to_document(), sent_at=datetime.now(UTC).isoformat())

        try:
            batch = await start(self._around.session, self._cluster, request, before_send)
        except MaybeCreated as error:
            try:
                found = await reconcile(error, self._cluster)
            except RestoreError:
                found = None  # the list could not be read: as open as before
            if found is None:
                raise
            batch = found
        return await self._note_started(batch)

    async def _decided(self, sent: Mapping[str, Any]) -> RestoreBatch[Any]:
        """Find out about a create that an earlier run sent. Nothing is sent here, whatever is found."""
        baseline, request = Baseline.from_document(sent["baseline"]), self._request()
        try:
            batch = await decide(self._cluster, baseline, request, self._around.taken)
        except RestoreError as error:
            raise _EndError(
                "UNDECIDED", f"whether its restore was started could not be read: {error.problem}"
            ) from None
        if batch is None:
            raise _EndError(
                "UNDECIDED",
                "a run was ended after it sent the create, and the job list does not tell whether it was taken: look"
                " for the job, then resume the drill or run it again",
            )
        return await self._note_started(batch)

    def _request(self) -> RestoreRequest:
        snapshot_id = str(self.history.facts["snapshot"])
        return make_request(self._entry, self._around.family, snapshot_id, datetime.now(UTC))

    async def _note_started(self, batch: RestoreBatch[Any]) -> RestoreBatch[Any]:
        refs = [str(ref) for ref in batch.refs]
        self._around.taken.update(job.id for job in batch)
        documents = [job.to_dict() for job in batch]
        await self._write("started", {"job": refs[0]}, jobs=refs, existing=batch.existing, answers=documents)
        return batch

    async def _wait(self, batch: RestoreBatch[Any]) -> RestoreBatch[Any]:
        step = self.history.steps["started"]
        left = self._entry.timeout - (datetime.now(UTC) - step.at).total_seconds()
        batch = await batch.wait(timeout=max(left, 1.0))
        facts: dict[str, Any] = {}
        if self._entry.target is not None:
            facts["rto_seconds"] = self._rto(batch)
        await self._write("waited", facts, answers=[job.to_dict() for job in batch])
        return batch

    def _rto(self, batch: RestoreBatch[Any]) -> float:
        """Measure by our clock; where no run was watching at the end, by the server's, if that tells."""
        own = (datetime.now(UTC) - self._sent_at()).total_seconds()
        if self.history.steps["started"].run == self._around.run:
            return own
        begins = [job.requested_at for job in batch]
        ends = [job.finished_at for job in batch]
        if None in begins or None in ends:
            return own
        told: timedelta = max(ends) - min(begins)
        return min(own, max(0.0, told.total_seconds()))

    def _sent_at(self) -> datetime:
        sent = self.history.data("sent")
        return self.history.steps["started"].at if sent is None else datetime.fromisoformat(sent["sent_at"])

    async def _fetch(self, batch: RestoreBatch[Any]) -> None:
        archives = await self._around.inspector.fetch(self._entry, batch)
        facts = {
            "archive_bytes": archives.size,
            "archive_sha256": archives.sha256,
            "rto_seconds": (datetime.now(UTC) - self._sent_at()).total_seconds(),
        }
        files = [{"name": path.name, "sha256": sha256} for path, sha256 in archives.files]
        await self._write("downloaded", facts, files=files, hashes=archives.words)

    async def _check(self) -> None:
        job = JobRef.parse(str(self.history.facts["job"]))
        found = await self._around.inspector.check(
            self._entry, job, self.history.facts, self.history.data("downloaded")
        )
        facts = {
            "checks": [attrs.asdict(check) for check in found.checks],
            "namespaces": dict(found.namespaces),
            "archive_verified": found.verified,
        }
        await self._write("checked", facts)

    def _judge(self) -> tuple[OutcomeState, str]:
        facts = self.history.facts
        failed: Sequence[str] = [
            f"{check['name']}: {check['detail']}" for check in facts["checks"] if not check["passed"]
        ]
        if failed:
            return "FAILED", f"{len(failed)} checks failed: {'; '.join(failed)}" if len(failed) > 1 else failed[0]
        missed = [
            f"{name.upper()} {format_duration(facts[f'{name}_seconds'])}, goal {format_duration(facts[f'{name}_goal'])}"
            for name in ("rto", "rpo")
            if facts.get(f"{name}_goal") is not None
            and facts.get(f"{name}_seconds") is not None
            and facts[f"{name}_seconds"] > facts[f"{name}_goal"]
        ]
        unknown = [
            f"{name.upper()} is not known"
            for name in ("rto", "rpo")
            if facts.get(f"{name}_goal") is not None and facts.get(f"{name}_seconds") is None
        ]
        return ("MISSED_GOAL", "; ".join(missed + unknown)) if missed or unknown else ("PASSED", "")

    async def _finish(self, state: OutcomeState, reason: str, **data: Any) -> DrillOutcome:
        facts = {
            "name": self._entry.name,
            "project": self._entry.project,
            "cluster": self._entry.cluster,
            "target": self._entry.place,
            "state": state,
            "reason": " ".join(reason.split()),
            "ended_at": datetime.now(UTC).isoformat(),
        }
        await self._write("done", facts, **data)
        return self.history.outcome()

    async def _write(self, step: StepName, facts: Mapping[str, Any] | None = None, **data: Any) -> None:
        written = await self._around.write(self._entry.name, step, {"facts": dict(facts or {}), **data})
        self.history.add(written)


def _leaves_open(error: RestoreError) -> bool:
    """Whether an error says nothing of a restore that was started."""
    if isinstance(error, WaitError):
        return not isinstance(error, (RestoreFailed, WaitTimeout))
    # A job that cannot be found, or must not be read, may run: the key or the server may be another one now.
    return error.transient or error.run_wide or isinstance(error, (Forbidden, NotFound))
