"""What restore jobs belong to: the verbs that clusters and config servers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.codec.documents import read_created
from mongorestore_async.errors import (
    ApiError,
    DataError,
    Forbidden,
    RestoreError,
    Unsupported,
)
from mongorestore_async.models import HttpRestore, JobState, JobT
from mongorestore_async.protocol.identifiers import check_identifier
from mongorestore_async.resources.jobs import JobReader
from mongorestore_async.transport.session_view import attach_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta

    from mongorestore_async.creating.restore_plan import RestorePlan
    from mongorestore_async.models import AutomatedRestore, Target
    from mongorestore_async.resources.batch import RestoreBatch, Until

__all__ = ["RestoreSource"]


class RestoreSource(JobReader[JobT]):
    """A place of a project that restore jobs belong to: a :class:`Cluster` or a :class:`ConfigServer`.

    Attributes:
        family: The product family.
        project: Project id.

    """

    async def create_restore_job(
        self,
        request: HttpRestore | AutomatedRestore,
        *,
        precheck: bool = False,
        overwrite: Target | None = None,
        envelope: bool | None = None,
        pretty: bool | None = None,
    ) -> RestoreBatch[JobT]:
        """Start a restore. An automated restore first removes all data of its target.

        Every rule that needs no I/O is checked before anything is sent. Then the job list is read once, which
        warms the login and remembers what was there, and the request travels once: it is sent again only where
        the server certainly did not act on it (a challenge of the login, a connection never made, a rate limit).

        When the task is cancelled meanwhile, the outcome is as open as after ``MaybeCreated``.

        Args:
            request: What to restore and where to.
            precheck: Whether to look at the snapshot and the target before: see :meth:`dry_run`.
            overwrite: The target of the request once more, where ``Options.guard`` protects it.
            envelope: Overrides the session's flag.
            pretty: Overrides the session's flag.

        Raises:
            ConfigError: The request breaks a rule, such as a point in time older than 24 hours.
            Unsupported: The family does not take this kind of request.
            ProtectedTarget: The guard protects the target; nothing was sent.
            NotRestorable: The pre-check says no; nothing was started.
            MaybeCreated: The request may have been taken, the answer was lost: ask its ``reconcile()``.
            BadRequest: The server refused it; nothing was started.
            Conflict: As above: snapshot, cluster or a running restore stand against it.
            Forbidden: As above: no rights, or this address is not on the API access list.

        """
        from mongorestore_async.codec.request_bodies import create_path, encode_request
        from mongorestore_async.creating.create import create_once
        from mongorestore_async.creating.restore_plan import refuse_protected, require_restorable
        from mongorestore_async.resources.batch import RestoreBatch

        body = encode_request(self.family, request, now=self._view.now())
        path = create_path(self.family, request)
        refuse_protected(self._view, self, request, overwrite)
        if precheck:
            await require_restorable(self._view, self, request)

        async def send() -> tuple[JobT, ...]:
            reply = await self._view.call(
                "POST", path, family=self.family, names=self._names, body=body, envelope=envelope, pretty=pretty
            )
            try:
                return read_created(self.family, reply.document, **self._names)
            except DataError as error:
                attach_request(error, reply)
                raise

        def own(jobs: tuple[JobT, ...]) -> RestoreBatch[JobT]:
            return RestoreBatch(jobs, sources=(self,), until=_until(request))

        return await create_once(self.family, self._job_ids, self.restore_jobs, request, send, own)

    async def ensure_restore(
        self,
        request: HttpRestore | AutomatedRestore,
        *,
        precheck: bool = False,
        overwrite: Target | None = None,
        envelope: bool | None = None,
        pretty: bool | None = None,
    ) -> RestoreBatch[JobT]:
        """Start a restore unless the same one is under way: same snapshot (or moment, or checkpoint) and target.

        The whole job list is read. Between that look and the create somebody else may start the same restore: the
        API has no way to rule that out. Jobs that are over, well or badly, do not count.

        Jobs of Ops Manager, Cloud Manager and Atlas legacy often do not tell their target and never the moment they
        go to; one of those that may be the same is an error rather than a second restore that wipes the target.

        Args:
            request: As for :meth:`create_restore_job`.
            precheck: As there.
            overwrite: As there.
            envelope: As there.
            pretty: As there.

        Returns:
            What was started; or what was found, all jobs of its batch, with ``existing`` set.

        Raises:
            NotUnique: A job that may be this restore, or several that are, are under way; the message names them.
            RestoreError: As for :meth:`create_restore_job`.

        """
        from mongorestore_async.codec.request_bodies import encode_request
        from mongorestore_async.creating.restore_plan import refuse_protected, running_restore
        from mongorestore_async.resources.batch import RestoreBatch

        encode_request(self.family, request, now=self._view.now())
        refuse_protected(self._view, self, request, overwrite)
        listed = await self.restore_jobs(envelope=envelope, pretty=pretty).collect()
        jobs = running_restore(self.family, request, listed)
        if jobs is not None:
            return RestoreBatch(jobs, sources=(self,), until=_until(request), existing=True)
        return await self.create_restore_job(
            request, precheck=precheck, overwrite=overwrite, envelope=envelope, pretty=pretty
        )

    async def dry_run(
        self,
        request: HttpRestore | AutomatedRestore,
        *,
        precheck: bool = False,
        overwrite: Target | None = None,
    ) -> RestorePlan:
        """Show what :meth:`create_restore_job` would send, and send nothing.

        Args:
            request: What to restore and where to.
            precheck: Whether to read the snapshot and the target, and to compare them by the vendor's rules: is the
                snapshot complete and kept long enough, do topology and versions fit, has the target a backup. What
                the API does not tell is not checked.
            overwrite: As for :meth:`create_restore_job`.

        Returns:
            Method, URL, body, and what stands against it: a protected target too is a finding here.

        Raises:
            ConfigError: The request breaks a rule, or the family does not take it.
            NotFound: The pre-check found no such snapshot or checkpoint.

        """
        from mongorestore_async.creating.restore_plan import plan_restore

        return await plan_restore(self._view, self, self._names, request, precheck=precheck, overwrite=overwrite)

    def watch_restore_job(
        self, job_id: str, *, timeout: timedelta | float | None = None, until: Until | None = None
    ) -> AsyncIterator[JobT]:
        """Give one job as it is now and again at each change of its state, until it is over.

        Other jobs of its batch are not looked at: to know how the restore of a sharded cluster ends, watch or wait
        for the batch.

        Args:
            job_id: Id of the job.
            timeout: Seconds for all of it, None for no end.
            until: As for :meth:`RestoreBatch.wait`; ``"finished"`` unless given.

        Raises:
            RestoreFailed: It ended badly, or is gone; raised after its last change was given.
            WaitTimeout: The time passed; the restore goes on.
            ConfigError: A bad argument, or ``until`` will never come.
            RestoreError: As :meth:`RestoreBatch.wait`.

        """
        from mongorestore_async.waiting.waiter import watch_one

        return watch_one(self, check_identifier("restore job id", job_id), timeout, until or "finished")

    async def cancel_restore_job(self, job_id: str) -> None:
        """Cancel a restore job: Atlas cloud backup only, and there only jobs of downloads ("Cancel").

        A job that is gone, or cancelled already, when a broken cancel is sent again counts as cancelled.

        Raises:
            Unsupported: The family has no such verb; nothing is sent.
            BadRequest: An automated restore (``CANNOT_CANCEL_AUTOMATED_RESTORE``).
            ApiError: 405 for a part of the restore of a sharded cluster.

        """
        if self.family.cancel_path is None:
            raise Unsupported(f"restore job {job_id!r} cannot be cancelled: {self.family.title} has no such call")
        try:
            await self._view.call(
                "DELETE", self.family.cancel_path, family=self.family, names={**self._names, "job": job_id}
            )
        except ApiError as error:
            if not (error.request is not None and error.request.in_doubt and await self._is_cancelled(job_id, error)):
                raise

    async def _is_cancelled(self, job_id: str, error: ApiError) -> bool:
        """Whether an earlier try of a cancel had its effect although its answer was lost."""
        if error.status == 404:  # noqa: PLR2004
            return True
        if error.transient or isinstance(error, Forbidden):
            return False
        try:
            return (await self.restore_job(job_id)).state is JobState.CANCELLED
        except RestoreError:
            return False


def _until(request: HttpRestore | AutomatedRestore) -> Until:
    return "downloadable" if isinstance(request, HttpRestore) else "finished"
