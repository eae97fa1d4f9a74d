"""Restore jobs of Atlas as documents: cloud backup (``restore-jobs`` section 5.3) and tenant (section 6)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.patches import patched
from mongorestore_async.emulator.world import Job, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["cloud_backup_job", "tenant_job"]

_NULL_TIMESTAMP = {"date": None, "increment": None, "time": None}
_CLOUD_LINK_LIFE = 3600
_FOUR_HOURS = 4 * 3600


def cloud_backup_job(job: Job, *, settings: EmulatorSettings, links: Links, now: datetime) -> dict[str, Any]:
    """A cloud backup job as the API shows it now. It has no status: flags and dates tell (section 9)."""
    over, gone = job.progress(now) >= 1, _gone(job, now)
    document: dict[str, Any] = {
        "id": job.id,
        "deliveryType": _delivery_type(job),
        "snapshotId": job.order.snapshot_id,
        "timestamp": iso(job.snapshot_taken),
        "createdAt": iso(job.created),
        "cancelled": over and job.outcome is Outcome.CANCELLED,
        "failed": over and job.outcome is Outcome.FAILED,
        "expired": gone,
        "links": _cloud_links(job, links),
    }
    if job.order.over_http:
        document |= _download(job, settings=settings, over=over, gone=gone)
    else:
        document |= _automated(job, settings=settings, over=over)
    _play_cloud(document, job, settings.oddities)
    return patched(document, job.changes)


def _delivery_type(job: Job) -> str:
    if job.order.over_http:
        return "download"
    return "pointInTime" if job.order.point_in_time else "automated"


def _gone(job: Job, now: datetime) -> bool:
    ready = job.order.over_http and job.outcome is Outcome.DONE
    return ready and now.timestamp() >= job.finished + _CLOUD_LINK_LIFE


def _download(job: Job, *, settings: EmulatorSettings, over: bool, gone: bool) -> dict[str, Any]:
    ready = over and job.outcome is Outcome.DONE
    part: dict[str, Any] = {"expiresAt": iso(job.finished + _CLOUD_LINK_LIFE)} if ready else {}
    live = ready and not gone
    if job.cluster.kind.sharded:
        part["components"] = [
            {
                "replicaSetName": f"{job.cluster.name}-{member}",
                "downloadUrl": _restore_url(job, member) if live else None,
                "privateDownloadDeliveryUrls": [],
            }
            for member in ("shard-0", "shard-1", "config")
        ]
    elif settings.delivery_url_as_array:
        part["deliveryUrl"] = [_restore_url(job, "all")] if live else []
    elif live:
        part["deliveryUrl"] = _restore_url(job, "all")
    return part


def _restore_url(job: Job, piece: str) -> str:
    # Never a host that exists: nothing of a test should reach the vendor's.
    token = hashlib.blake2b(f"{piece} {job.dice}".encode(), digest_size=16).hexdigest()
    return f"https://restore-{token}.example.invalid:27017/restore-{job.id}.tar.gz"


def _automated(job: Job, *, settings: EmulatorSettings, over: bool) -> dict[str, Any]:
    part: dict[str, Any] = {
        "targetClusterName": job.cluster.name,
        "targetGroupId": job.order.target_project,
        "targetDeploymentItemName": f"atlas-{job.dice % 10**6:06d}-{job.cluster.name}",
    }
    if settings.delivery_url_as_array:
        part["deliveryUrl"] = []
    if over and job.outcome is not Outcome.CANCELLED:
        part["finishedAt"] = iso(job.finished)
    if job.order.oplog is not None:
        part["oplogTs"], part["oplogInc"] = job.order.oplog
        part["desiredTimestamp"] = {"date": iso(job.order.oplog[0]), "increment": job.order.oplog[1]}
    if Oddity.AUTOMATED_EXPIRY in settings.oddities:
        part["expiresAt"] = iso(job.created + _FOUR_HOURS)
    return part


def _play_cloud(document: dict[str, Any], job: Job, odd: frozenset[Oddity]) -> None:
    if Oddity.NULL_TIMESTAMPS in odd:
        document.setdefault("desiredTimestamp", dict(_NULL_TIMESTAMP))
    if Oddity.NO_CREATED_AT in odd and job.number % 2 == 0:
        del document["createdAt"], document["failed"]
    if Oddity.NUMERIC_EXPIRY in odd and "expiresAt" in document:
        later = _FOUR_HOURS if not job.order.over_http else job.finished - job.created + _CLOUD_LINK_LIFE
        document["expiresAt"] = int(job.created + later)
    if Oddity.PLACEHOLDER_IDS in odd and job.number % 3 == 0:
        document["snapshotId"] = f"{document['snapshotId'][:-1]}g"
    if Oddity.UNKNOWN_WORDS in odd and job.number % 5 == 0:
        document["deliveryType"] = "levitation"
    _play_both(document, odd)


def _play_both(document: dict[str, Any], odd: frozenset[Oddity]) -> None:
    if Oddity.EMPTY_LINKS in odd:
        document["links"] = [{}]
    if Oddity.EXTRA_FIELDS in odd:
        document["weather"] = {"outlook": ["sunny", None, 21.5]}


def _cloud_links(job: Job, links: Links) -> list[dict[str, str]]:
    cluster = links.cluster(job.cluster)
    return [
        links.link(f"{cluster}/backup/restoreJobs/{job.id}"),
        links.link(f"{cluster}/backup/snapshots/{job.order.snapshot_id}", "snapshot"),
        links.link(cluster, "cluster"),
        links.link(links.project(job.cluster.project), "group"),
    ]


#: Date names of list and get-one examples against those of tables and creates (D25).
_TABLE_NAMES = {
    "submittedAt": "restoreScheduledDate",
    "finishedDate": "restoreFinishedDate",
    "timestamp": "snapshotFinishedDate",
}


def tenant_job(job: Job, *, settings: EmulatorSettings, now: datetime) -> dict[str, Any]:
    """An M2/M5 job as the API shows it now: without links, with the date names of the list example."""
    project, progress = job.cluster.project.id, job.progress(now)
    document: dict[str, Any] = {
        "id": job.id,
        "projectId": project,
        "clusterName": job.cluster.name,
        "deliveryType": "DOWNLOAD" if job.order.over_http else "RESTORE",
        "snapshotId": job.order.snapshot_id,
        "status": _tenant_status(job, progress),
        "submittedAt": iso(job.created),
        "timestamp": iso(job.snapshot_taken),
        "expirationDate": iso(job.created + _FOUR_HOURS),
        "targetProjectId": project,
        "targetDeploymentItemName": job.cluster.name,
    }
    if progress >= 1:
        document["finishedDate"] = iso(job.finished)
        if job.order.over_http and job.outcome is Outcome.DONE:
            signature = hashlib.blake2b(f"presigned {job.dice}".encode(), digest_size=20).hexdigest()
            document["snapshotUrl"] = (
                f"https://tenant-snapshots.example.invalid/{job.id}.tgz?Expires={int(job.created) + _FOUR_HOURS}"
                f"&Signature={signature}"
            )
    odd = settings.oddities
    if Oddity.TABLE_DATE_NAMES in odd:
        document = {_TABLE_NAMES.get(name, name): value for name, value in document.items()}
    if Oddity.UNKNOWN_WORDS in odd and job.number % 5 == 0:
        document["status"] = "CLOSED"
    _play_both(document, odd)
    return patched(document, job.changes)


def _tenant_status(job: Job, progress: float) -> str:
    if progress < 0.05:  # noqa: PLR2004 - the first half of the wait, see Job.progress
        return "PENDING"
    if progress < 0.1:  # noqa: PLR2004 - the second half
        return "QUEUED"
    if progress < 1:
        return "RUNNING"
    return "FAILED" if job.outcome is Outcome.FAILED else "COMPLETED"
