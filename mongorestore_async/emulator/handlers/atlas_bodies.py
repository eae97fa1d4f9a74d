"""What the bodies of creates on Atlas have in common: their form, and the cluster a restore goes into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.members import parsed_object
from mongorestore_async.emulator.handlers.places import cluster_by_name, project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = ["OLDEST_SECONDS", "body_of", "destination", "target_of"]

#: 2008-01-01: no moment in a body of v2 may be older (``restore-jobs`` section 8.2).
OLDEST_SECONDS = 1_199_145_600


async def body_of(request: web.Request) -> dict[str, Any]:
    """The object in the body of a create. Bodies of v2 had their content type checked with their version.

    Raises:
        Refusal: It is no JSON, or does not say so.

    """
    if not is_v2(request) and request.content_type != "application/json":
        status = request.app[STAGE].settings.wrong_content_type_status
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", request.content_type, status=status)
    return parsed_object(await request.read())


def target_of(request: web.Request, project_id: str, name: str) -> Cluster:
    """The cluster a restore goes into.

    Raises:
        Refusal: 404.

    """
    world = request.app[STAGE].world
    return cluster_by_name(world, project_of(world, project_id, Side.ATLAS), name)


def destination(target: Cluster) -> dict[str, Any]:
    """The members of an order that say where a restore goes."""
    return {
        "over_http": False,
        "target_project": target.project.id,
        "target_cluster": target.id,
        "target_name": target.name,
    }
