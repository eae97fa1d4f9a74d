"""When the calls under way have to be over."""

from __future__ import annotations

import asyncio
import math

__all__ = ["Deadlines"]


class Deadlines:
    """The deadlines of the calls under way, with one timer for all: one for each would take 6 us of a call.

    The timer is set to the earliest deadline that was met since it rang last. That of a call that is over may make it
    ring for nothing, once.
    """

    def __init__(self) -> None:
        self._ends: dict[asyncio.Timeout, float] = {}
        self._alarm: asyncio.Handle | None = None  # uvloop's has no when()
        self._rings_at = math.inf
        self._idle = asyncio.Event()

    def add(self, call: asyncio.Timeout, ends: float) -> None:
        """Watch a call that was just entered.

        Args:
            call: What ends it.
            ends: Loop time of its deadline.

        """
        self._ends[call] = ends
        if ends < self._rings_at:
            self._set(ends)

    def discard(self, call: asyncio.Timeout) -> None:
        """Take note that a call is over."""
        self._ends.pop(call, None)
        if not self._ends:
            self._idle.set()

    async def end_all(self) -> None:
        """Let every call end now, and wait until it did."""
        now = asyncio.get_running_loop().time()
        for call in self._ends:
            self._end(call, now)
        while self._ends:
            self._idle.clear()
            await self._idle.wait()
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_at = math.inf

    def _ring(self) -> None:
        self._rings_at = math.inf
        now = asyncio.get_running_loop().time()
        for call, ends in self._ends.items():
            if ends <= now:
                self._end(call, now)
        if later := [ends for ends in self._ends.values() if ends > now]:
            self._set(min(later))

    def _set(self, ends: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_at = ends
        self._alarm = asyncio.get_running_loop().call_at(ends, self._ring)

    def _end(self, call: asyncio.Timeout, now: float) -> None:
        if not call.expired():
            call.reschedule(now)
