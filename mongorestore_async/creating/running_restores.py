"""Whether a restore is running already, or another one into its target: a pure check of job lists before a create.

The API takes the same request twice, and an automated restore wipes its target, so the list is read first. Jobs
do not always show what they restore, or where to: a job that shows too little is reported as unsure. What this session
asked for itself is known, whatever its jobs show.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Generic

import attrs

from mongorestore_async.creating.collection_matching import is_told, spell
from mongorestore_async.creating.matching import fits
from mongorestore_async.models import (
    Checkpoint,
    CloudBackupRestoreJob,
    CollectionRestore,
    CollectionRestoreJob,
    HttpRestore,
    JobState,
    JobT,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
    TenantRestoreJob,
)
from mongorestore_async.models.states import CloudBackupDeliveryType, DeliveryMethod, TenantDeliveryType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.models import Delivery, JobDocument, RestoreRequest, Target

__all__ = ["Busy", "Running", "find_busy", "find_running", "goes_into", "is_same", "spell_request", "spell_target"]

_ACTIVE = frozenset({JobState.PENDING, JobState.RUNNING})
_METHODS = (None, DeliveryMethod.HTTP, DeliveryMethod.AUTOMATED_RESTORE)


@attrs.frozen
class Running(Generic[JobT]):
    """The running restores.

    Attributes:
        restores: The restores that are the one asked for, each with all jobs of its batch.
        unsure: Jobs that may be, and tell too little to know: their snapshot, their target, or their state.

    """

    restores: tuple[tuple[JobT, ...], ...] = ()
    unsure: tuple[JobT, ...] = ()


@attrs.frozen
class Busy(Generic[JobT]):
    """Running jobs that replace the data of a target.

    Attributes:
        certain: Jobs that restore into it.
        possible: Jobs that may, and tell too little to know: their target, or their state.

    """

    certain: tuple[JobT, ...] = ()
    possible: tuple[JobT, ...] = ()


def find_running(
    family: Family[JobT],
    request: RestoreRequest,
    jobs: Iterable[JobT],
    known: Mapping[str, RestoreRequest] | None = None,
) -> Running[JobT]:
    """Look for the restore a request asks for among the jobs of its cluster. What is over does not count.

    Args:
        family: Of the jobs.
        request: What would be asked for.
        jobs: The whole list.
        known: What jobs were asked for with, by their ids, where this session asked for them.

    """
    restores: list[tuple[JobT, ...]] = []
    unsure: list[JobT] = []
    for batch in _batches(jobs):
        asked = _asked(batch, known)
        if asked is None:
            compared = [(job, is_same(family, request, job)) for job in batch]
        else:
            known_same = spell_request(family, asked) == spell_request(family, request)
            compared = [(job, known_same) for job in batch]
        if any(same and job.state in _ACTIVE for job, same in compared):
            restores.append(tuple(batch))
            continue
        for job, same in compared:
            if (same is None and job.state in _ACTIVE) or (same is not False and job.state is JobState.UNKNOWN):
                unsure.append(job)
    return Running(tuple(restores), tuple(unsure))


def find_busy(
    family: Family[JobT],
    target: Target,
    jobs: Iterable[JobT],
    known: Mapping[str, RestoreRequest] | None = None,
) -> Busy[JobT]:
    """Look for running restores into a target. What is over does not count, and downloads do not.

    Args:
        family: Of the jobs.
        target: The cluster whose data would be replaced.
        jobs: A list of jobs, without those that are known to be the restore that is asked for.
        known: As for :func:`find_running`.

    """
    certain: list[JobT] = []
    possible: list[JobT] = []
    for batch in _batches(jobs):
        asked = _asked(batch, known)
        if asked is None:
            told = {goes_into(family, target, job) for job in batch} - {None}
            goes = None if not told else True in told
        else:
            goes = not isinstance(asked, HttpRestore) and (
                spell_target(family, asked.target) == spell_target(family, target)
            )
        if goes is not False:
            (certain if goes else possible).extend(job for job in batch if job.state in _ACTIVE)
        if goes:
            # Without a target as well, it would block every restore for as long as it is listed.
            possible.extend(job for job in batch if job.state is JobState.UNKNOWN)
    return Busy(tuple(certain), tuple(possible))


def goes_into(family: Family[Any], target: Target, job: JobDocument) -> bool | None:
    """Whether a job replaces the data of a target; None where it shows too little.

    Args:
        family: Of the job.
        target: The cluster.
        job: The job.

    """
    if _is_download(job):
        return False
    project, cluster = _told_target(family, job)
    wanted = spell_target(family, target)
    if project is not None and project.casefold() != wanted[0]:
        return False
    if cluster is not None and _spell_cluster(family, cluster) != wanted[1]:
        return False
    return None if project is None or cluster is None else True


def _is_download(job: JobDocument) -> bool:
    """Whether a job certainly restores into no cluster."""
    if isinstance(job, RestoreJob):
        delivery = job.delivery
        return delivery is not None and (delivery.method_name not in _METHODS or _has_terms_of_a_download(delivery))
    if isinstance(job, CloudBackupRestoreJob):
        return job.delivery_type == CloudBackupDeliveryType.DOWNLOAD
    # The vendor's example of such a download has a target as well.
    return isinstance(job, TenantRestoreJob) and job.delivery_type == TenantDeliveryType.DOWNLOAD


def _told_target(family: Family[Any], job: JobDocument) -> tuple[str | None, str | None]:
    """The project and the cluster that a job says it goes to; the latter by id or name, as the family has it."""
    if isinstance(job, RestoreJob) and job.delivery is not None:
        delivery, by_name = job.delivery, family.cluster_key == "name"
        return delivery.target_group_id, delivery.target_cluster_name if by_name else delivery.target_cluster_id
    if isinstance(job, (CloudBackupRestoreJob, CollectionRestoreJob)):
        return job.target_group_id, job.target_cluster_name
    if isinstance(job, TenantRestoreJob):
        return job.target_project_id, job.target_deployment_item_name
    return None, None


def spell_target(family: Family[Any], target: Target) -> tuple[str, str]:
    """Spell a target as it is compared: ids without regard to case, names as they are.

    Args:
        family: Decides whether the target is given by id or by name.
        target: The target.

    """
    return target.project_id.casefold(), _spell_cluster(family, target.cluster)


def spell_request(family: Family[Any], request: RestoreRequest) -> tuple[object, ...]:
    """Spell a request as two of them are compared: they ask for the same restore if these are equal.

    Args:
        family: As for :func:`spell_target`.
        request: The request.

    """
    if isinstance(request, HttpRestore):
        return request.snapshot_id.casefold(), request.max_downloads, request.expires, request.expiration_hours
    if isinstance(request, CollectionRestore):
        return *spell(request), *spell_target(family, request.target)
    source = request.source
    spelt = source.id.casefold() if isinstance(source, (Snapshot, Checkpoint)) else source
    return type(source).__name__, spelt, *spell_target(family, request.target)


def _spell_cluster(family: Family[Any], cluster: str) -> str:
    return cluster if family.cluster_key == "name" else cluster.casefold()


def _batches(jobs: Iterable[JobT]) -> Iterable[list[JobT]]:
    batches: defaultdict[str, list[JobT]] = defaultdict(list)
    for job in jobs:
        batches[(job.batch_id if isinstance(job, RestoreJob) else None) or job.id].append(job)
    return batches.values()


def _asked(batch: list[JobT], known: Mapping[str, RestoreRequest] | None) -> RestoreRequest | None:
    """What a batch was asked for with, if that is known of one of its jobs: an answer may name the first only."""
    return next((known[job.id] for job in batch if job.id in known), None) if known else None


def is_same(family: Family[Any], request: RestoreRequest, job: JobDocument) -> bool | None:
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
    elif isinstance(job, CollectionRestoreJob) and isinstance(request, CollectionRestore):
        return True if is_told(request, job) else None
    else:
        return None
    wanted = told if isinstance(request, HttpRestore) else (*told, *target)
    return None if None in wanted else True


def _is_same_restore_job(family: Family[Any], request: RestoreRequest, job: RestoreJob) -> bool | None:
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


def _cloud_backup_source(request: RestoreRequest, job: CloudBackupRestoreJob) -> tuple[object, ...]:
    source = None if isinstance(request, HttpRestore) else request.source
    if isinstance(source, OplogTime):
        return job.oplog_ts or None, job.oplog_inc or None
    if isinstance(source, PointInTime):
        return (job.point_in_time_utc_seconds or None,)
    return (job.snapshot_id,)
