"""Following jobs of many clusters until they are over. Nothing here changes a restore."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic

import attrs

from mongorestore_async.errors import ConfigError, RestoreError
from mongorestore_async.models import JobRef, JobT
from mongorestore_async.transport.observers import Operation, notify_job, observe
from mongorestore_async.waiting.job_poller import JobPoller
from mongorestore_async.waiting.pacing import Pace
from mongorestore_async.waiting.tracker import key_of
from mongorestore_async.waiting.wait_errors import PollFailure, PollReport, check_ended, check_found, timed_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from mongorestore_async.errors import WaitTimeout
    from mongorestore_async.families import RateLimit
    from mongorestore_async.transport.observers import Notify
    from mongorestore_async.waiting.end_rules import Goal
    from mongorestore_async.waiting.job_source import JobSource
    from mongorestore_async.waiting.tracker import TrackedJob

__all__ = ["Waiter"]


class Waiter(Generic[JobT]):
    """Jobs of any number of clusters, polled until they are over.

    Args:
        sources: The clusters and config servers.
        jobs: Addresses of the jobs, each with the job as far as it is known.
        until: What is waited for, or ``"told"``; None to read each job once.
        read_at: Loop time at which ``jobs`` were read, None for a time ago.
        once: Whether a missing job and a failed poll are raised at once, whatever the policy allows. Else a
            reading (``until`` None) tolerates both for as long as the grace of the policy.
        batches: Whether to follow the whole batch that a job belongs to.
        accept_incomplete: Whether a restore of single collections may leave out what it named.

    Raises:
        ConfigError: A job of a cluster that is not among ``sources``, or one that will never be what is waited for.

    """

    def __init__(
        self,
        sources: Iterable[JobSource[JobT]],
        jobs: Iterable[tuple[JobRef, JobT | None]],
        until: Goal | None,
        *,
        read_at: float | None = None,
        once: bool = False,
        batches: bool = True,
        accept_incomplete: bool = False,
    ) -> None:
        found = tuple(sources)
        if not found:
            raise ConfigError("these jobs have no known session: use session.batch(refs) to follow them")
        self._options = found[0].options
        self._policy = self._options.poll
        if once:
            self._policy = attrs.evolve(self._policy, grace=0, patience=0)
        elif until is None:
            self._policy = attrs.evolve(self._policy, patience=self._policy.grace)
        self._pollers = {_place(each.ref("-")): JobPoller(each, self._policy, until, batches=batches) for each in found}
        self._order: list[TrackedJob[JobT]] = []
        self._round = 0
        self._accept_incomplete = accept_incomplete
        self._read_at = read_at
        self._started: float | None = None
        now = datetime.now(UTC)
        for ref, job in jobs:
            poller = self._pollers.get(_place(ref))
            if poller is None:
                raise ConfigError(f"restore job {ref} does not belong to a cluster of this batch")
            if key_of(ref.job) not in poller.jobs.jobs:
                poller.jobs.add(ref.job, job, now, seen=read_at is not None)
                self._order.append(poller.jobs.jobs[key_of(ref.job)])

    @property
    def open(self) -> bool:
        """Whether there is anything left to poll."""
        return any(poller.open for poller in self._pollers.values())

    @property
    def sources(self) -> tuple[JobSource[JobT], ...]:
        """The clusters and config servers."""
        return tuple(poller.source for poller in self._pollers.values())

    @property
    def jobs(self) -> tuple[JobT, ...]:
        """The jobs as they were read last; members of their batches that were found meanwhile come last."""
        return tuple(followed.job for followed in self._followed() if followed.job is not None)

    def begin(self) -> float:
        """Plan the first polls; returns the loop time."""
        now = asyncio.get_running_loop().time()
        self._started = now
        calls = Counter(_budget_of(poller) for poller in self._pollers.values() if poller.open)
        before = Counter[Any]()
        for poller in self._pollers.values():
            budget = _budget_of(poller)
            pace = Pace(poller.limit, calls[budget])
            # What was read just now is not read again at once, unless only a batch is left to be listed as a whole,
            # or a job is over but for its collections.
            runs = any(group.open_ids for group in poller.jobs.open_groups()) and not poller.jobs.awaiting()
            read_at = self._read_at if runs else None
            fresh = now if read_at is None else read_at + pace.delay(self._policy, 0, 0)
            poller.due = max(now, fresh) + pace.first_delay(self._policy, before[budget])
            before[budget] += poller.open
        return now

    async def step(self) -> None:
        """Sleep until the next poll is due, and poll all clusters that are due.

        When this is cancelled, polls that are done count, and the next step makes only the others.

        Raises:
            SessionClosed: The session was closed, before or meanwhile.
            RestoreError: A permanent failure, such as a key that is not accepted.

        """
        loop = asyncio.get_running_loop()
        going = [poller for poller in self._pollers.values() if poller.open]
        due = min(poller.due for poller in going)
        done: list[JobPoller[JobT]] = []
        async with going[0].source.while_open():
            if (pause := due - loop.time()) > 0:
                await asyncio.sleep(pause)
            ready = [poller for poller in going if poller.due <= max(due, loop.time())]
            try:
                await self._poll(ready, done)
            finally:
                self._plan(done)
        self._round += 1

    async def run(self, seconds: float | None, on_poll: Callable[[PollReport], object] | None) -> None:
        """Poll until all jobs are over.

        Raises:
            WaitTimeout: The time passed.
            RestoreFailed: All are over, and at least one restore ended badly.
            RestoreIncomplete: All are over, and one did not restore all that it named.
            JobVanished: A job that was there can no longer be found; none of the others ended badly.
            WaitError: A cluster could not be polled for longer than the policy allows.
            RestoreError: See :meth:`step`.

        """
        self.begin()
        deadline = asyncio.timeout(seconds)
        with self.observe() as notify:
            self._tell_changes(notify)
            try:
                async with deadline:
                    while self.open:
                        await self.step()
                        self._tell_changes(notify)
                        if on_poll is not None:
                            on_poll(self.report())
            except TimeoutError:
                if not deadline.expired():
                    raise  # of the hook
            if deadline.expired() and self.open:
                raise self.timed_out(seconds)
            self.check_ended()

    def observe(self) -> AbstractContextManager[Notify | None]:
        """Make what tells the observer of the session, if there is one, of a ``with`` block that waits."""
        return observe(self._options.observer, self._describe)

    def take_changes(self) -> list[JobT]:
        """Give each job whose state is another than when it was given last."""
        changed: list[JobT] = []
        for followed in self._followed():
            job, words = followed.job, followed.ending.words
            if job is None or followed.lost:
                continue
            if (followed.seen or followed.ending.over) and words != followed.told:
                followed.told = words
                changed.append(job)
        return changed

    def check_ended(self) -> None:
        """Raise if a wait that is over was not a success; see :func:`wait_errors.check_ended`."""
        check_ended(self._pollers.values(), self._followed(), accept_incomplete=self._accept_incomplete)

    def timed_out(self, seconds: float | None) -> WaitTimeout:
        """Make the error of a wait whose time has passed."""
        return timed_out(self._followed(), seconds, accept_incomplete=self._accept_incomplete)

    def report(self) -> PollReport:
        """Report the state of the wait."""
        now = asyncio.get_running_loop().time()
        counts = Counter[str]()
        for poller in self._pollers.values():
            for group in poller.jobs.groups():
                left = poller.given_up or group.over
                for member in group.members:
                    unpolled = left and not member.ending.over
                    incomplete = member.incomplete and not self._accept_incomplete
                    bad = member.bad or member.lost or unpolled or incomplete
                    counts["bad" if bad else "over" if member.ending.over else "open"] += 1
                    counts["lost"] += member.lost or (unpolled and poller.given_up)
                    counts["missing"] += not bad and member.missed > 0
        delays = [poller.due - now for poller in self._pollers.values() if poller.open]
        return PollReport(
            round=self._round,
            seconds=now - (self._started or now),
            open=counts["open"],
            over=counts["over"],
            bad=counts["bad"],
            lost=counts["lost"],
            missing=counts["missing"],
            failures=tuple(
                PollFailure(poller.source, poller.error, poller.failures)
                for poller in self._pollers.values()
                if poller.error is not None
            ),
            next_delay=max(0.0, min(delays, default=0.0)),
        )

    async def read_all(self) -> None:
        """Read each job once.

        Raises:
            NotFound: There is no such job.
            RestoreError: The last error of a cluster that could not be read.

        """
        self.begin()
        while self.open:
            await self.step()
        check_found(self._pollers.values())

    def _describe(self) -> Operation:
        pollers = self._pollers.values()
        families = {poller.source.family.name for poller in pollers}
        refs = [poller.source.ref(followed.id) for poller in pollers for followed in poller.jobs.jobs.values()]
        return Operation(kind="wait", family=families.pop() if len(families) == 1 else None, refs=tuple(refs))

    def _tell_changes(self, notify: Notify | None) -> None:
        if notify is not None:
            for job in self.take_changes():
                notify_job(notify, job)

    async def _poll(self, ready: Sequence[JobPoller[JobT]], done: list[JobPoller[JobT]]) -> None:
        queue = iter(ready)

        async def work() -> None:
            for poller in queue:
                await poller.poll()
                done.append(poller)

        failure: Exception | None = None
        try:
            async with asyncio.TaskGroup() as group:
                # Not one task for each of a thousand clusters: more calls than this are never in flight.
                for _ in range(min(len(ready), self._options.max_in_flight)):
                    group.create_task(work())
        except* Exception as failed:  # noqa: BLE001 - raised again below
            # Any other error is a mistake in user code, or a warning turned into an error.
            ours = (error for error in failed.exceptions if isinstance(error, RestoreError))
            failure = next(ours, failed.exceptions[0])
        if failure is not None:
            raise failure

    def _plan(self, ready: Iterable[JobPoller[JobT]]) -> None:
        now = asyncio.get_running_loop().time()
        calls = Counter[Any]()
        for poller in self._pollers.values():
            if poller.open:
                calls[_budget_of(poller)] += max(1, poller.calls)
        # One chance for all, so that clusters polled together stay together.
        chance = random.random()  # noqa: S311 - spreads load
        for poller in ready:
            pace = Pace(poller.limit, calls[_budget_of(poller)])
            poller.due = now + pace.delay(self._policy, poller.quiet, chance)

    def _followed(self) -> list[TrackedJob[JobT]]:
        known = set(map(id, self._order))
        everything = (followed for poller in self._pollers.values() for followed in poller.jobs.jobs.values())
        return self._order + [followed for followed in everything if id(followed) not in known]


def _place(ref: JobRef) -> tuple[str, str, str | None, str | None]:
    return ref.family, ref.project, ref.cluster, ref.host


def _budget_of(poller: JobPoller[Any]) -> tuple[RateLimit | None, str | None]:
    limit = poller.limit
    return limit, poller.source.project if limit is None or limit.scope == "project" else None
