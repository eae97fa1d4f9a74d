"""The body of a create of Atlas cloud backup and serverless, checked as ``restore-jobs`` 5.1, 7 and 8.2 say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.atlas_bodies import OLDEST_SECONDS, body_of, destination, target_of
from mongorestore_async.emulator.handlers.members import Members
from mongorestore_async.emulator.handlers.snapshot_rules import require_snapshot
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import ClusterKind, Order

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = ["cloud_backup_order"]

_TARGET = ("targetClusterName", "targetGroupId")
_OPLOG = ("oplogTs", "oplogInc")
_MOMENTS = (*_OPLOG, "pointInTimeUTCSeconds")
_READ_ONLY = frozenset({
    "cancelled", "components", "createdAt", "deliveryUrl", "desiredTimestamp", "expired", "expiresAt", "failed",
    "finishedAt", "id", "links", "privateDownloadDeliveryUrls", "sourceClusterName", "targetDeploymentItemName",
    "timestamp",
})  # fmt: skip


async def cloud_backup_order(request: web.Request, cluster: Cluster) -> Order:
    """What a create asks for.

    Raises:
        Refusal: It is malformed, incomplete or contradicts itself, or cannot be done with this cluster.

    """
    known = frozenset({"deliveryType", "snapshotId", *_TARGET, *_MOMENTS})
    members = Members(await body_of(request), known=known, read_only=_READ_ONLY)
    serverless, kind = cluster.kind is ClusterKind.SERVERLESS, members.text("deliveryType")
    # The page of serverless v1.0 offers automated restores only; the schema of v2 all three, each with a target.
    kinds = {"automated"} if serverless and not is_v2(request) else {"automated", "download", "pointInTime"}
    if kind not in kinds:
        raise Refusal("INVALID_ENUM_VALUE", kind)
    if serverless:
        members.refuse(*_OPLOG, because="serverless instances have no oplog restores")
        members.require(*_TARGET)
    if kind == "download":
        return _download(request, cluster, members)
    members.require(*_TARGET)
    where = destination(target_of(request, members.text("targetGroupId"), members.text("targetClusterName")))
    if kind == "automated":
        members.refuse(*_MOMENTS, because="it is for restores to a point in time")
        snapshot = members.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
        require_snapshot(request.app[STAGE], cluster, snapshot, download=False)
        return Order(snapshot_id=snapshot, **where)
    members.refuse("snapshotId", because="a restore to a point in time chooses its snapshot itself")
    return _point_in_time(request, members, where)


def _download(request: web.Request, cluster: Cluster, members: Members) -> Order:
    members.refuse(*_MOMENTS, because="it is for restores to a point in time")
    if cluster.kind is not ClusterKind.SERVERLESS:
        members.refuse(*_TARGET, because="a download goes nowhere")
    snapshot = members.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    require_snapshot(request.app[STAGE], cluster, snapshot, download=True)
    return Order(snapshot_id=snapshot)


def _point_in_time(request: web.Request, members: Members, where: dict[str, Any]) -> Order:
    by_oplog, by_clock = any(name in members for name in _OPLOG), "pointInTimeUTCSeconds" in members
    if by_oplog is by_clock:
        wanted = "oplogTs and oplogInc, pointInTimeUTCSeconds"
        raise Refusal("INVALID_ATTRIBUTE" if by_oplog else "MISSING_ONE_OF_MANY_ATTRIBUTES", wanted)
    least = OLDEST_SECONDS if is_v2(request) else 1
    if by_oplog:
        members.require(*_OPLOG)
    seconds = members.count("oplogTs" if by_oplog else "pointInTimeUTCSeconds", least)
    if seconds > request.app[STAGE].clock.now().timestamp():
        raise Refusal("INVALID_PIT_RESTORE_TIME", detail="The point in time lies in the future.")
    if by_oplog:
        return Order(oplog=(seconds, members.count("oplogInc")), **where)
    return Order(moment=datetime.fromtimestamp(seconds, UTC), **where)
