"""The emulator's clock: one can speed it up, stop it and push it on."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from time import monotonic

from mongorestore_async.errors import ConfigError

__all__ = ["Clock"]


class Clock:
    """A UTC clock that starts where it is told and runs as fast as it is told.

    Everything the emulator says about time comes from here: the ``Date`` header, the states of jobs, the age of
    nonces, the 24 hours of a point in time.

    Args:
        start: The moment it shows first.
        speed: Seconds that pass on it in one real second; 0 stops it, so that only :meth:`advance` moves it.

    """

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self.start = start.astimezone(UTC)
        self._speed = speed
        self._shown = 0.0
        self._since = monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start, on this clock."""
        return self._shown + (monotonic() - self._since) * self._speed

    @property
    def speed(self) -> float:
        """Seconds that pass on this clock in one real second; may be set at any time, without a jump."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        """Let it run faster or slower from now on; 0 stops it.

        Raises:
            ConfigError: It would run backwards.

        """
        if not 0 <= value < math.inf:
            raise ConfigError(f"The speed of a clock is {value!r}; give a number from 0 up.")
        self._shown, self._since, self._speed = self.elapsed, monotonic(), value

    def now(self) -> datetime:
        """The moment it shows, UTC."""
        return self.start + timedelta(seconds=self.elapsed)

    def advance(self, seconds: float) -> None:
        """Push it on.

        Raises:
            ConfigError: A clock does not go back.

        """
        if not 0 <= seconds < math.inf:
            raise ConfigError(f"A clock cannot be advanced by {seconds!r} seconds; give a number from 0 up.")
        self._shown += seconds
