"""A cluster and its restore jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from mongorestore_async.errors import DataError, RestoreError, Unsupported
from mongorestore_async.models import JobT
from mongorestore_async.protocol.documents import load_job, read_created, read_ids, read_jobs
from mongorestore_async.protocol.encoders import encode_request
from mongorestore_async.protocol.identifiers import check_identifier
from mongorestore_async.resources.caller import blame
from mongorestore_async.resources.creation import create_once
from mongorestore_async.resources.listing import ListQuery, ListSource
from mongorestore_async.resources.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.models import AutomatedRestore, HttpRestore
    from mongorestore_async.resources.batch import RestoreBatch
    from mongorestore_async.resources.caller import Caller

__all__ = ["Cluster"]


class Cluster(Generic[JobT]):
    """A cluster of a project: where its restore jobs are listed and created.

    Made by :meth:`Project.cluster`; making one does no I/O.

    Attributes:
        family: The product family.
        project: Project id.
        cluster: Cluster id (Ops Manager, Cloud Manager) or name (Atlas).

    """

    def __init__(self, caller: Caller, family: Family[JobT], project: str, cluster: str) -> None:
        self.family = family
        self.project = project
        self.cluster = cluster
        self._caller = caller
        check_identifier(f"cluster {family.cluster_key}", cluster)

    def __repr__(self) -> str:
        return f"<Cluster {self.family.name} {self.project}/{self.cluster}>"

    def restore_jobs(
        self,
        *,
        batch_id: str | None = None,
        items_per_page: int | None = None,
        limit: int | None = None,
        starting_at: int = 1,
        include_count: bool | None = None,
        query: Mapping[str, str | int | bool] | None = None,
        envelope: bool | None = None,
        pretty: bool | None = None,
    ) -> Pager[JobT]:
        """List all restore jobs of the cluster.

        Does no I/O itself: iterate the pager, or await it for its first page.

        Args:
            batch_id: Only the jobs of this batch (``batchId``; Ops Manager and Cloud Manager).
            items_per_page: Page size, 1 to 500. Unless given, 500 is asked for, and 100 from then on where a
                server refuses that with a 400.
            limit: At most so many jobs in all.
            starting_at: Page to start at, from 1.
            include_count: Whether the server counts all jobs (``includeCount``); it does unless told otherwise.
                Without a count a walk goes on until an empty page.
            query: Further query parameters as the API spells them, such as ``{"backupJobsEnabledOnly": True}``.
            envelope: Overrides the session's flag.
            pretty: Overrides the session's flag.

        Raises:
            ConfigError: A number out of its range, or an identifier that could change the path.
            Unsupported: ``batch_id`` for a family whose lists have no such filter.

        """
        filters: dict[str, str] = {}
        if batch_id is not None:
            if "batchId" not in self.family.filters:
                raise Unsupported(f"{self.family.title} lists have no batch filter; leave batch_id out")
            filters["batchId"] = check_identifier("batch id", batch_id)
        return Pager(
            ListSource(
                caller=self._caller,
                family=self.family,
                path=self.family.jobs_path,
                names=self._names,
                read=lambda results: read_jobs(self.family, results, project=self.project, cluster=self.cluster),
                identify=lambda job: job.id,
            ),
            ListQuery(
                items_per_page=items_per_page,
                limit=limit,
                starting_at=starting_at,
                include_count=include_count,
                filters=filters,
                extra={} if query is None else query,
                envelope=envelope,
                pretty=pretty,
            ),
        )

    async def restore_job(self, job_id: str, *, envelope: bool | None = None, pretty: bool | None = None) -> JobT:
        """Read one restore job.

        Args:
            job_id: Id of the job; which job the server answers with is not checked.
            envelope: Overrides the session's flag.
            pretty: Overrides the session's flag.

        Raises:
            NotFound: No such job, cluster or project; a malformed id is answered the same way.
            DataError: The answer is no restore job.

        """
        reply = await self._caller.call(
            "GET",
            self.family.job_path,
            family=self.family,
            names={**self._names, "job": job_id},
            envelope=envelope,
            pretty=pretty,
        )
        try:
            return load_job(self.family, reply.document, project=self.project, cluster=self.cluster)
        except RestoreError as error:
            blame(error, reply)
            raise

    async def create_restore_job(
        self,
        request: HttpRestore | AutomatedRestore,
        *,
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
            envelope: Overrides the session's flag.
            pretty: Overrides the session's flag.

        Raises:
            ConfigError: The request breaks a rule, such as a point in time older than 24 hours.
            Unsupported: The family does not take this kind of request.
            MaybeCreated: The request may have been taken, the answer was lost: ask its ``reconcile()``.
            BadRequest: The server refused it; nothing was started.
            Conflict: As above: snapshot, cluster or a running restore stand against it.
            Forbidden: As above: no rights, or this address is not on the API access list.

        """
        path = self.family.create_path
        if path is None:
            raise Unsupported(f"restore jobs of {self.family.title} cannot be created with this version")
        body = encode_request(self.family, request, now=self._caller.now())

        async def send() -> tuple[JobT, ...]:
            reply = await self._caller.call(
                "POST", path, family=self.family, names=self._names, body=body, envelope=envelope, pretty=pretty
            )
            try:
                return read_created(self.family, reply.document, project=self.project, cluster=self.cluster)
            except DataError as error:
                blame(error, reply)
                raise

        return await create_once(self._job_ids, self.restore_jobs, request, send)

    async def cancel_restore_job(self, job_id: str) -> None:
        """Cancel a restore job.

        Raises:
            Unsupported: The family has no such verb; nothing is sent.

        """
        raise Unsupported(f"restore job {job_id!r} cannot be cancelled: {self.family.title} has no such call here")

    def _job_ids(self) -> Pager[str]:
        return Pager(
            ListSource(
                caller=self._caller,
                family=self.family,
                path=self.family.jobs_path,
                names=self._names,
                read=read_ids,
                identify=str,
            ),
            ListQuery(),
        )

    @property
    def _names(self) -> dict[str, str]:
        return {"project": self.project, "cluster": self.cluster}
