"""When requests pass: the clock of the server, the gate that holds them back, the rate limit that refuses them.

A test moves clock and gate while the server runs. Nothing here knows HTTP.
"""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.setting_types import RateCode, WaitForm
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from mongorestore_async.emulator.setting_types import RateLimiting

__all__ = ["Allowance", "Clock", "Gate", "RateLimitCounter"]


class Clock:
    """A UTC clock with a given start and a given speed.

    All times of the emulator come from it: the ``Date`` header, the states of jobs, the age of
    nonces, the 24 hours of a point in time.

    Args:
        start: The time it starts from.
        speed: Seconds that pass on it in one real second; 0 stops it, so that only :meth:`advance` moves it.

    """

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self.start: datetime = start.astimezone(UTC)
        self._speed = speed
        self._elapsed = 0.0
        self._read_at = monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start, on this clock."""
        return self._elapsed + (monotonic() - self._read_at) * self._speed

    @property
    def speed(self) -> float:
        """Seconds that pass on this clock in one real second; may be set at any time, without a jump."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        """Change its speed from now on; 0 stops it.

        Raises:
            ConfigError: It would run backwards.

        """
        if not 0 <= value < math.inf:
            raise ConfigError(f"The speed of a clock is {value!r}; give a number from 0 up.")
        self._elapsed, self._read_at, self._speed = self.elapsed, monotonic(), value

    def now(self) -> datetime:
        """The present on this clock, UTC."""
        return self.start + timedelta(seconds=self.elapsed)

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> None:
        """Advance it by the sum of these, without any real time passing.

        Args:
            seconds: How far, from 0.
            minutes: The same in minutes.
            hours: The same in hours.
            days: The same in days.

        Raises:
            ConfigError: A clock does not go back.

        """
        total = seconds + 60 * (minutes + 60 * (hours + 24 * days))
        if not 0 <= total < math.inf:
            raise ConfigError(f"A clock cannot be advanced by {total!r} seconds; give a number from 0 up.")
        self._elapsed += total


class Gate:
    """Lets requests pass, or holds them as they arrive, before any other step.

    Open at first. :meth:`close` and :meth:`open` may be called from any thread::

        emulator.gate.close()
        calls = [asyncio.create_task(...) for _ in range(32)]
        while emulator.gate.waiting < 32:
            await asyncio.sleep(0)
        emulator.gate.open()
    """

    def __init__(self) -> None:
        self._closed = False
        self._held: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many requests are held."""
        return len(self._held)

    def close(self) -> None:
        """Hold requests from now on."""
        self._closed = True

    def open(self) -> None:
        """Let all held requests pass, and those to come."""
        self._closed = False
        held, self._held = self._held, []
        for loop, future in held:
            loop.call_soon_threadsafe(_release, future)

    async def wait(self) -> None:
        """Wait while it is closed."""
        if self._closed:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            self._held.append((loop, future))
            await future


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@attrs.frozen
class Allowance:
    """Whether a request may pass.

    Attributes:
        limiting: What it was counted against.
        remaining: How many more may pass now.
        wait: Seconds until one may, 0 for one that did.

    """

    limiting: RateLimiting
    remaining: int
    wait: float = 0.0


@attrs.define
class _Counter:
    used: float = 0.0
    at: float = 0.0


class RateLimitCounter:
    """Counts requests against limits (``protocol`` section 7).

    Args:
        limiting: The one limit that holds instead of the documented ones, or None.

    """

    def __init__(self, limiting: RateLimiting | None) -> None:
        self._limiting = limiting
        self._counters: dict[tuple[str, str | None], _Counter] = {}

    def count(self, project: str | None, elapsed: float, documented: RateLimiting | None = None) -> Allowance | None:
        """Count a request; None if it does not count.

        Args:
            project: The project it is about, None for none.
            elapsed: Seconds on the emulator's clock.
            documented: The documented limit of its endpoint set, if it has one and that is played.

        """
        limiting = documented if self._limiting is None else self._limiting
        if limiting is None or (limiting.limit.scope == "project" and project is None):
            return None
        limit = limiting.limit
        whose = (limit.name, project if limit.scope == "project" else None)
        counter = self._counters.setdefault(whose, _Counter())
        if limit.window:
            restart = math.floor(elapsed / limit.per_seconds) * limit.per_seconds
            if counter.at < restart:
                counter.used = 0.0
            wait = restart + limit.per_seconds - elapsed
        else:
            per_second = limit.refill / limit.per_seconds
            counter.used = max(0.0, counter.used - (elapsed - counter.at) * per_second)
            wait = (counter.used + 1 - limit.capacity) / per_second
        counter.at = elapsed
        if counter.used + 1 > limit.capacity:
            return Allowance(limiting, 0, wait)
        counter.used += 1
        return Allowance(limiting, math.floor(limit.capacity - counter.used))

    @staticmethod
    def error_parts(path: str, allowance: Allowance) -> tuple[str, int, str, tuple[Any, ...]]:
        """Code, status, text and parameters of the error for a request beyond the limit; ``path`` is its own."""
        limit, code, wait = allowance.limiting.limit, allowance.limiting.code, allowance.wait
        match code:
            case RateCode.RATE_LIMITED:
                minutes = limit.per_seconds / 60
                text = f"Resource {path} is limited to {limit.capacity} requests every {minutes:g} minutes."
                return code, 429, text, (path, limit.capacity, minutes)
            case RateCode.RATE_LIMITED_TOKEN_BUCKET:
                # Recorded without the slash at its beginning.
                path = path.lstrip("/")
                text = f"Rate limit of endpoint set {path} exceeded; retry in {math.ceil(wait)} seconds."
                parameters = (path, math.ceil(wait), limit.capacity, limit.refill, limit.per_seconds)
                return code, 429, text, parameters
            case RateCode.RATE_LIMITED_IP:
                return code, 400, "Too many requests from this IP address.", ()

    @staticmethod
    def retry_after(allowance: Allowance, now: datetime) -> dict[str, str]:
        """``Retry-After`` of that error, if it is sent."""
        form, seconds = allowance.limiting.retry_after, math.ceil(allowance.wait)
        match form:
            case WaitForm.NONE:
                return {}
            case WaitForm.SECONDS:
                return {"Retry-After": str(seconds)}
            case WaitForm.DATE:
                return {"Retry-After": format_datetime(now + timedelta(seconds=seconds), usegmt=True)}

    @staticmethod
    def headers(allowance: Allowance | None) -> dict[str, str]:
        """``RateLimit-Limit`` and ``RateLimit-Remaining`` of an answer, if they are sent."""
        if allowance is None or not allowance.limiting.headers:
            return {}
        return {
            "RateLimit-Limit": str(allowance.limiting.limit.capacity),
            "RateLimit-Remaining": str(allowance.remaining),
        }
