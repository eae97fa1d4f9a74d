"""Restore jobs of Atlas legacy backup as documents: those of Cloud Manager, and the differences (section 4, 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.emulator.documents.links import MANAGER_API, Links
from mongorestore_async.emulator.documents.manager_job import manager_job
from mongorestore_async.emulator.documents.patches import patched

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.emulator.settings import EmulatorSettings
    from mongorestore_async.emulator.world import Job

__all__ = ["legacy_job"]


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
    # Patched once, below: what differs must not undo it.
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
        _point_elsewhere(document["links"], links, job)
    return patched(document, job.changes)


def _point_elsewhere(found: list[dict[str, str]], links: Links, job: Job) -> None:
    # Documented: the link to the group may name the other API (D20).
    for link in found:
        if link.get("rel", "").endswith("/group"):
            link["href"] = f"{links.root}{MANAGER_API}/groups/{job.cluster.project.id}"
