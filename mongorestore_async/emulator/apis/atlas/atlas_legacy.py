"""Atlas legacy backup, v1.0 and v2: restore jobs, and the routes of its snapshots and checkpoints.

The documents are those of Cloud Manager with a few differences (``restore-jobs`` sections 3.2, 4 and 8.2).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.apis.answers import Shape, answer, make_links
from mongorestore_async.emulator.apis.create_bodies import (
    DELIVERY_READ_ONLY,
    JOB_READ_ONLY,
    LINK_FIELDS,
    OLDEST_SECONDS,
    SELECTORS,
    BodyFields,
    read_body,
    read_expiry,
    read_recent_millis,
    read_snapshot,
    require_one_selector,
    require_snapshot,
    target_by_id,
    target_by_name,
    target_fields,
)
from mongorestore_async.emulator.apis.job_answers import create_jobs, created_list_answer, job_answer, jobs_answer
from mongorestore_async.emulator.apis.lookups import LEGACY_KINDS, atlas_cluster_of
from mongorestore_async.emulator.apis.manager.manager_backups import one_schedule
from mongorestore_async.emulator.apis.manager.manager_jobs import manager_job
from mongorestore_async.emulator.apis.manager.manager_snapshots import (
    list_checkpoints,
    list_snapshots,
    one_checkpoint,
    one_snapshot,
)
from mongorestore_async.emulator.apis.request_info import FIRST, NEW_CLUSTERS, ResourceVersion, atlas_routes, is_v2
from mongorestore_async.emulator.document_parts import MANAGER_API, Links, apply_changes
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import Oddity
from mongorestore_async.emulator.world import Cluster, Job, Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = ["ROUTES", "create_legacy_job", "legacy_job", "list_legacy_jobs", "one_legacy_job", "read_legacy_order"]

# The day of the deprecation is not established; this one is made up.
_VERSIONS = (ResourceVersion(FIRST, NEW_CLUSTERS),)
_TARGETS = ("targetClusterName", "targetClusterId")

_find_cluster = partial(atlas_cluster_of, kinds=LEGACY_KINDS)


def _job_writer(request: web.Request, *, in_list: bool, created: bool = False) -> Callable[[Job], dict[str, Any]]:
    state, links = request.app[SERVER_STATE], make_links(request)
    now = state.clock.now()
    return lambda job: legacy_job(job, settings=state.settings, links=links, now=now, in_list=in_list, created=created)


async def list_legacy_jobs(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/restoreJobs``, with ``batchId`` those of one batch; newest first."""
    return jobs_answer(request, _find_cluster(request), _job_writer(request, in_list=True), batches=True)


