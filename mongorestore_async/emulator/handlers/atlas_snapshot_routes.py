"""Which handler answers which request about the neighbours of Atlas restore jobs: snapshots, checkpoints, projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import ATLAS_API, ATLAS_V2_API
from mongorestore_async.emulator.handlers import atlas_snapshots, projects, snapshots
from mongorestore_async.emulator.handlers.versions import BASIC, FLEX, LEGACY, SERVERLESS, TENANT, versioned

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from mongorestore_async.emulator.handlers.versions import Version

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["ATLAS_SNAPSHOT_ROUTES"]

_CLUSTER = "/groups/{group}/clusters/{cluster}"
_BACKUP = _CLUSTER + "/backup/snapshots"
_TENANT = _CLUSTER + "/backup/tenant/snapshots"
_FLEX = "/groups/{group}/flexClusters/{cluster}/backup/snapshots"
_SERVERLESS = "/groups/{group}/serverless/{cluster}/backup/snapshots"

#: Path, handler, versions; all are GET. The fixed paths stand before those an id would fit into.
_PATHS: tuple[tuple[str, Handler, tuple[Version, ...]], ...] = (
    ("/groups/byName/{name}", projects.project_named, BASIC),
    ("/orgs/{org}/groups", projects.list_organization_projects, BASIC),
    (_BACKUP, atlas_snapshots.list_replica_set_snapshots, BASIC),
    (_BACKUP + "/shardedClusters", atlas_snapshots.list_sharded_snapshots, BASIC),
    (_BACKUP + "/shardedCluster/{snapshot}", atlas_snapshots.one_sharded_snapshot, BASIC),
    (_BACKUP + "/{snapshot}", atlas_snapshots.one_replica_set_snapshot, BASIC),
    (_TENANT, atlas_snapshots.list_tenant_snapshots, TENANT),
    (_TENANT + "/{snapshot}", atlas_snapshots.one_tenant_snapshot, TENANT),
    (_SERVERLESS, atlas_snapshots.list_serverless_snapshots, SERVERLESS),
    (_SERVERLESS + "/{snapshot}", atlas_snapshots.one_serverless_snapshot, SERVERLESS),
    (_CLUSTER + "/snapshots", snapshots.list_snapshots, LEGACY),
    (_CLUSTER + "/snapshots/{snapshot}", snapshots.one_snapshot, LEGACY),
    (_CLUSTER + "/backupCheckpoints", snapshots.list_checkpoints, LEGACY),
    (_CLUSTER + "/backupCheckpoints/{checkpoint}", snapshots.one_checkpoint, LEGACY),
)
#: The same, in v2 only.
_V2_PATHS: tuple[tuple[str, Handler, tuple[Version, ...]], ...] = (
    (_FLEX, atlas_snapshots.list_flex_snapshots, FLEX),
    (_FLEX + "/{snapshot}", atlas_snapshots.one_flex_snapshot, FLEX),
)

#: Method, path, handler.
ATLAS_SNAPSHOT_ROUTES = (
    *(("GET", ATLAS_API + path, handler) for path, handler, _ in _PATHS),
    *(("GET", ATLAS_V2_API + path, versioned(handler, versions)) for path, handler, versions in _PATHS + _V2_PATHS),
)
