"""What a run works on: fleets, their projects, and clusters being read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject
    from mongorestore_async.listing.page_reader import PageReader
    from mongorestore_async.resources import AsyncSession
    from mongorestore_async.resources.project import Project

__all__ = ["Member", "ProjectWork", "Reading"]


@attrs.frozen
class Member:
    """One session and family of a fleet.

    Attributes:
        session: Reads it.
        family: The product family.
        name: Name of the fleet.
        known: Its clusters by project, where they are known and need not be found.

    """

    session: AsyncSession
    family: Family[Any]
    name: str
    known: Mapping[FleetProject, tuple[FleetCluster, ...]] | None = None


class ProjectWork:
    """A project while its clusters are read.

    Attributes:
        place: Where it is.
        project: What its lists are read with, None before the first.
        waiting: Clusters to be read.
        begun: Those of whose lists more pages are to be read.
        queued: Turns it has been given that no task has taken yet.
        entries: Its entries in the queue for turns, by priority; more than ``queued`` once a turn was brought forward.
        turns: Those, and those that were taken and are not over.
        left: Clusters that are not known to be read to the end; None before they are listed.
        read: Those that an earlier run has read.
        timeouts: Clusters that timed out since the last that did not: each costs a turn, until one is read again.

    """

    __slots__ = ("begun", "entries", "left", "place", "project", "queued", "read", "timeouts", "turns", "waiting")

    def __init__(self, place: FleetProject) -> None:
        self.place: FleetProject = place
        self.project: Project[Any] | None = None
        self.waiting: deque[FleetCluster] = deque()
        self.begun: deque[Reading] = deque()
        self.entries: list[int] = [0, 0]
        self.queued: int = 0
        self.turns: int = 0
        self.timeouts: int = 0
        self.left: int | None = None
        self.read: list[FleetCluster] = []


class Reading:
    """One cluster being read; it is done when it was read to the end and the last of its jobs was taken.

    Attributes:
        work: The project it belongs to.
        cluster: The cluster.
        reader: Reads its list; set by who begins to read it.

    """

    __slots__ = ("_done", "_ended", "_pages", "cluster", "reader", "work")

    reader: PageReader[Any]

    def __init__(self, work: ProjectWork, cluster: FleetCluster, done: Callable[[Reading], None]) -> None:
        self.work: ProjectWork = work
        self.cluster: FleetCluster = cluster
        self._done = done
        self._pages = 0
        self._ended = False

    def hand_over(self) -> None:
        """Note a page on its way to whoever reads the stream."""
        self._pages += 1

    def take(self) -> None:
        """Note that all jobs of a page were taken."""
        self._pages -= 1
        self._check()

    def end(self) -> None:
        """Note that no page follows."""
        self._ended = True
        self._check()

    def _check(self) -> None:
        if self._ended and not self._pages:
            self._done(self)
