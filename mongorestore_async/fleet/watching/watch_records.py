"""What a watch tells: changes of restores, and of what can be read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from mongorestore_async.models import JobDocument

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetFailure, FleetProject

__all__ = ["ChangeKind", "FleetChange"]

JobT_co = TypeVar("JobT_co", bound=JobDocument, covariant=True)


class ChangeKind(StrEnum):
    """What has changed.

    Members:
        FOUND: A running restore is seen for the first time.
        CHANGED: Its state, or that of its delivery, is another; it is not over.
        ENDED: It is over, well or badly: ``job.ok`` tells. Also one that began and ended between two looks.
        LOST: It was there and can no longer be found; nobody knows how it ended.
        FAILED: A fleet, project or cluster cannot be read; told once.
        RECOVERED: It can be read again, or is not there any more.
    """

    FOUND = "found"
    CHANGED = "changed"
    ENDED = "ended"
    LOST = "lost"
    FAILED = "failed"
    RECOVERED = "recovered"


@attrs.frozen(kw_only=True)
class FleetChange(Generic[JobT_co]):
    """One change, as :meth:`Fleet.watch` tells it.

    Attributes:
        kind: What has changed.
        at: When this was seen, UTC by the clock of this machine.
        fleet: Name of the fleet.
        project: The project; None where a whole fleet cannot be read.
        cluster: The cluster; None where it is about a project or a fleet.
        job: The job as it was read last; None for ``FAILED`` and ``RECOVERED``.
        before: Its state in the API's own words when it was told last, None the first time and for the last two.
        failure: What could not be read, and why; of ``FAILED`` only.

    """

    kind: ChangeKind
    at: datetime
    fleet: str
    project: FleetProject | None = None
    cluster: FleetCluster | None = None
    job: JobT_co | None = None
    before: str | None = None
    failure: FleetFailure | None = None
