"""The backup of clusters of Ops Manager and Cloud Manager, and when it takes snapshots; that too of Atlas legacy.

Read only: what monitoring and tools ask for before they look at snapshots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, make_links
from mongorestore_async.emulator.apis.lookups import owner_of, project_of, require_backup
from mongorestore_async.emulator.apis.request_info import manager_routes
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.world import Cluster, Side

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.document_parts import Links

__all__ = ["ROUTES", "backup_config", "list_backup_configs", "one_backup_config", "one_schedule", "snapshot_schedule"]


async def list_backup_configs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/backupConfigs``: one for each cluster, whether it has a backup or not."""
    world, links = request.app[SERVER_STATE].world, make_links(request)
    project = project_of(world, request.match_info["group"], Side.MANAGER)
    off = world.backups.all_off
    found = list(world.clusters(project))
    return items_answer(request, found, lambda one: backup_config(one, on=one.id not in off, links=links))


async def one_backup_config(request: web.Request) -> web.Response:
    """``GET /groups/{G}/backupConfigs/{C}``."""
    cluster = _backed_up(request)
    on = request.app[SERVER_STATE].world.backups.off(cluster) is None
    return answer(request, backup_config(cluster, on=on, links=make_links(request)), Shape.ENTITY)


async def one_schedule(request: web.Request) -> web.Response:
    """``GET .../snapshotSchedule``, below the backup of a cluster or (Atlas legacy) the cluster itself."""
    cluster = _backed_up(request)
    require_backup(request.app[SERVER_STATE], cluster)
    return answer(request, snapshot_schedule(cluster, links=make_links(request)), Shape.ENTITY)


def _backed_up(request: web.Request) -> Cluster:
    cluster = owner_of(request)
    if cluster.member is not None:
        # The backup is that of the whole sharded cluster.
        raise ServiceError("BACKUP_CONFIG_NOT_FOUND", cluster.replica_set)
    return cluster


def backup_config(cluster: Cluster, *, on: bool, links: Links) -> dict[str, Any]:
    """The backup of a cluster as the API shows it.

    Args:
        cluster: The cluster.
        on: Whether it has a backup.
        links: Where links point.

    """
    here = f"{links.project(cluster.project)}/backupConfigs/{cluster.id}"
    return {
        "groupId": cluster.project.id,
        "clusterId": cluster.id,
        "statusName": "STARTED" if on else "INACTIVE",
        "storageEngineName": "WIRED_TIGER",
        "authMechanismName": "NONE",
        "encryptionEnabled": False,
        "sslEnabled": True,
        "excludedNamespaces": ["local.startup_log"],
        "links": [
            links.link(here),
            links.link(links.cluster(cluster), "cluster"),
            links.link(links.project(cluster.project), "group"),
            links.link(f"{here}/snapshotSchedule", "snapshotSchedule"),
        ],
    }


def snapshot_schedule(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """When snapshots of a cluster are taken and how long they are kept."""
    document: dict[str, Any] = {
        "groupId": cluster.project.id,
        "clusterId": cluster.id,
        "snapshotIntervalHours": 6,
        "snapshotRetentionDays": 2,
        "clusterCheckpointIntervalMin": 15,
        "dailySnapshotRetentionDays": 7,
        "weeklySnapshotRetentionWeeks": 4,
        "monthlySnapshotRetentionMonths": 13,
        "pointInTimeWindowHours": 24,
    }
    if cluster.project.side is Side.ATLAS:
        return document | {"links": [links.link(f"{links.cluster(cluster)}/snapshotSchedule")]}
    here = f"{links.project(cluster.project)}/backupConfigs/{cluster.id}"
    return document | {
        "referenceHourOfDay": 2,
        "referenceMinuteOfHour": 0,
        "referenceTimeZoneOffset": "+0000",
        "links": [links.link(f"{here}/snapshotSchedule"), links.link(here, "backupConfig")],
    }


_CONFIGS = "/groups/{group}/backupConfigs"
ROUTES = manager_routes(
    ("GET", _CONFIGS, list_backup_configs),
    ("GET", _CONFIGS + "/{cluster}", one_backup_config),
    ("GET", _CONFIGS + "/{cluster}/snapshotSchedule", one_schedule),
)
