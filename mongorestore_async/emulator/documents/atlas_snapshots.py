"""Snapshots of Atlas as documents: cloud backup, tenant and flex, serverless (``neighbours`` sections 3.2 to 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.patches import patched
from mongorestore_async.emulator.documents.releases import release
from mongorestore_async.emulator.world.snapshots import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.emulator.world import Cluster

__all__ = ["cloud_backup_snapshot", "serverless_snapshot", "tenant_snapshot"]

_STATUS = {
    SnapshotState.COMPLETE: "completed",
    SnapshotState.RUNNING: "inProgress",
    SnapshotState.FAILED: "failed",
}
_TENANT_STATUS = {
    SnapshotState.COMPLETE: "COMPLETED",
    SnapshotState.RUNNING: "RUNNING",
    SnapshotState.FAILED: "FAILED",
}
_FREQUENCIES = ("daily", "hourly", "weekly", "hourly", "monthly")
_SIZE = 1_048_576


def cloud_backup_snapshot(
    snapshot: Snapshot, *, members: Sequence[Cluster], parts: Sequence[str], links: Links
) -> dict[str, Any]:
    """A cloud backup snapshot as the API shows it.

    Args:
        snapshot: The snapshot.
        members: The shards and the config set of its cluster, if it is sharded.
        parts: The ids of their own snapshots.
        links: Where links point.

    """
    cluster = snapshot.cluster
    document = _common(snapshot, "yearly" if snapshot.number % 10 == 9 else None)  # noqa: PLR2004 - one of ten
    document |= {
        "type": "shardedCluster" if cluster.kind.sharded else "replicaSet",
        "policyItems": [] if snapshot.on_demand else [f"{snapshot.dice & 0xFFFFFFFF:024x}"],
        "links": _links(snapshot, links, sharded=cluster.kind.sharded),
    }
    if snapshot.on_demand:
        document["description"] = "before the upgrade"
    if snapshot.dice % 16 == 0:
        document["masterKeyUUID"] = f"{snapshot.dice % 10**12:012d}"
    if cluster.kind.sharded:
        document["snapshotIds"] = list(parts)
        document["configServerType"] = "DEDICATED"
        document["members"] = [
            {"cloudProvider": "AWS", "id": part, "replicaSetName": member.replica_set}
            for part, member in zip(parts, members, strict=True)
        ]
    else:
        document["cloudProvider"] = "AWS"
        document["copyRegions"] = []
        document["replicaSetName"] = cluster.replica_set
    return patched(document, snapshot.changes)


def serverless_snapshot(snapshot: Snapshot, *, links: Links) -> dict[str, Any]:
    """A snapshot of a serverless instance as the API shows it."""
    document = _common(snapshot, None)
    document["serverlessInstanceName"] = snapshot.cluster.name
    document["links"] = _links(snapshot, links, sharded=False)
    return patched(document, snapshot.changes)


def tenant_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot of an M2, M5 or flex cluster as the API shows it: without links."""
    document: dict[str, Any] = {
        "id": snapshot.id,
        "status": _TENANT_STATUS[snapshot.state],
        "scheduledTime": iso(snapshot.taken - 60),
        "startTime": iso(snapshot.taken),
        "mongoDBVersion": release(snapshot.cluster),
    }
    if snapshot.state is not SnapshotState.RUNNING:
        document["finishTime"] = iso(snapshot.finished)
    if snapshot.expires is not None:
        document["expiration"] = iso(snapshot.expires)
    return patched(document, snapshot.changes)


def _common(snapshot: Snapshot, frequency: str | None) -> dict[str, Any]:
    complete = snapshot.state is SnapshotState.COMPLETE
    if frequency is None:
        frequency = "ondemand" if snapshot.on_demand else _FREQUENCIES[snapshot.number % len(_FREQUENCIES)]
    document: dict[str, Any] = {
        "id": snapshot.id,
        "status": _STATUS[snapshot.state],
        "snapshotType": "onDemand" if snapshot.on_demand else "scheduled",
        "frequencyType": frequency,
        "mongodVersion": release(snapshot.cluster),
        "storageSizeBytes": (1 + snapshot.dice % 50) * _SIZE if complete else 0,
    }
    if complete:
        document["createdAt"] = iso(snapshot.taken)
    if snapshot.expires is not None:
        document["expiresAt"] = iso(snapshot.expires)
    return document


def _links(snapshot: Snapshot, links: Links, *, sharded: bool) -> list[dict[str, str]]:
    parent = links.cluster(snapshot.cluster)
    path = "shardedCluster/" if sharded else ""
    return [
        links.link(f"{parent}/backup/snapshots/{path}{snapshot.id}"),
        links.link(parent, "cluster"),
        links.link(links.project(snapshot.cluster.project), "group"),
    ]
