"""From the names in a path of Atlas to a cluster of the right kind, or to the API's complaint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.places import cluster_by_name, project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Cluster, ClusterKind, Side

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["CLOUD_BACKUP_KINDS", "FLEX_KINDS", "LEGACY_KINDS", "SERVERLESS_KINDS", "TENANT_KINDS", "atlas_place"]

CLOUD_BACKUP_KINDS = frozenset({ClusterKind.CLOUD_BACKUP, ClusterKind.CLOUD_BACKUP_SHARDED})
FLEX_KINDS = frozenset({ClusterKind.FLEX})
LEGACY_KINDS = frozenset({ClusterKind.LEGACY, ClusterKind.LEGACY_SHARDED})
SERVERLESS_KINDS = frozenset({ClusterKind.SERVERLESS})
TENANT_KINDS = frozenset({ClusterKind.TENANT})

#: Each has an endpoint that says so when a cluster is on the other kind of backup.
_DEDICATED = (CLOUD_BACKUP_KINDS, LEGACY_KINDS)


def atlas_place(request: web.Request, kinds: frozenset[ClusterKind] | None = None) -> Cluster:
    """The cluster a path names.

    Args:
        request: The request.
        kinds: What this endpoint is for; None: every cluster that is no flex cluster and no serverless instance.

    Raises:
        Refusal: There is no such cluster, or it is of another kind.

    """
    world = request.app[STAGE].world
    project = project_of(world, request.match_info["group"], Side.ATLAS)
    cluster = cluster_by_name(world, project, request.match_info["cluster"])
    flex, serverless = cluster.kind is ClusterKind.FLEX, cluster.kind is ClusterKind.SERVERLESS
    if (kinds is FLEX_KINDS) is not flex:
        code = "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API" if flex else "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"
        raise Refusal(code, cluster.name)
    if serverless if kinds is None else kinds is SERVERLESS_KINDS and not serverless:
        raise Refusal("CLUSTER_NAME_NOT_FOUND", cluster.name, project.id)
    if kinds is None or cluster.kind in kinds:
        return cluster
    if kinds in _DEDICATED and any(cluster.kind in others for others in _DEDICATED):
        raise Refusal("INCORRECT_BACKUP_API_ENDPOINT", cluster.name)
    raise Refusal("BACKUP_CONFIG_NOT_FOUND", cluster.name)
