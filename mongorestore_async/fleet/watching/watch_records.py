"""What a watch tells: changes of restores, and of what can be read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Literal, Never, TypeAlias

import attrs

from mongorestore_async.models import JobT_co

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetFailure, FleetProject

__all__ = ["ChangeKind", "FleetChange", "JobChange", "JobChangeKind", "ReadFailure", "ReadRecovery", "WatchedChange"]


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
    """One change, as :meth:`Fleet.watch` tells it: a :class:`JobChange`, :class:`ReadFailure` or :class:`ReadRecovery`.

    ``isinstance`` and ``change.kind`` tell type checkers which of them it is.

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
    project: FleetProject | None
    cluster: FleetCluster | None
    job: JobT_co | None
    before: str | None
    failure: FleetFailure | None


#: The kinds that a restore changes by.
JobChangeKind: TypeAlias = Literal[ChangeKind.FOUND, ChangeKind.CHANGED, ChangeKind.ENDED, ChangeKind.LOST]


@attrs.frozen(kw_only=True)
class JobChange(FleetChange[JobT_co]):
    """A restore has changed.

    Attributes:
        kind: ``FOUND``, ``CHANGED``, ``ENDED`` or ``LOST``.
        project: The project.
        cluster: The cluster.
        job: The job as it was read last.
        before: Its state in the API's own words when it was told last, None the first time.
        failure: None.

    """

    kind: JobChangeKind
    project: FleetProject
    cluster: FleetCluster
    job: JobT_co
    before: str | None = None
    failure: None = None


@attrs.frozen(kw_only=True)
class ReadFailure(FleetChange[Never]):
    """A fleet, project or cluster cannot be read.

    Attributes:
        kind: ``FAILED``.
        project: The project; None where a whole fleet cannot be read.
        cluster: The cluster; None where it is about a project or a fleet.
        job: None, as ``before`` is.
        failure: What could not be read, and why.

    """

    kind: Literal[ChangeKind.FAILED] = ChangeKind.FAILED
    project: FleetProject | None = None
    cluster: FleetCluster | None = None
    job: None = None
    before: None = None
    failure: FleetFailure


@attrs.frozen(kw_only=True)
class ReadRecovery(FleetChange[Never]):
    """A fleet, project or cluster can be read again, or is not there any more.

    Attributes:
        kind: ``RECOVERED``.
        project: The project; None where a whole fleet could not be read.
        cluster: The cluster; None where it is about a project or a fleet.
        job: None, as ``before`` and ``failure`` are.

    """

    kind: Literal[ChangeKind.RECOVERED] = ChangeKind.RECOVERED
    project: FleetProject | None = None
    cluster: FleetCluster | None = None
    job: None = None
    before: None = None
    failure: None = None


#: What a watch tells.
WatchedChange: TypeAlias = JobChange[JobT_co] | ReadFailure | ReadRecovery
