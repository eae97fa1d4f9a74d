"""The body of a create of Atlas legacy backup, checked as ``restore-jobs`` 3.2, 4 and 8.2 say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.atlas_bodies import OLDEST_SECONDS, body_of, destination, target_of
from mongorestore_async.emulator.handlers.members import Members
from mongorestore_async.emulator.handlers.places import cluster_by_id, project_of
from mongorestore_async.emulator.handlers.snapshot_rules import require_snapshot
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Order, Side

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = ["legacy_order"]

_SELECTORS = ("snapshotId", "oplogTs", "oplogInc", "pointInTimeUTCMillis", "checkpointId")
_LINK = ("expires", "expirationHours", "maxDownloads")
_TARGETS = ("targetClusterName", "targetClusterId")
_READ_ONLY = frozenset({
    "batchId", "clusterId", "clusterName", "created", "encryptionEnabled", "groupId", "hashes", "hostId", "id",
    "links", "masterKeyUUID", "pointInTime", "statusName", "timestamp",
})  # fmt: skip
_DELIVERY_READ_ONLY = frozenset({"authBearer", "authHeader", "authValue", "statusName", "url", "urlV2"})
_DAY = timedelta(hours=24)


async def legacy_order(request: web.Request, cluster: Cluster) -> Order:
    """What a create asks for.

    Raises:
        Refusal: It is malformed, incomplete or contradicts itself, or cannot be done with this cluster.

    """
    members = Members(await body_of(request), known=frozenset({"delivery", *_SELECTORS}), read_only=_READ_ONLY)
    # v2 calls the expiry read-only: only hours can be sent.
    unsendable = {"expires"} if is_v2(request) else set[str]()
    delivery = Members(
        members.mapping("delivery"),
        known=frozenset({"methodName", "targetGroupId", *_TARGETS, *_LINK}),
        read_only=_DELIVERY_READ_ONLY | unsendable,
        prefix="delivery.",
    )
    method = delivery.text("methodName")
    if method == "HTTP":
        return _download(request, cluster, members, delivery)
    if method == "AUTOMATED_RESTORE":
        return _automated(request, cluster, members, delivery)
    raise Refusal("INVALID_DELIVERY_SCP" if method == "SCP" else "INVALID_ENUM_VALUE", method)


def _download(request: web.Request, cluster: Cluster, members: Members, delivery: Members) -> Order:
    stage = request.app[STAGE]
    members.refuse(*(name for name in _SELECTORS if name != "snapshotId"), because="it is for automated restores")
    delivery.refuse("targetGroupId", *_TARGETS, because="it is for automated restores")
    snapshot = members.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    if "expires" in delivery:
        delivery.refuse("expirationHours", because="expires is there")
    elif "expirationHours" not in delivery and not stage.settings.http_defaults:
        raise Refusal("MISSING_ONE_OF_MANY_ATTRIBUTES", "delivery.expires, delivery.expirationHours")
    if not stage.settings.http_defaults:
        delivery.require("maxDownloads")
    expires = delivery.moment("expires") if "expires" in delivery else None
    if expires is not None and expires <= stage.clock.now():
        raise Refusal("INVALID_ATTRIBUTE", "delivery.expires", detail="delivery.expires lies in the past.")
    ends = None if expires is None else expires.timestamp()
    require_snapshot(stage, cluster, snapshot, download=True, link_ends=ends)
    return Order(
        snapshot_id=snapshot,
        expires=expires,
        expiration_hours=delivery.count("expirationHours") if "expirationHours" in delivery else None,
        max_downloads=delivery.count("maxDownloads") if "maxDownloads" in delivery else None,
    )


def _automated(request: web.Request, cluster: Cluster, members: Members, delivery: Members) -> Order:
    delivery.refuse(*_LINK, because="it is for downloads")
    where = destination(_target(request, delivery))
    selectors = {"oplogTs" if name == "oplogInc" else name for name in _SELECTORS if name in members}
    if len(selectors) != 1:
        wanted = "snapshotId, oplogTs and oplogInc, pointInTimeUTCMillis"
        raise Refusal("INVALID_ATTRIBUTE" if selectors else "MISSING_ONE_OF_MANY_ATTRIBUTES", wanted)
    if "checkpointId" in members:
        # Documented, and not supported.
        sharded = "CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP"
        raise Refusal(sharded if cluster.kind.sharded else "CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS")
    if "snapshotId" in members:
        snapshot = members.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
        require_snapshot(request.app[STAGE], cluster, snapshot, download=False)
        return Order(snapshot_id=snapshot, **where)
    if "pointInTimeUTCMillis" in members:
        return Order(moment=_point_in_time(request, members), **where)
    members.require("oplogTs", "oplogInc")
    seconds = _oplog_date(members) if is_v2(request) else members.count("oplogTs")
    return Order(oplog=(seconds, members.count("oplogInc")), **where)


def _target(request: web.Request, delivery: Members) -> Cluster:
    delivery.require("targetGroupId")
    named = [name for name in _TARGETS if name in delivery]
    if len(named) != 1:
        code = "INVALID_ATTRIBUTE" if named else "MISSING_ONE_OF_ATTRIBUTES"
        raise Refusal(code, *(f"delivery.{name}" for name in _TARGETS))
    project_id, value = delivery.text("targetGroupId"), delivery.text(named[0])
    if named == ["targetClusterName"]:
        return target_of(request, project_id, value)
    world = request.app[STAGE].world
    target = cluster_by_id(world, project_of(world, project_id, Side.ATLAS), value)
    if target.member is not None:
        raise Refusal("AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")
    return target


def _oplog_date(members: Members) -> int:
    moment = members.moment("oplogTs")
    if moment.microsecond:
        raise Refusal("FRACTIONAL_TIMESTAMP", "oplogTs")
    return int(moment.timestamp())


def _point_in_time(request: web.Request, members: Members) -> datetime:
    millis = members.count("pointInTimeUTCMillis", OLDEST_SECONDS * 1000 if is_v2(request) else 1)
    now = request.app[STAGE].clock.now()
    oldest, latest = (int(moment.timestamp() * 1000) for moment in (now - _DAY, now))
    if not oldest <= millis <= latest:
        raise Refusal("INVALID_PIT_RESTORE_TIME")
    return datetime.fromtimestamp(millis / 1000, UTC)
