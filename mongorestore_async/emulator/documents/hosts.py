"""Hosts and checkpoints as documents (``neighbours`` sections 2.2 and 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.releases import release
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mongorestore_async.emulator.world import Cluster
    from mongorestore_async.emulator.world.checkpoints import Checkpoint
    from mongorestore_async.emulator.world.hosts import Host

__all__ = ["checkpoint_document", "host_document"]

_PORT = 27017
_TAKES = 30


def host_document(host: Host, *, links: Links, now: datetime) -> dict[str, Any]:
    """A host as the API shows it."""
    cluster = host.group or host.cluster
    document: dict[str, Any] = {
        "id": host.id,
        "groupId": cluster.project.id,
        "clusterId": cluster.id,
        "created": iso(1_400_000_000 + host.index),
        "hostname": f"{cluster.name}-{host.index}.example.invalid",
        "port": _PORT,
        "typeName": host.type_name,
        "hostEnabled": True,
        "lastPing": iso(now),
        "version": release(cluster),
        "links": [links.link(f"{links.project(cluster.project)}/hosts/{host.id}")],
    }
    if host.state is not None:
        document["replicaSetName"], document["replicaStateName"] = cluster.replica_set, host.state
    if host.group is not None and host.group.member != "config":
        document["shardName"] = host.group.member
    return document


def checkpoint_document(
    checkpoint: Checkpoint, *, members: Sequence[Cluster], hosts: Sequence[Host], links: Links
) -> dict[str, Any]:
    """A checkpoint as the API shows it.

    Args:
        checkpoint: The checkpoint.
        members: The shards and the config set of its cluster.
        hosts: The hosts of its cluster; the mirrored config servers among them stand for the config set.
        links: Where links point.

    """
    cluster = checkpoint.cluster
    mirrors = [host for host in hosts if host.mirror]
    parts: list[dict[str, Any]] = [
        {
            "replicaSetName": member.replica_set,
            "shardName": member.member,
            "typeName": "CONFIG_SERVER_REPLICA_SET" if member.member == "config" else "REPLICA_SET",
        }
        for member in members
        if not (mirrors and member.member == "config")
    ]
    parts += [{"hostId": host.id, "typeName": "CONFIG_SERVER"} for host in mirrors]
    for part in parts:
        part["tokenDiscovered"] = checkpoint.restorable
        part["tokenTimestamp"] = {"date": iso(checkpoint.started), "increment": 1}
    name = "checkpoints" if cluster.project.side is Side.MANAGER else "backupCheckpoints"
    return {
        "id": checkpoint.id,
        "groupId": cluster.project.id,
        "clusterId": cluster.id,
        "started": iso(checkpoint.started),
        "timestamp": iso(checkpoint.started),
        "completed": iso(checkpoint.started + _TAKES),
        "restorable": checkpoint.restorable,
        "parts": parts,
        "links": [links.link(f"{links.cluster(cluster)}/{name}/{checkpoint.id}")],
    }
