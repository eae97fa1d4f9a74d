"""Restore jobs of Atlas cloud backup and of serverless instances as documents (``restore-jobs`` 5.3, 7, 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents.download_links import cloud_link, link_end
from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.patches import patched
from mongorestore_async.emulator.world import Job, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["cloud_backup_job"]

_NULL_TIMESTAMP = {"date": None, "increment": None, "time": None}
_FOUR_HOURS = 4 * 3600


def cloud_backup_job(job: Job, *, settings: EmulatorSettings, links: Links, now: datetime) -> dict[str, Any]:
    """A cloud backup or serverless job as the API shows it now. It has no status: flags and dates tell (section 9)."""
    over, gone = job.progress(now) >= 1, _gone(job, now)
    arrays = links.v2 or settings.delivery_url_as_array
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
        document |= _download(job, links=links, arrays=arrays, over=over, gone=gone)
    else:
        document |= _automated(job, arrays=arrays, over=over)
    if links.v2:
        del document["createdAt"]
        document.setdefault("desiredTimestamp", dict(_NULL_TIMESTAMP))
    if document["snapshotId"] is None:
        del document["snapshotId"]
    _play(document, job, settings.oddities)
    return patched(document, job.changes)


def _delivery_type(job: Job) -> str:
    if job.order.over_http:
        return "download"
    return "pointInTime" if job.order.point_in_time else "automated"


def _gone(job: Job, now: datetime) -> bool:
    ready = job.order.over_http and job.outcome is Outcome.DONE
    return ready and now.timestamp() >= link_end(job)


def _download(job: Job, *, links: Links, arrays: bool, over: bool, gone: bool) -> dict[str, Any]:
    ready = over and job.outcome is Outcome.DONE
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


def _automated(job: Job, *, arrays: bool, over: bool) -> dict[str, Any]:
    target = job.order.target_name or job.cluster.name
    part: dict[str, Any] = {
        "targetClusterName": target,
        "targetGroupId": job.order.target_project,
        "targetDeploymentItemName": f"atlas-{job.dice % 10**6:06d}-{target}",
    }
    if arrays:
        part["deliveryUrl"] = []
    if over and job.outcome is not Outcome.CANCELLED:
        part["finishedAt"] = iso(job.finished)
    if job.order.oplog is not None:
        part["oplogTs"], part["oplogInc"] = job.order.oplog
        part["desiredTimestamp"] = {"date": iso(job.order.oplog[0]), "increment": job.order.oplog[1]}
    if job.order.moment is not None:
        part["pointInTimeUTCSeconds"] = int(job.order.moment.timestamp())
        part["desiredTimestamp"] = {"date": iso(job.order.moment), "increment": 1}
    return part


def _play(document: dict[str, Any], job: Job, odd: frozenset[Oddity]) -> None:
    if Oddity.AUTOMATED_EXPIRY in odd and not job.order.over_http:
        document["expiresAt"] = iso(job.created + _FOUR_HOURS)
    if Oddity.NULL_TIMESTAMPS in odd:
        document.setdefault("desiredTimestamp", dict(_NULL_TIMESTAMP))
    if Oddity.NO_CREATED_AT in odd and job.number % 2 == 0:
        document.pop("createdAt", None)
        del document["failed"]
    if Oddity.NUMERIC_EXPIRY in odd and "expiresAt" in document:
        document["expiresAt"] = int(link_end(job) if job.order.over_http else job.created + _FOUR_HOURS)
    if Oddity.PLACEHOLDER_IDS in odd and job.number % 3 == 0 and "snapshotId" in document:
        document["snapshotId"] = f"{document['snapshotId'][:-1]}g"
    if Oddity.UNKNOWN_WORDS in odd and job.number % 5 == 0:
        document["deliveryType"] = "levitation"
    if Oddity.EMPTY_LINKS in odd:
        document["links"] = [{}]
    if Oddity.EXTRA_FIELDS in odd:
        document["weather"] = {"outlook": ["sunny", None, 21.5]}


def _cloud_links(job: Job, links: Links) -> list[dict[str, str]]:
    cluster = links.cluster(job.cluster)
    found = [
        links.link(f"{cluster}/backup/restoreJobs/{job.id}"),
        links.link(cluster, "cluster"),
        links.link(links.project(job.cluster.project), "group"),
    ]
    if job.order.snapshot_id is not None:
        found.append(links.link(f"{cluster}/backup/snapshots/{job.order.snapshot_id}", "snapshot"))
    return found
