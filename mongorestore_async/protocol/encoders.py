"""Requests as they stand on the wire.

The vendor's tables and examples disagree about numbers and strings. What is sent are the types of the tables:
numbers for ``expirationHours``, ``maxDownloads`` and ``pointInTimeUTCMillis``, strings for ``oplogTs`` and
``oplogInc``. Servers refuse fields they do not know, so nothing unset and no null is ever sent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_never

from mongorestore_async.errors import ConfigError, Unsupported
from mongorestore_async.models.requests import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
)

if TYPE_CHECKING:
    from mongorestore_async.families.family import Family

__all__ = ["POINT_IN_TIME_TOLERANCE", "POINT_IN_TIME_WINDOW", "encode_request"]

#: How far back a point-in-time restore may reach (Cloud Manager create page).
POINT_IN_TIME_WINDOW = timedelta(hours=24)
#: How far this machine's clock may be off before we refuse what the server might take.
POINT_IN_TIME_TOLERANCE = timedelta(minutes=5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def encode_request(family: Family[Any], request: HttpRestore | AutomatedRestore, *, now: datetime) -> dict[str, Any]:
    """Encode a create request for a family ("Create: request body").

    Args:
        family: Who will get it.
        request: What is asked for.
        now: The present moment, aware.

    Raises:
        Unsupported: The family takes no creates, or not this kind.
        ConfigError: A point in time lies in the future or more than 24 hours back, with five minutes of
            tolerance for clocks that differ; or ``request`` is no request.

    """
    _check_supported(family, request)
    if isinstance(request, HttpRestore):
        return {"snapshotId": request.snapshot_id, "delivery": _http_delivery(request)}
    return {
        **_selector(request.source, now),
        "delivery": {
            "methodName": "AUTOMATED_RESTORE",
            "targetGroupId": request.target.project_id,
            "targetClusterId": request.target.cluster,
        },
    }


def _check_supported(family: Family[Any], request: object) -> None:
    if not isinstance(request, (HttpRestore, AutomatedRestore)):
        raise ConfigError(f"a create takes an HttpRestore or an AutomatedRestore, not {type(request).__name__}")
    variant = type(request.source if isinstance(request, AutomatedRestore) else request)
    if not family.creates:
        raise Unsupported(f"{family.title}: this version can list and read its restore jobs, not create them")
    if variant not in family.creates:
        accepted = ", ".join(sorted(kind.__name__ for kind in family.creates))
        raise Unsupported(f"{family.title} does not take {variant.__name__}: use one of {accepted}")


def _http_delivery(request: HttpRestore) -> dict[str, Any]:
    delivery: dict[str, Any] = {"methodName": "HTTP"}
    if request.max_downloads is not SERVER_DEFAULT:
        delivery["maxDownloads"] = request.max_downloads
    if request.expires is not None:
        # Whole seconds: one of the server's errors is called FRACTIONAL_TIMESTAMP.
        delivery["expires"] = request.expires.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    elif request.expiration_hours is not SERVER_DEFAULT:
        delivery["expirationHours"] = request.expiration_hours
    return delivery


def _selector(source: Snapshot | OplogTime | PointInTime | Checkpoint, now: datetime) -> dict[str, Any]:
    match source:
        case Snapshot():
            return {"snapshotId": source.id}
        case OplogTime():
            return {"oplogTs": str(source.seconds), "oplogInc": str(source.increment)}
        case PointInTime():
            # In UTC first: datetimes of one and the same zone are subtracted by their wall clocks.
            moment = source.moment.astimezone(UTC)
            _check_window(moment, now)
            return {"pointInTimeUTCMillis": (moment - _EPOCH) // _MILLISECOND}
        case Checkpoint():
            return {"checkpointId": source.id}
        case _:
            assert_never(source)


def _check_window(moment: datetime, now: datetime) -> None:
    age = now - moment
    if age < -POINT_IN_TIME_TOLERANCE:
        raise ConfigError("PointInTime.moment lies in the future: pass a moment within the last 24 hours")
    if age > POINT_IN_TIME_WINDOW + POINT_IN_TIME_TOLERANCE:
        raise ConfigError(
            "PointInTime.moment lies more than 24 hours back: pass a later moment,"
            " or restore from a Snapshot or an OplogTime"
        )