async def one_legacy_job(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/restoreJobs/{J}``."""
    return job_answer(request, _find_cluster(request), _job_writer(request, in_list=False))


async def create_legacy_job(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/restoreJobs``: the jobs it started, in v1.0 a single one without a list (D4)."""
    cluster, made = await create_jobs(request, _find_cluster, read_legacy_order)
    results = list(map(_job_writer(request, in_list=True, created=True), made))
    oddities = request.app[SERVER_STATE].settings.oddities
    bare = Oddity.BARE_CREATES in oddities or not (is_v2(request) or Oddity.LISTED_CREATES in oddities)
    if bare and len(results) == 1:
        return answer(request, results[0], Shape.CREATED)
    return created_list_answer(request, cluster, results)


async def read_legacy_order(request: web.Request, cluster: Cluster) -> Order:
    """What a create asks for.

    Raises:
        ServiceError: It is malformed, incomplete or contradicts itself, or cannot be done with this cluster.

    """
    body = BodyFields(await read_body(request), known=frozenset({"delivery", *SELECTORS}), read_only=JOB_READ_ONLY)
    # v2 calls the expiry read-only: only hours can be sent.
    not_sendable = {"expires"} if is_v2(request) else set[str]()
    delivery = BodyFields(
        body.mapping("delivery"),
        known=frozenset({"methodName", "targetGroupId", *_TARGETS, *LINK_FIELDS}),
        read_only=DELIVERY_READ_ONLY | not_sendable,
        prefix="delivery.",
    )
    method = delivery.text("methodName")
    if method == "HTTP":
        return _read_download(request, cluster, body, delivery)
    if method == "AUTOMATED_RESTORE":
        return _read_automated(request, cluster, body, delivery)
    raise ServiceError("INVALID_DELIVERY_SCP" if method == "SCP" else "INVALID_ENUM_VALUE", method)


def _read_download(request: web.Request, cluster: Cluster, body: BodyFields, delivery: BodyFields) -> Order:
    state = request.app[SERVER_STATE]
    body.refuse(*(name for name in SELECTORS if name != "snapshotId"), because="it is for automated restores")
    delivery.refuse("targetGroupId", *_TARGETS, because="it is for automated restores")
    snapshot = body.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    if "expires" in delivery:
        delivery.refuse("expirationHours", because="expires is there")
    elif "expirationHours" not in delivery and not state.settings.http_defaults:
        raise ServiceError("MISSING_ONE_OF_MANY_ATTRIBUTES", "delivery.expires, delivery.expirationHours")
    if not state.settings.http_defaults:
        delivery.require("maxDownloads")
    expires = read_expiry(state, delivery)
    ends = None if expires is None else expires.timestamp()
    require_snapshot(state, cluster, snapshot, download=True, link_ends=ends)
    return Order(
        snapshot_id=snapshot,
        expires=expires,
        expiration_hours=delivery.optional_count("expirationHours"),
        max_downloads=delivery.optional_count("maxDownloads"),
    )


def _read_automated(request: web.Request, cluster: Cluster, body: BodyFields, delivery: BodyFields) -> Order:
    state = request.app[SERVER_STATE]
    delivery.refuse(*LINK_FIELDS, because="it is for downloads")
    where = target_fields(_read_target(request, delivery))
    require_one_selector(body, "snapshotId, oplogTs and oplogInc, pointInTimeUTCMillis")
    if "checkpointId" in body:
        # Documented, and not supported.
        sharded = "CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP"
        raise ServiceError(sharded if cluster.kind.sharded else "CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS")
    if "snapshotId" in body:
        return Order(snapshot_id=read_snapshot(state, cluster, body, download=False), **where)
    if "pointInTimeUTCMillis" in body:
        millis = read_recent_millis(state, body, OLDEST_SECONDS * 1000 if is_v2(request) else 1)
        return Order(moment=datetime.fromtimestamp(millis / 1000, UTC), **where)
    body.require("oplogTs", "oplogInc")
    seconds = _oplog_date(body) if is_v2(request) else body.count("oplogTs")
    return Order(oplog=(seconds, body.count("oplogInc")), **where)


def _read_target(request: web.Request, delivery: BodyFields) -> Cluster:
    delivery.require("targetGroupId")
    named = [name for name in _TARGETS if name in delivery]
    if len(named) != 1:
        code = "INVALID_ATTRIBUTE" if named else "MISSING_ONE_OF_ATTRIBUTES"
        raise ServiceError(code, *(f"delivery.{name}" for name in _TARGETS))
    find = target_by_name if named == ["targetClusterName"] else target_by_id
    return find(request, delivery.text("targetGroupId"), delivery.text(named[0]))


def _oplog_date(body: BodyFields) -> int:
    moment = body.moment("oplogTs")
    if moment.microsecond:
        raise ServiceError("FRACTIONAL_TIMESTAMP", "oplogTs")
    return int(moment.timestamp())


def legacy_job(
    job: Job, *, settings: EmulatorSettings, links: Links, now: datetime, in_list: bool, created: bool = False
) -> dict[str, Any]:
    """A job as the API shows it now.

    Args:
        job: The job.
        settings: Which oddities.
        links: Where links point; which API of Atlas it is.
        now: The present on the emulator's clock.
        in_list: As an element of a list.
        created: As the answer of a create.

    """
    # Test patches are applied once, at the end, so that the differences do not undo them.
    plain = attrs.evolve(job, changes={})
    document = manager_job(plain, settings=settings, links=links, now=now, in_list=in_list, created=created)
    document["clusterName"] = job.cluster.name
    delivery = document["delivery"]
    if not job.order.over_http:
        delivery["targetClusterName"] = job.order.target_name
        delivery["targetGroupId"] = job.order.target_project
    if links.v2:
        document.pop("pointInTime", None)
        if delivery["statusName"] == "NOT_STARTED":
            delivery["statusName"] = "PENDING"
    else:
        _use_manager_links(document["links"], links, job)
    return apply_changes(document, job.changes)


def _use_manager_links(found: list[dict[str, str]], links: Links, job: Job) -> None:
    # Documented: the link to the group may name the other API (D20).
    for link in found:
        if link.get("rel", "").endswith("/group"):
            link["href"] = f"{links.root}{MANAGER_API}/groups/{job.cluster.project.id}"


_CLUSTER = "/groups/{group}/clusters/{cluster}"
ROUTES = atlas_routes(
    ("GET", _CLUSTER + "/restoreJobs", list_legacy_jobs),
    ("POST", _CLUSTER + "/restoreJobs", create_legacy_job),
    ("GET", _CLUSTER + "/restoreJobs/{job}", one_legacy_job),
    ("GET", _CLUSTER + "/snapshots", list_snapshots),
    ("GET", _CLUSTER + "/snapshots/{snapshot}", one_snapshot),
    ("GET", _CLUSTER + "/snapshotSchedule", one_schedule),
    ("GET", _CLUSTER + "/backupCheckpoints", list_checkpoints),
    ("GET", _CLUSTER + "/backupCheckpoints/{checkpoint}", one_checkpoint),
    versions=_VERSIONS,
)
