"""Watches one project: its clusters in turn, those with running jobs more often."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mongorestore_async.errors import ApiError, RestoreError
from mongorestore_async.fleet.counters import kind_of
from mongorestore_async.fleet.fleet_records import FleetFailure
from mongorestore_async.fleet.watching.cluster_look import ClusterLook
from mongorestore_async.fleet.watching.open_failures import is_passing
from mongorestore_async.fleet.watching.schedule import Schedule
from mongorestore_async.waiting.pacing import Pace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable

    from mongorestore_async.fleet.cluster_reading import Member
    from mongorestore_async.fleet.discovery import Discovery
    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject
    from mongorestore_async.fleet.watching.poll_budget import PollBudget
    from mongorestore_async.fleet.watching.watch_state import WatchState

__all__ = ["ProjectWatch"]

#: The list of clusters, among the keys of clusters.
_CLUSTERS = ""


T = TypeVar("T")
_Call: TypeAlias = "Callable[[], Coroutine[Any, Any, None]]"


class ProjectWatch:
    """Reads the clusters of one project again and again.

    Args:
        member: The fleet it belongs to.
        place: The project.
        state: What all projects share.
        budget: What its calls for jobs have to share.
        list_budget: What its calls for clusters have to share.

    Attributes:
        place: As passed.
        task: Runs it; set by who starts it.
        on_listed: Called when the list of its clusters was read, or will not be; set likewise.
        is_listing: Whether that list is to be read, or being read.

    """

    task: asyncio.Task[None]
    on_listed: Callable[[], Awaitable[None]]

    def __init__(
        self, member: Member, place: FleetProject, state: WatchState, budget: PollBudget, list_budget: PollBudget
    ) -> None:
        self.place = place
        self._state = state
        self._budget, self._list_budget = budget, list_budget
        self._policy = member.session.options.poll
        self._project = member.session.project(place.id, member.family)
        self._looks: dict[str, ClusterLook] = {}
        self._schedule: Schedule[str] = Schedule()
        self._slots, self._probe = asyncio.Semaphore(state.query.per_project), asyncio.Semaphore(1)
        self._changed = asyncio.Event()
        self._since: dict[str, float] = {}  # when a list began to fail
        self._tries: Counter[str] = Counter()  # looks in a row that failed
        self._discovery: Discovery | None = None
        self.is_listing: bool = False

    @property
    def looks(self) -> Collection[ClusterLook]:
        """What is known of its clusters."""
        return self._looks.values()

    async def set_clusters(self, found: Iterable[FleetCluster]) -> None:
        """Take the clusters that the project has now: new ones join, and those that are gone are dropped."""
        now = asyncio.get_running_loop().time()
        chosen = {each.key: each for each in found if self._state.query.clusters.match(each.key, each.id, each.name)}
        gone = self._looks.keys() - chosen.keys()
        for key, cluster in chosen.items():
            if key not in self._looks:
                self._looks[key] = ClusterLook(cluster, self._project.cluster(key), self._policy)
                self._state.open.add(self._unit(key))
                self._schedule.put(key, now, running=False)
        self._changed.set()
        for key in gone:
            # One whose restores run is read on: the list of clusters may lag behind.
            if not self._looks[key].jobs or key in self._since:
                await self._drop(key)

    def list_clusters(self, discovery: Discovery) -> None:
        """Let it list its clusters, with its next turn."""
        self._discovery = discovery
        if not self.is_listing:
            self.is_listing = True
            self._state.open.add(self._unit(_CLUSTERS))
            self._schedule.put(_CLUSTERS, asyncio.get_running_loop().time(), running=True)
            self._changed.set()

    async def run(self) -> None:
        """Read until it is cancelled.

        Raises:
            ExceptionGroup: Of an error that concerns the whole fleet.

        """
        async with asyncio.TaskGroup() as group:
            while True:
                job = await self._next()
                slot = self._probe if self._state.failures.count(self._key()) else self._slots
                await slot.acquire()
                group.create_task(_in_slot(job, slot))

    async def retire(self) -> None:
        """Note that the key does not see the project any more."""
        await self.set_clusters(())
        for key in list(self._looks):
            await self._drop(key)
        await self._state.recover(self._key(), _CLUSTERS, self.place)
        self._state.close(self._unit(_CLUSTERS))
        self.task.cancel()

    async def _next(self) -> _Call:
        """Wait for what is due next."""
        clock = asyncio.get_running_loop().time
        while True:
            if (key := self._schedule.take(clock())) is not None:
                if key == _CLUSTERS:
                    return self._list
                if (look := self._looks.get(key)) is not None:
                    return partial(self._look, look)
                continue
            due = self._schedule.due
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._changed.wait()

    async def _list(self) -> None:
        if self._discovery is None:
            return
        self.is_listing = False
        try:
            found = await self._call(self._list_budget, partial(self._discovery.clusters, self.place))
        except RestoreError as error:
            await self._fail(_CLUSTERS, error, None)
            if is_passing(kind_of(error)):  # else with the next discovery
                self.is_listing = True
                delay = Pace(None, 1).delay(self._policy, self._tries[_CLUSTERS], random.random())  # noqa: S311
                self._schedule.put(_CLUSTERS, asyncio.get_running_loop().time() + delay, running=True)
                self._changed.set()
            else:
                await self.on_listed()
        else:
            await self._recover(_CLUSTERS, None)
            await self.set_clusters(found)
            await self.on_listed()
            self._state.close(self._unit(_CLUSTERS))
        self._state.check_idle()

    async def _look(self, look: ClusterLook) -> None:
        key, error = look.cluster.key, None
        try:
            await look.look(partial(self._call, self._budget))
        except RestoreError as failed:
            error = None if isinstance(failed, ApiError) and failed.no_backup else failed
        if key not in self._looks:
            return
        await self._state.tell(look.take_changes())
        if error is None:
            await self._recover(key, look.cluster)
            if look.jobs:
                self._state.open.add(self._unit(key))
            else:
                self._state.close(self._unit(key))
        else:
            await self._fail(key, error, look.cluster)
        self._plan(look, error)
        self._state.check_idle()

    def _plan(self, look: ClusterLook, error: RestoreError | None) -> None:
        key = look.cluster.key
        if key not in self._looks:
            return
        chance = random.random()  # noqa: S311 - spreads load
        pace = Pace(None, 1)  # the rate limit is kept by the budget
        idle = self._state.idle_interval * (1 + self._policy.jitter * chance)
        delay = pace.delay(self._policy, look.quiet, chance) if look.jobs else idle
        if error is not None:
            delay = pace.delay(self._policy, self._tries[key], chance)
            # The lists of a project that fails are read in turn, so that it is asked about once in that time.
            failing = max(1, self._state.failures.count(self._key()))
            delay = min(idle, delay * failing) if is_passing(kind_of(error)) else idle
        self._schedule.put(key, asyncio.get_running_loop().time() + delay, running=bool(look.jobs))
        self._changed.set()

    async def _fail(self, reason: str, error: RestoreError, cluster: FleetCluster | None) -> None:
        self._tries[reason] += 1
        now = asyncio.get_running_loop().time()
        if now - self._since.setdefault(reason, now) >= self._policy.patience:
            self._state.close(self._unit(reason))
        kind = kind_of(error)
        failure = FleetFailure(self.place.fleet, self.place, cluster, kind, error)
        place = self._key(None if cluster is None or is_passing(kind) else cluster.key)
        await self._state.fail(place, reason, failure)

    async def _recover(self, reason: str, cluster: FleetCluster | None) -> None:
        if self._since.pop(reason, None) is None:
            return
        del self._tries[reason]
        failed = reason in self._state.failures.reasons(self._key())
        await self._state.recover(self._key(), reason, self.place)
        if cluster is not None:
            await self._state.recover(self._key(cluster.key), reason, self.place, cluster)
        if failed and (others := self._state.failures.reasons(self._key())):
            self._schedule.advance(others, asyncio.get_running_loop().time())
            self._changed.set()

    async def _drop(self, key: str) -> None:
        look = self._looks.pop(key)
        await self._state.tell(look.forget())
        await self._recover(key, look.cluster)
        self._state.close(self._unit(key))

    async def _call(self, budget: PollBudget, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call of this project, once its budget and the slots have room for it."""
        await budget.wait()
        return await self._state.in_slot(call, failing=bool(self._state.failures.count(self._key())))

    def _key(self, cluster: str | None = None) -> tuple[str, str, str | None]:
        return self.place.fleet, self.place.id, cluster

    def _unit(self, *names: str) -> tuple[str, ...]:
        return self.place.fleet, self.place.id, *names


async def _in_slot(call: _Call, slot: asyncio.Semaphore) -> None:
    """Make what has taken a slot, and give it back."""
    try:
        await call()
    finally:
        slot.release()
