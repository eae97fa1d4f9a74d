"""Restores of single databases and collections as they stand on the wire (API facts, November 2026, section 2)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mongorestore_async.codec.atlas_request_bodies import check_minimum
from mongorestore_async.errors import ConfigError
from mongorestore_async.models.requests import OplogTime, PointInTime, Snapshot
from mongorestore_async.protocol.dates import check_reach, count_since_epoch

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mongorestore_async.families.family import Family
    from mongorestore_async.models.collections import CollectionRestore, Renamed

__all__ = ["encode_collections"]

_SECOND = timedelta(seconds=1)
#: Largest int32: all numbers of such a request are of that type.
_INT32_MAX = 2**31 - 1


def encode_collections(family: Family[Any], request: CollectionRestore, now: datetime) -> dict[str, Any]:
    """Encode a create. Nothing unset and no null is sent; a target is named only where it has another name.

    Raises:
        ConfigError: A point in time lies in the future, or before 2008; or a number is larger than the API takes.

    """
    body: dict[str, Any] = {
        **_source(family, request.source, now),
        "targetGroupId": request.target.project_id,
        "targetClusterName": request.target.cluster,
        "writeStrategy": request.write.value,
        "indexStrategy": request.indexes.value,
        "databases": _namespaces(request.named_databases()),
        "collections": _namespaces(request.named_collections()),
        "databaseSuffix": request.database_suffix,
        "collectionSuffix": request.collection_suffix,
    }
    return {name: value for name, value in body.items() if value}


def _source(family: Family[Any], source: Snapshot | PointInTime | OplogTime, now: datetime) -> dict[str, Any]:
    if isinstance(source, Snapshot):
        return {"snapshotId": source.id}
    check_minimum(family, source)
    if isinstance(source, OplogTime):
        for what, number in (("seconds", source.seconds), ("increment", source.increment)):
            if number > _INT32_MAX:
                raise ConfigError(
                    f"the {what} of the oplog timestamp, {number}, must be smaller: {family.title} takes at most"
                    f" {_INT32_MAX}"
                )
        return {"oplogTs": source.seconds, "oplogInc": source.increment}
    check_reach(source.moment, now)
    # "Utc" here, "UTC" in restores of whole clusters.
    return {"pointInTimeUtcSeconds": count_since_epoch(source.moment, _SECOND)}


def _namespaces(entries: Iterable[Renamed]) -> list[dict[str, str]]:
    return [
        {"sourceNamespace": entry.source} | ({} if entry.target == entry.source else {"targetNamespace": entry.target})
        for entry in entries
    ]
