"""Snapshots of Atlas cloud backup, v1.0 and v2 (``neighbours`` section 3.2).

Replica sets and sharded clusters have lists of their own. Serverless instances have the same fields.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, make_links
from mongorestore_async.emulator.apis.create_bodies import BodyFields, read_body
from mongorestore_async.emulator.apis.lookups import (
    CLOUD_BACKUP_KINDS,
    atlas_cluster_of,
    require_backup,
    snapshot_of,
    snapshots_left,
)
from mongorestore_async.emulator.apis.request_info import BASIC, atlas_routes, is_v2
from mongorestore_async.emulator.document_parts import Links, apply_changes, iso, master_key, release
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.world.snapshot_store import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = [
    "ROUTES",
    "cloud_backup_snapshot",
    "list_replica_set_snapshots",
    "list_sharded_snapshots",
    "one_replica_set_snapshot",
    "one_sharded_snapshot",
    "snapshot_fields",
    "take_snapshot",
]

_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
_FILTERS = ("pointInTimeUtcSeconds", "oplogTs", "oplogInc")
_STATES = {
    SnapshotState.QUEUED: "queued",
    SnapshotState.COMPLETE: "completed",
    SnapshotState.RUNNING: "inProgress",
    SnapshotState.FAILED: "failed",
}
_FREQUENCIES = ("daily", "hourly", "weekly", "hourly", "monthly")
#: Which of every ten snapshots is a yearly one.
_YEARLY = 9
_MEBIBYTE = 1_048_576
#: How long a snapshot is kept if its create does not say; the real default is not known.
_DAYS = 1
_READ_ONLY = frozenset({
    "cloudProvider", "copyRegions", "createdAt", "expiresAt", "frequencyType", "id", "links", "masterKeyUUID",
    "mongodVersion", "policyItems", "replicaSetName", "snapshotType", "status", "storageSizeBytes", "type",
})  # fmt: skip


async def list_replica_set_snapshots(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots``: of replica sets. v2 takes a moment: then only the last one before it."""
    cluster = atlas_cluster_of(request, CLOUD_BACKUP_KINDS)
    found = [] if cluster.kind.sharded else snapshots_left(request.app[SERVER_STATE], cluster)
    moment = _named_moment(request) if is_v2(request) else None
    if moment is not None:
        found = [one for one in found if one.state is SnapshotState.COMPLETE and one.taken <= moment][:1]
    return items_answer(request, found, partial(_document, request))


