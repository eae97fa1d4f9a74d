"""Projects and clusters as documents (``neighbours`` sections 1 and 2)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.releases import release
from mongorestore_async.emulator.world import Cluster, Project, Side

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["manager_cluster", "project_document", "project_with_clusters"]

_MEMBER_TYPES = {"config": "CONFIG_SERVER_REPLICA_SET"}


def project_document(
    project: Project, *, clusters: int, links: Links, now: datetime, odd: frozenset[Oddity]
) -> dict[str, Any]:
    """A project as ``GET /groups`` lists it.

    Args:
        project: The project.
        clusters: How many top-level clusters it has.
        links: Where links point.
        now: The present on the emulator's clock.
        odd: Which oddities are played.

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
            "regionUsageRestrictions": "NONE",
            "tags": [{"key": "team", "value": "storage"}],
        }
    if Oddity.AGENT_KEYS in odd:
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
        "orgName": "The emulated organisation",
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
