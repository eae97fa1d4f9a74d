"""Restore jobs of Atlas cloud backup, v1.0 and v2; serverless instances have the same jobs.

Endpoints, bodies of creates, limits of downloads, documents (``restore-jobs`` sections 5, 7 and 8.2). The snapshots are
in ``atlas_backup_snapshots``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, empty_answer, make_links
from mongorestore_async.emulator.apis.create_bodies import (
    OLDEST_SECONDS,
    BodyFields,
    read_body,
    read_snapshot,
    target_by_name,
    target_fields,
)
from mongorestore_async.emulator.apis.job_answers import create_jobs, job_answer, jobs_answer
from mongorestore_async.emulator.apis.lookups import CLOUD_BACKUP_KINDS, atlas_cluster_of, job_of, require_backup
from mongorestore_async.emulator.apis.request_info import BASIC, atlas_routes, is_v2
from mongorestore_async.emulator.document_parts import (
    FOUR_HOURS,
    Links,
    add_extra_fields,
    apply_changes,
    cloud_link,
    iso,
    link_end,
)
from mongorestore_async.emulator.server_state import SERVER_STATE, ServerState
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import Oddity
from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, JobOutcome, Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = [
    "ROUTES",
    "cancel_cloud_backup_job",
    "cloud_backup_job",
    "cloud_job_writer",
    "create_cloud_backup_job",
    "list_cloud_backup_jobs",
    "one_cloud_backup_job",
    "read_cloud_order",
    "refuse_download_beyond_limits",
]

_TARGET = ("targetClusterName", "targetGroupId")
_OPLOG = ("oplogTs", "oplogInc")
_MOMENTS = (*_OPLOG, "pointInTimeUTCSeconds")
_READ_ONLY = frozenset({
    "cancelled", "components", "createdAt", "deliveryUrl", "desiredTimestamp", "expired", "expiresAt", "failed",
    "finishedAt", "id", "links", "privateDownloadDeliveryUrls", "sourceClusterName", "targetDeploymentItemName",
    "timestamp",
})  # fmt: skip
_DOWNLOADS_PER_PROJECT = 20
_NULL_TIMESTAMP = {"date": None, "increment": None, "time": None}

_find_cluster = partial(atlas_cluster_of, kinds=CLOUD_BACKUP_KINDS)


def cloud_job_writer(request: web.Request) -> Callable[[Job], dict[str, Any]]:
    """A function that writes the document of a job for this answer."""
    state, links = request.app[SERVER_STATE], make_links(request)
    now = state.clock.now()
    return lambda job: cloud_backup_job(job, settings=state.settings, links=links, now=now)


async def list_cloud_backup_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/restoreJobs``; newest first."""
    return jobs_answer(request, _find_cluster(request), cloud_job_writer(request))


async def one_cloud_backup_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/backup/restoreJobs/{J}``."""
    return job_answer(request, _find_cluster(request), cloud_job_writer(request))


async def create_cloud_backup_job(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/backup/restoreJobs``: the job it started."""
    _, (job,) = await create_jobs(request, _find_cluster, _read_order_within_limits)
    return answer(request, cloud_job_writer(request)(job), Shape.CREATED)


async def cancel_cloud_backup_job(request: web.Request) -> web.Response:
    """``DELETE /groups/{G}/clusters/{N}/backup/restoreJobs/{J}``: downloads only; may be repeated."""
    state, cluster = request.app[SERVER_STATE], _find_cluster(request)
    require_backup(state, cluster)
    job = job_of(request, cluster)
    if not job.order.over_http:
        raise ServiceError("CANNOT_CANCEL_AUTOMATED_RESTORE")
    if job.cluster.kind.sharded and not state.settings.shard_cancels:
        raise ServiceError("ATLAS_BACKUP_CANCEL_SHARD_RESTORE_JOB_NOT_ALLOWED", job.id)
    state.world.jobs.cancel(job)
    if is_v2(request) or Oddity.EMPTY_CANCELS in state.settings.oddities:
        return empty_answer(request)
    return answer(request, {}, Shape.ENTITY)


async def _read_order_within_limits(request: web.Request, cluster: Cluster) -> Order:
    state, order = request.app[SERVER_STATE], await read_cloud_order(request, cluster)
    if state.settings.download_limits and order.over_http:
        refuse_download_beyond_limits(state, cluster, order)
    return order


