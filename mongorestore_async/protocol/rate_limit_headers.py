"""Reading rate limits from the vendor's documents and from answers (API protocol, section 7).

The room ``ratelimit`` applies them. Everything here is lenient: an invalid header counts as not sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError
from mongorestore_async.families.rate_limit import RateLimit
from mongorestore_async.protocol.dates import http_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

__all__ = [
    "TOKEN_BUCKET",
    "choose_rate",
    "project_in",
    "rate_headers",
    "rate_remaining",
    "retry_after",
    "told_bucket",
]

#: Code of a refusal whose parameters describe the bucket: path, seconds to wait, capacity, refill, period in seconds.
TOKEN_BUCKET = "RATE_LIMITED_TOKEN_BUCKET"  # noqa: S105 - a word of the API

# Older drafts of the header follow the number with a policy: "100, 100;w=60".
_LEADING_COUNT = re.compile(r"\s*([0-9]{1,9})\s*(?:[,;]|\Z)")
_WHOLE_SECONDS = re.compile(r"\s*([0-9]+)\s*\Z")
_LONGEST = 1e9
_PROJECT = re.compile(r"(?:\A|/)groups/([^/?#]+)")


def choose_rate(rates: Iterable[RateLimit], path: str, project: str | None) -> RateLimit | None:
    """Choose the limit that a call falls under: the first that fits.

    Args:
        rates: Limits of the family.
        path: Path of the call as the family has it, placeholders and all.
        project: The project it is about, None for none.

    """
    for rate in rates:
        if (not rate.paths or path in rate.paths) and (rate.scope == "caller" or project is not None):
            return rate
    return None


def project_in(path: str, names: Mapping[str, str] | None) -> str | None:
    """Find the project that a call is about: by name, or in a path that was filled by hand.

    Args:
        path: Path of the call, with or without placeholders.
        names: What fills the placeholders.

    """
    found = (names or {}).get("project")
    if found is None and (match := _PROJECT.search(path)) is not None:
        found = match[1]
    return found


def rate_headers(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Read ``RateLimit-Limit`` (the capacity) and ``RateLimit-Remaining``; None for what is not sent or no number."""
    return _count(headers, "RateLimit-Limit"), rate_remaining(headers)


def rate_remaining(headers: Mapping[str, str]) -> int | None:
    """Read ``RateLimit-Remaining``; None where it is not sent or no number."""
    return _count(headers, "RateLimit-Remaining")


def retry_after(
    headers: Mapping[str, str], error_code: str | None, parameters: Sequence[Any], now: datetime
) -> float | None:
    """Find how many seconds an answer asks to wait.

    ``Retry-After`` (RFC 9110 section 10.2.3) comes first, in whole seconds or as a date, which is read on the
    answer's own clock: its ``Date``. Then the parameters of a ``RATE_LIMITED_TOKEN_BUCKET``.

    Args:
        headers: Headers of the answer.
        error_code: The API's code, None without one.
        parameters: Parameters of the error document.
        now: The time, for an answer without a ``Date``; aware.

    Returns:
        Seconds from 0 to 1e9; None when it does not say.

    """
    said = headers.get("Retry-After", "")
    if (seconds := _WHOLE_SECONDS.match(said)) is not None:
        return min(float(seconds[1]), _LONGEST)
    if (moment := http_date(said)) is not None:
        return max(0.0, (moment - (http_date(headers.get("Date", "")) or now)).total_seconds())
    if error_code == TOKEN_BUCKET and len(parameters) > 1:
        return _number(parameters[1])
    return None


def told_bucket(error_code: str | None, parameters: Sequence[Any]) -> RateLimit | None:
    """Read the bucket that a ``RATE_LIMITED_TOKEN_BUCKET`` describes; None for other codes and for invalid values."""
    if error_code != TOKEN_BUCKET or len(parameters) != 5:  # noqa: PLR2004 - as documented
        return None
    capacity, refill, period = (_number(value) for value in parameters[2:])
    if capacity is None or refill is None or period is None:
        return None
    try:
        return RateLimit(int(capacity), int(refill), period)
    except ConfigError:  # a zero
        return None


def _count(headers: Mapping[str, str], name: str) -> int | None:
    match = _LEADING_COUNT.match(headers[name]) if name in headers else None
    return None if match is None else int(match[1])


def _number(value: Any) -> float | None:
    """Read a parameter: they come as numbers and as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= _LONGEST else None  # which NaN is not
