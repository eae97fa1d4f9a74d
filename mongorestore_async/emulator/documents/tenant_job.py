"""Restore jobs of M2/M5 and flex clusters as documents (``restore-jobs`` sections 6 and 8.3). They have no links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents.download_links import presigned_link
from mongorestore_async.emulator.documents.links import Links, iso
from mongorestore_async.emulator.documents.patches import patched
from mongorestore_async.emulator.world import ClusterKind, Job, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["tenant_job"]

_FOUR_HOURS = 4 * 3600
#: Recorded of flex clusters; restores of M2 and M5 show four hours, as downloads do.
_FLEX_RESTORE = 6 * 3600

#: Date names of list and get-one examples of v1.0 against those of tables, creates and v2 (D25).
_TABLE_NAMES = {
    "submittedAt": "restoreScheduledDate",
    "finishedDate": "restoreFinishedDate",
    "timestamp": "snapshotFinishedDate",
}


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
        "expirationDate": iso(job.created + (_FLEX_RESTORE if flex and not job.order.over_http else _FOUR_HOURS)),
        "targetProjectId": job.order.target_project or project,
        "targetDeploymentItemName": job.order.target_name or job.cluster.name,
    }
    if progress >= 1:
        # A failed job has one too.
        document["finishedDate"] = iso(job.finished)
        if job.order.over_http and job.outcome is Outcome.DONE:
            document["snapshotUrl"] = presigned_link(job, links)
    odd = settings.oddities
    if links.v2 or created or Oddity.TABLE_DATE_NAMES in odd:
        document = {_TABLE_NAMES.get(name, name): value for name, value in document.items()}
    if Oddity.UNKNOWN_WORDS in odd and job.number % 5 == 0:
        document["status"] = "CLOSED"
    if Oddity.EMPTY_LINKS in odd:
        document["links"] = [{}]
    if Oddity.EXTRA_FIELDS in odd:
        document["weather"] = {"outlook": ["sunny", None, 21.5]}
    return patched(document, job.changes)


def _status(job: Job, progress: float) -> str:
    if progress < 0.05:  # noqa: PLR2004 - the first half of the wait, see Job.progress
        return "PENDING"
    if progress < 0.1:  # noqa: PLR2004 - the second half
        return "QUEUED"
    if progress < 1:
        return "RUNNING"
    return "COMPLETED" if job.outcome is Outcome.DONE else "FAILED"
