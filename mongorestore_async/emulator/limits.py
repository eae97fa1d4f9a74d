"""How many requests the emulator takes in a time (``protocol`` section 7), counted on its own clock."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import RateLimit

__all__ = ["Passage", "RateCode", "RateLimiting", "Turnstile", "WaitForm"]


class RateCode(StrEnum):
    """What a request beyond the limit is answered.

    Members:
        RATE_LIMITED: 429.
        RATE_LIMITED_TOKEN_BUCKET: 429, with the bucket in its parameters (Atlas v2).
        RATE_LIMITED_IP: 400. Meant for a limit per caller.
    """

    RATE_LIMITED = "RATE_LIMITED"
    RATE_LIMITED_TOKEN_BUCKET = "RATE_LIMITED_TOKEN_BUCKET"  # noqa: S105 - a word of the API
    RATE_LIMITED_IP = "RATE_LIMITED_IP"


class WaitForm(StrEnum):
    """How ``Retry-After`` is sent: not at all, in whole seconds, or as a date on the emulator's clock."""

    NONE = "none"
    SECONDS = "seconds"
    DATE = "date"


def _limit(_instance: object, _attribute: attrs.Attribute[RateLimit], value: object) -> None:
    if not isinstance(value, RateLimit):
        raise ConfigError(f"RateLimiting.limit is {value!r}; give a RateLimit such as RateLimit(100, 100, 60).")


@attrs.frozen(kw_only=True)
class RateLimiting:
    """A limit, and how requests beyond it are refused.

    Attributes:
        limit: The limit: a bucket that refills evenly, or a counter that restarts (``window=True``); one for each
            project, to which requests without a project do not count, or one for all requests. Seconds are those
            of the emulator's clock.
        code: What is answered.
        retry_after: How the wait is told; in seconds of the emulator's clock.
        headers: Whether every answer has ``RateLimit-Limit`` and ``RateLimit-Remaining``.

    Raises:
        ConfigError: A value is none of these.

    """

    limit: RateLimit = attrs.field(validator=_limit)
    code: RateCode = attrs.field(default=RateCode.RATE_LIMITED, converter=RateCode)
    retry_after: WaitForm = attrs.field(default=WaitForm.SECONDS, converter=WaitForm)
    headers: bool = False


@attrs.frozen
class Passage:
    """Whether a request may pass.

    Attributes:
        remaining: How many more may pass now.
        wait: Seconds until one may, 0 for one that did.

    """

    remaining: int
    wait: float = 0.0


@attrs.define
class _Counter:
    used: float = 0.0
    at: float = 0.0


class Turnstile:
    """Counts requests.

    Args:
        limiting: The limit, None for none.

    """

    def __init__(self, limiting: RateLimiting | None) -> None:
        self.limiting = limiting
        self._counters: dict[str | None, _Counter] = {}

    def try_to_pass(self, project: str | None, elapsed: float) -> Passage | None:
        """Count a request; None if it does not count.

        Args:
            project: The project it is about, None for none.
            elapsed: Seconds on the emulator's clock.

        """
        if self.limiting is None or (self.limiting.limit.scope == "project" and project is None):
            return None
        limit = self.limiting.limit
        counter = self._counters.setdefault(project if limit.scope == "project" else None, _Counter())
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
            return Passage(0, wait)
        counter.used += 1
        return Passage(math.floor(limit.capacity - counter.used))

    def words(self, path: str, wait: float) -> tuple[int, str, tuple[Any, ...]]:
        """Status, text and parameters of a refusal."""
        if self.limiting is None:
            raise AssertionError("nothing is limited")
        limit = self.limiting.limit
        match self.limiting.code:
            case RateCode.RATE_LIMITED:
                minutes = limit.per_seconds / 60
                text = f"Resource {path} is limited to {limit.capacity} requests every {minutes:g} minutes."
                return 429, text, (path, limit.capacity, minutes)
            case RateCode.RATE_LIMITED_TOKEN_BUCKET:
                text = f"Rate limit of endpoint set {path} exceeded; retry in {math.ceil(wait)} seconds."
                return 429, text, (path, math.ceil(wait), limit.capacity, limit.refill, limit.per_seconds)
            case RateCode.RATE_LIMITED_IP:
                return 400, "Too many requests from this IP address.", ()
