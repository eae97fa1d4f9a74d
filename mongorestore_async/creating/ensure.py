"""Looks for the restore that a request asks for, and for others into its target, before one is started.

Restore lists belong to source clusters, and no page says that a target's list shows what comes from elsewhere. So three
kinds of lists are read: that of the source, that of the target (its own backup may be going back into it), and those of
other clusters that this session started a restore into the same target from. What other sessions and processes start
from other clusters cannot be seen.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, cast

import attrs

from mongorestore_async.creating.running_restores import find_busy, find_running, spell_request, spell_target
from mongorestore_async.errors import (
    BadRequest,
    Finding,
    Hint,
    HintKind,
    MaybeCreated,
    NotFound,
    NotRestorable,
    NotUnique,
    Rule,
)
from mongorestore_async.models import HttpRestore, JobT

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from mongorestore_async.creating.running_restores import Running
    from mongorestore_async.models import RestoreRequest, Target
    from mongorestore_async.transport.session_view import SessionView
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["StartedRestore", "find_existing", "hold_target", "lock_key", "remember_restore"]


@attrs.frozen(eq=False)
class StartedRestore(Generic[JobT]):
    """A restore that this session started.

    Attributes:
        source: The cluster or config server it was started at.
        request: What was asked for.
        jobs: The jobs of the answer.
        at: Loop time of the answer.
        number: Its number among those the session started, from 1.
        key: As :func:`lock_key`.
        place: The source as two of them are compared.

    """

    source: JobSource[JobT]
    request: RestoreRequest
    jobs: tuple[JobT, ...]
    at: float
    number: int
    key: Hashable
    place: Hashable


def lock_key(source: JobSource[Any], request: RestoreRequest) -> Hashable:
    """Say what one call at a time may start: restores into one target, or downloads of one request.

    Args:
        source: The cluster or config server the data come from.
        request: What is asked for.

    """
    if isinstance(request, HttpRestore):
        return source.ref("-"), *spell_request(source.family, request)
    return spell_target(source.family, request.target)


def hold_target(view: SessionView, source: JobSource[Any], request: RestoreRequest) -> AbstractAsyncContextManager[int]:
    """Let one call of the session at a time look and start; entering tells how many restores it had started before.

    Args:
        view: A view of the session.
        source: The cluster or config server the data come from.
        request: What is asked for.

    """
    return view.transport.restore_locks.hold(lock_key(source, request), view.transport.open)


def remember_restore(view: SessionView, source: JobSource[JobT], request: RestoreRequest, jobs: Iterable[JobT]) -> None:
    """Remember what was started: a job may be listed late, and may never show its target.

    Args:
        view: A view of the session that started it.
        source: Where it was started.
        request: What was asked for.
        jobs: The jobs of the answer.

    """
    locks, found = view.transport.restore_locks, tuple(jobs)
    ids = {job.id for job in found}
    place, now = _place(source), asyncio.get_running_loop().time()
    if any(each.place == place and any(job.id in ids for job in each.jobs) for each in locks.started):
        return  # reconciled once more
    locks.count += 1
    locks.started.append(StartedRestore(source, request, found, now, locks.count, lock_key(source, request), place))


async def find_existing(
    view: SessionView,
    source: JobSource[JobT],
    request: RestoreRequest,
    *,
    target: JobSource[Any] | None,
    begun: int,
) -> tuple[JobT, ...] | None:
    """Find the jobs of the restore that is running already; None when a new one can be started.

    A download that may be the same does no harm to start again. A restore into a cluster does.

    Args:
        view: What to call the API with.
        source: The cluster or config server the data come from.
        request: What is asked for.
        target: The cluster they go to, None for a download.
        begun: How many restores the session had started when the caller began: a later one is what it waited for.

    Raises:
        NotUnique: Running jobs may be this restore, or several are.
        NotRestorable: The target is being restored from something else, or may be.
        MaybeCreated: An earlier create of the session into the target is open, and the lists cannot tell its outcome.
        RestoreError: A list could not be read.

    """
    key, wanted = lock_key(source, request), spell_request(source.family, request)
    jobs = await _read_jobs(source)
    for open_create in view.open_creates.of(key):
        # After the list: what it took meanwhile is remembered here, and may show too little there.
        await open_create.reconcile()
    started = [each for each in _started(view) if each.key == key]
    late = _late(view, source, started, jobs)
    for each in reversed(started):
        begun_since = each.number > begun and each.place == _place(source)
        if (begun_since or each in late) and spell_request(source.family, each.request) == wanted:
            return cast("tuple[JobT, ...]", each.jobs)
    known = _known_at(view, source)
    running = find_running(source.family, request, jobs, known)
    if isinstance(request, HttpRestore):
        return running.restores[0] if running.restores else None
    if len(running.restores) == 1:
        return running.restores[0]
    apart = {id(job) for restore in running.restores for job in restore} | {id(job) for job in running.unsure}
    busy = find_busy(source.family, request.target, (job for job in jobs if id(job) not in apart), known)
    certain, possible = [*(job for each in late for job in each.jobs), *busy.certain], list[Any](busy.possible)
    if not running.restores:
        _refuse_busy(request.target, certain, certainly=True)
    _refuse_unsure(running)
    for place in _others(source, target, started):
        jobs = await _read_jobs(place, optional=place is target)
        busy = find_busy(place.family, request.target, jobs, _known_at(view, place))
        certain += [*(job for each in _late(view, place, started, jobs) for job in each.jobs), *busy.certain]
        possible += busy.possible
    _refuse_busy(request.target, certain, certainly=True)
    _refuse_busy(request.target, possible, certainly=False)
    _refuse_open(view.open_creates.of(key))
    return None


def _started(view: SessionView) -> Iterable[StartedRestore[Any]]:
    return view.transport.restore_locks.started


def _place(source: JobSource[Any]) -> Hashable:
    """Spell a cluster or config server as two of them are compared."""
    ref = source.ref("-")
    where = str(ref.cluster if ref.host is None else ref.host)
    return ref.family, ref.project.casefold(), where if source.family.cluster_key == "name" else where.casefold()


def _known_at(view: SessionView, source: JobSource[Any]) -> dict[str, RestoreRequest]:
    place = _place(source)
    return {job.id: each.request for each in _started(view) if each.place == place for job in each.jobs}


async def _read_jobs(source: JobSource[Any], *, optional: bool = False) -> Sequence[Any]:
    try:
        return await source.restore_jobs().collect()
    except (BadRequest, NotFound) as error:
        # Its backup is off, or it is of another kind: it has no list here. A page without a code may be a gateway's.
        if not optional or error.error_code is None:
            raise
        return ()


def _late(
    view: SessionView, source: JobSource[Any], started: Iterable[StartedRestore[Any]], jobs: Iterable[Any]
) -> list[StartedRestore[Any]]:
    """Choose the restores started at a place that its list may not show yet."""
    listed, place = {job.id for job in jobs}, _place(source)
    since = asyncio.get_running_loop().time() - view.options.poll.grace
    return [
        each
        for each in started
        if each.at >= since and each.place == place and listed.isdisjoint(job.id for job in each.jobs)
    ]


def _others(
    source: JobSource[Any], target: JobSource[Any] | None, started: Iterable[StartedRestore[Any]]
) -> list[JobSource[Any]]:
    """Where else a restore into the target may be listed."""
    places: dict[Hashable, JobSource[Any]] = {} if target is None else {_place(target): target}
    for each in started:
        places.setdefault(each.place, each.source)
    places.pop(_place(source), None)
    return list(places.values())


def _refuse_unsure(running: Running[Any]) -> None:
    doubtful = [job for restore in running.restores for job in restore] or running.unsure
    if not doubtful:
        return
    what = (
        "are this restore more than once" if running.restores else "may be this restore, but show too little to be sure"
    )
    raise NotUnique(
        f"nothing was started: running jobs {what} ({_named(doubtful)}).", hint=Hint(HintKind.WAIT_FOR_RUNNING)
    )


def _refuse_open(creates: Sequence[MaybeCreated]) -> None:
    for create in creates:
        raise MaybeCreated(
            f"nothing was started now, because an earlier create into the same target is still open: {create.problem}",
            reconcile=create.reconcile,
            dismiss=create.dismiss,
            request=create.request,
            hint=Hint(HintKind.DISMISS_CREATE),
        )


def _refuse_busy(into: Target, jobs: Sequence[Any], *, certainly: bool) -> None:
    if not jobs:
        return
    target = f"cluster {into.cluster} of project {into.project_id}"
    if certainly:
        problem = f"{target} is being restored from something else ({_named(jobs)}):"
    else:
        problem = (
            f"{target} may be being restored from something else: running jobs do not show where they go"
            f" ({_named(jobs)}):"
        )
    hint = Hint(HintKind.WAIT_FOR_RUNNING)
    raise NotRestorable(
        f"nothing was started: {problem}", hint=hint, findings=(Finding(Rule.RUNNING, problem, hint=hint),)
    )


def _named(jobs: Iterable[Any]) -> str:
    return ", ".join(str(job.ref or job.id) for job in jobs)
