"""The create of a drill's restore, once, and what became of one that a killed run had sent.

It is ``ensure_restore`` with one thing more: the job list as it was is in the journal before the request may leave.
After a crash that list and the present one tell whether it was taken. A job that is not there proves nothing, so what
these lists do not tell stays untold, and nothing is sent again.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.codec.request_bodies import encode_request
from mongorestore_async.creating.ensure import find_existing, hold_target
from mongorestore_async.creating.reconciling import find_created
from mongorestore_async.creating.start_restore import check_request, keep_requests, start_restore
from mongorestore_async.errors import ConfigError, NotRestorable, Verdict
from mongorestore_async.models import AutomatedRestore, HttpRestore, Snapshot, Target
from mongorestore_async.resources.batch import RestoreBatch, until_of
from mongorestore_async.resources.session import view_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from datetime import datetime

    from mongorestore_async.creating.reconciling import Baseline
    from mongorestore_async.drills.plan import DrillCluster
    from mongorestore_async.errors import MaybeCreated
    from mongorestore_async.families import Family
    from mongorestore_async.models import RestoreRequest, SnapshotDocument
    from mongorestore_async.resources import AsyncSession, Cluster

__all__ = ["choose_snapshot", "decide", "make_request", "reconcile", "start"]

#: An archive may be asked for again after each crash, and after each connection that broke.
_DOWNLOADS, _HOURS = 25, 24


async def choose_snapshot(entry: DrillCluster, cluster: Cluster[Any], now: datetime) -> SnapshotDocument:
    """Choose the snapshot that the plan's rule means.

    Args:
        entry: The cluster in the plan.
        cluster: The same, to call.
        now: The present moment.

    Raises:
        NotRestorable: There is none.
        RestoreError: They could not be read.

    """
    rule = entry.snapshot
    if rule.id is not None:
        return await cluster.snapshot(rule.id, sharded=entry.sharded)
    before = None if rule.older_than is None else now - timedelta(seconds=rule.older_than)
    pager = cluster.snapshots(sharded=entry.sharded)
    if rule.kind == "newest":
        return await pager.latest_restorable(before=before)
    dated = [
        (snapshot.taken_at, snapshot)
        for snapshot in await pager.collect()
        if snapshot.taken_at is not None and not snapshot.obstacles(now)
    ]
    usable = [pair for pair in dated if before is None or pair[0] <= before]
    if not usable:
        raise NotRestorable("no snapshot of the cluster can be restored")
    return min(usable, key=lambda pair: pair[0])[1]


def make_request(entry: DrillCluster, family: Family[Any], snapshot_id: str, now: datetime) -> RestoreRequest:
    """Make the request for a cluster of the plan."""
    if entry.target is not None:
        return AutomatedRestore(Snapshot(snapshot_id), Target(entry.target.project, entry.target.cluster))
    own_terms = HttpRestore(snapshot_id, _DOWNLOADS, expiration_hours=_HOURS)
    try:
        encode_request(family, own_terms, now=now)
    except ConfigError:  # the server sets the terms itself
        return HttpRestore.on_server_terms(snapshot_id)
    return own_terms


async def start(
    session: AsyncSession,
    cluster: Cluster[Any],
    request: RestoreRequest,
    before_send: Callable[[Baseline], Awaitable[None]],
) -> RestoreBatch[Any]:
    """Start a restore unless the same one is running; see :meth:`ClusterBase.ensure_restore`.

    Args:
        session: The session of the drill.
        cluster: Where the data come from.
        request: What is asked for.
        before_send: Awaited with the job list as it was; the request leaves after it.

    Raises:
        RestoreError: As that method.

    """
    view = view_of(session)
    check_request(view, cluster, request, None)
    names = {"project": cluster.project, "cluster": cluster.cluster}
    target = (
        session.project(request.target.project_id, cluster.family).cluster(request.target.cluster)
        if isinstance(request, AutomatedRestore)
        else None
    )
    own = partial(RestoreBatch[Any], sources=(cluster,), until=until_of(request))
    async with hold_target(view, cluster, request) as begun:
        jobs = await find_existing(view, cluster, request, target=target, begun=begun)
        if jobs is not None:
            keep_requests(jobs, request)
            return own(jobs, existing=True)
        return await start_restore(
            view, cluster, names, request, own, precheck=True, overwrite=None, before_send=before_send
        )


async def reconcile(error: MaybeCreated, cluster: Cluster[Any]) -> RestoreBatch[Any] | None:
    """Find out what became of a create of this run whose answer was lost; None when it cannot be told.

    Raises:
        RestoreError: The list could not be read.

    """

    async def look() -> tuple[RestoreBatch[Any] | None, bool]:
        found = await error.reconcile()
        return found.batch, len(found.candidates) > 1

    return await _look_until(look, cluster)


async def decide(
    cluster: Cluster[Any], baseline: Baseline, request: RestoreRequest, taken: Collection[str]
) -> RestoreBatch[Any] | None:
    """Find out what became of a create that a run sent which is gone; None when it cannot be told.

    Args:
        cluster: Where it was sent.
        baseline: The job list as it was before.
        request: What was asked for.
        taken: Ids of jobs that are known to be of other restores of the drill.

    Raises:
        RestoreError: The list could not be read.

    """

    async def look() -> tuple[RestoreBatch[Any] | None, bool]:
        jobs = [job for job in await cluster.restore_jobs().collect() if job.id not in taken]
        found = find_created(cluster.family, baseline, request, jobs)
        if found.verdict is not Verdict.TAKEN:
            return None, len(found.candidates) > 1
        keep_requests(found.jobs, request)
        return RestoreBatch(found.jobs, sources=(cluster,), until=until_of(request)), False

    return await _look_until(look, cluster)


async def _look_until(
    look: Callable[[], Awaitable[tuple[RestoreBatch[Any] | None, bool]]], cluster: Cluster[Any]
) -> RestoreBatch[Any] | None:
    """Look again for as long as a new job may be missing in the list."""
    loop, poll = asyncio.get_running_loop(), cluster.options.poll
    end = loop.time() + poll.grace
    while True:
        batch, hopeless = await look()
        left = end - loop.time()
        if batch is not None or hopeless or left <= 0:
            return batch
        await asyncio.sleep(min(poll.shortest, left))
