"""Requests of Atlas cloud backup, serverless instances, M2/M5 and flex clusters as they stand on the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError, Hint, HintKind, Unsupported
from mongorestore_async.models.requests import AutomatedRestore, HttpRestore, OplogTime, PointInTime, Snapshot
from mongorestore_async.protocol.dates import check_reach, count_since_epoch

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.families.family import Family

__all__ = ["check_minimum", "encode_cloud_backup", "encode_tenant"]

_SECOND = timedelta(seconds=1)
#: 2008-01-01 in epoch seconds: what the schemas of v2 take at least.
_EARLIEST = 1_199_145_600


def encode_cloud_backup(family: Family[Any], request: HttpRestore | AutomatedRestore, now: datetime) -> dict[str, Any]:
    """Encode a create of cloud backup or a serverless instance ("Atlas v1.0 cloud backup", "Create").

    Times are numbers of seconds; what is finer is cut off.

    Raises:
        Unsupported: A download with terms of its own.
        ConfigError: A point in time lies in the future, or before 2008.

    """
    if isinstance(request, HttpRestore):
        _check_terms(family, request)
        return {"deliveryType": "download", "snapshotId": request.snapshot_id}
    target = {"targetClusterName": request.target.cluster, "targetGroupId": request.target.project_id}
    source = request.source
    if isinstance(source, Snapshot):
        return {"deliveryType": "automated", "snapshotId": source.id, **target}
    check_minimum(family, source)
    if isinstance(source, OplogTime):
        return {"deliveryType": "pointInTime", "oplogTs": source.seconds, "oplogInc": source.increment, **target}
    if isinstance(source, PointInTime):
        check_reach(source.moment, now)
        seconds = count_since_epoch(source.moment, _SECOND)
        return {"deliveryType": "pointInTime", "pointInTimeUTCSeconds": seconds, **target}
    raise Unsupported(
        f"{family.title} has no checkpoints:",
        hint=Hint(HintKind.USE_VARIANT, {"variants": ("OplogTime", "PointInTime", "Snapshot")}),
    )


def encode_tenant(family: Family[Any], request: HttpRestore | AutomatedRestore) -> dict[str, Any]:
    """Encode a create of an M2/M5 or a flex cluster ("Atlas v1.0 tenant", "Flex").

    Raises:
        Unsupported: A download with terms of its own, or something else than a snapshot.

    """
    if isinstance(request, HttpRestore):
        _check_terms(family, request)
        return {"snapshotId": request.snapshot_id}
    if not isinstance(request.source, Snapshot):
        raise Unsupported(f"{family.title} restores snapshots only: pass a snapshot")
    return {
        "snapshotId": request.source.id,
        # The cluster, although one of the vendor's tables says project.
        "targetDeploymentItemName": request.target.cluster,
        "targetProjectId": request.target.project_id,
    }


def check_minimum(family: Family[Any], source: object) -> None:
    """Check a time against the schema of v2, which takes none before 2008.

    Raises:
        ConfigError: It lies before.

    """
    if not family.is_v2:
        return
    if isinstance(source, OplogTime) and source.seconds < _EARLIEST:
        raise ConfigError(
            f"the oplog timestamp is before 2008; {family.title} does not accept it: pass at least {_EARLIEST}"
        )
    if isinstance(source, PointInTime) and count_since_epoch(source.moment, _SECOND) < _EARLIEST:
        raise ConfigError(f"the point in time is before 2008; {family.title} does not accept it: pass a later one")


def _check_terms(family: Family[Any], request: HttpRestore) -> None:
    if request != HttpRestore.on_server_terms(request.snapshot_id):
        raise Unsupported(
            f"{family.title} sets the link expiry and the number of downloads itself:",
            hint=Hint(HintKind.USE_SERVER_TERMS),
        )
