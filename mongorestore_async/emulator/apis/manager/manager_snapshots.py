"""Snapshots and checkpoints of Ops Manager, Cloud Manager and Atlas legacy: endpoints and documents.

Atlas legacy has the same documents; its routes are in ``atlas_legacy`` (``neighbours`` sections 3.1 and 4).
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, make_links
from mongorestore_async.emulator.apis.lookups import owner_of, require_id, snapshot_of, snapshots_left
from mongorestore_async.emulator.apis.manager.manager_clusters import manager_cluster
from mongorestore_async.emulator.apis.request_info import manager_routes
from mongorestore_async.emulator.document_parts import Links, apply_changes, fcv, is_encrypted, iso, master_key, release
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import Oddity
from mongorestore_async.emulator.world import Cluster, ClusterKind, Side
from mongorestore_async.emulator.world.entities import restore_id
from mongorestore_async.emulator.world.snapshot_store import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from aiohttp import web

    from mongorestore_async.emulator.world.cluster_backups import Checkpoint
    from mongorestore_async.emulator.world.hosts import Host

__all__ = [
    "ROUTES",
    "checkpoint_document",
    "list_checkpoints",
    "list_snapshots",
    "manager_snapshot",
    "one_checkpoint",
    "one_snapshot",
]

_COMPLETED = {"true": {True}, "false": {False}, "all": {True, False}}
_PLACEHOLDERS = {"clusterId": "CLUSTER-ID", "groupId": "GROUP-ID", "hostId": "HOST-ID"}
_MISSING_SHARD = 1
_CHECKPOINT_SECONDS = 30


def _snapshot_writer(request: web.Request, cluster: Cluster) -> Callable[..., dict[str, Any]]:
    state = request.app[SERVER_STATE]
    return partial(
        manager_snapshot,
        members=state.world.members(cluster),
        links=make_links(request),
        now=state.clock.now(),
        oddities=state.settings.oddities,
        targetable=state.world.backups.off(cluster) is None,
    )


async def list_snapshots(request: web.Request) -> web.Response:
    """``GET .../snapshots``, newest first; ``completed`` says which: ``true`` (the default), ``false``, ``all``."""
    state, cluster = request.app[SERVER_STATE], owner_of(request)
    wanted = _COMPLETED.get(request.query.get("completed", "true"))
    if wanted is None:
        raise ServiceError("INVALID_QUERY_PARAMETER", "completed")
    left = snapshots_left(state, cluster)
    found: list[Snapshot | None] = [one for one in left if (one.state is SnapshotState.COMPLETE) in wanted]
    if Oddity.EMPTY_SNAPSHOTS in state.settings.oddities:
        found.insert(0, None)
    write = _snapshot_writer(request, cluster)
    return items_answer(request, found, lambda one: {} if one is None else write(one))


async def one_snapshot(request: web.Request) -> web.Response:
    """``GET .../snapshots/{S}``."""
    cluster = owner_of(request)
    document = _snapshot_writer(request, cluster)(snapshot_of(request, cluster), in_list=False)
    return answer(request, document, Shape.ENTITY)


def _checkpoint_writer(request: web.Request, cluster: Cluster) -> Callable[[Checkpoint], dict[str, Any]]:
    world = request.app[SERVER_STATE].world
    members, hosts = world.members(cluster), world.hosts.of(cluster)
    return partial(checkpoint_document, members=members, hosts=hosts, links=make_links(request))


async def list_checkpoints(request: web.Request) -> web.Response:
    """``GET .../checkpoints`` or ``.../backupCheckpoints``, newest first; there are none above version 4.0."""
    cluster = owner_of(request)
    found = request.app[SERVER_STATE].world.checkpoints.of(cluster)
    return items_answer(request, found, _checkpoint_writer(request, cluster))


async def one_checkpoint(request: web.Request) -> web.Response:
    """``GET .../checkpoints/{K}`` or ``.../backupCheckpoints/{K}``."""
    cluster, checkpoint_id = owner_of(request), request.match_info["checkpoint"]
    require_id(checkpoint_id, "INVALID_CHECKPOINT_ID")
    found = request.app[SERVER_STATE].world.checkpoints.find(cluster, checkpoint_id)
    if found is None:
        raise ServiceError("CHECKPOINT_NOT_FOUND", checkpoint_id)
    return answer(request, _checkpoint_writer(request, cluster)(found), Shape.ENTITY)


def manager_snapshot(
    snapshot: Snapshot,
    *,
    members: Sequence[Cluster],
    links: Links,
    now: datetime,
    oddities: frozenset[Oddity],
    in_list: bool = True,
    targetable: bool = True,
) -> dict[str, Any]:
    """A snapshot as the API shows it.

    Args:
        snapshot: The snapshot.
        members: The shards and the config set of its cluster, if it is sharded.
        links: Where links point.
        now: The present on the emulator's clock.
        oddities: Which oddities are played.
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
            "filterType": "blacklist" if Oddity.OLD_FILTERS in oddities else "denyList",
        },
        "parts": _snapshot_parts(snapshot, members),
        "links": links.entity(cluster, f"snapshots/{snapshot.id}", parents=not in_list),
    }
    if Oddity.RESTORE_IDS in oddities and cluster.project.side is Side.MANAGER and not cluster.host:
        document["clusterId"] = restore_id(cluster.id)
    if not targetable:
        document.pop("clusterId", None)
    if cluster.project.side is Side.ATLAS:
        document["clusterName"] = cluster.name
    if snapshot.expires is not None:
        document["expires"] = iso(snapshot.expires)
    if snapshot.inconsistent or snapshot.number % 2 == 0:
        document["isPossiblyInconsistent"] = snapshot.inconsistent
    if cluster.kind.sharded and not cluster.host:
        lost = [manager_cluster(members[_MISSING_SHARD], links=links, now=now)] if snapshot.shard_missing else []
        document["missingShards"] = [{name: one[name] for name in one if name != "links"} for one in lost]
    if cluster.host and Oddity.PLACEHOLDER_KEYS in oddities:
        document["clusterId"] = cluster.id
        document = {_PLACEHOLDERS.get(name, name): value for name, value in document.items()}
    return apply_changes(document, snapshot.changes)


