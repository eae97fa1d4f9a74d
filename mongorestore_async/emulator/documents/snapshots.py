"""Snapshots of Ops Manager, Cloud Manager and Atlas legacy as documents (``neighbours`` section 3.1)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.neighbours import manager_cluster
from mongorestore_async.emulator.documents.patches import patched
from mongorestore_async.emulator.documents.releases import fcv, release
from mongorestore_async.emulator.world import Cluster, ClusterKind, Side
from mongorestore_async.emulator.world.snapshots import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["manager_snapshot"]

_PLACEHOLDERS = {"clusterId": "CLUSTER-ID", "groupId": "GROUP-ID", "hostId": "HOST-ID"}
_MISSING = 1


def manager_snapshot(
    snapshot: Snapshot,
    *,
    members: Sequence[Cluster],
    links: Links,
    now: datetime,
    odd: frozenset[Oddity],
    in_list: bool = True,
    targetable: bool = True,
) -> dict[str, Any]:
    """A snapshot as the API shows it.

    Args:
        snapshot: The snapshot.
        members: The shards and the config set of its cluster, if it is sharded.
        links: Where links point.
        now: The present on the emulator's clock.
        odd: Which oddities are played.
        in_list: As an element of a list, which has a ``self`` link only.
        targetable: Whether it carries ``clusterId``: it does not once the backup of its cluster is off.

    """
    cluster, complete = snapshot.cluster, snapshot.state is SnapshotState.COMPLETE
    taken = {"date": iso(snapshot.taken), "increment": 1 + snapshot.dice % 7}
    document: dict[str, Any] = {
        "id": snapshot.id,
        "groupId": cluster.project.id,
        "hostId" if cluster.host else "clusterId": cluster.id,
        "complete": complete,
        "created": taken,
        "doNotDelete": snapshot.expires is None,
        "incremental": snapshot.number % 4 != 0,
        "lastOplogAppliedTimestamp": dict(taken),
        "namespaceFilterList": {
            "filterList": ["local.startup_log"],
            "filterType": "blacklist" if Oddity.OLD_FILTERS in odd else "denyList",
        },
        "parts": _parts(snapshot, members),
        "links": _links(snapshot, links, in_list=in_list),
    }
    if not targetable:
        document.pop("clusterId", None)
    if cluster.project.side is Side.ATLAS:
        document["clusterName"] = cluster.name
    if snapshot.expires is not None:
        document["expires"] = iso(snapshot.expires)
    if snapshot.inconsistent or snapshot.number % 2 == 0:
        document["isPossiblyInconsistent"] = snapshot.inconsistent
    if cluster.kind.sharded and not cluster.host:
        lost = [manager_cluster(members[_MISSING], links=links, now=now)] if snapshot.shard_missing else []
        document["missingShards"] = [{name: one[name] for name in one if name != "links"} for one in lost]
    if cluster.host and Oddity.PLACEHOLDER_KEYS in odd:
        document["clusterId"] = cluster.id
        document = {_PLACEHOLDERS.get(name, name): value for name, value in document.items()}
    return patched(document, snapshot.changes)


def _parts(snapshot: Snapshot, members: Sequence[Cluster]) -> list[dict[str, Any]]:
    cluster = snapshot.cluster
    if cluster.host or not cluster.kind.sharded:
        return [_part(snapshot, cluster, 0)]
    there = [one for index, one in enumerate(members) if not (snapshot.shard_missing and index == _MISSING)]
    return [_part(snapshot, one, index) for index, one in enumerate(there)]


def _part(snapshot: Snapshot, cluster: Cluster, index: int) -> dict[str, Any]:
    complete = snapshot.state is SnapshotState.COMPLETE
    size = (1 + snapshot.dice % 50) * 1_048_576 * (index + 1) if complete else 0
    part: dict[str, Any] = {
        "clusterId": cluster.id,
        "compressionSetting": "GZIP",
        "dataSizeBytes": size,
        "encryptionEnabled": snapshot.dice % 16 == 0,
        "fcv": fcv(cluster),
        "fileSizeBytes": size // 4,
        "machineId": hashlib.blake2b(f"machine {cluster.id} {index}".encode(), digest_size=12).hexdigest(),
        "mongodVersion": release(cluster),
        "replicaSetName": cluster.replica_set,
        "replicaState": "PRIMARY" if snapshot.dice % 3 == 0 else "SECONDARY",
        "storageSizeBytes": size // 2,
        "typeName": _type_name(cluster),
    }
    if part["encryptionEnabled"]:
        part["masterKeyUUID"] = f"{snapshot.dice % 10**12:012d}"
    if complete:
        part["completedTime"] = iso(snapshot.finished)
    if cluster.host:
        del part["replicaSetName"], part["replicaState"]
    return part


def _type_name(cluster: Cluster) -> str:
    if cluster.host:
        return "CONFIG_SERVER"
    if cluster.member != "config":
        return "REPLICA_SET"
    return "CONFIG_SERVER" if cluster.kind is ClusterKind.SHARDED_FCV_40 else "CONFIG_SERVER_REPLICA_SET"


def _links(snapshot: Snapshot, links: Links, *, in_list: bool) -> list[dict[str, str]]:
    cluster = snapshot.cluster
    parent = links.cluster(cluster)
    found = [links.link(f"{parent}/snapshots/{snapshot.id}")]
    if not in_list:
        found.append(links.link(parent, "host" if cluster.host else "cluster"))
        found.append(links.link(links.project(cluster.project), "group"))
    return found
