"""What a wait reports while it runs, and the errors it ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors import (
    Hint,
    HintKind,
    JobVanished,
    NotFound,
    RestoreFailed,
    RestoreIncomplete,
    WaitError,
    WaitTimeout,
)
from mongorestore_async.waiting.collection_judge import awaits_collections
from mongorestore_async.waiting.job_source import describe_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mongorestore_async.errors import RestoreError
    from mongorestore_async.models import CollectionsOutcome, JobDocument, RestoredCollection
    from mongorestore_async.waiting.job_poller import JobPoller
    from mongorestore_async.waiting.job_source import JobSource
    from mongorestore_async.waiting.tracker import TrackedJob

__all__ = ["PollFailure", "PollReport", "check_ended", "check_found", "timed_out"]


@attrs.frozen
class PollFailure:
    """A cluster that could not be polled.

    Attributes:
        source: The cluster or config server.
        error: The error of the last poll.
        in_a_row: Looks that failed since the last one that did not.

    """

    source: JobSource[Any]
    error: RestoreError
    in_a_row: int


@attrs.frozen(kw_only=True)
class PollReport:
    """The state of a wait after a round of polls.

    Attributes:
        round: Rounds so far. Not every cluster is polled in every round.
        seconds: Time since the wait began.
        open: Jobs that are not over.
        over: Jobs that ended well.
        bad: Jobs that ended badly, are incomplete (unless that is accepted), or are no longer polled: members of a
            batch that another one ended, jobs of a cluster that is given up, jobs that can no longer be found.
        lost: Those of ``bad`` whose outcome is unknown: their cluster is given up, or they can no longer be found.
        missing: Those of ``open`` that the last look at them did not find.
        failures: Clusters whose last poll failed.
        next_delay: Seconds until the next round, 0 after the last one.

    """

    round: int
    seconds: float
    open: int
    over: int
    bad: int
    lost: int = 0
    missing: int = 0
    failures: tuple[PollFailure, ...]
    next_delay: float


#: Jobs and clusters named in one message.
_MOST_NAMED = 10
#: Seconds from which their fractions are not told.
_WHOLE_SECONDS = 10


def check_ended(
    pollers: Iterable[JobPoller[Any]], followed: Sequence[TrackedJob[Any]], *, accept_incomplete: bool = False
) -> None:
    """Raise if a wait that is over was not a success.

    Args:
        pollers: The clusters polled.
        followed: All their jobs, in the order to report them.
        accept_incomplete: Whether a restore may leave out what it named.

    Raises:
        RestoreFailed: A restore ended badly.
        RestoreIncomplete: One ended well, but without all that it named.
        JobVanished: A job that was there can no longer be found.
        WaitError: A cluster could not be polled for longer than the policy allows.
        NotFound: A job was never there.

    """
    everywhere = tuple(pollers)
    unread = _unread([each for each in everywhere if each.given_up])
    vanished = _vanished(everywhere, followed)
    unknown = ". ".join(filter(None, (vanished, unread)))
    if any(each.bad and each.job is not None for each in followed):
        bad = [each for each in followed if each.bad or (each.incomplete and not accept_incomplete)]
        raise RestoreFailed(
            f"{len(bad)} of {len(followed)} restore jobs failed: {_names(bad)}. Look for the cause in the project's "
            f"activity feed, then create a new restore{f'. {unknown}' if unknown else ''}",
            jobs=_jobs(followed),
            failed=_jobs(bad),
        )
    if not accept_incomplete:
        _check_complete(followed, unknown)
    if vanished:
        lost = _jobs(each for each in followed if each.lost)
        raise JobVanished(unknown, jobs=_jobs(followed), vanished=lost) from _missing(everywhere)
    if unread:
        raise WaitError(unread, jobs=_jobs(followed)) from next(each.error for each in everywhere if each.given_up)
    check_found(everywhere)


def _check_complete(followed: Sequence[TrackedJob[Any]], unknown: str) -> None:
    """Raise if a restore ended well by its state, but not all that it named is there.

    Raises:
        RestoreIncomplete: Of the first such job the collections are named.

    """
    incomplete = [each for each in followed if each.incomplete]
    if not incomplete:
        return
    outcomes: list[CollectionsOutcome] = [each.job.outcome for each in incomplete if each.job is not None]
    collections = [found for outcome in outcomes for found in outcome.incomplete]
    missing = [name for outcome in outcomes for name in outcome.missing]
    told = [f"{found.source_namespace or 'unnamed'} ({_state(found)})" for found in collections]
    told += [f"{name} (not listed)" for name in missing]
    raise RestoreIncomplete(
        f"{len(incomplete)} of {len(followed)} restore jobs did not restore all that they named: {_names(incomplete)}"
        f"{f'. Collections: {_some(told)}' if told else ''}{f'. {unknown}' if unknown else ''}",
        jobs=_jobs(followed),
        failed=_jobs(incomplete),
        collections=collections,
        missing=missing,
        hint=Hint(HintKind.ACCEPT_INCOMPLETE),
    )


def _state(found: RestoredCollection) -> str:
    indexes = found.index_status
    told = "" if indexes is None or indexes.state is None else f", indexes {indexes.state}"
    return f"{found.state or 'unknown'}{told}"


def _unread(lost: Sequence[JobPoller[Any]]) -> str:
    if not lost:
        return ""
    why = next((f" ({each.error.problem})" for each in lost if each.error is not None), "")
    return (
        f"{_some([describe_source(each.source) for each in lost])} could not be read for "
        f"{lost[0].policy.patience:g} s{why}; the outcome of their restores is unknown; wait again"
    )


def _vanished(pollers: Sequence[JobPoller[Any]], followed: Sequence[TrackedJob[Any]]) -> str:
    lost = [each for each in followed if each.lost]
    if not lost:
        return ""
    missing = _missing(pollers)
    why = "" if missing is None else f" ({missing.problem})"
    return (
        f"{len(lost)} of {len(followed)} restore jobs can no longer be found: {_names(lost)}{why}. Their outcome is "
        f"unknown: they may have succeeded. Check the target, and the project's activity feed, before you create a new "
        f"restore"
    )


def _missing(pollers: Sequence[JobPoller[Any]]) -> NotFound | None:
    return next((each.missing for each in pollers if any(job.lost for job in each.jobs.jobs.values())), None)


def check_found(pollers: Iterable[JobPoller[Any]]) -> None:
    """Raise if not all jobs could be read.

    Raises:
        NotFound: There is no such job.
        RestoreError: The last error of a cluster that could not be read.

    """
    for each in pollers:
        if each.given_up and each.error is not None:
            raise each.error
        gone = [str(each.source.ref(job.id)) for job in each.jobs.jobs.values() if job.bad]
        if gone and (missing := each.missing) is not None:
            raise NotFound(
                f"no such restore job: {_some(gone)} ({missing.problem})",
                status=missing.status,
                error_code=missing.error_code,
                reason=missing.reason,
                detail=missing.detail,
                request=missing.request,
            )


def timed_out(
    followed: Sequence[TrackedJob[Any]], seconds: float | None, *, accept_incomplete: bool = False
) -> WaitTimeout:
    """Make the error of a wait whose time has passed.

    Args:
        followed: All its jobs, in the order to report them.
        seconds: The time it had.
        accept_incomplete: As for :func:`check_ended`.

    """
    going = [each for each in followed if not each.ending.over]
    bad = [each for each in followed if each.bad or (each.incomplete and not accept_incomplete)]
    lost = [each for each in followed if each.lost]
    known = f"; {len(bad)} failed: {_names(bad)}" if bad else ""
    known += f"; {len(lost)} can no longer be found: {_names(lost)}" if lost else ""
    where = f"{'may be' if any(each.missed for each in going) else 'are'} still running"
    if going and all(awaits_collections(each.job) for each in going):
        where = "have ended, but it was not told yet what became of their collections"
    return WaitTimeout(
        f"{len(going)} of {len(followed)} restore jobs not finished after {_rounded(seconds or 0)} s: "
        f"{_names(going)}{known}. The restores {where}",
        jobs=_jobs(followed),
        hint=Hint(HintKind.WAIT_AGAIN),
    )


def _rounded(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= _WHOLE_SECONDS else f"{seconds:.2g}"


def _jobs(followed: Iterable[TrackedJob[Any]]) -> tuple[JobDocument, ...]:
    return tuple(each.job for each in followed if each.job is not None)


def _names(followed: Iterable[TrackedJob[Any]]) -> str:
    return _some([f"{each.id} ({each.ending.words}{_absence(each)})" for each in followed])


def _absence(each: TrackedJob[Any]) -> str:
    return f", not found in {each.missed} looks" if each.missed and not each.ending.over else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
