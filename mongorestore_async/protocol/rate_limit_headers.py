"""Reading rate limits from the vendor's documents and from answers (API protocol, section 7).

The room ``ratelimit`` applies them. Everything here is lenient: an invalid header counts as not sent.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError
from mongorestore_async.families.rate_limit import RateLimit
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.dates import http_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
# "2", "1.5", "+2", "2 seconds", "2;comment=x"; of several that a proxy joined by commas the longest counts.
_SECONDS = re.compile(
    r"\"?\+?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:\s*(?:s|secs?|seconds?))?\"?(?:\s*;.*)?", re.IGNORECASE | re.DOTALL
)
# Headers that tell how many calls are left, and when the limit is reset. "RateLimit" is that of the IETF's present
# draft ("default";r=0;t=5) and of those before it (limit=10, remaining=0, reset=5).
_PLAIN = re.compile(r"\A\s*([0-9]+(?:\.[0-9]*)?)\s*(?:[,;].*)?\Z", re.DOTALL)
_LEFT: Mapping[str, re.Pattern[str]] = {
    "RateLimit": re.compile(r"(?:\A|[;,\s])(?:r|remaining)=([0-9]+)", re.IGNORECASE),
    "RateLimit-Remaining": _PLAIN,
    "X-RateLimit-Remaining": _PLAIN,
}
_RESETS: Mapping[str, re.Pattern[str]] = {
    "RateLimit": re.compile(r"(?:\A|[;,\s])(?:t|reset)=([0-9]+(?:\.[0-9]*)?)", re.IGNORECASE),
    "RateLimit-Reset": _PLAIN,
    "X-RateLimit-Reset": _PLAIN,
    "X-Rate-Limit-Reset": _PLAIN,
    "X-RateLimit-Reset-After": _PLAIN,
}
#: Above this a reset is a moment in seconds since 1970, and from a thousand times that on in milliseconds.
_MOMENT, _MILLISECONDS = 1e9, 1e12
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
    headers: Mapping[str, str],
    error_code: str | None,
    parameters: Sequence[Any],
    now: datetime,
    *,
    limited: bool = False,
) -> float | None:
    """Find how many seconds an answer asks to wait.

    ``Retry-After`` (RFC 9110 section 10.2.3) comes first: in seconds (a part of one is rounded up), also with their
    unit, or as a date, which is read on the answer's own clock: its ``Date``. Of several the longest counts. Then the
    parameters of a ``RATE_LIMITED_TOKEN_BUCKET``, then when the limit is said to be reset (``RateLimit`` and
    ``RateLimit-Reset`` of the IETF's drafts, ``X-RateLimit-Reset`` of others).

    Args:
        headers: Headers of the answer.
        error_code: The API's code, None without one.
        parameters: Parameters of the error document.
        now: The time, for an answer without a ``Date``; aware.
        limited: Whether it is a rate limit that refused: only then the reset of one counts, unless calls are left.

    Returns:
        Seconds from 0 to 1e9; None when it does not say.

    """
    now = http_date(headers.get("Date", "")) or now
    if said := [wait for text in _all(headers, "Retry-After") if (wait := _wait(text, now)) is not None]:
        return max(said)
    if error_code == TOKEN_BUCKET and len(parameters) > 1 and (told := _number(parameters[1])) is not None:
        return told
    if not limited or any(float(left[1]) > 0 for left in _find(headers, _LEFT)):
        return None
    return max((_until(float(reset[1]), now) for reset in _find(headers, _RESETS)), default=None)


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


def _all(headers: Mapping[str, str], name: str) -> Iterable[str]:
    """Every field of a name: proxies add their own."""
    if isinstance(headers, Headers):
        return headers.getall(name)
    return (headers[name],) if name in headers else ()


def _find(headers: Mapping[str, str], patterns: Mapping[str, re.Pattern[str]]) -> Iterator[re.Match[str]]:
    for name, pattern in patterns.items():
        for text in _all(headers, name):
            if (found := pattern.search(text)) is not None:
                yield found


def _wait(text: str, now: datetime) -> float | None:
    """Read one ``Retry-After``."""
    moment = http_date(text) or _iso_moment(text.strip())
    if moment is not None:
        return max(0.0, (moment - now).total_seconds())
    found = [_SECONDS.fullmatch(part.strip()) for part in text.split(",")]
    seconds = [math.ceil(min(float(each[1]), _LONGEST)) for each in found if each is not None]
    return float(max(seconds)) if len(seconds) == len(found) else None


def _iso_moment(text: str) -> datetime | None:
    if text[10:11] not in {"T", "t", " "}:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _until(reset: float, now: datetime) -> float:
    """Give the seconds until a limit is reset, which is told as such or as a moment."""
    if reset > _MOMENT:
        reset = max(0.0, (reset / 1000 if reset > _MILLISECONDS else reset) - now.timestamp())
    return float(math.ceil(min(reset, _LONGEST)))


def _count(headers: Mapping[str, str], name: str) -> int | None:
    if name not in headers:
        return None
    match = _LEADING_COUNT.match(headers[name])
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
