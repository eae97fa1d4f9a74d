"""Restore jobs of Ops Manager and Cloud Manager as documents (``restore-jobs`` section 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Manager, Oddity
from mongorestore_async.emulator.documents.download_links import (
    DEFAULT_HOURS,
    hashes,
    link_end,
    link_state,
    pull_links,
)
from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.patches import patched
from mongorestore_async.emulator.world import Job, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["manager_job"]

_UNLIMITED = 2_147_483_647


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
    odd = settings.oddities
    over = job.progress(now) >= 1
    document: dict[str, Any] = {
        "id": job.id,
        "groupId": job.cluster.project.id,
        "hostId" if job.cluster.host else "clusterId": job.cluster.id,
        "created": iso(job.created),
        "statusName": _status(job, over=over),
        "snapshotId": job.snapshot_id,
        "timestamp": {"date": iso(job.snapshot_taken), "increment": 1},
        "encryptionEnabled": job.dice % 16 == 0,
        "delivery": _delivery(job, settings=settings, links=links, now=now, over=over),
        "links": _links(job, links, in_list=in_list),
    }
    if job.cluster.host:
        _play_config_server(document, odd, in_list=in_list)
    elif job.batch_id is not None or Oddity.BATCH_EVERYWHERE in odd:
        document["batchId"] = job.batch_id or job.id
    if document["encryptionEnabled"]:
        document["masterKeyUUID"] = f"{job.dice % 10**12:012d}"
    # Cloud Manager's list examples lack it, and so do three of the five create examples (D7).
    if settings.manager is Manager.OPS_MANAGER or (created and (job.order.over_http or job.order.oplog is not None)):
        document["pointInTime"] = job.order.point_in_time
    served = hashes(job, links.downloads, settings, now)
    if served:
        document["hashes"] = served
    _play(document, job, odd)
    return patched(document, job.changes)


def _play_config_server(document: dict[str, Any], odd: frozenset[Oddity], *, in_list: bool) -> None:
    """What is different about jobs of a config server (section 3.6, D15)."""
    del document["timestamp"]
    if in_list and Oddity.HOST_AS_CLUSTER in odd:
        document["clusterId"] = document.pop("hostId")


def _play(document: dict[str, Any], job: Job, odd: frozenset[Oddity]) -> None:
    if Oddity.STRING_INCREMENTS in odd and "timestamp" in document:
        document["timestamp"]["increment"] = "1"
    if Oddity.PLACEHOLDER_IDS in odd and job.number % 3 == 0:
        document["snapshotId"] = document["snapshotId"][:-1] + "g"
    if Oddity.EMPTY_LINKS in odd and len(document["links"]) > 1:
        document["links"] = [{}]
    if Oddity.ECHOED_TARGETS in odd and not job.order.over_http:
        document["delivery"]["methodName"] = "AUTOMATED_RESTORE"
        document["delivery"]["targetGroupId"] = job.order.target_project
        document["delivery"]["targetClusterId"] = job.order.target_cluster
        if job.order.checkpoint_id is not None:
            document["checkpointId"] = job.order.checkpoint_id
    if Oddity.UNKNOWN_WORDS in odd and job.number % 5 == 0:
        document["statusName"] = "OPEN"
        document["delivery"]["statusName"] = "LEVITATING"
    if Oddity.EXTRA_FIELDS in odd:
        document["deploymentJobId"] = job.id
        document["weather"] = {"outlook": ["sunny", None, 21.5]}


def _status(job: Job, *, over: bool) -> str:
    if not over:
        return "IN_PROGRESS"
    return {Outcome.DONE: "FINISHED", Outcome.FAILED: "BROKEN", Outcome.CANCELLED: "KILLED"}[job.outcome]


def _delivery(job: Job, *, settings: EmulatorSettings, links: Links, now: datetime, over: bool) -> dict[str, Any]:
    # An automated restore delivers to the target host by HTTP and says so (D13).
    delivery: dict[str, Any] = {"methodName": "HTTP", "statusName": _delivery_status(job, links, now)}
    if not job.order.over_http:
        return delivery
    delivery["maxDownloads"] = job.order.max_downloads or _UNLIMITED
    if job.order.expires is not None:
        delivery["expires"] = iso(job.order.expires)
    else:
        delivery["expirationHours"] = job.order.expiration_hours or DEFAULT_HOURS
    if over and job.outcome is Outcome.DONE:
        delivery["expires"] = iso(link_end(job))
        delivery |= pull_links(job, links, settings)
    return delivery


def _delivery_status(job: Job, links: Links, now: datetime) -> str:
    progress = job.progress(now)
    if progress < 0.1:  # noqa: PLR2004 - see Job.progress
        return "NOT_STARTED"
    if progress < 1:
        return "IN_PROGRESS"
    if job.outcome is not Outcome.DONE:
        return "FAILED" if job.outcome is Outcome.FAILED else "INTERRUPTED"
    return link_state(job, links.downloads, now) if job.order.over_http else "READY"


def _links(job: Job, links: Links, *, in_list: bool) -> list[dict[str, str]]:
    cluster = links.cluster(job.cluster)
    found = [links.link(f"{cluster}/restoreJobs/{job.id}")]
    if not in_list:
        found.append(links.link(cluster, "host" if job.cluster.host else "cluster"))
        found.append(links.link(links.project(job.cluster.project), "group"))
        if job.order.snapshot_id is not None:
            found.append(links.link(f"{cluster}/snapshots/{job.order.snapshot_id}", "snapshot"))
    return found