def _snapshot_parts(snapshot: Snapshot, members: Sequence[Cluster]) -> list[dict[str, Any]]:
    cluster = snapshot.cluster
    if cluster.host or not cluster.kind.sharded:
        return [_snapshot_part(snapshot, cluster, 0)]
    there = [one for index, one in enumerate(members) if not (snapshot.shard_missing and index == _MISSING_SHARD)]
    return [_snapshot_part(snapshot, one, index) for index, one in enumerate(there)]


def _snapshot_part(snapshot: Snapshot, cluster: Cluster, index: int) -> dict[str, Any]:
    complete = snapshot.state is SnapshotState.COMPLETE
    size = (1 + snapshot.dice % 50) * 1_048_576 * (index + 1) if complete else 0
    part: dict[str, Any] = {
        "clusterId": cluster.id,
        "compressionSetting": "GZIP",
        "dataSizeBytes": size,
        "encryptionEnabled": is_encrypted(snapshot.dice),
        "fcv": fcv(cluster),
        "fileSizeBytes": size // 4,
        "machineId": hashlib.blake2b(f"machine {cluster.id} {index}".encode(), digest_size=12).hexdigest(),
        "mongodVersion": release(cluster),
        "replicaSetName": cluster.replica_set,
        "replicaState": "PRIMARY" if snapshot.dice % 3 == 0 else "SECONDARY",
        "storageSizeBytes": size // 2,
        "typeName": _type_name(cluster),
    }
    part |= master_key(snapshot.dice)
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


def checkpoint_document(
    checkpoint: Checkpoint, *, members: Sequence[Cluster], hosts: Sequence[Host], links: Links
) -> dict[str, Any]:
    """A checkpoint as the API shows it.

    Args:
        checkpoint: The checkpoint.
        members: The shards and the config set of its cluster.
        hosts: The hosts of its cluster; the mirrored config servers among them stand for the config set.
        links: Where links point.

    """
    cluster = checkpoint.cluster
    mirrors = [host for host in hosts if host.mirror]
    parts: list[dict[str, Any]] = [
        {
            "replicaSetName": member.replica_set,
            "shardName": member.member,
            "typeName": "CONFIG_SERVER_REPLICA_SET" if member.member == "config" else "REPLICA_SET",
        }
        for member in members
        if not (mirrors and member.member == "config")
    ]
    parts += [{"hostId": host.id, "typeName": "CONFIG_SERVER"} for host in mirrors]
    for part in parts:
        part["tokenDiscovered"] = checkpoint.restorable
        part["tokenTimestamp"] = {"date": iso(checkpoint.started), "increment": 1}
    name = "checkpoints" if cluster.project.side is Side.MANAGER else "backupCheckpoints"
    return {
        "id": checkpoint.id,
        "groupId": cluster.project.id,
        "clusterId": cluster.id,
        "started": iso(checkpoint.started),
        "timestamp": iso(checkpoint.started),
        "completed": iso(checkpoint.started + _CHECKPOINT_SECONDS),
        "restorable": checkpoint.restorable,
        "parts": parts,
        "links": [links.link(f"{links.cluster(cluster)}/{name}/{checkpoint.id}")],
    }


_CLUSTER = "/groups/{group}/clusters/{cluster}"
_HOST = "/groups/{group}/hosts/{host}"
ROUTES = manager_routes(
    ("GET", _CLUSTER + "/snapshots", list_snapshots),
    ("GET", _CLUSTER + "/snapshots/{snapshot}", one_snapshot),
    ("GET", _CLUSTER + "/checkpoints", list_checkpoints),
    ("GET", _CLUSTER + "/checkpoints/{checkpoint}", one_checkpoint),
    ("GET", _HOST + "/snapshots", list_snapshots),
    ("GET", _HOST + "/snapshots/{snapshot}", one_snapshot),
)
