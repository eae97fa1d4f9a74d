"""Snapshots of Atlas: cloud backup, tenant, flex, serverless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.documents.atlas_snapshots import (
    cloud_backup_snapshot,
    serverless_snapshot,
    tenant_snapshot,
)
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.atlas_places import (
    CLOUD_BACKUP_KINDS,
    FLEX_KINDS,
    SERVERLESS_KINDS,
    TENANT_KINDS,
    atlas_place,
)
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.snapshots import snapshot_of, snapshots_left
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world.snapshots import Snapshot, SnapshotState

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = [
    "list_flex_snapshots",
    "list_replica_set_snapshots",
    "list_serverless_snapshots",
    "list_sharded_snapshots",
    "list_tenant_snapshots",
    "one_flex_snapshot",
    "one_replica_set_snapshot",
    "one_serverless_snapshot",
    "one_sharded_snapshot",
    "one_tenant_snapshot",
]

_WHOLE = re.compile(r"[0-9]{1,18}")
_FILTERS = ("pointInTimeUtcSeconds", "oplogTs", "oplogInc")


async def list_replica_set_snapshots(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots``: of replica sets. In v2 a moment may be named: then the closest one before it."""
    cluster = atlas_place(request, CLOUD_BACKUP_KINDS)
    found = [] if cluster.kind.sharded else snapshots_left(request.app[STAGE], cluster)
    moment = _moment(request) if is_v2(request) else None
    if moment is not None:
        found = [one for one in found if one.state is SnapshotState.COMPLETE and one.taken <= moment][:1]
    return list_answer(
        request, len(found), lambda start, count: [_cloud(request, one) for one in found[start : start + count]]
    )


async def list_sharded_snapshots(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/shardedClusters``: all at once, there are no pages."""
    cluster = atlas_place(request, CLOUD_BACKUP_KINDS)
    found = snapshots_left(request.app[STAGE], cluster) if cluster.kind.sharded else []
    return list_answer(
        request,
        len(found),
        lambda start, count: [_cloud(request, one) for one in found[start : start + count]],
        paged=False,
    )


async def one_replica_set_snapshot(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/{S}``."""
    return answer(request, _cloud(request, _one_cloud(request, sharded=False)), Shape.ENTITY)


async def one_sharded_snapshot(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/shardedCluster/{S}``, in the singular."""
    return answer(request, _cloud(request, _one_cloud(request, sharded=True)), Shape.ENTITY)


async def list_tenant_snapshots(request: web.Request) -> web.Response:
    """``GET .../backup/tenant/snapshots``: without links, and in v2 without pages."""
    return _list_shared(request, atlas_place(request, TENANT_KINDS), paged=not is_v2(request))


async def one_tenant_snapshot(request: web.Request) -> web.Response:
    """``GET .../backup/tenant/snapshots/{S}``."""
    snapshot = snapshot_of(request, atlas_place(request, TENANT_KINDS))
    return answer(request, tenant_snapshot(snapshot), Shape.ENTITY)


async def list_flex_snapshots(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/snapshots``."""
    return _list_shared(request, atlas_place(request, FLEX_KINDS), paged=True)


async def one_flex_snapshot(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}/backup/snapshots/{S}``."""
    snapshot = snapshot_of(request, atlas_place(request, FLEX_KINDS))
    return answer(request, tenant_snapshot(snapshot), Shape.ENTITY)


async def list_serverless_snapshots(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/snapshots``."""
    found, links = snapshots_left(request.app[STAGE], atlas_place(request, SERVERLESS_KINDS)), make_links(request)
    return list_answer(
        request,
        len(found),
        lambda start, count: [serverless_snapshot(one, links=links) for one in found[start : start + count]],
    )


async def one_serverless_snapshot(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}/backup/snapshots/{S}``."""
    snapshot = snapshot_of(request, atlas_place(request, SERVERLESS_KINDS))
    return answer(request, serverless_snapshot(snapshot, links=make_links(request)), Shape.ENTITY)


def _list_shared(request: web.Request, cluster: Cluster, *, paged: bool) -> web.Response:
    found = snapshots_left(request.app[STAGE], cluster)
    return list_answer(
        request,
        len(found),
        lambda start, count: [tenant_snapshot(one) for one in found[start : start + count]],
        linked=False,
        paged=paged,
    )


def _one_cloud(request: web.Request, *, sharded: bool) -> Snapshot:
    cluster = atlas_place(request, CLOUD_BACKUP_KINDS)
    found = snapshot_of(request, cluster)
    if cluster.kind.sharded is not sharded:
        raise Refusal("SNAPSHOT_NOT_FOUND", found.id)
    return found


def _cloud(request: web.Request, snapshot: Snapshot) -> dict[str, Any]:
    world = request.app[STAGE].world
    members = world.members(snapshot.cluster)
    parts = world.snapshots.part_ids(snapshot, len(members))
    return cloud_backup_snapshot(snapshot, members=members, parts=parts, links=make_links(request))


def _moment(request: web.Request) -> int | None:
    """The moment that was named, seconds since 1970: directly, or as an oplog time (two members)."""
    named = [name for name in _FILTERS if name in request.query]
    if not named:
        return None
    if named not in (["pointInTimeUtcSeconds"], ["oplogTs", "oplogInc"]):
        if len(named) == 1:
            raise Refusal("INVALID_QUERY_PARAMETER", named[0])
        raise Refusal("MUTUALLY_EXCLUSIVE_QUERY_PARAMETERS", "pointInTimeUtcSeconds", "oplogTs, oplogInc")
    for name in named:
        if _WHOLE.fullmatch(request.query[name]) is None:
            raise Refusal("INVALID_QUERY_PARAMETER", name)
    return int(request.query[named[0]])
