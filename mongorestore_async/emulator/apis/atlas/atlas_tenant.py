"""Shared clusters of Atlas (M2 and M5), v1.0 and v2: restore jobs and snapshots.

Flex clusters have the same documents and bodies (``restore-jobs`` sections 6 and 8.3, ``neighbours`` section 3.3).
Neither jobs nor snapshots have links.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer, make_links
from mongorestore_async.emulator.apis.create_bodies import (
    BodyFields,
    read_body,
    read_snapshot,
    target_by_name,
    target_fields,
)
from mongorestore_async.emulator.apis.job_answers import create_jobs, job_answer, jobs_answer
from mongorestore_async.emulator.apis.lookups import (
    TENANT_KINDS,
    atlas_cluster_of,
    snapshot_of,
    snapshots_left,
)
from mongorestore_async.emulator.apis.request_info import FIRST, FLEX, ResourceVersion, atlas_routes, is_v2
from mongorestore_async.emulator.document_parts import (
    FOUR_HOURS,
    Links,
    add_extra_fields,
    apply_changes,
    iso,
    presigned_link,
    release,
)
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import Oddity
from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, JobOutcome, Order
from mongorestore_async.emulator.world.snapshot_store import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from aiohttp import web

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = [
    "ROUTES",
    "create_tenant_download",
    "create_tenant_restore",
    "created_job_answer",
    "list_tenant_jobs",
    "list_tenant_snapshots",
    "one_tenant_job",
    "one_tenant_snapshot",
    "read_download_order",
    "read_restore_order",
    "tenant_job",
    "tenant_job_writer",
    "tenant_snapshot",
    "tenant_snapshots_answer",
]

# The day of the deprecation is not established; it is made up. The day of the sunset is not.
_VERSIONS = (ResourceVersion(FIRST, FLEX, date(2026, 1, 15)),)
_READ_ONLY = frozenset({
    "clusterName", "deliveryType", "expirationDate", "id", "instanceName", "links", "projectId",
    "restoreFinishedDate", "restoreScheduledDate", "snapshotFinishedDate", "snapshotUrl", "status",
})  # fmt: skip
#: Recorded of flex clusters; restores of M2 and M5 show four hours, as downloads do.
_FLEX_RESTORE = 6 * 3600
#: Date names of list and get-one examples of v1.0 against those of tables, creates and v2 (D25).
_TABLE_NAMES = {
    "submittedAt": "restoreScheduledDate",
    "finishedDate": "restoreFinishedDate",
    "timestamp": "snapshotFinishedDate",
}
_SNAPSHOT_STATES = {
    SnapshotState.QUEUED: "QUEUED",
    SnapshotState.COMPLETE: "COMPLETED",
    SnapshotState.RUNNING: "RUNNING",
    SnapshotState.FAILED: "FAILED",
}

_find_cluster = partial(atlas_cluster_of, kinds=TENANT_KINDS)


def tenant_job_writer(request: web.Request, *, created: bool = False) -> Callable[[Job], dict[str, Any]]:
    """A function that writes the document of a job for this answer."""
    state, links = request.app[SERVER_STATE], make_links(request)
    now = state.clock.now()
    return lambda job: tenant_job(job, settings=state.settings, links=links, now=now, created=created)


async def created_job_answer(
    request: web.Request,
    find_cluster: Callable[[web.Request], Cluster],
    read: Callable[[web.Request, Cluster], Awaitable[Order]],
) -> web.Response:
    """The answer to a create: the job it started. For the arguments see :func:`create_jobs`."""
    _, (job,) = await create_jobs(request, find_cluster, read)
    return answer(request, tenant_job_writer(request, created=True)(job), Shape.CREATED)


async def list_tenant_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/tenant/restores``: in v1.0 the list has no links, and its jobs never."""
    v2, oddities = is_v2(request), request.app[SERVER_STATE].settings.oddities
    paged = not (v2 and Oddity.UNPAGED_TENANTS in oddities)
    return jobs_answer(request, _find_cluster(request), tenant_job_writer(request), linked=v2, paged=paged)


async def one_tenant_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/tenant/restores/{J}``."""
    write = tenant_job_writer(request)
    return job_answer(request, _find_cluster(request), write, missing="TENANT_RESTORE_NOT_FOUND")


async def create_tenant_restore(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/backup/tenant/restore`` (singular): the job it started."""
    return await created_job_answer(request, _find_cluster, read_restore_order)


