"""The operator that lists restore jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.airflow.operator_base import RestoreOperator
from mongorestore_async.airflow.restore_orders import read_place
from mongorestore_async.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from airflow.sdk import BaseOperatorLink, Context

    from mongorestore_async.models import JobDocument
    from mongorestore_async.resources import AsyncSession

__all__ = ["ListRestoreJobsOperator"]


class ListRestoreJobsOperator(RestoreOperator):
    """Lists the restore jobs of a cluster: a dictionary of text and numbers for each, without secrets.

    Args:
        cluster: ``family/project/cluster``, templated.
        states: Only jobs in these states, such as ``["FAILED"]``; None for all.
        limit: At most so many of the list, None for all.
        kwargs: ``conn_id``, and the arguments of every operator.

    """

    template_fields: Collection[str] = ("conn_id", "cluster", "states")
    operator_extra_links: Collection[BaseOperatorLink] = ()

    def __init__(
        self, *, cluster: str, states: Sequence[str] | None = None, limit: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cluster = cluster
        self.states = states
        self.limit = limit

    def execute(self, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002 - Airflow's signature
        """List them.

        Raises:
            AirflowFailException: An error that a further try would meet again.
            RestoreError: Any other error.

        """

        async def work(session: AsyncSession) -> list[dict[str, Any]]:
            place = read_place(self.cluster)
            cluster = session.project(place.project, FAMILIES[place.family]).cluster(str(place.cluster))
            jobs = await cluster.restore_jobs(limit=self.limit).collect()
            return [_told(job) for job in jobs if self.states is None or str(job.state) in self.states]

        return self.with_session(work)


def _told(job: JobDocument) -> dict[str, Any]:
    moments = {"requested_at": job.requested_at, "finished_at": job.finished_at, "expires_at": job.expires_at}
    return {
        "ref": str(job.ref),
        "state": str(job.state),
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
        "downloadable": job.downloadable,
    }
