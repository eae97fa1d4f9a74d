"""Snapshots and checkpoints of Ops Manager, Cloud Manager and Atlas legacy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.documents.hosts import checkpoint_document
from mongorestore_async.emulator.documents.snapshots import manager_snapshot
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.owners import owner_of
from mongorestore_async.emulator.handlers.snapshot_rules import missing_snapshot
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world.identifiers import Identifiers
from mongorestore_async.emulator.world.snapshots import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.stage import Stage
    from mongorestore_async.emulator.world import Cluster

__all__ = ["list_checkpoints", "list_snapshots", "one_checkpoint", "one_snapshot", "snapshot_of", "snapshots_left"]

_COMPLETED = {"true": {True}, "false": {False}, "all": {True, False}}


def snapshots_left(stage: Stage, cluster: Cluster) -> list[Snapshot]:
    """The snapshots of a cluster, newest first: all of them, or what is left once its backup is off."""
    found, off = stage.world.snapshots.of(cluster), stage.world.backups.off(cluster)
    if off is None:
        return found
    return [one for one in found if one.state is SnapshotState.COMPLETE][: off.snapshots_left]


def snapshot_of(request: web.Request, cluster: Cluster) -> Snapshot:
    """The snapshot a path names.

    Raises:
        Refusal: 404.

    """
    stage, snapshot_id = request.app[STAGE], request.match_info["snapshot"]
    if not Identifiers.well_formed(snapshot_id):
        raise Refusal("INVALID_SNAPSHOT_ID", snapshot_id)
    found = next((one for one in snapshots_left(stage, cluster) if one.id == snapshot_id), None)
    if found is None:
        raise Refusal(missing_snapshot(cluster), snapshot_id)
    return found


def _write(request: web.Request, cluster: Cluster) -> Callable[..., dict[str, Any]]:
    stage = request.app[STAGE]
    return partial(
        manager_snapshot,
        members=stage.world.members(cluster),
        links=make_links(request),
        now=stage.clock.now(),
        odd=stage.settings.oddities,
        targetable=stage.world.backups.off(cluster) is None,
    )


async def list_snapshots(request: web.Request) -> web.Response:
    """``GET .../snapshots``, newest first; ``completed`` says which: ``true`` (the default), ``false``, ``all``."""
    stage, cluster = request.app[STAGE], owner_of(request)
    wanted = _COMPLETED.get(request.query.get("completed", "true"))
    if wanted is None:
        raise Refusal("INVALID_QUERY_PARAMETER", "completed")
    found = snapshots_left(stage, cluster)
    documents: list[Snapshot | None] = [one for one in found if (one.state is SnapshotState.COMPLETE) in wanted]
    if Oddity.EMPTY_SNAPSHOTS in stage.settings.oddities:
        documents.insert(0, None)
    write = _write(request, cluster)
    return list_answer(
        request,
        len(documents),
        lambda start, count: [{} if one is None else write(one) for one in documents[start : start + count]],
    )


async def one_snapshot(request: web.Request) -> web.Response:
    """``GET .../snapshots/{S}``."""
    cluster = owner_of(request)
    document = _write(request, cluster)(snapshot_of(request, cluster), in_list=False)
    return answer(request, document, Shape.ENTITY)


async def list_checkpoints(request: web.Request) -> web.Response:
    """``GET .../checkpoints`` or ``.../backupCheckpoints``, newest first; there are none above version 4.0."""
    stage, cluster, links = request.app[STAGE], owner_of(request), make_links(request)
    found = stage.world.checkpoints.of(cluster)
    members, hosts = stage.world.members(cluster), stage.world.hosts.of(cluster)
    return list_answer(
        request,
        len(found),
        lambda start, count: [
            checkpoint_document(one, members=members, hosts=hosts, links=links) for one in found[start : start + count]
        ],
    )


async def one_checkpoint(request: web.Request) -> web.Response:
    """``GET .../checkpoints/{K}`` or ``.../backupCheckpoints/{K}``."""
    world, cluster, checkpoint_id = request.app[STAGE].world, owner_of(request), request.match_info["checkpoint"]
    if not Identifiers.well_formed(checkpoint_id):
        raise Refusal("INVALID_CHECKPOINT_ID", checkpoint_id)
    found = world.checkpoints.find(cluster, checkpoint_id)
    if found is None:
        raise Refusal("CHECKPOINT_NOT_FOUND", checkpoint_id)
    members, hosts = world.members(cluster), world.hosts.of(cluster)
    document = checkpoint_document(found, members=members, hosts=hosts, links=make_links(request))
    return answer(request, document, Shape.ENTITY)
