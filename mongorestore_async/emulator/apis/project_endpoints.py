"""Projects of both sides, the clusters of all projects, and the dedicated clusters of an Atlas project.

The clusters of the other APIs are in the files of those (``neighbours`` sections 1 and 2).
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, list_answer, make_links
from mongorestore_async.emulator.apis.lookups import (
    FLEX_KINDS,
    SERVERLESS_KINDS,
    atlas_cluster_of,
    project_by_name,
    project_of,
)
from mongorestore_async.emulator.apis.request_info import (
    BASIC,
    FIRST,
    NEW_CLUSTERS,
    ResourceVersion,
    atlas_routes,
    is_v2,
    manager_routes,
    read_flag,
    side_of,
    version_of,
)
from mongorestore_async.emulator.document_parts import Links, iso, release
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.setting_types import Oddity
from mongorestore_async.emulator.world import Cluster, ClusterKind, Project, Side

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aiohttp import web

__all__ = [
    "CLUSTERS_CREATED",
    "ROUTES",
    "all_clusters",
    "atlas_cluster",
    "atlas_cluster_v2",
    "cluster_fields",
    "clusters_answer",
    "list_atlas_clusters",
    "list_projects",
    "one_atlas_cluster",
    "one_project",
    "project_document",
    "project_named",
    "project_with_clusters",
]

#: What clusters have in v1.0, and in v2 before 2023-02-01, only.
_V1_FIELDS = frozenset({
    "diskSizeGB", "mongoURI", "mongoURIUpdated", "mongoURIWithOptions", "numShards", "providerBackupEnabled",
    "providerSettings", "replicationFactor", "srvAddress",
})  # fmt: skip
#: Flex clusters and serverless instances are in the lists of their own APIs only.
_OWN_API_KINDS = FLEX_KINDS | SERVERLESS_KINDS
#: When the clusters of Atlas were created, seconds since 1970.
CLUSTERS_CREATED = 1_500_000_000
#: From this version on ``backupEnabled`` is cloud backup.
_CLOUD_BACKUP_ENABLED = date(2023, 2, 1)
_OLD_CLUSTERS_END = date(2027, 7, 1)
_VERSIONS = (
    ResourceVersion(FIRST, NEW_CLUSTERS, _OLD_CLUSTERS_END),
    ResourceVersion(_CLOUD_BACKUP_ENABLED, NEW_CLUSTERS, _OLD_CLUSTERS_END),
    ResourceVersion(NEW_CLUSTERS),
)


def _projects(request: web.Request, start: int, count: int) -> list[Project]:
    state = request.app[SERVER_STATE]
    numbers = range(start, min(start + count, state.settings.projects))
    return [state.world.project(side_of(request), number) for number in numbers]


def _project(request: web.Request, project: Project) -> dict[str, Any]:
    state = request.app[SERVER_STATE]
    return project_document(
        project,
        clusters=state.world.cluster_count(project.side),
        links=make_links(request),
        now=state.clock.now(),
        oddities=state.settings.oddities,
    )


async def list_projects(request: web.Request) -> web.Response:
    """``GET /groups``."""
    return list_answer(
        request,
        request.app[SERVER_STATE].settings.projects,
        lambda start, count: [_project(request, one) for one in _projects(request, start, count)],
    )


async def one_project(request: web.Request) -> web.Response:
    """``GET /groups/{G}``."""
    project = project_of(request.app[SERVER_STATE].world, request.match_info["group"], side_of(request))
    return answer(request, _project(request, project), Shape.ENTITY)


async def project_named(request: web.Request) -> web.Response:
    """``GET /groups/byName/{NAME}``."""
    project = project_by_name(request.app[SERVER_STATE].world, request.match_info["name"], side_of(request))
    return answer(request, _project(request, project), Shape.ENTITY)


async def all_clusters(request: web.Request) -> web.Response:
    """``GET /clusters``: one result per project, without flex clusters and serverless instances."""
    state, v2 = request.app[SERVER_STATE], is_v2(request)
    return list_answer(
        request,
        state.settings.projects,
        lambda start, count: [
            project_with_clusters(
                one,
                [found for found in state.world.clusters(one) if found.kind not in _OWN_API_KINDS],
                v2=v2,
                without_backup=state.world.backups.all_off,
            )
            for one in _projects(request, start, count)
        ],
    )


def clusters_answer(
    request: web.Request,
    kinds: frozenset[ClusterKind],
    write: Callable[[Cluster], dict[str, Any]],
    *,
    deleted: bool = False,
) -> web.Response:
    """A page of the clusters of an Atlas project that are of some kinds; if wanted, deleted ones with backups too."""
    world = request.app[SERVER_STATE].world
    project = project_of(world, request.match_info["group"], Side.ATLAS)
    retained = world.retained(project) if deleted else []

    def write_one(cluster: Cluster) -> dict[str, Any]:
        # That a deleted one says so, and nothing else, is a guess: no such answer has been published.
        return write(cluster) | ({"retainBackups": True} if cluster in retained else {})

    found = sorted((*world.clusters(project), *retained), key=lambda cluster: cluster.number)
    return items_answer(request, [cluster for cluster in found if cluster.kind in kinds], write_one)


def _cluster_writer(request: web.Request) -> Callable[[Cluster], dict[str, Any]]:
    links, version = make_links(request), version_of(request)
    write = atlas_cluster if version is None or version.day < _CLOUD_BACKUP_ENABLED else atlas_cluster_v2
    return lambda cluster: write(cluster, links=links)


async def list_atlas_clusters(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters`` of Atlas: no flex clusters, no serverless instances."""
    deleted = is_v2(request) and read_flag(request, "includeDeletedWithRetainedBackups")
    kinds = frozenset(ClusterKind) - _OWN_API_KINDS
    return clusters_answer(request, kinds, _cluster_writer(request), deleted=deleted)


