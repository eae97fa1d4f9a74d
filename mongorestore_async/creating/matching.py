"""Whether a job comes from a request, compared in every field that both have.

Examples leave most fields out of answers, so a field that is missing says nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from mongorestore_async.creating.collection_matching import pairs_of
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    CloudBackupRestoreJob,
    CollectionRestore,
    CollectionRestoreJob,
    HttpRestore,
    JobDocument,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
    TenantRestoreJob,
)
from mongorestore_async.models.requests import ServerDefault
from mongorestore_async.models.states import CloudBackupDeliveryType, DeliveryMethod, TenantDeliveryType
from mongorestore_async.protocol.dates import count_since_epoch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.families.family import Family
    from mongorestore_async.models import RestoreRequest

__all__ = ["fits"]

_Pairs: TypeAlias = "Iterator[tuple[object, object]]"

_WHOLE_CLUSTER = (RestoreJob, CloudBackupRestoreJob, TenantRestoreJob)
_SECOND = timedelta(seconds=1)


def fits(family: Family[Any], request: RestoreRequest, job: JobDocument) -> bool:
    """Whether a job may come from a request: snapshot, target, kind and point in time, where they are given.

    Args:
        family: Of the job; decides whether its target is given by id or by name.
        request: What was, or would be, asked for.
        job: The job.

    """
    if isinstance(request, CollectionRestore) and isinstance(job, _WHOLE_CLUSTER):
        return False
    if isinstance(job, RestoreJob):
        pairs = _of_restore_job(family, request, job)
    elif isinstance(job, CloudBackupRestoreJob):
        pairs = _of_cloud_backup_job(request, job)
    elif isinstance(job, TenantRestoreJob):
        pairs = _of_tenant_job(request, job)
    elif isinstance(job, CollectionRestoreJob):
        return isinstance(request, CollectionRestore) and _agree(pairs_of(request, job))
    else:
        return True
    return _agree(pairs)


def _agree(pairs: _Pairs) -> bool:
    return all(asked == found for asked, found in pairs if found is not None and _is_told(asked))


def _is_told(asked: object) -> bool:
    return asked is not None and not isinstance(asked, ServerDefault)


def _snapshot(request: RestoreRequest) -> str | None:
    if isinstance(request, HttpRestore):
        return _id(request.snapshot_id)
    return _id(request.source.id) if isinstance(request.source, Snapshot) else None


def _id(text: str | None) -> str | None:
    """Spell an id as it is compared: servers take ids in upper case and answer in lower case. Names they do not."""
    return None if text is None else text.casefold()


def _of_restore_job(family: Family[Any], request: RestoreRequest, job: RestoreJob) -> _Pairs:
    yield _snapshot(request), _id(job.snapshot_id)
    checkpoint = isinstance(request, AutomatedRestore) and isinstance(request.source, Checkpoint)
    yield checkpoint, None if job.checkpoint_id is None else True
    if isinstance(request, AutomatedRestore) and isinstance(request.source, Checkpoint):
        yield _id(request.source.id), _id(job.checkpoint_id)
    delivery = job.delivery
    if delivery is None:
        return
    if isinstance(request, HttpRestore):
        yield DeliveryMethod.HTTP, delivery.method_name
        yield request.max_downloads, delivery.max_downloads
        yield request.expiration_hours, delivery.expiration_hours
        # An automated job comes back as HTTP too: only its target, if it is there, shows that.
        yield False, True if delivery.target_group_id or delivery.target_cluster_id else None
        yield False, True if delivery.target_cluster_name else None
        return
    automated = (None, DeliveryMethod.HTTP, DeliveryMethod.AUTOMATED_RESTORE)
    yield True, delivery.method_name in automated
    yield _id(request.target.project_id), _id(delivery.target_group_id)
    if family.cluster_key == "name":
        yield request.target.cluster, delivery.target_cluster_name
    else:
        yield _id(request.target.cluster), _id(delivery.target_cluster_id)


def _of_cloud_backup_job(request: RestoreRequest, job: CloudBackupRestoreJob) -> _Pairs:
    yield _snapshot(request), _id(job.snapshot_id)
    if isinstance(request, HttpRestore):
        yield CloudBackupDeliveryType.DOWNLOAD, job.delivery_type
        return
    yield _id(request.target.project_id), _id(job.target_group_id)
    yield request.target.cluster, job.target_cluster_name
    source = request.source
    if isinstance(source, Snapshot):
        yield CloudBackupDeliveryType.AUTOMATED, job.delivery_type
        return
    yield CloudBackupDeliveryType.POINT_IN_TIME, job.delivery_type
    desired = job.desired_timestamp
    asked_for = None if desired is None or desired.date is None else count_since_epoch(desired.date, _SECOND)
    # Both are documented as greater than 0, so a 0 is no time.
    if isinstance(source, OplogTime):
        yield source.seconds, job.oplog_ts or None
        yield source.increment, job.oplog_inc or None
        yield source.seconds, job.point_in_time_utc_seconds or None
        yield source.seconds, asked_for
    elif isinstance(source, PointInTime):
        seconds = count_since_epoch(source.moment, _SECOND)
        yield seconds, job.point_in_time_utc_seconds or None
        yield seconds, asked_for


def _of_tenant_job(request: RestoreRequest, job: TenantRestoreJob) -> _Pairs:
    yield _snapshot(request), _id(job.snapshot_id)
    if isinstance(request, HttpRestore):
        # The vendor's example of a download has a target as well.
        yield TenantDeliveryType.DOWNLOAD, job.delivery_type
        return
    yield TenantDeliveryType.RESTORE, job.delivery_type
    yield _id(request.target.project_id), _id(job.target_project_id)
    yield request.target.cluster, job.target_deployment_item_name
