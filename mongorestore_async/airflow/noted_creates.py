"""Starts a restore once for all tries of a task: what is about to be sent is written down first.

A process that is killed between its request and its note knows nothing when it is started again. So before a create the
ids on the job list are stored in the state of the task, which its tries share; a later try compares the list with them.
Evidence of absence does not exist, so a create whose job cannot be found is not sent a second time.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from mongorestore_async.airflow.restore_orders import LATEST
from mongorestore_async.creating.reconciling import Baseline, find_created
from mongorestore_async.errors import ConfigError, MaybeCreated, RestoreError, Verdict
from mongorestore_async.models import HttpRestore

if TYPE_CHECKING:
    from mongorestore_async.airflow.restore_orders import RestoreOrder
    from mongorestore_async.models import RestoreRequest
    from mongorestore_async.resources import Cluster, RestoreBatch

__all__ = ["TaskState", "start_noted"]


class TaskState(Protocol):
    """The state of a task that its tries share: ``context["task_state_store"]`` of Airflow.

    It blocks for the milliseconds of a call to Airflow's supervisor: the loop of a task has nothing else to do.
    """

    def get(self, key: str) -> Any:
        """Read a value, None where there is none."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Write a value."""
        ...

    def delete(self, key: str) -> None:
        """Remove a value."""
        ...


@attrs.frozen(kw_only=True)
class _Note:
    """What stands in the state before a create: the list as it was, and when it was read."""

    snapshot: str | None
    baseline: Baseline
    at: datetime

    def to_document(self) -> dict[str, Any]:
        return {"snapshot": self.snapshot, **self.baseline.to_document(), "at": self.at.isoformat()}

    @classmethod
    def from_document(cls, found: dict[str, Any]) -> _Note:
        return cls(
            snapshot=found["snapshot"],
            baseline=Baseline.from_document(found),
            at=datetime.fromisoformat(found["at"]),
        )


async def start_noted(
    state: TaskState, cluster: Cluster[Any], order: RestoreOrder, *, precheck: bool = False, if_unknown: str = "fail"
) -> tuple[str, ...]:
    """Start the restore of an order unless an earlier try did, or the same one is running.

    Args:
        state: What the tries of the task share.
        cluster: The cluster of the order.
        order: What to restore.
        precheck: As for :meth:`ClusterBase.ensure_restore`.
        if_unknown: ``"fail"``, or ``"start"``: what to do where an earlier try may have sent the create and the list
            shows no job of it within ``PollPolicy.grace``. A download is started again in any case: that harms nothing.

    Returns:
        References of its jobs.

    Raises:
        ConfigError: Another word for ``if_unknown``.
        MaybeCreated: A create was sent, by this try or an earlier one, and the list cannot tell what became of it.
        RestoreError: Anything else: nothing was started.

    """
    if if_unknown not in {"fail", "start"}:
        raise ConfigError("if_unknown must be 'fail' or 'start'")
    found = state.get(order.key)
    if found is not None and "jobs" in found:
        return tuple(found["jobs"])
    if found is not None:
        note = _Note.from_document(found)
        jobs = await _find(cluster, order.request(note.snapshot), note, start=if_unknown == "start")
        if jobs:
            return _keep(state, order, jobs)
    else:
        note = _Note(snapshot=await _snapshot(cluster, order), baseline=await _baseline(cluster), at=datetime.now(UTC))
        state.set(order.key, note.to_document())
    try:
        batch = await _start(cluster, order.request(note.snapshot), precheck)
    except MaybeCreated:
        raise
    except RestoreError:
        state.delete(order.key)  # nothing was started, so the next try is the first one
        raise
    return _keep(state, order, tuple(str(ref) for ref in batch.refs))


async def _start(cluster: Cluster[Any], request: RestoreRequest, precheck: bool) -> RestoreBatch[Any]:
    try:
        return await cluster.ensure_restore(request, precheck=precheck)
    except MaybeCreated as open_create:
        try:
            found = await open_create.reconcile()
        except RestoreError:
            raise open_create from None  # the list could not be read: as open as before, and the note has to stay
        if found.verdict is Verdict.TAKEN:
            batch: RestoreBatch[Any] = found.batch
            return batch
        raise


def _keep(state: TaskState, order: RestoreOrder, jobs: tuple[str, ...]) -> tuple[str, ...]:
    state.set(order.key, {"jobs": list(jobs)})
    return jobs


async def _snapshot(cluster: Cluster[Any], order: RestoreOrder) -> str | None:
    if order.snapshot != LATEST:
        return order.snapshot
    return (await cluster.snapshots().latest_restorable()).id


async def _baseline(cluster: Cluster[Any]) -> Baseline:
    page = await cluster.restore_jobs()
    ids = [job.id for job in page]
    return Baseline.of(ids, total_count=page.total_count, links=page.links, headers=page.headers)


async def _find(cluster: Cluster[Any], request: RestoreRequest, note: _Note, *, start: bool) -> tuple[str, ...]:
    """Find the jobs that an earlier try started; none where the create is to be sent again."""
    listed_by = note.at.timestamp() + cluster.options.timeout + cluster.options.poll.grace
    while True:
        # Looked at before the list is read: only a list that was read after that moment tells anything.
        late = datetime.now(UTC).timestamp() >= listed_by
        found = find_created(cluster.family, note.baseline, request, await cluster.restore_jobs().collect())
        if found.verdict is Verdict.TAKEN:
            return tuple(str(job.ref) for job in found.jobs)
        if found.candidates or late:
            break
        await asyncio.sleep(min(cluster.options.poll.shortest, max(listed_by - datetime.now(UTC).timestamp(), 0.1)))
    if not found.candidates and (start or isinstance(request, HttpRestore)):
        return ()
    seen = ", ".join(str(job.ref) for job in found.candidates) or "none"
    raise MaybeCreated(
        f"an earlier try of this task may have sent its create at {note.at:%Y-%m-%d %H:%M:%S} UTC, and the job list"
        f" cannot tell what became of it (jobs that fit: {seen}). Nothing was sent again: look at the cluster's restore"
        f" jobs, then start a new run of the DAG"
    )