async def one_atlas_cluster(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}`` of Atlas."""
    return answer(request, _cluster_writer(request)(atlas_cluster_of(request)), Shape.ENTITY)


def project_document(
    project: Project, *, clusters: int, links: Links, now: datetime, oddities: frozenset[Oddity]
) -> dict[str, Any]:
    """A project as ``GET /groups`` lists it.

    Args:
        project: The project.
        clusters: How many top-level clusters it has.
        links: Where links point.
        now: The present on the emulator's clock.
        oddities: Which oddities are played.

    """
    common: dict[str, Any] = {
        "id": project.id,
        "name": project.name,
        "orgId": project.org_id,
        "links": [links.link(links.project(project))],
    }
    if project.side is Side.ATLAS:
        return common | {
            "clusterCount": clusters,
            "created": iso(1_500_000_000 + project.number),
            "withDefaultAlertsSettings": True,
            "tags": [{"key": "team", "value": "storage"}],
        }
    if Oddity.AGENT_KEYS in oddities:
        common["agentApiKey"] = hashlib.blake2b(f"agent {project.id}".encode(), digest_size=16).hexdigest()
        common["ldapGroupMappings"] = []
    return common | {
        "activeAgentCount": 1,
        "hostCounts": {
            "arbiter": 0,
            "config": 0,
            "master": 0,
            "mongos": 0,
            "primary": clusters,
            "secondary": 2 * clusters,
            "slave": 0,
        },
        "lastActiveAgent": iso(now),
        "publicApiEnabled": True,
        "replicaSetCount": clusters,
        "shardCount": 0,
        "tags": ["emulated"],
    }


def project_with_clusters(
    project: Project, clusters: list[Cluster], *, v2: bool, without_backup: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """A project as ``GET /clusters`` lists it.

    Args:
        project: The project.
        clusters: Its top-level clusters.
        v2: Whether it is for Atlas v2, which has other words for types.
        without_backup: Ids of those whose backup is off.

    """
    types = ("REPLICA_SET", "SHARDED_CLUSTER") if v2 else ("replica set", "sharded cluster")
    return {
        "groupId": project.id,
        "groupName": project.name,
        "orgId": project.org_id,
        "orgName": f"{project.side}-organization",
        "planType": "Cloud Manager" if project.side is Side.MANAGER else "Atlas",
        "tags": [],
        "clusters": [
            {
                "clusterId": cluster.id,
                "name": cluster.name,
                "type": types[cluster.kind.sharded],
                "availability": "available",
                "versions": [release(cluster)],
                "backupEnabled": cluster.id not in without_backup,
                "authEnabled": True,
                "sslEnabled": True,
                "alertCount": 0,
                "dataSizeBytes": 1_073_741_824,
                "nodeCount": 10 if cluster.kind.sharded else 3,
            }
            for cluster in clusters
        ],
    }


def cluster_fields(cluster: Cluster, links: Links) -> dict[str, Any]:
    """The fields that all kinds of clusters of Atlas have."""
    return {
        "id": cluster.id,
        "groupId": cluster.project.id,
        "name": cluster.name,
        "stateName": "IDLE",
        "links": [links.link(links.cluster(cluster))],
    }


def _provider(cluster: Cluster) -> tuple[str, str]:
    return ("TENANT", "M2") if cluster.kind is ClusterKind.TENANT else ("AWS", "M10")


def _provider_settings(cluster: Cluster) -> dict[str, Any]:
    provider, size = _provider(cluster)
    found = {"instanceSizeName": size, "providerName": provider, "regionName": "US_EAST_1"}
    return found | ({"backingProviderName": "AWS"} if provider == "TENANT" else {})


def atlas_cluster(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A cluster as v1.0 lists it: ``backupEnabled`` is legacy backup."""
    cloud = cluster.kind in {ClusterKind.CLOUD_BACKUP, ClusterKind.CLOUD_BACKUP_SHARDED}
    seeds = ",".join(f"{cluster.name}-shard-00-0{number}.emulated.example.invalid:27017" for number in range(3))
    created = iso(CLUSTERS_CREATED + cluster.number)
    shards = 2 if cluster.kind.sharded else 1
    region = {"analyticsNodes": 0, "electableNodes": 3, "priority": 7, "readOnlyNodes": 0}
    return cluster_fields(cluster, links) | {
        "clusterType": "SHARDED" if cluster.kind.sharded else "REPLICASET",
        "createDate": created,
        "diskSizeGB": 10.0,
        "mongoDBMajorVersion": release(cluster).rpartition(".")[0],
        "mongoDBVersion": release(cluster),
        "mongoURI": f"mongodb://{seeds}",
        "mongoURIUpdated": created,
        "mongoURIWithOptions": f"mongodb://{seeds}/?ssl=true&authSource=admin",
        "numShards": shards,
        "paused": False,
        "replicationFactor": 3,
        "replicationSpecs": [
            {
                "id": f"{cluster.id[:-1]}0",
                "numShards": shards,
                "regionsConfig": {"US_EAST_1": region},
                "zoneName": "Zone 1",
            }
        ],
        "srvAddress": f"mongodb+srv://{cluster.name}.emulated.example.invalid",
        "backupEnabled": cluster.kind in {ClusterKind.LEGACY, ClusterKind.LEGACY_SHARDED},
        "providerBackupEnabled": cloud,
        "pitEnabled": cloud,
        "providerSettings": _provider_settings(cluster),
    }