async def list_sharded_snapshots(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/shardedClusters``: all at once, there are no pages."""
    cluster = atlas_cluster_of(request, CLOUD_BACKUP_KINDS)
    found = snapshots_left(request.app[SERVER_STATE], cluster) if cluster.kind.sharded else []
    return items_answer(request, found, partial(_document, request), paged=False)


async def one_replica_set_snapshot(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/{S}``."""
    return answer(request, _document(request, _find(request, sharded=False)), Shape.ENTITY)


async def one_sharded_snapshot(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/shardedCluster/{S}``, in the singular."""
    return answer(request, _document(request, _find(request, sharded=True)), Shape.ENTITY)


async def take_snapshot(request: web.Request) -> web.Response:
    """``POST .../backup/snapshots``, of replica sets and sharded clusters: the snapshot, which is queued."""
    state, cluster = request.app[SERVER_STATE], atlas_cluster_of(request, CLOUD_BACKUP_KINDS)
    require_backup(state, cluster)
    known = frozenset({"description", "retentionInDays"})
    body = BodyFields(await read_body(request), known=known, read_only=_READ_ONLY)
    days = body.optional_count("retentionInDays") or _DAYS
    description = body.text("description") if "description" in body else ""
    return answer(
        request,
        _document(request, state.world.snapshots.take(cluster, days=days, description=description)),
        Shape.CREATED,
    )


def _find(request: web.Request, *, sharded: bool) -> Snapshot:
    cluster = atlas_cluster_of(request, CLOUD_BACKUP_KINDS)
    found = snapshot_of(request, cluster)
    if cluster.kind.sharded is not sharded:
        raise ServiceError("SNAPSHOT_NOT_FOUND", found.id)
    return found


def _document(request: web.Request, snapshot: Snapshot) -> dict[str, Any]:
    world = request.app[SERVER_STATE].world
    members = world.members(snapshot.cluster)
    parts = world.snapshots.part_ids(snapshot, len(members))
    return cloud_backup_snapshot(snapshot, members=members, parts=parts, links=make_links(request))


def _named_moment(request: web.Request) -> int | None:
    """The moment asked for, seconds since 1970, given directly or as an oplog time (two parameters)."""
    named = [name for name in _FILTERS if name in request.query]
    if not named:
        return None
    if named not in (["pointInTimeUtcSeconds"], ["oplogTs", "oplogInc"]):
        if len(named) == 1:
            raise ServiceError("INVALID_QUERY_PARAMETER", named[0])
        raise ServiceError("MUTUALLY_EXCLUSIVE_QUERY_PARAMETERS", "pointInTimeUtcSeconds", "oplogTs, oplogInc")
    for name in named:
        if _WHOLE_NUMBER.fullmatch(request.query[name]) is None:
            raise ServiceError("INVALID_QUERY_PARAMETER", name)
    return int(request.query[named[0]])


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
    path = "shardedCluster/" if cluster.kind.sharded else ""
    document = snapshot_fields(
        snapshot, "yearly" if not snapshot.on_demand and snapshot.number % 10 == _YEARLY else None
    )
    document |= {
        "type": "shardedCluster" if cluster.kind.sharded else "replicaSet",
        "policyItems": [] if snapshot.on_demand else [f"{snapshot.dice & 0xFFFFFFFF:024x}"],
        "links": links.entity(cluster, f"backup/snapshots/{path}{snapshot.id}"),
    }
    if snapshot.description:
        document["description"] = snapshot.description
    document |= master_key(snapshot.dice)
    if cluster.kind.sharded:
        document["snapshotIds"] = list(parts)
        document["configServerType"] = "DEDICATED"
        document["members"] = [
            {"cloudProvider": "AWS", "id": part, "replicaSetName": member.replica_set}
            for part, member in zip(parts, members, strict=True)
        ]
    else:
        if snapshot.state is not SnapshotState.QUEUED:
            document["cloudProvider"] = "AWS"
        document["copyRegions"] = []
        document["replicaSetName"] = cluster.replica_set
    return apply_changes(document, snapshot.changes)


def snapshot_fields(snapshot: Snapshot, frequency: str | None = None) -> dict[str, Any]:
    """The fields that cloud backup and serverless have in common; ``frequency`` in place of the usual one."""
    complete = snapshot.state is SnapshotState.COMPLETE
    if frequency is None:
        frequency = "ondemand" if snapshot.on_demand else _FREQUENCIES[snapshot.number % len(_FREQUENCIES)]
    document: dict[str, Any] = {
        "id": snapshot.id,
        "status": _STATES[snapshot.state],
        "snapshotType": "onDemand" if snapshot.on_demand else "scheduled",
        "frequencyType": frequency,
        "mongodVersion": release(snapshot.cluster),
        "storageSizeBytes": (1 + snapshot.dice % 50) * _MEBIBYTE if complete else 0,
    }
    if complete:
        document["createdAt"] = iso(snapshot.taken)
    if snapshot.expires is not None:
        document["expiresAt"] = iso(snapshot.expires)
    return document


_SNAPSHOTS = "/groups/{group}/clusters/{cluster}/backup/snapshots"
# The fixed paths are before those that an id would fit into.
ROUTES = atlas_routes(
    ("GET", _SNAPSHOTS, list_replica_set_snapshots),
    ("POST", _SNAPSHOTS, take_snapshot),
    ("GET", _SNAPSHOTS + "/shardedClusters", list_sharded_snapshots),
    ("GET", _SNAPSHOTS + "/shardedCluster/{snapshot}", one_sharded_snapshot),
    ("GET", _SNAPSHOTS + "/{snapshot}", one_replica_set_snapshot),
    versions=BASIC,
)
