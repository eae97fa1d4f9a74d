"""When which cluster of a project is read: a decision, no clock and no loop."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Generic, TypeVar

__all__ = ["Schedule"]

KeyT = TypeVar("KeyT")

#: Clusters with running jobs that are read for each without, where both are due.
_RUNNING_FIRST = 3


class Schedule(Generic[KeyT]):
    """Keys with the moments they are due, in two classes: those with running jobs, and the others.

    Where the rate limit leaves less room than is due, the first class has three turns of four.
    """

    def __init__(self) -> None:
        self._running: list[tuple[float, int, KeyT]] = []
        self._idle: list[tuple[float, int, KeyT]] = []
        self._number = count()  # those due at one moment are taken in the order they came
        self._in_a_row = 0

    @property
    def due(self) -> float | None:
        """When the next one is due, None without any."""
        return min((heap[0][0] for heap in (self._running, self._idle) if heap), default=None)

    def put(self, key: KeyT, due: float, *, running: bool) -> None:
        """Add a key; it must not be there."""
        heapq.heappush(self._running if running else self._idle, (due, next(self._number), key))

    def advance(self, keys: set[KeyT], due: float) -> None:
        """Let these keys be due at this moment, or before."""
        for heap in (self._running, self._idle):
            heap[:] = [(min(due, at) if key in keys else at, number, key) for at, number, key in heap]
            heapq.heapify(heap)

    def take(self, now: float) -> KeyT | None:
        """Take a key that is due, None where none is."""
        running = bool(self._running) and self._running[0][0] <= now
        idle = bool(self._idle) and self._idle[0][0] <= now
        if not running and not idle:
            return None
        if running and not (idle and self._in_a_row >= _RUNNING_FIRST):
            self._in_a_row += 1
            return heapq.heappop(self._running)[2]
        self._in_a_row = 0
        return heapq.heappop(self._idle)[2]