async def read_cloud_order(request: web.Request, cluster: Cluster) -> Order:
    """What a create asks for, of cloud backup or of a serverless instance.

    Raises:
        ServiceError: It is malformed, incomplete or contradicts itself, or cannot be done with this cluster.

    """
    known = frozenset({"deliveryType", "snapshotId", *_TARGET, *_MOMENTS})
    body = BodyFields(await read_body(request), known=known, read_only=_READ_ONLY)
    serverless, kind = cluster.kind is ClusterKind.SERVERLESS, body.text("deliveryType")
    # The page of serverless v1.0 offers automated restores only; the schema of v2 all three, each with a target.
    kinds = {"automated"} if serverless and not is_v2(request) else {"automated", "download", "pointInTime"}
    if kind not in kinds:
        raise ServiceError("INVALID_ENUM_VALUE", kind)
    if serverless:
        body.refuse(*_OPLOG, because="serverless instances have no oplog restores")
        body.require(*_TARGET)
    if kind == "download":
        return _read_download(request, cluster, body)
    body.require(*_TARGET)
    where = target_fields(target_by_name(request, body.text("targetGroupId"), body.text("targetClusterName")))
    if kind == "automated":
        body.refuse(*_MOMENTS, because="it is for restores to a point in time")
        return Order(snapshot_id=read_snapshot(request.app[SERVER_STATE], cluster, body, download=False), **where)
    if "snapshotId" in body:
        # Not needed, for the server chooses the snapshot itself; but Terraform sends it (``november-2026`` section 3).
        body.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    return _read_point_in_time(request, body, where)


def _read_download(request: web.Request, cluster: Cluster, body: BodyFields) -> Order:
    body.refuse(*_MOMENTS, because="it is for restores to a point in time")
    if cluster.kind is not ClusterKind.SERVERLESS:
        body.refuse(*_TARGET, because="a download goes nowhere")
    return Order(snapshot_id=read_snapshot(request.app[SERVER_STATE], cluster, body, download=True))


def _read_point_in_time(request: web.Request, body: BodyFields, where: dict[str, Any]) -> Order:
    by_oplog, by_clock = any(name in body for name in _OPLOG), "pointInTimeUTCSeconds" in body
    if by_oplog is by_clock:
        wanted = "oplogTs and oplogInc, pointInTimeUTCSeconds"
        raise ServiceError("INVALID_ATTRIBUTE" if by_oplog else "MISSING_ONE_OF_MANY_ATTRIBUTES", wanted)
    least = OLDEST_SECONDS if is_v2(request) else 1
    if by_oplog:
        body.require(*_OPLOG)
    seconds = body.count("oplogTs" if by_oplog else "pointInTimeUTCSeconds", least)
    if seconds > request.app[SERVER_STATE].clock.now().timestamp():
        raise ServiceError("INVALID_PIT_RESTORE_TIME", detail="The point in time lies in the future.")
    if by_oplog:
        return Order(oplog=(seconds, body.count("oplogInc")), **where)
    return Order(moment=datetime.fromtimestamp(seconds, UTC), **where)


def refuse_download_beyond_limits(state: ServerState, cluster: Cluster, order: Order) -> None:
    """Refuse a download of a snapshot that is being downloaded, and the twenty-first of a project (section 5.1).

    Downloads of the start data do not count.

    Raises:
        ServiceError: 400.

    """
    now = state.clock.now().timestamp()
    active = [
        job
        for each in state.world.clusters(cluster.project)
        for job in state.world.jobs.created(each)
        if job.order.over_http and job.outcome is JobOutcome.DONE and now < link_end(job)
    ]
    if any(job.cluster == cluster and job.order.snapshot_id == order.snapshot_id for job in active):
        raise ServiceError("CANNOT_DOWNLOAD_SNAPSHOT_CONCURRENTLY", order.snapshot_id)
    if len(active) >= _DOWNLOADS_PER_PROJECT:
        raise ServiceError("TOO_MANY_SNAPSHOT_DOWNLOADS", _DOWNLOADS_PER_PROJECT)


def cloud_backup_job(job: Job, *, settings: EmulatorSettings, links: Links, now: datetime) -> dict[str, Any]:
    """A cloud backup or serverless job as the API shows it now. It has no status: flags and dates tell (section 9)."""
    over, gone = job.progress(now) >= 1, _is_expired(job, now)
    arrays = links.v2 or settings.delivery_url_as_array
    document: dict[str, Any] = {
        "id": job.id,
        "deliveryType": _delivery_type(job),
        "snapshotId": job.order.snapshot_id,
        "timestamp": iso(job.snapshot_taken),
        "createdAt": iso(job.created),
        "cancelled": over and job.outcome is JobOutcome.CANCELLED,
        "failed": over and job.outcome is JobOutcome.FAILED,
        "expired": gone,
        "links": links.entity(
            job.cluster,
            f"backup/restoreJobs/{job.id}",
            snapshot=None if job.order.snapshot_id is None else f"backup/snapshots/{job.order.snapshot_id}",
        ),
    }
    if job.order.over_http:
        document |= _download_fields(job, links=links, arrays=arrays, over=over, gone=gone)
    else:
        document |= _automated_fields(job, arrays=arrays, over=over)
    if links.v2:
        del document["createdAt"]
        document.setdefault("desiredTimestamp", dict(_NULL_TIMESTAMP))
    if document["snapshotId"] is None:
        del document["snapshotId"]
    _apply_oddities(document, job, settings.oddities)
    return apply_changes(document, job.changes)


