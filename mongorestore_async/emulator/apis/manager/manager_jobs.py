"""Restore jobs of Ops Manager and Cloud Manager v1.0: endpoints, bodies of creates, documents.

The jobs of a cluster, and those of a mirrored config server below ``/hosts`` (``restore-jobs`` section 3).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.apis.answers import Shape, answer, make_links
from mongorestore_async.emulator.apis.create_bodies import (
    DELIVERY_READ_ONLY,
    JOB_READ_ONLY,
    LINK_FIELDS,
    SELECTORS,
    BodyFields,
    read_body,
    read_expiry,
    read_recent_millis,
    read_snapshot,
    require_checkpoint,
    require_earlier_snapshot,
    require_one_selector,
    require_snapshot,
    target_by_id,
)
from mongorestore_async.emulator.apis.job_answers import create_jobs, created_list_answer, job_answer, jobs_answer
from mongorestore_async.emulator.apis.lookups import owner_of
from mongorestore_async.emulator.apis.request_info import manager_routes
from mongorestore_async.emulator.document_parts import (
    DEFAULT_HOURS,
    Links,
    add_extra_fields,
    apply_changes,
    hashes,
    is_encrypted,
    iso,
    link_end,
    link_state,
    master_key,
    pull_links,
)
from mongorestore_async.emulator.server_state import SERVER_STATE, ServerState
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import Manager, Oddity
from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, JobOutcome, Order
from mongorestore_async.emulator.world.entities import Identifiers, restore_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = ["ROUTES", "create_job", "list_jobs", "manager_job", "one_job", "read_manager_order"]

_TARGET = ("targetGroupId", "targetClusterId")
#: What the example of a config server's create sends although it is read-only (section 3.6).
_ALLOWED_READ_ONLY = frozenset({"statusName", "url"})
#: Words for ``methodName`` that exist, but not for a create here.
_OTHER_METHODS = frozenset({"CLIENT_PIT_HTTP", "CLIENT_PIT_SCP", "QUERY", "THIRD_PARTY_COPY"})
_UNLIMITED = 2_147_483_647


def _job_writer(request: web.Request, *, in_list: bool, created: bool = False) -> Callable[[Job], dict[str, Any]]:
    state, links = request.app[SERVER_STATE], make_links(request)
    now = state.clock.now()
    return lambda job: manager_job(job, settings=state.settings, links=links, now=now, in_list=in_list, created=created)


async def list_jobs(request: web.Request) -> web.Response:
    """``GET .../restoreJobs`` of a cluster (with ``batchId`` of one batch) or of a config server; newest first."""
    cluster = owner_of(request)
    # The list document of a config server has no links.
    return jobs_answer(request, cluster, _job_writer(request, in_list=True), batches=True, linked=not cluster.host)


async def one_job(request: web.Request) -> web.Response:
    """``GET .../restoreJobs/{J}`` of a cluster or a config server."""
    cluster = owner_of(request)
    missing = "CONFIG_RESTORE_JOB_NOT_FOUND" if cluster.host else "RESTORE_JOB_NOT_FOUND"
    return job_answer(request, cluster, _job_writer(request, in_list=False), missing=missing)


async def create_job(request: web.Request) -> web.Response:
    """``POST .../restoreJobs``: a list document of the jobs it started, or the one job of a config server itself."""
    cluster, made = await create_jobs(request, owner_of, read_manager_order)
    results = list(map(_job_writer(request, in_list=not cluster.host, created=True), made))
    bare = Oddity.BARE_CREATES in request.app[SERVER_STATE].settings.oddities
    if cluster.host or (bare and len(results) == 1):
        return answer(request, results[0], Shape.CREATED)
    pretty = "pretty=true&" if request.query.get("pretty") == "true" else ""
    return created_list_answer(request, cluster, results, query=pretty)


async def read_manager_order(request: web.Request, cluster: Cluster) -> Order:
    """What a create asks for.

    Raises:
        ServiceError: It is malformed, incomplete or contradicts itself, or cannot be done with this cluster.

    """
    state = request.app[SERVER_STATE]
    body = BodyFields(await read_body(request), known=frozenset({"delivery", *SELECTORS}), read_only=JOB_READ_ONLY)
    allowed = _ALLOWED_READ_ONLY if cluster.host else frozenset[str]()
    delivery = BodyFields(
        body.mapping("delivery"),
        known=frozenset({"methodName", *LINK_FIELDS, *_TARGET, *allowed}),
        read_only=DELIVERY_READ_ONLY - allowed,
        prefix="delivery.",
    )
    method = delivery.text("methodName")
    if cluster.member is not None:
        raise ServiceError("AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")
    if method == "HTTP":
        return _read_download(state, cluster, body, delivery)
    if method == "AUTOMATED_RESTORE" and not cluster.host:
        return _read_automated(request, cluster, body, delivery)
    if method == "SCP":
        raise ServiceError("INVALID_DELIVERY_SCP")
    known = method in _OTHER_METHODS or method == "AUTOMATED_RESTORE"
    raise ServiceError("UNSUPPORTED_DELIVERY_METHOD" if known else "INVALID_ENUM_VALUE", method)


def _read_download(state: ServerState, cluster: Cluster, body: BodyFields, delivery: BodyFields) -> Order:
    body.refuse(*(name for name in SELECTORS if name != "snapshotId"), because="it is for automated restores")
    delivery.refuse(*_TARGET, because="it is for automated restores")
    snapshot = body.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    if "expires" in delivery and "expirationHours" in delivery and not cluster.host:
        detail = "expires and expirationHours exclude each other."
        raise ServiceError("INVALID_ATTRIBUTE", "delivery.expires", detail=detail)
    if not state.settings.http_defaults:
        delivery.require("maxDownloads")
        if "expires" not in delivery and "expirationHours" not in delivery:
            raise ServiceError("MISSING_ONE_OF_MANY_ATTRIBUTES", "delivery.expires, delivery.expirationHours")
    expires, hours = read_expiry(state, delivery), delivery.optional_count("expirationHours")
    require_snapshot(state, cluster, snapshot, download=True, link_ends=_link_end(state, expires, hours))
    return Order(
        snapshot_id=snapshot,
        expires=expires,
        expiration_hours=hours,
        max_downloads=delivery.optional_count("maxDownloads"),
    )


def _link_end(state: ServerState, expires: datetime | None, hours: int | None) -> float | None:
    if expires is not None:
        return expires.timestamp()
    ready = state.clock.now().timestamp() + state.settings.restore_seconds
    return None if hours is None else ready + hours * 3600


def _read_automated(request: web.Request, cluster: Cluster, body: BodyFields, delivery: BodyFields) -> Order:
    state = request.app[SERVER_STATE]
    delivery.refuse(*LINK_FIELDS, because="it is for downloads")
    delivery.require(*_TARGET)
    cluster_id = _other_id(delivery.text("targetClusterId"), state.settings.oddities)
    target = target_by_id(request, delivery.text("targetGroupId"), cluster_id)
    require_one_selector(
        body,
        "snapshotId, oplogTs and oplogInc, pointInTimeUTCMillis, checkpointId",
        detail="Exactly one of snapshotId, oplogTs with oplogInc, pointInTimeUTCMillis and checkpointId must be "
        "specified.",
    )
    where: dict[str, Any] = {"over_http": False, "target_project": target.project_id, "target_cluster": target.id}
    if "snapshotId" in body:
        return Order(snapshot_id=read_snapshot(state, cluster, body, download=False), **where)
    if "checkpointId" in body:
        return Order(checkpoint_id=_read_checkpoint(state, cluster, body), **where)
    if "pointInTimeUTCMillis" in body:
        return Order(moment=_read_point_in_time(state, cluster, body), **where)
    body.require("oplogTs", "oplogInc")
    if cluster.kind is ClusterKind.SHARDED_FCV_40:
        raise ServiceError("OPLOG_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS")
    seconds, increment = body.count("oplogTs"), body.count("oplogInc")
    require_earlier_snapshot(state, cluster, seconds)
    return Order(oplog=(seconds, increment), **where)


def _other_id(cluster_id: str, oddities: frozenset[Oddity]) -> str:
    """The id of the list for that of a restore, and the reverse; they differ with an oddity only."""
    odd = Oddity.RESTORE_IDS in oddities and Identifiers.well_formed(cluster_id)
    return restore_id(cluster_id) if odd else cluster_id


def _read_checkpoint(state: ServerState, cluster: Cluster, body: BodyFields) -> str:
    # The create page of Ops Manager has no such member (section 3.7).
    if state.settings.manager is Manager.OPS_MANAGER:
        raise ServiceError("INVALID_ATTRIBUTE", "checkpointId")
    if not cluster.kind.sharded:
        raise ServiceError("CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS")
    if cluster.kind is not ClusterKind.SHARDED_FCV_40:
        raise ServiceError("CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP")
    checkpoint = body.identifier("checkpointId", "INVALID_CHECKPOINT_ID")
    require_checkpoint(state, cluster, checkpoint)
    return checkpoint


def _read_point_in_time(state: ServerState, cluster: Cluster, body: BodyFields) -> datetime:
    if cluster.kind is ClusterKind.SHARDED_FCV_40:
        raise ServiceError("PIT_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS")
    millis = read_recent_millis(state, body)
    require_earlier_snapshot(state, cluster, millis / 1000)
    return datetime.fromtimestamp(millis / 1000, UTC)


def manager_job(
    job: Job, *, settings: EmulatorSettings, links: Links, now: datetime, in_list: bool, created: bool = False
) -> dict[str, Any]:
    """A job as the API shows it now.

    Args:
        job: The job.
        settings: Which product, which oddities.
        links: Where links point.
        now: The present on the emulator's clock.
        in_list: As an element of a list, which has a ``self`` link only.
        created: As the answer of a create (the shapes of the create page).

    """
    oddities = settings.oddities
    over = job.progress(now) >= 1
    document: dict[str, Any] = {
        "id": job.id,
        "groupId": job.cluster.project.id,
        "hostId" if job.cluster.host else "clusterId": job.cluster.id,
        "created": iso(job.created),
        "statusName": _status(job, over=over),
        "snapshotId": job.snapshot_id,
        "timestamp": {"date": iso(job.snapshot_taken), "increment": 1},
        "encryptionEnabled": is_encrypted(job.dice),
        "delivery": _delivery_document(job, settings=settings, links=links, now=now, over=over),
        "links": links.entity(
            job.cluster,
            f"restoreJobs/{job.id}",
            parents=not in_list,
            snapshot=None if job.order.snapshot_id is None else f"snapshots/{job.order.snapshot_id}",
        ),
    }
    if job.cluster.host:
        _apply_config_server_form(document, oddities, in_list=in_list)
    elif job.batch_id is not None or Oddity.BATCH_EVERYWHERE in oddities:
        document["batchId"] = job.batch_id or job.id
    document |= master_key(job.dice)
    # Cloud Manager's list examples lack it, and so do three of the five create examples (D7).
    if settings.manager is Manager.OPS_MANAGER or (created and (job.order.over_http or job.order.oplog is not None)):
        document["pointInTime"] = job.order.point_in_time
    served = hashes(job, links.downloads, settings, now)
    if served:
        document["hashes"] = served
    _apply_oddities(document, job, oddities)
    return apply_changes(document, job.changes)


def _apply_config_server_form(document: dict[str, Any], oddities: frozenset[Oddity], *, in_list: bool) -> None:
    """What is different about jobs of a config server (section 3.6, D15)."""
    del document["timestamp"]
    if in_list and Oddity.HOST_AS_CLUSTER in oddities:
        document["clusterId"] = document.pop("hostId")


def _apply_oddities(document: dict[str, Any], job: Job, oddities: frozenset[Oddity]) -> None:
    if Oddity.STRING_INCREMENTS in oddities and "timestamp" in document:
        document["timestamp"]["increment"] = "1"
    if Oddity.PLACEHOLDER_IDS in oddities and job.number % 3 == 0:
        document["snapshotId"] = document["snapshotId"][:-1] + "g"
    if Oddity.EMPTY_LINKS in oddities and len(document["links"]) > 1:
        document["links"] = [{}]
    if Oddity.ECHOED_TARGETS in oddities and not job.order.over_http:
        document["delivery"]["methodName"] = "AUTOMATED_RESTORE"
        document["delivery"]["targetGroupId"] = job.order.target_project
        document["delivery"]["targetClusterId"] = _other_id(str(job.order.target_cluster), oddities)
        if job.order.checkpoint_id is not None:
            document["checkpointId"] = job.order.checkpoint_id
    if Oddity.UNKNOWN_WORDS in oddities and job.number % 5 == 0:
        document["statusName"] = "OPEN"
        document["delivery"]["statusName"] = "LEVITATING"
    if Oddity.EXTRA_FIELDS in oddities:
        document["deploymentJobId"] = job.id
    add_extra_fields(document, oddities)


def _status(job: Job, *, over: bool) -> str:
    if not over:
        return "IN_PROGRESS"
    return {JobOutcome.DONE: "FINISHED", JobOutcome.FAILED: "BROKEN", JobOutcome.CANCELLED: "KILLED"}[job.outcome]


def _delivery_document(
    job: Job, *, settings: EmulatorSettings, links: Links, now: datetime, over: bool
) -> dict[str, Any]:
    # An automated restore delivers to the target host by HTTP and says so (D13).
    delivery: dict[str, Any] = {"methodName": "HTTP", "statusName": _delivery_status(job, links, now)}
    if not job.order.over_http:
        return delivery
    delivery["maxDownloads"] = job.order.max_downloads or _UNLIMITED
    if job.order.expires is not None:
        delivery["expires"] = iso(job.order.expires)
    else:
        delivery["expirationHours"] = job.order.expiration_hours or DEFAULT_HOURS
    if over and job.outcome is JobOutcome.DONE:
        delivery["expires"] = iso(link_end(job))
        delivery |= pull_links(job, links, settings)
    return delivery


def _delivery_status(job: Job, links: Links, now: datetime) -> str:
    progress = job.progress(now)
    if progress < 0.1:  # noqa: PLR2004 - see Job.progress
        return "NOT_STARTED"
    if progress < 1:
        return "IN_PROGRESS"
    if job.outcome is not JobOutcome.DONE:
        return "FAILED" if job.outcome is JobOutcome.FAILED else "INTERRUPTED"
    return link_state(job, links.downloads, now) if job.order.over_http else "READY"


_JOBS = "/groups/{group}/clusters/{cluster}/restoreJobs"
_HOST_JOBS = "/groups/{group}/hosts/{host}/restoreJobs"
ROUTES = manager_routes(
    ("GET", _JOBS, list_jobs),
    ("POST", _JOBS, create_job),
    ("GET", _JOBS + "/{job}", one_job),
    ("GET", _HOST_JOBS, list_jobs),
    ("POST", _HOST_JOBS, create_job),
    ("GET", _HOST_JOBS + "/{job}", one_job),
)