def atlas_cluster_v2(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A cluster as v2 lists it from 2023-02-01 on: ``backupEnabled`` is cloud backup."""
    before = atlas_cluster(cluster, links=links)
    provider, size = _provider(cluster)
    region = {
        "electableSpecs": {"instanceSize": size, "nodeCount": 3},
        "priority": 7,
        "providerName": provider,
        "regionName": "US_EAST_1",
    }
    specs = [
        {"id": f"{cluster.id[:-1]}{shard}", "regionConfigs": [region], "zoneName": "Zone 1"}
        for shard in range(2 if cluster.kind.sharded else 1)
    ]
    return {name: value for name, value in before.items() if name not in _V1_FIELDS} | {
        "backupEnabled": before["providerBackupEnabled"],
        "replicationSpecs": specs,
    }


_PROJECTS = (
    ("GET", "/groups", list_projects),
    ("GET", "/groups/{group}", one_project),
    ("GET", "/groups/byName/{name}", project_named),
    ("GET", "/clusters", all_clusters),
)
ROUTES = (
    *manager_routes(*_PROJECTS),
    *atlas_routes(*_PROJECTS, versions=BASIC),
    *atlas_routes(
        ("GET", "/groups/{group}/clusters", list_atlas_clusters),
        ("GET", "/groups/{group}/clusters/{cluster}", one_atlas_cluster),
        versions=_VERSIONS,
    ),
)
