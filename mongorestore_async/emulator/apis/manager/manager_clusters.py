"""Clusters and hosts of Ops Manager and Cloud Manager v1.0, and the times a cluster can be restored to."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, list_answer, make_links
from mongorestore_async.emulator.apis.lookups import host_of, lists_no_jobs, owner_of, project_of
from mongorestore_async.emulator.apis.request_info import manager_routes
from mongorestore_async.emulator.document_parts import Links, iso, release
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.world import Cluster, ClusterKind, Side
from mongorestore_async.emulator.world.snapshot_store import Snapshot, SnapshotState

if TYPE_CHECKING:
    from datetime import datetime

    from aiohttp import web

    from mongorestore_async.emulator.world.hosts import Host

__all__ = [
    "ROUTES",
    "host_document",
    "list_clusters",
    "list_hosts",
    "list_time_ranges",
    "manager_cluster",
    "one_cluster",
    "one_host",
]

_PORT = 27017
_SHARDS = 2
#: How far the oplog is behind the present, in seconds.
_OPLOG_LAG = 60


async def list_clusters(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters``: each sharded cluster is followed by its shards and its config set."""
    state, links = request.app[SERVER_STATE], make_links(request)
    project, now = project_of(state.world, request.match_info["group"], Side.MANAGER), state.clock.now()
    found = [one for top in state.world.clusters(project) for one in (top, *state.world.members(top))]
    return items_answer(request, found, lambda cluster: manager_cluster(cluster, links=links, now=now))


async def one_cluster(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{C}``."""
    document = manager_cluster(owner_of(request), links=make_links(request), now=request.app[SERVER_STATE].clock.now())
    return answer(request, document, Shape.ENTITY)


async def list_hosts(request: web.Request) -> web.Response:
    """``GET /groups/{G}/hosts``."""
    state, links = request.app[SERVER_STATE], make_links(request)
    project, now = project_of(state.world, request.match_info["group"], Side.MANAGER), state.clock.now()
    return list_answer(
        request,
        state.world.hosts.count(project),
        lambda start, count: [
            host_document(host, links=links, now=now) for host in state.world.hosts.page(project, start, count)
        ],
    )


async def one_host(request: web.Request) -> web.Response:
    """``GET /groups/{G}/hosts/{H}``."""
    document = host_document(host_of(request), links=make_links(request), now=request.app[SERVER_STATE].clock.now())
    return answer(request, document, Shape.ENTITY)


async def list_time_ranges(request: web.Request) -> web.Response:
    """``POST .../restoreJobs/restorableTimeRanges``: a bare array, oldest first; it changes nothing.

    Empty for clusters that cannot be restored to a moment. A snapshot that failed leaves a gap after it.
    """
    state, cluster = request.app[SERVER_STATE], owner_of(request)
    no_backup = lists_no_jobs(state, cluster)
    now = state.clock.now().timestamp()
    old = cluster.kind is ClusterKind.SHARDED_FCV_40 or cluster.member is not None
    snapshots = [] if no_backup or old else state.world.snapshots.of(cluster)
    known = [one for one in reversed(snapshots) if one.state is not SnapshotState.RUNNING and not one.expired(now)]
    ends = [later.taken for _, later in pairwise(known)] + [now - _OPLOG_LAG]
    sharded = {"shardCount": _SHARDS, "configServerType": "Dedicated"} if cluster.kind.sharded else {}
    ranges = [
        _range(one, end) | sharded
        for one, end in zip(known, ends, strict=bool(known))
        if one.state is SnapshotState.COMPLETE
    ]
    return answer(request, ranges, Shape.ENTITY)


def _range(snapshot: Snapshot, end: float) -> dict[str, Any]:
    return {
        "start": {"date": iso(snapshot.taken), "increment": 1 + snapshot.dice % 7},
        "end": {"date": iso(end), "increment": 1},
        "snapshotId": snapshot.id,
    }


def manager_cluster(cluster: Cluster, *, links: Links, now: datetime) -> dict[str, Any]:
    """A cluster, or a member of one, as a list of the clusters of a project has it."""
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
        return "CONFIG_SERVER_REPLICA_SET" if cluster.member == "config" else "REPLICA_SET"
    return "SHARDED_REPLICA_SET" if cluster.kind.sharded else "REPLICA_SET"


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


ROUTES = manager_routes(
    ("GET", "/groups/{group}/clusters", list_clusters),
    ("GET", "/groups/{group}/clusters/{cluster}", one_cluster),
    ("POST", "/groups/{group}/clusters/{cluster}/restoreJobs/restorableTimeRanges", list_time_ranges),
    ("GET", "/groups/{group}/hosts", list_hosts),
    ("GET", "/groups/{group}/hosts/{host}", one_host),
)
