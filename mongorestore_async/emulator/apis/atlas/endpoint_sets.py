"""The endpoint sets of Atlas v2, their documented rate limits (``protocol`` section 7), and the list of them.

A line of the table is a pattern of the path below the API and a limit; the first match counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer
from mongorestore_async.emulator.apis.lookups import project_of
from mongorestore_async.emulator.apis.request_info import COLLECTIONS, ResourceVersion, atlas_routes
from mongorestore_async.emulator.document_parts import ATLAS_V2_API
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import RateCode, RateLimiting
from mongorestore_async.emulator.world import Side
from mongorestore_async.families import RateLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = ["ENDPOINT_SETS", "ROUTES", "documented_limit", "held_limit", "list_endpoint_sets", "one_endpoint_set"]

_CAPITAL = re.compile("([A-Z])")
#: Names of placeholders as the vendor has them.
_PLACEHOLDERS = {"{group}": "{groupId}", "{cluster}": "{clusterName}", "{org}": "{orgId}", "{job}": "{restoreJobId}"}


def _set(name: str, capacity: int, refill: int, *, of_caller: bool = False) -> RateLimit:
    return RateLimit(capacity, refill, 60, "caller" if of_caller else "project", name=name)


_CLUSTER = "/groups/[^/]+/clusters/[^/]+"
_FLEX = "/groups/[^/]+/flexClusters"
_PROJECT_SET = (1200, 500)
_CALLER_SET = (300, 100)
#: Where paths begin, and their endpoint set. Those of serverless instances are not documented.
ENDPOINT_SETS: tuple[tuple[str, RateLimit], ...] = (
    ("/rateLimits", _set("rateLimits", *_CALLER_SET, of_caller=True)),
    ("/orgs", _set("organizations", *_CALLER_SET, of_caller=True)),
    ("/users", _set("organizations", *_CALLER_SET, of_caller=True)),
    ("/clusters", _set("allClusters", *_CALLER_SET, of_caller=True)),
    (_FLEX + "/[^/]+/backup/snapshots", _set("flexSnapshots", *_PROJECT_SET)),
    (_FLEX + "/[^/]+/backup", _set("flexRestoreJobs", *_PROJECT_SET)),
    (_FLEX, _set("flexClusters", *_PROJECT_SET)),
    (_CLUSTER + "/(backup|restoreJobs|collectionRestoreJobs)", _set("cloudBackups", *_PROJECT_SET)),
    (_CLUSTER + "/(snapshots|snapshotSchedule|backupCheckpoints)", _set("legacyBackup", *_PROJECT_SET)),
    ("/groups/[^/]+/clusters", _set("clusters", 10_000, 5_000)),
    ("/groups/[^/]+/serverless/[^/]+/backup", _set("serverlessBackup", *_PROJECT_SET)),
    ("/groups/[^/]+/serverless", _set("serverlessInstances", *_PROJECT_SET)),
    ("/groups", _set("projects", *_PROJECT_SET, of_caller=True)),
)
_LIMITINGS = tuple(
    (
        re.compile(f"{ATLAS_V2_API}{beginning}(?:/|$)"),
        RateLimiting(limit=limit, code=RateCode.RATE_LIMITED_TOKEN_BUCKET, headers=True),
    )
    for beginning, limit in ENDPOINT_SETS
)


def documented_limit(path: str) -> RateLimiting | None:
    """The documented limit for a path of Atlas v2, below the path prefix; None for one that no endpoint set has."""
    return next((limiting for pattern, limiting in _LIMITINGS if pattern.match(path)), None)


def held_limit(path: str, settings: EmulatorSettings) -> RateLimiting | None:
    """The limit that holds for such a path: of the settings, or the documented one where that is played."""
    documented = documented_limit(path)
    own = None if documented is None else settings.endpoint_limits.get(documented.limit.name)
    if documented is None or own is None:
        return None if settings.today is None else documented
    return attrs.evolve(documented, limit=attrs.evolve(own, name=documented.limit.name))


async def list_endpoint_sets(request: web.Request) -> web.Response:
    """``GET /rateLimits``, with its filters (``november-2026`` sections 3 and 6)."""
    return items_answer(request, [found for found in _documents(request) if _is_wanted(found, request.query)], dict)


async def one_endpoint_set(request: web.Request) -> web.Response:
    """``GET /rateLimits/{endpointSetId}``."""
    wanted = request.match_info["set"]
    found = next((found for found in _documents(request) if found["endpointSetId"] == wanted), None)
    if found is None:
        raise ServiceError("RESOURCE_NOT_FOUND", wanted)
    return answer(request, found, Shape.ENTITY)


def _documents(request: web.Request) -> list[dict[str, Any]]:
    state = request.app[SERVER_STATE]
    if (project := request.query.get("groupId")) is not None:
        project_of(state.world, project, Side.ATLAS)  # refuses one that is not there
    endpoints = _endpoints(request)
    limits = {limit.name: limit for _, limit in ENDPOINT_SETS}
    return [_document(limit, state.settings, endpoints.get(name, [])) for name, limit in limits.items()]


def _document(limit: RateLimit, settings: EmulatorSettings, endpoints: list[dict[str, str]]) -> dict[str, Any]:
    held = settings.endpoint_limits.get(limit.name) or limit
    if settings.rate_limiting is not None:
        held = settings.rate_limiting.limit
    numbers = {
        "capacity": (held.capacity, limit.capacity),
        "refillRate": (held.refill, limit.refill),
        "refillDurationSeconds": (round(held.per_seconds), round(limit.per_seconds)),
    }
    return {
        "endpointSetId": limit.name,
        "endpointSetName": _CAPITAL.sub(r" \1", limit.name).title(),
        "scope": "GROUP" if held.scope == "project" else "USER",
        # The default is told only where something else holds.
        **{
            name: {"value": value} if held is limit else {"value": value, "defaultValue": default}
            for name, (value, default) in numbers.items()
        },
        "endpoints": endpoints,
    }


def _endpoints(request: web.Request) -> dict[str, list[dict[str, str]]]:
    """The endpoints of each set, of those that are played."""
    found: dict[str, list[dict[str, str]]] = {}
    for route in request.app.router.routes():
        path = "" if route.resource is None else route.resource.canonical.removesuffix("{slash}")
        path = path.removeprefix(request.app[SERVER_STATE].settings.base_path)
        limiting = documented_limit(path)
        if limiting is not None and route.method != "HEAD":
            for ours, theirs in _PLACEHOLDERS.items():
                path = path.replace(ours, theirs)
            found.setdefault(limiting.limit.name, []).append({"method": route.method, "path": path})
    return found


def _is_wanted(document: dict[str, Any], query: Mapping[str, str]) -> bool:
    name, path = query.get("name"), query.get("endpointPath")
    return name in {None, document["endpointSetName"]} and (
        path is None or any(path == each["path"] for each in document["endpoints"])
    )


ROUTES = atlas_routes(
    ("GET", "/rateLimits", list_endpoint_sets),
    ("GET", "/rateLimits/{set}", one_endpoint_set),
    versions=(ResourceVersion(COLLECTIONS),),
    v1=False,
)
