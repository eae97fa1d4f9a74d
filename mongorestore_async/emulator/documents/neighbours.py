"""Projects and clusters as documents (``neighbours`` sections 1 and 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.world import Cluster, ClusterKind, Project, Side

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["atlas_cluster", "manager_cluster", "project_document", "project_with_clusters"]

_MEMBER_TYPES = {"config": "CONFIG_SERVER_REPLICA_SET"}


def project_document(project: Project, *, clusters: int, links: Links) -> dict[str, Any]:
    """A project as ``GET /groups`` lists it."""
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
        }
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
        "publicApiEnabled": True,
        "replicaSetCount": clusters,
        "shardCount": 0,
        "tags": [],
    }


def manager_cluster(cluster: Cluster, *, links: Links, now: datetime) -> dict[str, Any]:
    """A cluster, or a member of one, as Ops Manager and Cloud Manager list it per project."""
    document: dict[str, Any] = {
        "id": cluster.id,
        "groupId": cluster.project.id,
        "clusterName": cluster.name,
        "typeName": _type_name(cluster),
        "lastHeartbeat": iso(now),
        "links": [links.link(links.cluster(cluster))],
    }
    if cluster.member is not None and cluster.member != "config":
        document["shardName"] = cluster.member
    if cluster.member is not None or not cluster.kind.sharded:
        document["replicaSetName"] = cluster.replica_set
    return document


def _type_name(cluster: Cluster) -> str:
    if cluster.member is not None:
        return _MEMBER_TYPES.get(cluster.member, "REPLICA_SET")
    return "SHARDED_REPLICA_SET" if cluster.kind.sharded else "REPLICA_SET"


def atlas_cluster(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A cluster as Atlas v1.0 lists it per project."""
    tenant = cluster.kind is ClusterKind.TENANT
    return {
        "id": cluster.id,
        "groupId": cluster.project.id,
        "name": cluster.name,
        "clusterType": "SHARDED" if cluster.kind.sharded else "REPLICASET",
        "stateName": "IDLE",
        "paused": False,
        "backupEnabled": False,
        "providerBackupEnabled": not tenant,
        "pitEnabled": not tenant,
        "providerSettings": {
            "instanceSizeName": "M2" if tenant else "M10",
            "providerName": "TENANT" if tenant else "AWS",
        },
        "links": [links.link(links.cluster(cluster))],
    }


def project_with_clusters(project: Project, clusters: list[Cluster]) -> dict[str, Any]:
    """A project as ``GET /clusters`` lists it: with all its top-level clusters."""
    return {
        "groupId": project.id,
        "groupName": project.name,
        "orgId": project.org_id,
        "orgName": "The emulated organisation",
        "planType": "Cloud Manager" if project.side is Side.MANAGER else "Atlas",
        "tags": [],
        "clusters": [
            {
                "clusterId": cluster.id,
                "name": cluster.name,
                "type": "sharded cluster" if cluster.kind.sharded else "replica set",
                "availability": "available",
                "versions": ["4.0.28" if cluster.kind is ClusterKind.SHARDED_FCV_40 else "4.4.29"],
                "backupEnabled": True,
                "authEnabled": True,
                "sslEnabled": True,
                "alertCount": 0,
                "dataSizeBytes": 1_073_741_824,
                "nodeCount": 10 if cluster.kind.sharded else 3,
            }
            for cluster in clusters
        ],
    }
