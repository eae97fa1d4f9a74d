"""Moments as the API and HTTP write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mongorestore_async.errors import ConfigError

__all__ = [
    "POINT_IN_TIME_TOLERANCE",
    "POINT_IN_TIME_WINDOW",
    "check_reach",
    "count_since_epoch",
    "http_date",
    "iso_text",
]

#: How far back a point-in-time restore may reach (Cloud Manager create page).
POINT_IN_TIME_WINDOW = timedelta(hours=24)
#: How far this machine's clock may be off before we refuse what the server might take.
POINT_IN_TIME_TOLERANCE = timedelta(minutes=5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def http_date(text: str) -> datetime | None:
    """Read an HTTP date (RFC 9110 section 5.6.7): any of its three forms, and days of one digit.

    Returns:
        The moment in UTC; None for invalid text.

    """
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def iso_text(moment: datetime) -> str:
    """Write an aware moment in ISO 8601 and UTC, in whole seconds: one of the errors is ``FRACTIONAL_TIMESTAMP``."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def count_since_epoch(moment: datetime, unit: timedelta) -> int:
    """Count whole units since 1970, never later than the moment, which is aware."""
    # In UTC first: datetimes of one and the same zone are subtracted by their wall clocks.
    return (moment.astimezone(UTC) - _EPOCH) // unit


def check_reach(moment: datetime, now: datetime, *, window: timedelta | None = None) -> None:
    """Check that a restore can reach a moment, with five minutes of tolerance for clocks that differ.

    Args:
        moment: Where to, aware.
        now: The present moment, aware.
        window: How far back it may reach; None where the vendor names no such limit.

    Raises:
        ConfigError: It lies in the future or too far back.

    """
    age = now.astimezone(UTC) - moment.astimezone(UTC)
    hours = None if window is None else f"{window / timedelta(hours=1):g} hours"
    if age < -POINT_IN_TIME_TOLERANCE:
        advice = "pass an earlier moment" if hours is None else f"pass a moment within the last {hours}"
        raise ConfigError(f"the point in time is in the future: {advice}")
    if window is not None and age > window + POINT_IN_TIME_TOLERANCE:
        raise ConfigError(
            f"the point in time is more than {hours} ago: pass a later moment,"
            f" or restore from a snapshot or an oplog time"
        )
