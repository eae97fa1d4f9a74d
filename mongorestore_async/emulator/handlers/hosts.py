"""Hosts of Ops Manager and Cloud Manager, and what of a cluster's past could be restored."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents import iso
from mongorestore_async.emulator.documents.hosts import host_document
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.owners import host_of, owner_of, without_backup
from mongorestore_async.emulator.handlers.places import project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import ClusterKind, Side
from mongorestore_async.emulator.world.snapshots import SnapshotState

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world.snapshots import Snapshot

__all__ = ["list_hosts", "list_time_ranges", "one_host"]

_SHARDS = 2
#: The oplog is behind the present by so much, seconds.
_BEHIND = 60


async def list_hosts(request: web.Request) -> web.Response:
    """``GET /groups/{G}/hosts``."""
    stage, links = request.app[STAGE], make_links(request)
    project, now = project_of(stage.world, request.match_info["group"], Side.MANAGER), stage.clock.now()
    return list_answer(
        request,
        stage.world.hosts.count(project),
        lambda start, count: [
            host_document(host, links=links, now=now) for host in stage.world.hosts.page(project, start, count)
        ],
    )


async def one_host(request: web.Request) -> web.Response:
    """``GET /groups/{G}/hosts/{H}``."""
    document = host_document(host_of(request), links=make_links(request), now=request.app[STAGE].clock.now())
    return answer(request, document, Shape.ENTITY)


async def list_time_ranges(request: web.Request) -> web.Response:
    """``POST .../restoreJobs/restorableTimeRanges``: a bare array, oldest first; it changes nothing.

    Empty for clusters that cannot be restored to a moment. A snapshot that failed leaves a gap after it.
    """
    stage, cluster = request.app[STAGE], owner_of(request)
    without = without_backup(stage, cluster, listing=True)
    now = stage.clock.now().timestamp()
    old = cluster.kind is ClusterKind.SHARDED_FCV_40 or cluster.member is not None
    snapshots = [] if without or old else stage.world.snapshots.of(cluster)
    known = [one for one in reversed(snapshots) if one.state is not SnapshotState.RUNNING and not one.expired(now)]
    ends = [later.taken for _, later in pairwise(known)] + [now - _BEHIND]
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