def _delivery_type(job: Job) -> str:
    if job.order.over_http:
        return "download"
    return "pointInTime" if job.order.point_in_time else "automated"


def _is_expired(job: Job, now: datetime) -> bool:
    ready = job.order.over_http and job.outcome is JobOutcome.DONE
    return ready and now.timestamp() >= link_end(job)


def _download_fields(job: Job, *, links: Links, arrays: bool, over: bool, gone: bool) -> dict[str, Any]:
    ready = over and job.outcome is JobOutcome.DONE
    part: dict[str, Any] = {"expiresAt": iso(link_end(job))} if ready else {}
    live = ready and not gone
    if job.cluster.kind.sharded:
        part["components"] = [
            {
                "replicaSetName": f"{job.cluster.name}-{member}",
                "downloadUrl": cloud_link(job, links, member) if live else None,
                "privateDownloadDeliveryUrls": [],
            }
            for member in ("shard-0", "shard-1", "config")
        ]
    elif arrays:
        url = cloud_link(job, links) if live else None
        part["deliveryUrl"] = [] if url is None else [url]
    elif live and (url := cloud_link(job, links)) is not None:
        part["deliveryUrl"] = url
    return part


def _automated_fields(job: Job, *, arrays: bool, over: bool) -> dict[str, Any]:
    target = job.order.target_name or job.cluster.name
    part: dict[str, Any] = {
        "targetClusterName": target,
        "targetGroupId": job.order.target_project,
        "targetDeploymentItemName": f"atlas-{job.dice % 10**6:06d}-{target}",
    }
    if arrays:
        part["deliveryUrl"] = []
    if over and job.outcome is not JobOutcome.CANCELLED:
        part["finishedAt"] = iso(job.finished)
    if job.order.oplog is not None:
        part["oplogTs"], part["oplogInc"] = job.order.oplog
        part["desiredTimestamp"] = {"date": iso(job.order.oplog[0]), "increment": job.order.oplog[1]}
    if job.order.moment is not None:
        part["pointInTimeUTCSeconds"] = int(job.order.moment.timestamp())
        part["desiredTimestamp"] = {"date": iso(job.order.moment), "increment": 1}
    return part


def _apply_oddities(document: dict[str, Any], job: Job, oddities: frozenset[Oddity]) -> None:
    if Oddity.AUTOMATED_EXPIRY in oddities and not job.order.over_http:
        document["expiresAt"] = iso(job.created + FOUR_HOURS)
    if Oddity.NULL_TIMESTAMPS in oddities:
        document.setdefault("desiredTimestamp", dict(_NULL_TIMESTAMP))
    if Oddity.NO_CREATED_AT in oddities and job.number % 2 == 0:
        document.pop("createdAt", None)
        del document["failed"]
    if Oddity.NUMERIC_EXPIRY in oddities and "expiresAt" in document:
        document["expiresAt"] = int(link_end(job) if job.order.over_http else job.created + FOUR_HOURS)
    if Oddity.PLACEHOLDER_IDS in oddities and job.number % 3 == 0 and "snapshotId" in document:
        document["snapshotId"] = f"{document['snapshotId'][:-1]}g"
    if Oddity.UNKNOWN_WORDS in oddities and job.number % 5 == 0:
        document["deliveryType"] = "levitation"
    if Oddity.EMPTY_LINKS in oddities:
        document["links"] = [{}]
    add_extra_fields(document, oddities)


_JOBS = "/groups/{group}/clusters/{cluster}/backup/restoreJobs"
ROUTES = atlas_routes(
    ("GET", _JOBS, list_cloud_backup_jobs),
    ("POST", _JOBS, create_cloud_backup_job),
    ("GET", _JOBS + "/{job}", one_cloud_backup_job),
    ("DELETE", _JOBS + "/{job}", cancel_cloud_backup_job),
    versions=BASIC,
)
