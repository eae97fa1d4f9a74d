"""Requests as they stand on the wire; here those of Ops Manager, Cloud Manager and Atlas legacy.

The vendor's tables and examples disagree about numbers and strings. What is sent are the types of the tables:
numbers for ``expirationHours``, ``maxDownloads`` and ``pointInTimeUTCMillis``, strings for ``oplogTs`` and
``oplogInc`` (Atlas v2 wants a date and a number). Servers refuse fields they do not know, so nothing unset and no
null is ever sent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_never

from mongorestore_async.codec.atlas_request_bodies import check_minimum, encode_cloud_backup, encode_tenant
from mongorestore_async.codec.collection_bodies import encode_collections
from mongorestore_async.errors import ConfigError, Hint, HintKind, Unsupported
from mongorestore_async.models.collections import CollectionRestore
from mongorestore_async.models.requests import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
)
from mongorestore_async.protocol.dates import POINT_IN_TIME_WINDOW, check_reach, count_since_epoch, iso_text

if TYPE_CHECKING:
    from mongorestore_async.families.family import Family
    from mongorestore_async.models.collections import RestoreRequest

__all__ = ["create_path", "encode_request"]

_MILLISECOND = timedelta(milliseconds=1)


def create_path(family: Family[Any], request: RestoreRequest) -> str:
    """Find the path that a create is sent to: some families take downloads at a path of their own.

    Raises:
        Unsupported: The family takes no creates.

    """
    path = family.create_path
    if isinstance(request, HttpRestore) and family.download_path is not None:
        path = family.download_path
    if path is None:
        raise Unsupported(f"restore jobs of {family.title} cannot be created with this version")
    return path


def encode_request(family: Family[Any], request: RestoreRequest, *, now: datetime) -> dict[str, Any]:
    """Encode a create request for a family ("Create: request body").

    Args:
        family: Who will get it.
        request: What is asked for.
        now: The present moment, aware.

    Raises:
        Unsupported: The family takes no creates, not this kind, or not all of its terms.
        ConfigError: A point in time lies in the future, with five minutes of tolerance for clocks that differ,
            further back than the family takes, or before 2008; or ``request`` is no request.

    """
    _check_supported(family, request)
    if isinstance(request, CollectionRestore):
        return encode_collections(family, request, now)
    match family.encoding:
        case "manager" | "legacy":
            return _encode_with_delivery(family, request, now)
        case "cloud-backup" | "serverless":
            return encode_cloud_backup(family, request, now)
        case "tenant":
            return encode_tenant(family, request)
        case "collections" | None:
            raise Unsupported(
                f"restore jobs of {family.title} cannot be created: the family defines no request encoding"
            )
        case _:
            assert_never(family.encoding)


#: What a request of a kind asks for, in the words of messages.
_WORDS: dict[type[Any], str] = {
    HttpRestore: "downloads",
    Snapshot: "restores of a snapshot",
    OplogTime: "restores to an oplog timestamp",
    PointInTime: "restores to a point in time",
    Checkpoint: "restores to a checkpoint",
    CollectionRestore: "restores of single databases and collections",
}


def _check_supported(family: Family[Any], request: object) -> None:
    if not isinstance(request, (HttpRestore, AutomatedRestore, CollectionRestore)):
        raise ConfigError(
            f"the request must be an HttpRestore, an AutomatedRestore or a CollectionRestore, not"
            f" {type(request).__name__}"
        )
    variant = type(request.source if isinstance(request, AutomatedRestore) else request)
    if not family.creates:
        raise Unsupported(f"{family.title}: this version can list and read its restore jobs, not create them")
    if variant not in family.creates:
        accepted = tuple(sorted(kind.__name__ for kind in family.creates))
        raise Unsupported(
            f"{family.title} does not support {_WORDS[variant]}:",
            hint=Hint(HintKind.USE_VARIANT, {"variants": accepted}),
        )


def _encode_with_delivery(
    family: Family[Any], request: HttpRestore | AutomatedRestore, now: datetime
) -> dict[str, Any]:
    if isinstance(request, HttpRestore):
        return {"snapshotId": request.snapshot_id, "delivery": _http_delivery(family, request)}
    cluster = "targetClusterName" if family.cluster_key == "name" else "targetClusterId"
    return {
        **_selector(family, request.source, now),
        "delivery": {
            "methodName": "AUTOMATED_RESTORE",
            "targetGroupId": request.target.project_id,
            cluster: request.target.cluster,
        },
    }


def _http_delivery(family: Family[Any], request: HttpRestore) -> dict[str, Any]:
    delivery: dict[str, Any] = {"methodName": "HTTP"}
    if request.max_downloads is not SERVER_DEFAULT:
        delivery["maxDownloads"] = request.max_downloads
    if request.expires is not None:
        if family.is_v2:
            raise Unsupported(
                f"{family.title} does not support an expiry date for downloads:",
                hint=Hint(HintKind.PASS_INSTEAD, {"argument": "expiration_hours"}),
            )
        delivery["expires"] = iso_text(request.expires)
    elif request.expiration_hours is not SERVER_DEFAULT:
        delivery["expirationHours"] = request.expiration_hours
    return delivery


def _selector(
    family: Family[Any], source: Snapshot | OplogTime | PointInTime | Checkpoint, now: datetime
) -> dict[str, Any]:
    match source:
        case Snapshot():
            return {"snapshotId": source.id}
        case OplogTime() if family.is_v2:
            return {
                "oplogTs": iso_text(datetime.fromtimestamp(source.seconds, UTC)),
                "oplogInc": source.increment,
            }
        case OplogTime():
            return {"oplogTs": str(source.seconds), "oplogInc": str(source.increment)}
        case PointInTime():
            check_minimum(family, source)
            check_reach(source.moment, now, window=POINT_IN_TIME_WINDOW)
            return {"pointInTimeUTCMillis": count_since_epoch(source.moment, _MILLISECOND)}
        case Checkpoint():
            return {"checkpointId": source.id}
        case _:
            assert_never(source)
