"""The changes of a fleet as they are seen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from mongorestore_async.errors import RestoreError
from mongorestore_async.fleet.counters import kind_of
from mongorestore_async.fleet.discovery import Discovery
from mongorestore_async.fleet.fleet_records import FailureKind, FleetFailure, Found
from mongorestore_async.fleet.fleet_stream import innermost
from mongorestore_async.fleet.watching.poll_budget import PollBudget
from mongorestore_async.fleet.watching.project_watch import ProjectWatch
from mongorestore_async.fleet.watching.watch_records import WatchedChange
from mongorestore_async.fleet.watching.watch_state import WatchState
from mongorestore_async.listing.iterators import BlockIterator
from mongorestore_async.models import JobT_co
from mongorestore_async.resources.session import view_of
from mongorestore_async.transport.options import choose_limit
from mongorestore_async.waiting.pacing import Pace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.fleet.cluster_reading import Member
    from mongorestore_async.fleet.discovery import Discovered
    from mongorestore_async.fleet.fleet_query import FleetQuery

__all__ = ["FleetWatch"]


class FleetWatch(BlockIterator[WatchedChange[JobT_co]]):
    """The changes of a fleet, for ``async with ... as watch: async for change in watch``.

    Made by :meth:`Fleet.watch`; making one does no I/O. Entering starts the polls, and leaving, for whatever reason,
    ends those under way and leaves no task behind. A cancelled ``anext`` loses nothing. When changes are taken slowly,
    polls wait, so no change is dropped; a state that comes and goes between two polls is not seen.

    The changes of one restore come in their order. An error that ended the watch, such as a key that is not accepted,
    is raised by every further ``anext``.
    """

    noun: ClassVar[str] = "watch"
    call: ClassVar[str] = "fleet.watch()"

    def __init__(
        self,
        members: Sequence[Member],
        query: FleetQuery,
        *,
        idle_interval: float,
        discovery_interval: float,
        until_idle: bool,
    ) -> None:
        super().__init__()
        self._members = members
        self._query = query
        self._discovery_interval = discovery_interval
        self._state = WatchState(query, idle_interval, until_idle=until_idle)
        self._projects: dict[tuple[str, str], ProjectWatch] = {}
        self._budgets: dict[Any, PollBudget] = {}
        self._undiscovered = {member.name for member in members}
        self._unmatched = set[str]()  # what was told of names that fit nothing

    def __repr__(self) -> str:
        return f"<FleetWatch of {', '.join(repr(member.name) for member in self._members)}>"

    @property
    def failures(self) -> tuple[FleetFailure, ...]:
        """What cannot be read at present, one for each fleet, project or cluster."""
        return self._state.failures.failures

    @property
    def running(self) -> tuple[Found[JobT_co], ...]:
        """The restores that run, as they were read last."""
        looks = (look for project in self._projects.values() for look in project.looks)
        return tuple(Found(look.cluster, job) for look in looks for job in look.jobs)

    @property
    def clusters(self) -> int:
        """How many clusters are watched."""
        return sum(len(project.looks) for project in self._projects.values())

    @property
    def projects(self) -> int:
        """How many projects are watched."""
        return len(self._projects)

    async def _refill(self) -> None:
        self._check_entered()
        changes = await self._state.take()
        if not changes:
            raise self._state.error or StopAsyncIteration
        self._ready = iter(changes)

    def _leave(self, error: Exception) -> None:
        self._state.drop()
        self._state.end(error)

    async def _run(self) -> None:
        for member in self._members:
            self._state.open.add((member.name,))
        try:
            async with asyncio.TaskGroup() as group:
                for member in self._members:
                    group.create_task(self._watch(member))
        except Exception as error:  # noqa: BLE001 - raised where the watch is read, without its groups
            self._state.end(innermost(error))

    async def _watch(self, member: Member) -> None:
        """Find projects and clusters anew from time to time, and watch each project in a task of its own."""
        clock = asyncio.get_running_loop().time
        policy = member.session.options.poll
        place, failed, since = (member.name, None, None), 0, 0.0
        async with view_of(member.session).transport.while_open(), asyncio.TaskGroup() as group:
            while True:
                try:
                    await self._discover(member, group)
                except RestoreError as error:
                    since = since if failed else clock()
                    failed += 1
                    kind = kind_of(error)
                    await self._state.fail(place, "", FleetFailure(member.name, None, None, kind, error))
                    delay = min(self._discovery_interval, Pace(None, 1).delay(policy, failed, 0))
                else:
                    failed, delay = 0, self._discovery_interval
                    await self._state.recover(place, "")
                    self._undiscovered.discard(member.name)
                    await self._report_unmatched()
                if not failed or clock() - since >= policy.patience:
                    self._state.close((member.name,))
                self._state.check_idle()
                await asyncio.sleep(delay)

    async def _discover(self, member: Member, group: asyncio.TaskGroup) -> None:
        discovery = Discovery(member.session, member.family, member.name, include_deleted=self._query.include_deleted)
        seen: set[tuple[str, str]] = set()
        while True:
            page = await self._state.in_slot(discovery.next_projects, failing=False)
            if page is None:
                break
            for found in page:
                if self._query.projects.match(found.project.id, found.project.name):
                    seen.add((member.name, found.project.id))
                    await self._join(member, found, discovery, group)
        for key in [key for key in self._projects if key[0] == member.name and key not in seen]:
            await self._projects.pop(key).retire()

    async def _join(self, member: Member, found: Discovered, discovery: Discovery, group: asyncio.TaskGroup) -> None:
        key = member.name, found.project.id
        project = self._projects.get(key)
        if project is None:
            family = member.family
            jobs, clusters = (self._budget(member, path, key[1]) for path in (family.jobs_path, family.clusters_path))
            project = self._projects[key] = ProjectWatch(member, found.project, self._state, jobs, clusters)
            project.on_listed = self._report_unmatched
            project.task = group.create_task(project.run())
        if found.clusters is None:
            project.list_clusters(discovery)
        else:
            await project.set_clusters(found.clusters)

    def _budget(self, member: Member, path: str, project: str) -> PollBudget:
        """What calls for a path have to share: with those of the same session below the same limit."""
        options = member.session.options
        limit = choose_limit(options.rate_limits, member.family, path, project)
        whose = project if limit is None or limit.scope == "project" else None
        key = view_of(member.session).transport, limit, whose
        if key not in self._budgets:
            self._budgets[key] = PollBudget(limit, options.poll.budget_share)
        return self._budgets[key]

    async def _report_unmatched(self) -> None:
        """Tell names that fit nothing, once all was listed; one that fits later has recovered."""
        if self._undiscovered or any(project.is_listing for project in self._projects.values()):
            return
        fleets = ", ".join(each.name for each in self._members)
        found = {str(error): error for error in self._query.unmatched()}
        for words, error in found.items():
            failure = FleetFailure(fleets, None, None, FailureKind.UNMATCHED, error)
            await self._state.fail((fleets, None, words), "", failure)
        for words in self._unmatched - found.keys():
            await self._state.recover((fleets, None, words), "")
        self._unmatched = set(found)
