"""What the projects of a watch share: changes on their way out, failures, slots for calls, and what is not idle yet."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.fleet.watching.open_failures import OpenFailures
from mongorestore_async.fleet.watching.watch_records import ReadFailure, ReadRecovery, WatchedChange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from mongorestore_async.errors import RestoreError
    from mongorestore_async.fleet.fleet_query import FleetQuery
    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetFailure, FleetProject
    from mongorestore_async.fleet.watching.open_failures import Place

__all__ = ["WatchState"]

T = TypeVar("T")

#: Changes that may wait for whoever reads them; beyond them polls wait.
_MOST_WAITING = 500


class WatchState:
    """The shared state of a watch.

    Args:
        query: Which projects and clusters are watched, and how many calls are made at once.
        idle_interval: Seconds between two looks at a cluster without running jobs.
        until_idle: Whether the watch ends when nothing runs.

    Attributes:
        query: As passed.
        idle_interval: As passed.
        failures: What cannot be read.
        open: What keeps the watch from being idle: what was not read yet, and clusters with running jobs.
        error: What ended the watch.

    """

    def __init__(self, query: FleetQuery, idle_interval: float, *, until_idle: bool) -> None:
        self.query = query
        self.idle_interval = idle_interval
        self.failures: OpenFailures = OpenFailures()
        self.open: set[tuple[str, ...]] = set()
        self.error: BaseException | None = None
        self._until_idle = until_idle
        self._waiting: deque[WatchedChange[Any]] = deque()
        self._changed, self._room = asyncio.Event(), asyncio.Event()
        self._slots = asyncio.Semaphore(query.concurrency)
        self._probes = asyncio.Semaphore(max(1, query.concurrency // 4))

    async def in_slot(self, call: Callable[[], Awaitable[T]], *, failing: bool) -> T:
        """Make a call in one of the slots.

        Args:
            call: Makes it.
            failing: Whether it may hang like those before it: all such calls have a quarter of the slots.

        """
        if failing:
            async with self._probes, self._slots:
                return await call()
        async with self._slots:
            return await call()

    async def tell(self, changes: Iterable[WatchedChange[Any]]) -> None:
        """Hand out changes, and wait until there is room for more."""
        self._waiting.extend(changes)
        self._changed.set()
        while len(self._waiting) > _MOST_WAITING:
            self._room.clear()
            await self._room.wait()

    async def fail(self, place: Place, reason: str, failure: FleetFailure) -> None:
        """Note that something cannot be read, and tell it once.

        Raises:
            RestoreError: It concerns the whole fleet.

        """
        error: RestoreError = failure.error
        if error.run_wide:
            error.add_note(f"watching the fleet {failure.fleet!r}")
            raise error
        error.__traceback__ = None  # its frames hold answers
        if self.failures.add(place, reason, failure):
            at, project, cluster = datetime.now(UTC), failure.project, failure.cluster
            await self.tell([ReadFailure(at=at, fleet=place[0], project=project, cluster=cluster, failure=failure)])

    async def recover(
        self, place: Place, reason: str, project: FleetProject | None = None, cluster: FleetCluster | None = None
    ) -> None:
        """Note that something can be read or is not there any more, and tell it once its place has recovered."""
        if self.failures.clear(place, reason):
            await self.tell([ReadRecovery(at=datetime.now(UTC), fleet=place[0], project=project, cluster=cluster)])

    def close(self, unit: tuple[str, ...]) -> None:
        """Note that something does not keep the watch from being idle."""
        self.open.discard(unit)

    def check_idle(self) -> None:
        """End the watch if it is idle and shall end then."""
        if self._until_idle and not self.open and self.error is None:
            self.end(StopAsyncIteration())

    def end(self, error: BaseException) -> None:
        """End the watch; the changes that wait are handed out before."""
        self.error = error if self.error is None else self.error
        self._changed.set()

    def drop(self) -> None:
        """Drop the changes that wait."""
        self._waiting.clear()

    async def take(self) -> list[WatchedChange[Any]]:
        """Wait for changes and take them all; none at the end. If it is cancelled, they stay."""
        while not self._waiting:
            if self.error is not None:
                return []
            self._changed.clear()
            await self._changed.wait()
        taken = list(self._waiting)
        self._waiting.clear()
        self._room.set()
        return taken
