"""Whose restore jobs, snapshots and checkpoints a path is about: a cluster's, or a config server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.apis import side_of
from mongorestore_async.emulator.handlers.atlas_places import LEGACY_KINDS, atlas_place
from mongorestore_async.emulator.handlers.places import cluster_by_id, project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Cluster, Side
from mongorestore_async.emulator.world.backups import NoBackup

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.stage import Stage
    from mongorestore_async.emulator.world.hosts import Host

__all__ = ["host_of", "owner_of", "without_backup"]


def host_of(request: web.Request) -> Host:
    """The host a path names.

    Raises:
        Refusal: 404.

    """
    world, host_id = request.app[STAGE].world, request.match_info["host"]
    host = world.hosts.find(project_of(world, request.match_info["group"], Side.MANAGER), host_id)
    if host is None:
        raise Refusal("HOST_NOT_FOUND", host_id, request.match_info["group"])
    return host


def owner_of(request: web.Request) -> Cluster:
    """The cluster, or the mirrored config server, a path names: by id, by host, or (Atlas legacy) by name.

    Raises:
        Refusal: 404 when there is none, ``NOT_CONFIG_SERVER`` for other hosts; 400 for another kind of backup.

    """
    if "host" in request.match_info:
        host = host_of(request)
        if not host.mirror:
            raise Refusal("NOT_CONFIG_SERVER", host.id)
        return host.backup
    if side_of(request) is Side.ATLAS:
        return atlas_place(request, LEGACY_KINDS)
    world = request.app[STAGE].world
    project = project_of(world, request.match_info["group"], Side.MANAGER)
    return cluster_by_id(world, project, request.match_info["cluster"])


def without_backup(stage: Stage, cluster: Cluster, *, listing: bool = False) -> bool:
    """Whether the backup of a cluster is off and its list of restore jobs is empty for that.

    Args:
        stage: The server.
        cluster: The cluster.
        listing: Whether a list was asked for: nothing else can be empty.

    Raises:
        Refusal: It is off, and says so with an error: see :class:`NoBackup`.

    """
    off = stage.world.backups.off(cluster)
    if off is None:
        return False
    if off.answer is not NoBackup.EMPTY_LIST:
        raise Refusal(off.answer, cluster.name)
    if not listing:
        raise Refusal(NoBackup.CONFIG_NOT_FOUND, cluster.name)
    return True
