"""The verbs that clusters and config servers share: jobs, creates, cancels, snapshots."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Generic

from mongorestore_async.codec.documents import read_job
from mongorestore_async.creating.ensure import find_existing, hold_target
from mongorestore_async.creating.restore_plan import plan_restore
from mongorestore_async.creating.start_restore import check_request, keep_requests, start_restore
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import list_jobs
from mongorestore_async.models import HttpRestore, JobRef, JobT_co
from mongorestore_async.protocol.urls import check_identifier
from mongorestore_async.resources.batch import RestoreBatch, until_of
from mongorestore_async.resources.cancelling import cancel_job
from mongorestore_async.resources.snapshots import list_snapshots, read_snapshot
from mongorestore_async.waiting.job_watch import watch_one

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from mongorestore_async.creating.restore_plan import RestorePlan
    from mongorestore_async.families import Family
    from mongorestore_async.listing.pager import Pager
    from mongorestore_async.models import RestoreRequest, SnapshotDocument, Target
    from mongorestore_async.resources.batch import Until
    from mongorestore_async.resources.snapshots import SnapshotPager
    from mongorestore_async.transport.connection import HttpSettings
    from mongorestore_async.transport.options import Options
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["ClusterBase"]


class ClusterBase(Generic[JobT_co]):
    """What restore jobs and snapshots of a project belong to: a :class:`Cluster` or a :class:`ConfigServer`.

    Attributes:
        family: The product family.
        project: Project id.

    """

    def __init__(self, view: SessionView, family: Family[JobT_co], names: dict[str, str]) -> None:
        self.family = family
        self.project: str = names["project"]
        self._view = view
        self._names = names

    @property
    def http_settings(self) -> HttpSettings:
        """How the session makes its connections; downloads make theirs the same way."""
        return self._view.transport.http_settings

    @property
    def options(self) -> Options:
        """Deadlines and limits of the session, or view of it, that this was named with."""
        return self._view.options

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """End what takes longer than a call when the session closes: for the rooms of this library, not for users."""
        return self._view.transport.while_open()

    def ref(self, job_id: str) -> JobRef:
        """Address of a job of this place, to be stored and used by another process; see :meth:`AsyncSession.batch`.

        Args:
            job_id: Id of the job.

        Returns:
            The address. ``str(ref)`` is its text.

        """
        return JobRef(family=self.family.name, job=job_id, **self._names)

    def restore_jobs(
        self,
        *,
        batch_id: str | None = None,
        items_per_page: int | None = None,
        limit: int | None = None,
        starting_at: int = 1,
        include_count: bool | None = None,
        query: Mapping[str, str | int | bool] | None = None,
    ) -> Pager[JobT_co]:
        """List all restore jobs of the cluster.

        Args:
            batch_id: Only the jobs of this batch (``batchId``; Ops Manager and Cloud Manager).
            items_per_page: Page size, 1 to 500. Unless given, 500 is asked for, or what ``limit`` needs, and 100 from
                then on where a server refuses that with a 400.
            limit: At most so many jobs in all.
            starting_at: Page to start at, from 1; or ``resume_at`` of an error, which brings its page size with it.
            include_count: Whether the server counts all jobs (``includeCount``); it does unless told otherwise.
                Without a count the list is read until an empty page.
            query: Further query parameters as the API spells them, such as ``{"backupJobsEnabledOnly": True}``.

        Returns:
            The list as a query, without any I/O. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A number out of its range, or an identifier that could change the path.
            Unsupported: ``batch_id`` for a family whose lists have no such filter.

        """
        asked = ListQuery(
            items_per_page=items_per_page,
            limit=limit,
            starting_at=starting_at,
            include_count=include_count,
            extra=query,
        )
        return list_jobs(self._view, self.family, self._names, asked, batch_id=batch_id)

    async def restore_job(self, job_id: str) -> JobT_co:
        """Read one restore job.

        Args:
            job_id: Id of the job.

        Returns:
            The job as it is now.

        Raises:
            NotFound: No such job, cluster or project; a malformed id is answered the same way.
            DataError: The answer is no restore job, or another one.

        """
        names = {**self._names, "job": job_id}
        read = partial(read_job, self.family, **names)
        return await self._view.read("GET", self.family.job_path, read, family=self.family, names=names)

    async def create_restore_job(
        self,
        request: RestoreRequest,
        *,
        precheck: bool = False,
        overwrite: Target | None = None,
    ) -> RestoreBatch[JobT_co]:
        """Start a restore. An automated restore first removes all data of its target; see also :class:`WriteStrategy`.

        Rules that need no I/O are checked first. Then the job list is read once, to log in and to note what was there,
        and the request is sent once: again only where the server certainly did not act on it (a login challenge, a
        connection never made, a rate limit). If the task is cancelled after it may have been sent, the outcome is open
        as after ``MaybeCreated``: see :attr:`AsyncSession.open_creates`. Restores that run already are ignored: see
        :meth:`ensure_restore`.

        Args:
            request: What to restore and where to.
            precheck: Whether to check the snapshot and the target before: see :meth:`dry_run`.
            overwrite: The target of the request once more, where ``Options.guard`` protects it.

        Returns:
            The jobs that were started, one or one for each shard and the config servers.

        Raises:
            ConfigError: The request breaks a rule, such as a point in time older than 24 hours.
            Unsupported: The family does not take this kind of request.
            ProtectedTarget: The guard protects the target, or what it is could not be read; nothing was started.
            NotRestorable: The pre-check failed; nothing was started.
            MaybeCreated: The request may have been taken: its answer was lost, or is none of the API: ``reconcile()``.
            BadRequest: The server refused it; nothing was started.
            Conflict: The state of snapshot, cluster or a restore forbids it; nothing was started.
            Forbidden: No rights, or this address is not on the API access list; nothing was started.

        """
        check_request(self._view, self, request, overwrite)
        if isinstance(request, HttpRestore):
            return await self._start(request, precheck, overwrite)
        # An ensure_restore() for the same target waits until it is known what this one started.
        async with hold_target(self._view, self, request):
            return await self._start(request, precheck, overwrite)

    async def ensure_restore(
        self,
        request: RestoreRequest,
        *,
        precheck: bool = False,
        overwrite: Target | None = None,
    ) -> RestoreBatch[JobT_co]:
        """Start a restore unless the same one is running: same snapshot (or moment, or checkpoint) and target.

        Collection restores are the same if names, strategies and suffixes are the same, in any order. The job lists of
        this cluster and of the target are read whole; restores that are over do not count. In a session and its views
        one call at a time looks and starts for each target (for a download, for each request), plain creates included;
        the others wait, and get the restore that the first one started. Sessions and processes do not know of each
        other, and the API cannot prevent two of them from starting the same restore.

        A target that is being restored from something else is refused. Jobs of Ops Manager, Cloud Manager and Atlas
        legacy often do not show their target, and never the moment they restore to: one that runs, that this session
        did not start, and that may be this restore or go to the target, is an error as well. Restores from other
        clusters are in the lists of those: only those that this session started are known.

        Args:
            request: As for :meth:`create_restore_job`.
            precheck: Whether to check the snapshot and the target before.
            overwrite: The target of the request once more, where ``Options.guard`` protects it.

        Returns:
            What was started; or what was found, all jobs of its batch, with ``existing`` set.

        Raises:
            NotUnique: A running job may be this restore, or several are; the message names them, as the next one.
            NotRestorable: The target is being restored from something else, or may be.
            RestoreError: As for :meth:`create_restore_job`.

        """
        check_request(self._view, self, request, overwrite)
        target = None if isinstance(request, HttpRestore) else self._cluster(request.target)
        async with hold_target(self._view, self, request) as begun:
            jobs = await find_existing(self._view, self, request, target=target, begun=begun)
            if jobs is not None:
                keep_requests(jobs, request)
                return RestoreBatch(jobs, sources=(self,), until=until_of(request), existing=True)
            return await self._start(request, precheck, overwrite)

    async def dry_run(
        self,
        request: RestoreRequest,
        *,
        precheck: bool = False,
        overwrite: Target | None = None,
    ) -> RestorePlan:
        """Show what :meth:`create_restore_job` would send, and send nothing.

        Args:
            request: What to restore and where to.
            precheck: Whether to read snapshot and target, and to compare them by the vendor's rules (topology,
                versions, backup, dates) and by the guard, under any id. What the API does not show is not checked.
            overwrite: As for :meth:`create_restore_job`.

        Returns:
            Method, URL, body, and the reasons why it would fail; a protected target is one of them.

        Raises:
            ConfigError: The request breaks a rule, or the family does not take it.
            NotFound: The pre-check found no such snapshot or checkpoint.

        """
        return await plan_restore(self._view, self, self._names, request, precheck=precheck, overwrite=overwrite)

    def watch_restore_job(
        self,
        job_id: str,
        *,
        timeout: timedelta | float | None = None,
        until: Until | None = None,
        accept_incomplete: bool = False,
    ) -> AsyncIterator[JobT_co]:
        """Give one job as it is now and again at each change of its state, until it is over.

        A new status of its delivery is a change of its state as well, though ``job.state`` may be the same.
        A cancelled ``anext`` of what this returns loses no change: the next one continues the wait.
        Other jobs of its batch are not polled: to know how that ends, watch or wait for the batch.

        Args:
            job_id: Id of the job.
            timeout: Seconds for all of it, None for no end.
            until: As for :meth:`RestoreBatch.wait`; ``"finished"`` unless given.
            accept_incomplete: As for :meth:`RestoreBatch.wait`.

        Returns:
            An iterator over the states of the job.

        Raises:
            RestoreFailed: It ended badly; raised after its last change was given.
            JobVanished: It was there and can no longer be found, so its outcome is unknown.
            WaitTimeout: The time passed; the restore keeps running.
            ConfigError: A bad argument, or the job can never reach ``until``.
            RestoreError: As :meth:`RestoreBatch.wait`.

        """
        checked = check_identifier("restore job id", job_id)
        return watch_one(self, checked, timeout, until or "finished", accept_incomplete=accept_incomplete)

    async def cancel_restore_job(self, job_id: str) -> None:
        """Cancel a restore job: Atlas cloud backup only, and there only jobs of downloads ("Cancel").

        A job that is gone, or cancelled already, when a broken cancel is sent again counts as cancelled.

        Args:
            job_id: Id of the job.

        Raises:
            Unsupported: The family has no such verb; nothing is sent.
            BadRequest: An automated restore (``CANNOT_CANCEL_AUTOMATED_RESTORE``).
            ApiError: 405 for a part of the restore of a sharded cluster.

        """
        await cancel_job(self._view, self, self._names, job_id)

    def snapshots(
        self,
        *,
        sharded: bool = False,
        completed: str | None = None,
        items_per_page: int | None = None,
        limit: int | None = None,
        query: Mapping[str, str | int | bool] | None = None,
    ) -> SnapshotPager:
        """List the snapshots of this place ("Snapshots").

        Args:
            sharded: On Atlas cloud backup the snapshots of a sharded cluster are another list: whether to read it.
            completed: ``"true"`` (the server's default), ``"false"`` or ``"all"``; Ops Manager, Cloud Manager and
                Atlas legacy only.
            items_per_page: As for :meth:`restore_jobs`.
            limit: As for :meth:`restore_jobs`.
            query: Further query parameters, such as ``{"pointInTimeUtcSeconds": 1700000000}`` on Atlas v2.

        Returns:
            The list as a query, which can also choose one with :meth:`SnapshotPager.latest_restorable`.

        Raises:
            ConfigError: A value out of its range.
            Unsupported: ``sharded`` or ``completed`` for a family that has no such list or filter.

        """
        asked = ListQuery(items_per_page=items_per_page, limit=limit, extra=query)
        return list_snapshots(self._view, self.family, self._names, asked, sharded=sharded, completed=completed)

    async def snapshot(self, snapshot_id: str, *, sharded: bool = False) -> SnapshotDocument:
        """Read one snapshot.

        Args:
            snapshot_id: Id of the snapshot.
            sharded: Whether it is in the list of a sharded cluster: see :meth:`snapshots`.

        Returns:
            The snapshot.

        Raises:
            NotFound: No such snapshot.
            DataError: The answer is no snapshot, or another one.
            Unsupported: ``sharded`` for a family that has no such list.

        """
        return await read_snapshot(self._view, self.family, {**self._names, "snapshot": snapshot_id}, sharded=sharded)

    def _cluster(self, _target: Target) -> ClusterBase[JobT_co] | None:
        """Name a target as a place with jobs of its own; None where this family has none."""
        return None

    async def _start(self, request: RestoreRequest, precheck: bool, overwrite: Target | None) -> RestoreBatch[JobT_co]:
        own = partial(RestoreBatch[JobT_co], sources=(self,), until=until_of(request))
        return await start_restore(self._view, self, self._names, request, own, precheck, overwrite)
