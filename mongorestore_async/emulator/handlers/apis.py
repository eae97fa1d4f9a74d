"""Which API, and which family of it, a request is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import ATLAS_API, ATLAS_V2_API, MANAGER_API
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["api_of", "family_of", "is_v2", "side_of"]

#: What stands in the paths of restores, and whose family it is; the first that fits.
_FAMILIES = (
    ("/flexClusters", "atlas-flex"),
    ("/serverless", "atlas-serverless"),
    ("/backup/tenant/", "atlas-tenant"),
    ("/backup/", "atlas-cloud-backup"),
    ("/restoreJobs", "atlas-legacy"),
    ("/snapshots", "atlas-legacy"),
    ("/backupCheckpoints", "atlas-legacy"),
)


def api_of(request: web.Request) -> str | None:
    """Path of the API below the path prefix; None outside of all."""
    prefix = request.app[STAGE].settings.base_path
    apis = (MANAGER_API, ATLAS_API, ATLAS_V2_API)
    return next((api for api in apis if request.path.startswith(f"{prefix}{api}/")), None)


def is_v2(request: web.Request) -> bool:
    """Whether a request is for the Atlas Administration API v2."""
    return api_of(request) == ATLAS_V2_API


def side_of(request: web.Request) -> Side:
    """Which projects a request is about."""
    return Side.ATLAS if api_of(request) in {ATLAS_API, ATLAS_V2_API} else Side.MANAGER


def family_of(request: web.Request) -> str | None:
    """Name of the family, ``atlas`` for what all families there share; None outside of the APIs."""
    api = api_of(request)
    if api is None:
        return None
    if api == MANAGER_API:
        return str(request.app[STAGE].settings.manager)
    found = next((name for part, name in _FAMILIES if part in request.path), None)
    if found is None:
        return "atlas"
    return found if api == ATLAS_V2_API else f"{found}-v1"
