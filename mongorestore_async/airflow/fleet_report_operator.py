"""The operator that reads one shard of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from mongorestore_async.airflow.operator_base import RestoreOperator
from mongorestore_async.airflow.trigger_texts import plain_text
from mongorestore_async.fleet.shards import FanOutPlan, run_shard

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow.sdk import BaseOperatorLink, Context

    from mongorestore_async.fleet.shards import ShardReport
    from mongorestore_async.resources import AsyncSession

__all__ = ["FleetReportOperator"]


class FleetReportOperator(RestoreOperator):
    """Reads the restore jobs of a shard, or of a whole plan, and gives the text of its report.

    Map it over the texts of ``plan.shards()``. What it gives is read with ``ShardReport.from_text()``. Running it again
    does no harm: it only reads.

    Args:
        shard: Text of a ``FanOutPlan``, templated.
        fail_on_failures: Whether a cluster that cannot be read fails the task; else it is in the report only.
        kwargs: ``conn_id``, and the arguments of every operator.

    """

    template_fields: Collection[str] = ("conn_id", "shard")
    operator_extra_links: Collection[BaseOperatorLink] = ()

    def __init__(self, *, shard: str, fail_on_failures: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shard = shard
        self.fail_on_failures = fail_on_failures

    def execute(self, context: Context) -> str:  # noqa: ARG002 - Airflow's signature
        """Read it.

        Raises:
            AirflowFailException: An error that a further try would meet again.
            AirflowException: A cluster could not be read, with ``fail_on_failures``.
            RestoreError: Any other error.

        """

        async def work(session: AsyncSession) -> ShardReport:
            return await run_shard(FanOutPlan.from_text(plain_text("a shard", self.shard)), session)

        report = self.with_session(work)
        for failure in report.failures:
            self.log.warning("%s: %s", failure.error, failure.message)
        if report.failures and self.fail_on_failures:
            raise AirflowException(f"{len(report.failures)} places of the shard could not be read: see the log")
        return report.to_text()
