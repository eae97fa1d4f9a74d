"""Jobs at each change of their state, as an iterator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mongorestore_async.listing.iterators import ResumableIterator
from mongorestore_async.models import JobT
from mongorestore_async.models.validators import require_flag, seconds_of
from mongorestore_async.transport.observers import notify_job
from mongorestore_async.waiting.end_rules import check_until
from mongorestore_async.waiting.waiter import Waiter

if TYPE_CHECKING:
    from datetime import timedelta

    from mongorestore_async.waiting.end_rules import Until
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["JobWatch", "watch_one"]


class JobWatch(ResumableIterator[JobT]):
    """Each job as it is now, and again at each change of its state, until all are over.

    The time starts with the first ``anext``. A cancelled ``anext`` loses no change, and the next one continues the
    wait: finished polls are not repeated, and the time-out does not start again. An error of the end, such as
    :class:`RestoreFailed`, is raised by every further ``anext``; after another error the next one polls again.

    Args:
        waiter: Polls the jobs.
        seconds: The time for all of it, None for no end.

    """

    def __init__(self, waiter: Waiter[JobT], seconds: float | None) -> None:
        super().__init__()
        self._waiter = waiter
        self._seconds = seconds
        self._ends: float | None = None
        self._begun = self._expired = False

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close. Exists for ``contextlib.aclosing``."""

    async def _refill(self) -> None:
        waiter = self._waiter
        if not self._begun:
            started = waiter.begin()
            self._ends = None if self._seconds is None else started + self._seconds
            self._begun = True
        if not (changed := waiter.take_changes()) and waiter.open:
            # Each step of its own: between two of them its caller may do anything, or never come back.
            with waiter.observe() as notify:
                changed = await self._poll()
                if notify is not None:
                    for job in changed:
                        notify_job(notify, job)
        if not changed:
            waiter.check_ended()
            raise StopAsyncIteration
        self._ready = iter(changed)

    async def _poll(self) -> list[JobT]:
        """Poll until a job has changed, or all are over."""
        waiter = self._waiter
        while not (changed := waiter.take_changes()) and waiter.open:
            if self._expired:
                raise waiter.timed_out(self._seconds)
            deadline = asyncio.timeout_at(self._ends)
            try:
                async with deadline:
                    await waiter.step()
            except TimeoutError:
                if not deadline.expired():
                    raise
            self._expired = deadline.expired()
        return changed


def watch_one(
    source: JobSource[JobT],
    job_id: str,
    timeout: timedelta | float | None,
    until: Until,
    *,
    accept_incomplete: bool = False,
) -> JobWatch[JobT]:
    """Give one job at each change of its state; see :meth:`ClusterBase.watch_restore_job`."""
    check_until(until)
    require_flag("accept_incomplete", accept_incomplete)
    jobs = [(source.ref(job_id), None)]
    waiter = Waiter((source,), jobs, until, batches=False, accept_incomplete=accept_incomplete)
    return JobWatch(waiter, seconds_of(timeout))
