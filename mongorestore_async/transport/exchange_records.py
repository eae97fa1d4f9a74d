"""What a session reports about its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["ExchangeRecord", "Stats"]


@attrs.frozen(kw_only=True)
class ExchangeRecord:
    """One call as it ended, with its login and its repetitions. Holds no secret.

    Attributes:
        method: HTTP verb in upper case.
        url: The URL with secrets redacted.
        family: Name of the product family, or None.
        status: HTTP status of the last answer, None when none came.
        error: Class name of the error raised, None after a success.
        tries: How often the call was tried, from 1.
        challenges: Digest challenges it met.
        seconds: How long it took, waits for a slot and between tries included.
        rate_limit: ``RateLimit-Limit`` of the last answer, None when it was not sent.
        rate_remaining: ``RateLimit-Remaining`` of the last answer, None when it was not sent.
        server_time: ``Date`` of the last answer, UTC in whole seconds; None without one.

    """

    method: str
    url: str
    family: str | None
    status: int | None
    error: str | None
    tries: int
    challenges: int
    seconds: float
    rate_limit: int | None = None
    rate_remaining: int | None = None
    server_time: datetime | None = None


@attrs.frozen
class Stats:
    """What a session and its views have sent so far.

    Attributes:
        requests: HTTP requests, those that were challenged included.
        challenges: Answers that were a digest challenge.
        retries: Tries of a call after its first.

    """

    requests: int = 0
    challenges: int = 0
    retries: int = 0
