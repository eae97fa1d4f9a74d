"""Reading the restore jobs of a cluster or a config server."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from mongorestore_async.codec.documents import load_job, read_ids, read_jobs
from mongorestore_async.errors import Hint, HintKind, RestoreError, Unsupported
from mongorestore_async.listing.page_reader import ListQuery, ListSource
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import JobT
from mongorestore_async.protocol.identifiers import check_identifier
from mongorestore_async.resources.place import Place
from mongorestore_async.transport.session_view import attach_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.transport import HttpSettings, Options

__all__ = ["JobReader"]


class JobReader(Place[JobT]):
    """A place of a project with its restore jobs: what :class:`RestoreSource` reads."""

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
                raise Unsupported(
                    f"{self.family.title} lists have no batch filter",
                    hint=Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"}),
                )
            filters["batchId"] = check_identifier("batch id", batch_id)
        return Pager(
            ListSource(
                view=self._view,
                family=self.family,
                path=self.family.jobs_path,
                names=self._names,
                read=lambda results: read_jobs(self.family, results, **self._names),
                identify=attrgetter("id"),
                packed=True,
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

    @property
    def http_settings(self) -> HttpSettings:
        """How the session makes its connections; downloads make theirs the same way."""
        return self._view.transport.http_settings

    @property
    def options(self) -> Options:
        """Deadlines and limits of the session, or view of it, that this was named with."""
        return self._view.options

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
        reply = await self._view.call(
            "GET",
            self.family.job_path,
            family=self.family,
            names={**self._names, "job": job_id},
            envelope=envelope,
            pretty=pretty,
        )
        try:
            return load_job(self.family, reply.document, **self._names)
        except RestoreError as error:
            attach_request(error, reply)
            raise

    def _job_ids(self) -> Pager[str]:
        return Pager(
            ListSource(
                view=self._view,
                family=self.family,
                path=self.family.jobs_path,
                names=self._names,
                read=read_ids,
                identify=str,
            ),
            ListQuery(),
        )
