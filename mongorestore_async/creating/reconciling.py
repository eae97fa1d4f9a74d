"""Whether a create whose answer was lost was accepted: a pure comparison of the job list before and after.

There is no idempotency key in the API (API protocol section 7), so the only evidence is the list: a new job
that fits the request. Evidence of absence does not exist: a job may show up later.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Generic

import attrs

from mongorestore_async.creating.matching import fits
from mongorestore_async.errors import Verdict
from mongorestore_async.models import JobDocument, JobT, RestoreJob, find_link
from mongorestore_async.protocol.dates import http_date

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any

    from mongorestore_async.families.family import Family
    from mongorestore_async.models import Link, RestoreRequest

__all__ = ["Baseline", "Findings", "find_created", "server_moment"]

# ``Date`` has whole seconds and a proxy may have written it.
_CLOCK_TOLERANCE = timedelta(seconds=5)


@attrs.frozen(kw_only=True)
class Baseline:
    """What was there just before a create.

    Attributes:
        ids: Ids of the jobs on the first page of the list.
        complete: Whether that page was the whole list.
        moment: The server's clock then (UTC), None when it did not say.

    """

    ids: frozenset[str]
    complete: bool
    moment: datetime | None

    @classmethod
    def of(
        cls, ids: Collection[str], *, total_count: int | None, links: Sequence[Link], headers: Mapping[str, str]
    ) -> Baseline:
        """Take note of the first page of a job list.

        Args:
            ids: Ids of its jobs.
            total_count: Jobs of the whole list, None where the server did not count.
            links: Links of the list.
            headers: Headers of the answer.

        """
        complete = total_count is not None and total_count <= len(ids) and find_link(links, "next") is None
        return cls(ids=frozenset(ids), complete=complete, moment=server_moment(headers))

    def to_document(self) -> dict[str, Any]:
        """Give it as a JSON object, for whoever keeps it outside of the process."""
        moment = None if self.moment is None else self.moment.astimezone(UTC).isoformat()
        return {"ids": sorted(self.ids), "complete": self.complete, "moment": moment}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Baseline:
        """Read what :meth:`to_document` gave."""
        moment = document["moment"]
        return cls(
            ids=frozenset(document["ids"]),
            complete=document["complete"],
            moment=None if moment is None else datetime.fromisoformat(moment),
        )


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
    return http_date(headers.get("Date", ""))


def find_created(
    family: Family[JobT],
    baseline: Baseline,
    request: RestoreRequest,
    jobs: Iterable[JobT],
    *,
    reached: bool = True,
) -> Findings[JobT]:
    """Look for what a create may have started.

    Args:
        family: Who got it.
        baseline: The list before.
        request: What was asked for.
        jobs: The whole list now.
        reached: Whether the request may have reached the server at all.

    """
    if not reached:
        return Findings(verdict=Verdict.NOT_TAKEN)
    listed = tuple(jobs)
    newer = _newer(baseline, listed) if family.newest_first else None
    candidates = tuple(
        job for job in (listed if newer is None else newer) if _is_new(baseline, job) and fits(family, request, job)
    )
    restores: defaultdict[str, list[JobT]] = defaultdict(list)
    for job in candidates:
        batch = job.batch_id if isinstance(job, RestoreJob) else None
        restores[batch or job.id].append(job)
    certain = newer is not None or all(_is_certainly_new(baseline, job) for job in candidates)
    if len(restores) != 1 or not certain:
        return Findings(verdict=Verdict.CANNOT_TELL, candidates=candidates)
    return Findings(verdict=Verdict.TAKEN, jobs=candidates, candidates=candidates)


def _newer(baseline: Baseline, listed: tuple[JobT, ...]) -> tuple[JobT, ...] | None:
    """In a list with the newest first: the jobs before those of the baseline; None where there are none of those."""
    for index, job in enumerate(listed):
        if job.id in baseline.ids:
            return listed[:index]
    return None


def _is_new(baseline: Baseline, job: JobDocument) -> bool:
    """Whether a job may have come after the baseline."""
    if job.id in baseline.ids:
        return False
    told = job.finished_at if job.requested_at is None else job.requested_at
    return told is None or baseline.moment is None or told >= baseline.moment - _CLOCK_TOLERANCE


def _is_certainly_new(baseline: Baseline, job: JobDocument) -> bool:
    """Whether it must have: on a list of several pages, a job missing on the first may still be an old one."""
    told = job.requested_at
    return baseline.complete or (told is not None and baseline.moment is not None and told > baseline.moment)
