"""What a cloud backup snapshot holds: its databases and collections, for collection restores. v2 only.

Sharded clusters have the same paths (``november-2026`` section 2). No code of an error is documented.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, make_links
from mongorestore_async.emulator.apis.lookups import CLOUD_BACKUP_KINDS, atlas_cluster_of, require_backup, snapshot_of
from mongorestore_async.emulator.apis.request_info import COLLECTIONS, ResourceVersion, atlas_routes
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.world.snapshot_store import Snapshot, SnapshotState

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world.namespaces import Collection

__all__ = [
    "ROUTES",
    "list_snapshot_collections",
    "list_snapshot_databases",
    "one_snapshot_collection",
    "one_snapshot_database",
]

_VERSIONS = (ResourceVersion(COLLECTIONS),)


async def list_snapshot_databases(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/{S}/databases``."""
    snapshot, found = _contents(request)
    names = sorted({one.database for one in found})
    return items_answer(request, names, partial(_document, request, snapshot, None), counting=False)


async def one_snapshot_database(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/{S}/databases/{D}``."""
    snapshot, _ = _database(request)
    return answer(request, _document(request, snapshot, None, request.match_info["database"]), Shape.ENTITY)


async def list_snapshot_collections(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/{S}/databases/{D}/collections``; views and time series are among them."""
    snapshot, found = _database(request)
    write = partial(_document, request, snapshot, request.match_info["database"])
    return items_answer(request, [one.name for one in found], write, counting=False)


async def one_snapshot_collection(request: web.Request) -> web.Response:
    """``GET .../backup/snapshots/{S}/databases/{D}/collections/{C}``."""
    snapshot, found = _database(request)
    name = request.match_info["collection"]
    if all(one.name != name for one in found):
        raise ServiceError("SNAPSHOT_COLLECTION_NOT_FOUND", name, snapshot.id)
    return answer(request, _document(request, snapshot, request.match_info["database"], name), Shape.ENTITY)


def _contents(request: web.Request) -> tuple[Snapshot, list[Collection]]:
    state, cluster = request.app[SERVER_STATE], atlas_cluster_of(request, CLOUD_BACKUP_KINDS)
    require_backup(state, cluster)
    snapshot = snapshot_of(request, cluster)
    if snapshot.state is not SnapshotState.COMPLETE:
        raise ServiceError("SNAPSHOT_INCOMPLETE", snapshot.id)
    return snapshot, state.world.namespaces.in_snapshot(snapshot)


def _database(request: web.Request) -> tuple[Snapshot, list[Collection]]:
    snapshot, found = _contents(request)
    name = request.match_info["database"]
    inside = [one for one in found if one.database == name]
    if not inside:
        raise ServiceError("SNAPSHOT_DATABASE_NOT_FOUND", name, snapshot.id)
    return snapshot, inside


def _document(request: web.Request, snapshot: Snapshot, database: str | None, name: str) -> dict[str, Any]:
    """A database, or a collection of the database given."""
    path = f"backup/snapshots/{snapshot.id}/databases/"
    path += (
        quote(name, safe="") if database is None else f"{quote(database, safe='')}/collections/{quote(name, safe='')}"
    )
    return {"name": name, "links": make_links(request).entity(snapshot.cluster, path, parents=False)}


_DATABASES = "/groups/{group}/clusters/{cluster}/backup/snapshots/{snapshot}/databases"
# Names may hold braces, which the usual pattern of a segment does not match.
_DATABASE = _DATABASES + "/{database:[^/]+}"
ROUTES = atlas_routes(
    ("GET", _DATABASES, list_snapshot_databases),
    ("GET", _DATABASE, one_snapshot_database),
    ("GET", _DATABASE + "/collections", list_snapshot_collections),
    ("GET", _DATABASE + "/collections/{collection:[^/]+}", one_snapshot_collection),
    versions=_VERSIONS,
    v1=False,
)
