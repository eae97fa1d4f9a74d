"""The operator that waits: it defers, so it holds no worker slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from mongorestore_async.airflow.operator_base import RestoreOperator
from mongorestore_async.airflow.restore_trigger import RestoreTrigger
from mongorestore_async.airflow.trigger_texts import WaitResult, plain_text, read_job_texts
from mongorestore_async.errors import ConfigError
from mongorestore_async.models.validators import require_flag, require_seconds, seconds_of
from mongorestore_async.waiting.end_rules import check_until

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow.sdk import Context

    from mongorestore_async.resources import Until

__all__ = ["WaitForRestoreOperator"]

#: Airflow ends a deferral by itself so long after the deadline: for a triggerer that does not come back.
_MARGIN = timedelta(minutes=10)


class WaitForRestoreOperator(RestoreOperator):
    """Waits until restore jobs are over, and gives their references; cancelling it cancels no restore.

    It waits in the triggerer and holds no worker slot. Airflow spends seconds for each task, so give one task the jobs
    of many restores, 100 to 500 of them.

    Args:
        jobs: References of jobs, templated: text, or a list of text.
        until: As for :meth:`RestoreBatch.wait`: ``"finished"`` or ``"downloadable"``. Jobs of Ops Manager and Cloud
            Manager mostly do not tell themselves.
        wait_timeout: For all of it, None for no end. The restores keep running, and a further try waits anew.
        poll_interval: Longest seconds between two polls of a cluster, None for the default.
        accept_incomplete: As for :meth:`RestoreBatch.wait`.
        kwargs: ``conn_id``, and the arguments of every operator.

    """

    template_fields: Collection[str] = ("conn_id", "jobs")

    def __init__(
        self,
        *,
        jobs: Any,
        until: Until | None = None,
        wait_timeout: timedelta | float | None = None,
        poll_interval: float | None = None,
        accept_incomplete: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.jobs = jobs
        self.until: Until | None = until
        self.wait_timeout = wait_timeout
        self.poll_interval = poll_interval
        self.accept_incomplete = accept_incomplete

    def execute(self, context: Context) -> list[str]:  # noqa: ARG002 - Airflow's signature
        """Defer; without jobs, end at once.

        Raises:
            AirflowFailException: An argument that cannot be stored, or makes no sense.

        """
        try:
            trigger, timeout = self._trigger()
        except ConfigError as error:
            raise AirflowFailException(str(error)) from error
        if trigger.jobs:
            self.defer(trigger=trigger, method_name=self.execute_complete.__name__, timeout=timeout)
        return []

    def execute_complete(self, context: Context, event: object = None) -> list[str]:
        """Read the event of the trigger.

        Raises:
            AirflowFailException: A restore failed, or another error that a further try would meet again.
            AirflowException: Any other error of the wait.

        """
        try:
            result = WaitResult.from_text(event)
        except ConfigError as error:
            raise AirflowException(str(error)) from error
        for job, state in result.states.items():
            self.log.info("%s: %s", job, state)
        jobs = list(result.states)
        self.offer_link(context, jobs)
        if result.problem is not None:
            raised = AirflowFailException if result.final else AirflowException
            raise raised(f"{result.kind}: {result.problem}")
        return jobs

    def _trigger(self) -> tuple[RestoreTrigger, timedelta | None]:
        # Everything is checked here: what does not fit would fail in the triggerer only, with an error that hides why.
        if self.until is not None:
            check_until(plain_text("until", self.until))
        interval = None if self.poll_interval is None else float(require_seconds("poll_interval", self.poll_interval))
        seconds = seconds_of(self.wait_timeout)
        ends = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
        trigger = RestoreTrigger(
            conn_id=plain_text("conn_id", self.conn_id),
            jobs=list(read_job_texts(self.jobs)),
            until=self.until,
            poll_interval=interval,
            deadline=None if ends is None else ends.isoformat(),
            accept_incomplete=require_flag("accept_incomplete", self.accept_incomplete),
        )
        return trigger, None if seconds is None else timedelta(seconds=seconds) + _MARGIN
