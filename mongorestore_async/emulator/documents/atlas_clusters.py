"""Clusters of Atlas as documents (``neighbours`` section 2.2)."""

from __future__ import annotations

from typing import Any

from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.world import Cluster, ClusterKind

__all__ = ["atlas_cluster", "atlas_cluster_v2", "flex_cluster", "serverless_instance"]

_CREATED = 1_500_000_000


def _common(cluster: Cluster, links: Links) -> dict[str, Any]:
    return {
        "id": cluster.id,
        "groupId": cluster.project.id,
        "name": cluster.name,
        "stateName": "IDLE",
        "links": [links.link(links.cluster(cluster))],
    }


def _provider(cluster: Cluster) -> tuple[str, str]:
    return ("TENANT", "M2") if cluster.kind is ClusterKind.TENANT else ("AWS", "M10")


def atlas_cluster(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A cluster as v1.0 lists it: ``backupEnabled`` is legacy backup."""
    cloud = cluster.kind in {ClusterKind.CLOUD_BACKUP, ClusterKind.CLOUD_BACKUP_SHARDED}
    provider, size = _provider(cluster)
    return _common(cluster, links) | {
        "clusterType": "SHARDED" if cluster.kind.sharded else "REPLICASET",
        "paused": False,
        "backupEnabled": cluster.kind in {ClusterKind.LEGACY, ClusterKind.LEGACY_SHARDED},
        "providerBackupEnabled": cloud,
        "pitEnabled": cloud,
        "providerSettings": {"instanceSizeName": size, "providerName": provider},
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
    gone = {"providerBackupEnabled", "providerSettings"}
    return {name: value for name, value in before.items() if name not in gone} | {
        "backupEnabled": before["providerBackupEnabled"],
        "mongoDBMajorVersion": "8.0",
        "replicationSpecs": specs,
    }


def flex_cluster(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A flex cluster."""
    return _common(cluster, links) | {
        "backupSettings": {"enabled": True},
        "clusterType": "REPLICASET",
        "connectionStrings": {},
        "createDate": iso(_CREATED + cluster.number),
        "mongoDBVersion": "8.0.16",
        "providerSettings": {
            "backingProviderName": "AWS",
            "diskSizeGB": 5.0,
            "providerName": "FLEX",
            "regionName": "US_EAST_1",
        },
        "tags": [],
    }


def serverless_instance(cluster: Cluster, *, links: Links) -> dict[str, Any]:
    """A serverless instance."""
    return _common(cluster, links) | {
        "connectionStrings": {},
        "createDate": iso(_CREATED + cluster.number),
        "mongoDBVersion": "8.0.16",
        "providerSettings": {
            "backingProviderName": "AWS",
            "providerName": "SERVERLESS",
            "regionName": "US_EAST_1",
        },
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": True},
    }