async def create_tenant_download(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/backup/tenant/download``: the job it started."""
    return await created_job_answer(request, _find_cluster, read_download_order)


async def list_tenant_snapshots(request: web.Request) -> web.Response:
    """``GET .../backup/tenant/snapshots``: without links, and in v2 without pages."""
    return tenant_snapshots_answer(request, _find_cluster(request), paged=not is_v2(request))


async def one_tenant_snapshot(request: web.Request) -> web.Response:
    """``GET .../backup/tenant/snapshots/{S}``."""
    return answer(request, tenant_snapshot(snapshot_of(request, _find_cluster(request))), Shape.ENTITY)


def tenant_snapshots_answer(request: web.Request, cluster: Cluster, *, paged: bool = True) -> web.Response:
    """A page of the snapshots of a cluster, or all of them."""
    found = snapshots_left(request.app[SERVER_STATE], cluster)
    return items_answer(request, found, tenant_snapshot, linked=False, paged=paged)


async def read_restore_order(request: web.Request, cluster: Cluster) -> Order:
    """What a restore into a cluster asks for; M2 and M5 of v2 default to the cluster's own project.

    Raises:
        ServiceError: It is malformed or incomplete, or cannot be done with this cluster.

    """
    flex = cluster.kind is ClusterKind.FLEX
    # The schema of flex says otherwise of both members: a real server takes the read-only one, which vendor tools send,
    # and wants the optional one (``november-2026`` section 3).
    taken = frozenset({"instanceName"}) if flex else frozenset[str]()
    known = frozenset({"snapshotId", "targetDeploymentItemName", "targetProjectId"}) | taken
    body = BodyFields(await read_body(request), known=known, read_only=_READ_ONLY - taken)
    required = ("snapshotId", "targetDeploymentItemName")
    body.require(*required, *(("targetProjectId",) if flex or not is_v2(request) else ()))
    if "instanceName" in body:
        body.text("instanceName")
    project_id = body.text("targetProjectId") if "targetProjectId" in body else cluster.project.id
    target = target_by_name(request, project_id, body.text("targetDeploymentItemName"))
    if target.kind.sharded:
        raise ServiceError("TENANT_RESTORE_INCOMPATIBLE_TOPOLOGY", target.name)
    snapshot = read_snapshot(request.app[SERVER_STATE], cluster, body, download=False)
    return Order(snapshot_id=snapshot, **target_fields(target))


async def read_download_order(request: web.Request, cluster: Cluster) -> Order:
    """What a download asks for.

    Raises:
        ServiceError: It is malformed or incomplete, or cannot be done with this cluster.

    """
    body = BodyFields(await read_body(request), known=frozenset({"snapshotId"}), read_only=_READ_ONLY)
    return Order(snapshot_id=read_snapshot(request.app[SERVER_STATE], cluster, body, download=True))


def tenant_job(
    job: Job, *, settings: EmulatorSettings, links: Links, now: datetime, created: bool = False
) -> dict[str, Any]:
    """A job as the API shows it now.

    Args:
        job: The job.
        settings: Which oddities.
        links: Which API of Atlas it is, and where downloads are.
        now: The present on the emulator's clock.
        created: As the answer of a create.

    """
    project, progress = job.cluster.project.id, job.progress(now)
    flex = job.cluster.kind is ClusterKind.FLEX
    document: dict[str, Any] = {
        "id": job.id,
        "projectId": project,
        "instanceName" if flex else "clusterName": job.cluster.name,
        "deliveryType": "DOWNLOAD" if job.order.over_http else "RESTORE",
        "snapshotId": job.order.snapshot_id,
        "status": _status(job, progress),
        "submittedAt": iso(job.created),
        "timestamp": iso(job.snapshot_taken),
        "expirationDate": iso(job.created + (_FLEX_RESTORE if flex and not job.order.over_http else FOUR_HOURS)),
        "targetProjectId": job.order.target_project or project,
        "targetDeploymentItemName": job.order.target_name or job.cluster.name,
    }
    if progress >= 1:
        # A failed job has one too.
        document["finishedDate"] = iso(job.finished)
        if job.order.over_http and job.outcome is JobOutcome.DONE:
            document["snapshotUrl"] = presigned_link(job, links)
    oddities = settings.oddities
    if links.v2 or created or Oddity.TABLE_DATE_NAMES in oddities:
        document = {_TABLE_NAMES.get(name, name): value for name, value in document.items()}
    if Oddity.UNKNOWN_WORDS in oddities and job.number % 5 == 0:
        document["status"] = "CLOSED"
    if Oddity.EMPTY_LINKS in oddities:
        document["links"] = [{}]
    add_extra_fields(document, oddities)
    return apply_changes(document, job.changes)


def _status(job: Job, progress: float) -> str:
    if progress < 0.05:  # noqa: PLR2004 - the first half of the wait, see Job.progress
        return "PENDING"
    if progress < 0.1:  # noqa: PLR2004 - the second half
        return "QUEUED"
    if progress < 1:
        return "RUNNING"
    return "COMPLETED" if job.outcome is JobOutcome.DONE else "FAILED"


def tenant_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot of an M2, M5 or flex cluster as the API shows it: without links."""
    document: dict[str, Any] = {
        "id": snapshot.id,
        "status": _SNAPSHOT_STATES[snapshot.state],
        "scheduledTime": iso(snapshot.taken - 60),
        "startTime": iso(snapshot.taken),
        "mongoDBVersion": release(snapshot.cluster),
    }
    if snapshot.state is not SnapshotState.RUNNING:
        document["finishTime"] = iso(snapshot.finished)
    if snapshot.expires is not None:
        document["expiration"] = iso(snapshot.expires)
    return apply_changes(document, snapshot.changes)


_BACKUP = "/groups/{group}/clusters/{cluster}/backup/tenant"
ROUTES = atlas_routes(
    # Jobs are read below the plural and made at the singular (D33).
    ("GET", _BACKUP + "/restores", list_tenant_jobs),
    ("GET", _BACKUP + "/restores/{job}", one_tenant_job),
    ("POST", _BACKUP + "/restore", create_tenant_restore),
    ("POST", _BACKUP + "/download", create_tenant_download),
    ("GET", _BACKUP + "/snapshots", list_tenant_snapshots),
    ("GET", _BACKUP + "/snapshots/{snapshot}", one_tenant_snapshot),
    versions=_VERSIONS,
)
