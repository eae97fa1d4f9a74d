"""The body of a create, checked as ``restore-jobs`` section 3.2 says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Manager
from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.members import Members, parsed_object
from mongorestore_async.emulator.handlers.places import cluster_by_id, project_of
from mongorestore_async.emulator.handlers.snapshot_rules import (
    require_checkpoint,
    require_earlier_snapshot,
    require_snapshot,
)
from mongorestore_async.emulator.world import Cluster, ClusterKind, Order, Side

if TYPE_CHECKING:
    from mongorestore_async.emulator.stage import Stage

__all__ = ["read_order"]

_SELECTORS = ("snapshotId", "oplogTs", "oplogInc", "pointInTimeUTCMillis", "checkpointId")
_LINK = ("expires", "expirationHours", "maxDownloads")
_TARGET = ("targetGroupId", "targetClusterId")
_READ_ONLY = frozenset({
    "batchId", "clusterId", "clusterName", "created", "encryptionEnabled", "groupId", "hashes", "hostId", "id",
    "links", "masterKeyUUID", "pointInTime", "statusName", "timestamp",
})  # fmt: skip
_DELIVERY_READ_ONLY = frozenset({"authBearer", "authHeader", "authValue", "statusName", "url", "urlV2"})
#: What the example of a config server's create sends although it is read-only (section 3.6).
_TOLERATED = frozenset({"statusName", "url"})
#: Words for ``methodName`` that exist, but not for a create here.
_OTHER_METHODS = frozenset({"CLIENT_PIT_HTTP", "CLIENT_PIT_SCP", "QUERY", "THIRD_PARTY_COPY"})
_DAY = timedelta(hours=24)


def read_order(stage: Stage, cluster: Cluster, content_type: str, body: bytes) -> Order:
    """What a create asks for.

    Raises:
        Refusal: It is malformed, incomplete or contradicts itself, or cannot be done with this cluster.

    """
    if content_type != "application/json":
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", content_type, status=stage.settings.wrong_content_type_status)
    members = Members(parsed_object(body), known=frozenset({"delivery", *_SELECTORS}), read_only=_READ_ONLY)
    delivery = Members(
        members.mapping("delivery"),
        known=frozenset({"methodName", *_LINK, *_TARGET, *(_TOLERATED if cluster.host else ())}),
        read_only=_DELIVERY_READ_ONLY - (_TOLERATED if cluster.host else frozenset()),
        prefix="delivery.",
    )
    method = delivery.text("methodName")
    if cluster.member is not None:
        raise Refusal("AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")
    if method == "HTTP":
        return _download(stage, cluster, members, delivery)
    if method == "AUTOMATED_RESTORE" and not cluster.host:
        return _automated(stage, cluster, members, delivery)
    if method == "SCP":
        raise Refusal("INVALID_DELIVERY_SCP")
    known = method in _OTHER_METHODS or method == "AUTOMATED_RESTORE"
    raise Refusal("UNSUPPORTED_DELIVERY_METHOD" if known else "INVALID_ENUM_VALUE", method)


def _download(stage: Stage, cluster: Cluster, members: Members, delivery: Members) -> Order:
    members.refuse(*(name for name in _SELECTORS if name != "snapshotId"), because="it is for automated restores")
    delivery.refuse(*_TARGET, because="it is for automated restores")
    snapshot = members.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    if "expires" in delivery and "expirationHours" in delivery and not cluster.host:
        raise Refusal("INVALID_ATTRIBUTE", "delivery.expires", detail="expires and expirationHours exclude each other.")
    if not stage.settings.http_defaults:
        delivery.require("maxDownloads")
        if "expires" not in delivery and "expirationHours" not in delivery:
            raise Refusal("MISSING_ONE_OF_MANY_ATTRIBUTES", "delivery.expires, delivery.expirationHours")
    expires = delivery.moment("expires") if "expires" in delivery else None
    if expires is not None and expires <= stage.clock.now():
        raise Refusal("INVALID_ATTRIBUTE", "delivery.expires", detail="delivery.expires lies in the past.")
    hours = delivery.count("expirationHours") if "expirationHours" in delivery else None
    require_snapshot(stage, cluster, snapshot, download=True, link_ends=_link_end(stage, expires, hours))
    return Order(
        snapshot_id=snapshot,
        expires=expires,
        expiration_hours=hours,
        max_downloads=delivery.count("maxDownloads") if "maxDownloads" in delivery else None,
    )


def _link_end(stage: Stage, expires: datetime | None, hours: int | None) -> float | None:
    if expires is not None:
        return expires.timestamp()
    ready = stage.clock.now().timestamp() + stage.settings.restore_seconds
    return None if hours is None else ready + hours * 3600


def _automated(stage: Stage, cluster: Cluster, members: Members, delivery: Members) -> Order:
    delivery.refuse(*_LINK, because="it is for downloads")
    delivery.require(*_TARGET)
    target = project_of(stage.world, delivery.text("targetGroupId"), Side.MANAGER)
    target_cluster = cluster_by_id(stage.world, target, delivery.text("targetClusterId"))
    if target_cluster.member is not None:
        raise Refusal("AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")
    selectors = {"oplogTs" if name == "oplogInc" else name for name in _SELECTORS if name in members}
    if len(selectors) != 1:
        raise Refusal(
            "MISSING_ONE_OF_MANY_ATTRIBUTES" if not selectors else "INVALID_ATTRIBUTE",
            "snapshotId, oplogTs and oplogInc, pointInTimeUTCMillis, checkpointId",
            detail="Exactly one of snapshotId, oplogTs with oplogInc, pointInTimeUTCMillis and checkpointId must be "
            "specified.",
        )
    where: dict[str, Any] = {"over_http": False, "target_project": target.id, "target_cluster": target_cluster.id}
    if "snapshotId" in members:
        return Order(snapshot_id=_snapshot(stage, cluster, members), **where)
    if "checkpointId" in members:
        return Order(checkpoint_id=_checkpoint(stage, cluster, members), **where)
    if "pointInTimeUTCMillis" in members:
        return Order(moment=_point_in_time(stage, cluster, members), **where)
    members.require("oplogTs", "oplogInc")
    if cluster.kind is ClusterKind.SHARDED_FCV_40:
        raise Refusal("OPLOG_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS")
    seconds, increment = members.count("oplogTs"), members.count("oplogInc")
    require_earlier_snapshot(stage, cluster, seconds)
    return Order(oplog=(seconds, increment), **where)


def _snapshot(stage: Stage, cluster: Cluster, members: Members) -> str:
    snapshot = members.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    require_snapshot(stage, cluster, snapshot, download=False)
    return snapshot


def _checkpoint(stage: Stage, cluster: Cluster, members: Members) -> str:
    # The create page of Ops Manager has no such member (section 3.7).
    if stage.settings.manager is Manager.OPS_MANAGER:
        raise Refusal("INVALID_ATTRIBUTE", "checkpointId")
    if not cluster.kind.sharded:
        raise Refusal("CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS")
    if cluster.kind is not ClusterKind.SHARDED_FCV_40:
        raise Refusal("CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP")
    checkpoint = members.identifier("checkpointId", "INVALID_CHECKPOINT_ID")
    require_checkpoint(stage, cluster, checkpoint)
    return checkpoint


def _point_in_time(stage: Stage, cluster: Cluster, members: Members) -> datetime:
    if cluster.kind is ClusterKind.SHARDED_FCV_40:
        raise Refusal("PIT_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS")
    millis, now = members.count("pointInTimeUTCMillis"), stage.clock.now()
    oldest, latest = (int(moment.timestamp() * 1000) for moment in (now - _DAY, now))
    if not oldest <= millis <= latest:
        raise Refusal("INVALID_PIT_RESTORE_TIME")
    require_earlier_snapshot(stage, cluster, millis / 1000)
    return datetime.fromtimestamp(millis / 1000, UTC)
