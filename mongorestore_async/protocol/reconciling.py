"""Was a create taken whose answer got lost? A pure comparison of the job list before and after.

There is no idempotency key in the API (API protocol section 7), so the only evidence is the list: a new job
that fits the request. Evidence of absence does not exist: a job may show up later.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Generic

import attrs

from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    JobDocument,
    JobT,
    RestoreJob,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Baseline", "Findings", "Verdict", "find_created", "server_moment"]

# ``Date`` has whole seconds and a proxy may have written it.
_CLOCK_TOLERANCE = timedelta(seconds=5)


class Verdict(StrEnum):
    """What is known about a create whose answer got lost."""

    TAKEN = "taken"
    """Exactly one new restore fits the request in every field there is to compare."""
    NOT_TAKEN = "not taken"
    """The request certainly never reached the server."""
    CANNOT_TELL = "cannot tell"
    """No new restore fits (yet), or several do."""


@attrs.frozen(kw_only=True)
class Baseline:
    """What was there just before a create.

    Attributes:
        ids: Ids of the jobs on the first page of the list.
        complete: Whether that page was the whole list.
        moment: The server's clock then (UTC), None when it did not tell.

    """

    ids: frozenset[str]
    complete: bool
    moment: datetime | None


@attrs.frozen(kw_only=True)
class Findings(Generic[JobT]):
    """What the comparison found.

    Attributes:
        verdict: Taken or not, or cannot tell.
        jobs: The jobs of the restore that was taken; empty otherwise.
        candidates: All new jobs that fit the request.

    """

    verdict: Verdict
    jobs: tuple[JobT, ...] = ()
    candidates: tuple[JobT, ...] = ()


def server_moment(headers: Mapping[str, str]) -> datetime | None:
    """Read the server's clock from the ``Date`` header; None when it is missing or unreadable."""
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def find_created(
    baseline: Baseline, request: HttpRestore | AutomatedRestore, jobs: Iterable[JobT], *, reached: bool = True
) -> Findings[JobT]:
    """Look for what a create may have started.

    Args:
        baseline: The list before.
        request: What was asked for.
        jobs: The whole list now.
        reached: Whether the request may have reached the server at all.

    """
    if not reached:
        return Findings(verdict=Verdict.NOT_TAKEN)
    candidates = tuple(job for job in jobs if _is_new(baseline, job) and _fits(request, job))
    restores: defaultdict[str, list[JobT]] = defaultdict(list)
    for job in candidates:
        batch = job.batch_id if isinstance(job, RestoreJob) else None
        restores[batch or job.id].append(job)
    if len(restores) != 1 or not all(_is_certainly_new(baseline, job) for job in candidates):
        return Findings(verdict=Verdict.CANNOT_TELL, candidates=candidates)
    return Findings(verdict=Verdict.TAKEN, jobs=candidates, candidates=candidates)


def _is_new(baseline: Baseline, job: JobDocument) -> bool:
    """Whether a job may have come after the baseline."""
    if job.id in baseline.ids:
        return False
    created = _created(job)
    return created is None or baseline.moment is None or created >= baseline.moment - _CLOCK_TOLERANCE


def _is_certainly_new(baseline: Baseline, job: JobDocument) -> bool:
    """Whether it must have: on a list of several pages, a job missing on the first may still be an old one."""
    created = _created(job)
    return baseline.complete or (created is not None and baseline.moment is not None and created > baseline.moment)


def _created(job: JobDocument) -> datetime | None:
    return job.created if isinstance(job, RestoreJob) else None


def _fits(request: HttpRestore | AutomatedRestore, job: JobDocument) -> bool:
    """Compare every field that both sides have; examples leave most of them out of answers."""
    if not isinstance(job, RestoreJob):
        return True
    delivery = job.delivery
    pairs: list[tuple[object, object]] = []
    if isinstance(request, AutomatedRestore):
        if isinstance(request.source, Snapshot):
            pairs.append((request.source.id, job.snapshot_id))
        if isinstance(request.source, Checkpoint):
            pairs.append((request.source.id, job.checkpoint_id))
        if delivery is not None:
            pairs.append((request.target.project_id, delivery.target_group_id))
            pairs.append((request.target.cluster, delivery.target_cluster_id))
    else:
        pairs.append((request.snapshot_id, job.snapshot_id))
        if delivery is not None:
            pairs.append((request.max_downloads, delivery.max_downloads))
            pairs.append((request.expiration_hours, delivery.expiration_hours))
    return all(_agree(asked, found) for asked, found in pairs)


def _agree(asked: object, found: object) -> bool:
    return found is None or not isinstance(asked, (str, int)) or asked == found
