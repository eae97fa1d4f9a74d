"""Everything that one or several keys can see."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from mongorestore_async.errors import ConfigError, Hint, HintKind, Unsupported
from mongorestore_async.fleet.cluster_reading import Member
from mongorestore_async.fleet.fleet_query import FleetQuery, Patterns
from mongorestore_async.fleet.fleet_stream import FleetStream
from mongorestore_async.fleet.shards import make_plan
from mongorestore_async.fleet.watching.fleet_watch import FleetWatch
from mongorestore_async.listing.cluster_lists import check_include_deleted
from mongorestore_async.models import JobDocument, JobT, JobT_co
from mongorestore_async.models.rows import pairs_table
from mongorestore_async.models.validators import require_flag, require_seconds
from mongorestore_async.protocol.urls import check_identifier
from mongorestore_async.resources.session import view_of
from mongorestore_async.transport.session_view import check_family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from mongorestore_async.families import Family
    from mongorestore_async.fleet.fleet_records import FleetPlan, FleetProgress
    from mongorestore_async.fleet.shard_plan import FanOutPlan
    from mongorestore_async.models import JobState
    from mongorestore_async.resources import AsyncSession

__all__ = ["Fleet"]

OtherT = TypeVar("OtherT", bound=JobDocument)


class Fleet(Generic[JobT_co]):
    """All projects and clusters of one product family that a session's key sees. Making one does no I/O.

    :meth:`merge` joins several: several keys, several Ops Managers, several organisations of Atlas.

    Args:
        session: Reads them. At most ``Options.max_in_flight`` calls are in flight, on as many connections.
        family: The product family.
        name: What to call it in what is found; family and host unless given.

    Attributes:
        members: The session, family and name of each fleet that was merged; of a single one its own.

    Raises:
        ConfigError: The family cannot be read through this session, or an empty name.

    """

    def __init__(self, session: AsyncSession, family: Family[JobT_co], *, name: str | None = None) -> None:
        check_family(view_of(session), family)  # not by session.project(): the warning names the caller's line
        url = session.base_url
        default = f"{family.name} {url.host}" + ("" if url.is_default_port() else f":{url.port}")
        found = default if name is None else name
        if not isinstance(found, str) or not found:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("name must be a non-empty string or None")
        self.members: tuple[Member, ...] = (Member(session, family, found),)

    @overload
    @staticmethod
    def merge(first: Fleet[JobT], second: Fleet[OtherT], /) -> Fleet[JobT | OtherT]: ...

    @overload
    @staticmethod
    def merge(*fleets: Fleet[JobT]) -> Fleet[JobT]: ...

    @staticmethod
    def merge(*fleets: Fleet[Any]) -> Fleet[Any]:
        """Join fleets into one: its lists are one stream. Each keeps limits of its own.

        They may be of different families: its jobs are of their types then, and what all jobs have
        (:class:`JobDocument`) needs no telling apart.

        Args:
            fleets: At least one, of different names.

        Returns:
            The fleet of all their clusters; those that were merged are as before.

        Raises:
            ConfigError: No fleets, or two of the same name.

        """
        members = tuple(member for fleet in fleets for member in fleet.members)
        if not members or len({member.name for member in members}) < len(members):
            raise ConfigError("the fleets to merge must have different names: set them with Fleet(..., name=...)")
        merged = copy(fleets[0])
        merged.members = members
        return merged

    def __repr__(self) -> str:
        return f"<Fleet {', '.join(member.name for member in self.members)}>"

    def _repr_html_(self) -> str:
        """Show it in a notebook: the fleets it is made of."""
        return pairs_table("Fleet", [(member.name, member.family.title) for member in self.members])

    def restore_jobs(
        self,
        *,
        concurrency: int = 16,
        per_project: int = 4,
        since: datetime | None = None,
        states: Iterable[JobState | str] | None = None,
        batch_id: str | None = None,
        include_deleted: bool = False,
        projects: str | Iterable[str] | None = None,
        clusters: str | Iterable[str] | None = None,
        resume: str | None = None,
        on_progress: Callable[[FleetProgress], None] | None = None,
    ) -> FleetStream[JobT_co]:
        """List the restore jobs of all clusters, as they arrive.

        What cannot be read does not end the run: it is listed in ``stream.failures``. A key or an address that the
        server refuses does, at once. Where the list of projects breaks off, what was found up to there is read, and
        then that error is raised.

        Args:
            concurrency: Calls in flight at once, in each of merged fleets, and one more as long as projects are being
                found; the session's ``max_in_flight`` bounds them too.
            per_project: Calls in flight at once for the lists of one project, for servers limit calls by project. When
                so many lists of a project time out one after the other, the rest of it is not asked.
            since: Only jobs requested at or after this moment (aware). The API has no such filter: lists with the
                newest first are left early, others read to the end. A job without a moment is found too, unless
                it ended before.
            states: Only jobs in one of these :class:`JobState`.
            batch_id: Only jobs of this batch (``batchId``; Ops Manager, Cloud Manager and Atlas legacy).
            include_deleted: Read deleted clusters whose backups are retained too (Atlas v2, dedicated clusters; what is
                not known of them: :meth:`Project.clusters`). Of several with one name the name is read once. Where the
                server does not answer for one, ``stream.failures`` has it.
            projects: Only projects with one of these names or ids; globs such as ``"prod-*"`` too.
            clusters: The same for clusters.
            resume: ``resume_token`` of an earlier run with the same fleets, projects, clusters, states, batch_id
                and include_deleted; ``since`` may differ. Clusters it read to the end are not read again.
            on_progress: Called with the progress after each cluster. It must not block; an exception in it is logged
                and does not affect the run.

        Returns:
            The stream, to be entered with ``async with fleet.restore_jobs() as stream``.

        Raises:
            ConfigError: An argument is out of its range, or ``resume`` is the token of another run.
            Unsupported: ``batch_id`` or ``include_deleted`` for a family whose lists have no such filter.

        """
        query = self._query(
            concurrency=concurrency,
            per_project=per_project,
            include_deleted=include_deleted,
            since=since,
            states=states,
            batch_id=batch_id,
            projects=Patterns("projects", projects),
            clusters=Patterns("clusters", clusters),
        )
        return FleetStream(self.members, query, resume=resume, on_progress=on_progress)

    async def dry_run(
        self,
        *,
        concurrency: int = 16,
        per_project: int = 4,
        include_deleted: bool = False,
        projects: str | Iterable[str] | None = None,
        clusters: str | Iterable[str] | None = None,
    ) -> FleetPlan:
        """Tell how many calls :meth:`restore_jobs` would make, and how long they take.

        Discovers projects and clusters, and reads no jobs. Atlas v2 is asked for its rate limits
        (:meth:`AsyncSession.rate_limits`); where it does not tell them, the documented ones count.

        Args:
            concurrency: Calls in flight at once, of each fleet: for the discovery and for the estimate.
            per_project: Calls in flight at once for one project.
            include_deleted: As for :meth:`restore_jobs`, with the next two.
            projects: Only projects with one of these names or ids; globs too.
            clusters: The same for clusters.

        Returns:
            Calls, and the seconds they take at least.

        Raises:
            Unsupported: ``include_deleted`` for a family that has no such list.
            RestoreError: The list of projects could not be read.

        """
        query = FleetQuery(
            concurrency=concurrency,
            per_project=per_project,
            include_deleted=self._check_deleted(include_deleted),
            projects=Patterns("projects", projects),
            clusters=Patterns("clusters", clusters),
        )
        async with FleetStream[Any](self.members, query, dry=True) as stream:
            async for _ in stream:
                pass
            return await stream.plan()

    def watch(
        self,
        *,
        concurrency: int = 16,
        per_project: int = 4,
        include_deleted: bool = False,
        projects: str | Iterable[str] | None = None,
        clusters: str | Iterable[str] | None = None,
        idle_interval: float = 300,
        discovery_interval: float = 900,
        until_idle: bool = False,
    ) -> FleetWatch[JobT_co]:
        """Watch all running restores: each of their changes is told once, as it is seen.

        A running restore is told when it is seen first, then each change of its state, then its end. Those that were
        over before are not told. What starts meanwhile joins: a restore in a cluster with running ones with the next
        poll, in another cluster within ``idle_interval``; a cluster or project within ``discovery_interval``.

        Clusters with running restores are polled as ``Options.poll`` says, and all polls together stay within its
        ``budget_share`` of each rate limit. What cannot be read stops nothing else: it is told once, and once more when
        it can be read again.

        Args:
            concurrency: Calls in flight at once, of all fleets.
            per_project: Calls in flight at once for one project.
            include_deleted: As for :meth:`restore_jobs`, with the next two.
            projects: Only projects with one of these names or ids; globs too.
            clusters: The same for clusters.
            idle_interval: Time between two looks at a cluster without running restores, seconds.
            discovery_interval: Time between two looks for new projects and clusters, seconds.
            until_idle: End when all was read and no restore runs. What cannot be read for ``PollPolicy.patience`` does
                not count any more. Otherwise the watch goes on until its block is left.

        Returns:
            The watch, to be entered with ``async with fleet.watch() as watch``.

        Raises:
            ConfigError: An argument is out of its range.
            Unsupported: ``include_deleted`` for a family that has no such list.

        """
        query = FleetQuery(
            concurrency=concurrency,
            per_project=per_project,
            include_deleted=self._check_deleted(include_deleted),
            projects=Patterns("projects", projects),
            clusters=Patterns("clusters", clusters),
        )
        return FleetWatch(
            self.members,
            query,
            idle_interval=require_seconds("idle_interval", idle_interval),
            discovery_interval=require_seconds("discovery_interval", discovery_interval),
            until_idle=require_flag("until_idle", until_idle),
        )

    async def fan_out_plan(
        self,
        *,
        concurrency: int = 16,
        per_project: int = 4,
        since: datetime | None = None,
        states: Iterable[JobState | str] | None = None,
        batch_id: str | None = None,
        include_deleted: bool = False,
        projects: str | Iterable[str] | None = None,
        clusters: str | Iterable[str] | None = None,
    ) -> FanOutPlan:
        """Discover projects and clusters, and write down what :meth:`restore_jobs` would read, for other processes.

        The plan is text on demand (``to_text()``), is split by ``shards()``, and is read by :func:`run_shard` or
        :func:`run_local`.

        Args:
            concurrency: Calls in flight at once, of each shard.
            per_project: Calls in flight at once for one project, of each shard.
            since: As for :meth:`restore_jobs`, with all that follow.
            states: Only jobs in one of these states.
            batch_id: Only jobs of this batch.
            include_deleted: Read deleted clusters whose backups are retained too.
            projects: Only projects with one of these names or ids; globs too.
            clusters: The same for clusters.

        Returns:
            The plan.

        Raises:
            ConfigError: An argument is out of its range, or several fleets were merged: make a plan of each.
            Unsupported: As for :meth:`restore_jobs`.
            RestoreError: The list of projects could not be read.

        """
        member, *others = self.members
        if others:
            raise ConfigError("a plan is of one fleet: make one of each fleet that was merged")
        query = self._query(
            concurrency=concurrency,
            per_project=per_project,
            include_deleted=include_deleted,
            since=since,
            states=states,
            batch_id=batch_id,
            projects=Patterns("projects", projects),
            clusters=Patterns("clusters", clusters),
        )
        return await make_plan(member, query)

    def _query(self, *, batch_id: str | None, include_deleted: bool, **asked: Any) -> FleetQuery:
        if batch_id is not None:
            check_identifier("batch id", batch_id)
            for member in self.members:
                if "batchId" not in member.family.filters:
                    raise Unsupported(
                        f"{member.family.title} lists have no batch filter",
                        hint=Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"}),
                    )
        return FleetQuery(batch_id=batch_id, include_deleted=self._check_deleted(include_deleted), **asked)

    def _check_deleted(self, include_deleted: bool) -> bool:
        return all(check_include_deleted(member.family, include_deleted) for member in self.members)
