"""Members of the clusters of Atlas v1.0 that are nothing to a restore, but that real clients read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.document_parts import iso, release

if TYPE_CHECKING:
    from mongorestore_async.emulator.world.entities import Cluster

__all__ = ["V1_ONLY", "shared_members", "v1_members"]

_REGION = "US_EAST_1"
_CREATED = 1_500_000_000
_NODES = 3

#: What v2 dropped with 2023-02-01.
V1_ONLY = frozenset(
    {
        "mongoURI",
        "mongoURIUpdated",
        "mongoURIWithOptions",
        "numShards",
        "providerBackupEnabled",
        "providerSettings",
        "replicationFactor",
        "srvAddress",
    }
)


def shared_members(cluster: Cluster) -> dict[str, Any]:
    """What every version has."""
    hosts = ",".join(f"{cluster.name}-shard-00-0{node}.emulator.invalid:27017" for node in range(_NODES))
    return {
        "connectionStrings": {
            "standard": f"mongodb://{hosts}/?ssl=true",
            "standardSrv": f"mongodb+srv://{cluster.name}.emulator.invalid",
        },
        "createDate": iso(_CREATED + cluster.number),
        "mongoDBMajorVersion": release(cluster).rpartition(".")[0],
        "mongoDBVersion": release(cluster),
    }


def v1_members(cluster: Cluster, provider: str, size: str) -> dict[str, Any]:
    """What v1.0 has, and v2 at 2023-01-01.

    Args:
        cluster: The cluster.
        provider: Where it runs, or ``TENANT``.
        size: Its tier.

    """
    shared = shared_members(cluster)
    strings = shared["connectionStrings"]
    shards = 2 if cluster.kind.sharded else 1
    region = {"analyticsNodes": 0, "electableNodes": _NODES, "priority": 7, "readOnlyNodes": 0}
    return shared | {
        "mongoURI": strings["standard"].partition("/?")[0],
        "mongoURIUpdated": iso(_CREATED + 60 + cluster.number),
        "mongoURIWithOptions": strings["standard"],
        "numShards": shards,
        "providerSettings": {"instanceSizeName": size, "providerName": provider, "regionName": _REGION},
        "replicationFactor": _NODES,
        "replicationSpecs": [
            {
                "id": f"{cluster.id[:-1]}0",
                "numShards": shards,
                "regionsConfig": {_REGION: region},
                "zoneName": "Zone 1",
            }
        ],
        "srvAddress": strings["standardSrv"],
    }
