"""The bodies of creates of M2/M5 and flex clusters, checked as ``restore-jobs`` sections 6 and 8.3 say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.apis import is_v2
from mongorestore_async.emulator.handlers.atlas_bodies import body_of, destination, target_of
from mongorestore_async.emulator.handlers.members import Members
from mongorestore_async.emulator.handlers.snapshot_rules import require_snapshot
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Order

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = ["tenant_download_order", "tenant_restore_order"]

_READ_ONLY = frozenset({
    "clusterName", "deliveryType", "expirationDate", "id", "instanceName", "links", "projectId",
    "restoreFinishedDate", "restoreScheduledDate", "snapshotFinishedDate", "snapshotUrl", "status",
})  # fmt: skip


async def tenant_restore_order(request: web.Request, cluster: Cluster) -> Order:
    """What a restore into a cluster asks for; v2 takes the cluster's own project unless told.

    Raises:
        Refusal: It is malformed or incomplete, or cannot be done with this cluster.

    """
    known = frozenset({"snapshotId", "targetDeploymentItemName", "targetProjectId"})
    members = Members(await body_of(request), known=known, read_only=_READ_ONLY)
    required = ("snapshotId", "targetDeploymentItemName")
    members.require(*required, *(() if is_v2(request) else ("targetProjectId",)))
    project_id = members.text("targetProjectId") if "targetProjectId" in members else cluster.project.id
    target = target_of(request, project_id, members.text("targetDeploymentItemName"))
    if target.kind.sharded:
        raise Refusal("TENANT_RESTORE_INCOMPATIBLE_TOPOLOGY", target.name)
    return Order(snapshot_id=_snapshot(request, cluster, members, download=False), **destination(target))


async def tenant_download_order(request: web.Request, cluster: Cluster) -> Order:
    """What a download asks for.

    Raises:
        Refusal: It is malformed or incomplete, or cannot be done with this cluster.

    """
    members = Members(await body_of(request), known=frozenset({"snapshotId"}), read_only=_READ_ONLY)
    return Order(snapshot_id=_snapshot(request, cluster, members, download=True))


def _snapshot(request: web.Request, cluster: Cluster, members: Members, *, download: bool) -> str:
    snapshot = members.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    require_snapshot(request.app[STAGE], cluster, snapshot, download=download)
    return snapshot
