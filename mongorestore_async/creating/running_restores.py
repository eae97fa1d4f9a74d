"""Whether a restore is running already: a pure check of the job list before a create.

The API takes the same request twice, and an automated restore wipes its target, so the list is read first. Jobs
do not always show what they restore, or where to: a job that shows too little is reported as unsure.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Generic

import attrs

from mongorestore_async.creating.matching import fits
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    CloudBackupRestoreJob,
    HttpRestore,
    JobState,
    JobT,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
    TenantRestoreJob,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.families import Family
    from mongorestore_async.models import Delivery, JobDocument

__all__ = ["Running", "find_running", "is_same"]

_ACTIVE = frozenset({JobState.PENDING, JobState.RUNNING})


@attrs.frozen
class Running(Generic[JobT]):
    """The running restores.

    Attributes:
        restores: The restores that are the one asked for, each with all jobs of its batch.
        unsure: Jobs that may be, and tell too little to know: their snapshot, their target, or their state.

    """

    restores: tuple[tuple[JobT, ...], ...] = ()
    unsure: tuple[JobT, ...] = ()


def find_running(family: Family[JobT], request: HttpRestore | AutomatedRestore, jobs: Iterable[JobT]) -> Running[JobT]:
    """Look for the restore a request asks for among the jobs of its cluster. What is over does not count.

    Args:
        family: Of the jobs.
        request: What would be asked for.
        jobs: The whole list.

    """
    batches: defaultdict[str, list[JobT]] = defaultdict(list)
    for job in jobs:
        batches[(job.batch_id if isinstance(job, RestoreJob) else None) or job.id].append(job)
    restores: list[tuple[JobT, ...]] = []
    unsure: list[JobT] = []
    for batch in batches.values():
        compared = [(job, is_same(family, request, job)) for job in batch]
        if any(same and job.state in _ACTIVE for job, same in compared):
            restores.append(tuple(batch))
            continue
        for job, same in compared:
            if (same is None and job.state in _ACTIVE) or (same is not False and job.state is JobState.UNKNOWN):
                unsure.append(job)
    return Running(tuple(restores), tuple(unsure))


def is_same(family: Family[Any], request: HttpRestore | AutomatedRestore, job: JobDocument) -> bool | None:
    """Whether a job does what a request asks for; None where it shows too little.

    Args:
        family: Of the job.
        request: What would be asked for.
        job: The job.

    """
    if not fits(family, request, job):
        return False
    if isinstance(job, RestoreJob):
        return _is_same_restore_job(family, request, job)
    if isinstance(job, CloudBackupRestoreJob):
        told = (job.delivery_type, *_cloud_backup_source(request, job))
        target = (job.target_group_id, job.target_cluster_name)
    elif isinstance(job, TenantRestoreJob):
        told = (job.delivery_type, job.snapshot_id)
        target = (job.target_project_id, job.target_deployment_item_name)
    else:
        return None
    wanted = told if isinstance(request, HttpRestore) else (*told, *target)
    return None if None in wanted else True


def _is_same_restore_job(family: Family[Any], request: HttpRestore | AutomatedRestore, job: RestoreJob) -> bool | None:
    delivery = job.delivery
    downloads = delivery is not None and _has_terms_of_a_download(delivery)
    if isinstance(request, HttpRestore):
        return True if downloads and job.snapshot_id is not None else None
    if downloads:
        return False
    match request.source:
        case Snapshot():
            # A point-in-time job may name the snapshot it starts from.
            source = None if job.point_in_time else job.snapshot_id
        case Checkpoint():
            source = job.checkpoint_id
        case _:
            # No job of these families shows the moment that was asked for.
            source = None
    if source is None or delivery is None or delivery.target_group_id is None:
        return None
    target = delivery.target_cluster_name if family.cluster_key == "name" else delivery.target_cluster_id
    return None if target is None else True


def _has_terms_of_a_download(delivery: Delivery) -> bool:
    """Whether a job is a download: only those have such terms. The method says HTTP on automated jobs too."""
    if delivery.target_group_id or delivery.target_cluster_id or delivery.target_cluster_name:
        return False
    return any(term is not None for term in (delivery.max_downloads, delivery.expiration_hours, delivery.expires))


def _cloud_backup_source(request: HttpRestore | AutomatedRestore, job: CloudBackupRestoreJob) -> tuple[object, ...]:
    source = None if isinstance(request, HttpRestore) else request.source
    if isinstance(source, OplogTime):
        return job.oplog_ts or None, job.oplog_inc or None
    if isinstance(source, PointInTime):
        return (job.point_in_time_utc_seconds or None,)
    return (job.snapshot_id,)
