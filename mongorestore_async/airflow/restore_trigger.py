"""The trigger: restore jobs polled in the triggerer, which holds no worker slot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from mongorestore_async.airflow.restore_hook import RestoreHook
from mongorestore_async.airflow.trigger_texts import WaitResult, plain_text, read_job_texts
from mongorestore_async.errors import RestoreError
from mongorestore_async.models import PollPolicy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mongorestore_async.resources import Until
    from mongorestore_async.waiting.wait_errors import PollReport

__all__ = ["RestoreTrigger"]


class RestoreTrigger(BaseTrigger):
    """Waits until restore jobs are over, and sends one event: the text of a ``WaitResult``.

    All its arguments are text, numbers and flags, for they are stored in Airflow's database: the connection's name and
    never its keys. It cancels no restore, neither when it is killed nor in ``on_kill``, which Airflow also calls after
    a good end of a trigger that lives on: so this one returns right after its event.

    Args:
        conn_id: Name of the connection.
        jobs: References of the jobs.
        until: As for :meth:`RestoreBatch.wait`.
        poll_interval: Longest seconds between two polls of a cluster, None for the default.
        deadline: When the wait ends without a result (ISO 8601), None for never.
        accept_incomplete: As for :meth:`RestoreBatch.wait`.

    Raises:
        ConfigError: An argument that Airflow would not give back as it is.

    """

    def __init__(
        self,
        conn_id: str,
        jobs: list[str],
        until: Until | None = None,
        poll_interval: float | None = None,
        deadline: str | None = None,
        accept_incomplete: bool = False,  # noqa: FBT002 - Airflow passes all arguments by name
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyright: ignore[reportUnknownMemberType]
        self.conn_id: str = plain_text("conn_id", conn_id)
        self.jobs: list[str] = list(read_job_texts(jobs))
        self.until: Until | None = until
        self.poll_interval = poll_interval
        self.deadline: str | None = None if deadline is None else plain_text("deadline", deadline)
        self.accept_incomplete = accept_incomplete
        self._told: tuple[int, int, int] | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give what Airflow stores, to make the trigger again in another process."""
        return f"{__name__}.RestoreTrigger", {
            "conn_id": self.conn_id,
            "jobs": self.jobs,
            "until": self.until,
            "poll_interval": self.poll_interval,
            "deadline": self.deadline,
            "accept_incomplete": self.accept_incomplete,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and give the one event."""
        yield TriggerEvent((await self._wait()).to_text())  # type: ignore[no-untyped-call]

    async def _wait(self) -> WaitResult:
        try:
            async with await RestoreHook(self.conn_id).aget_conn(self._policy()) as session:
                batch = await session.batch(self.jobs)
                done = await batch.wait(
                    timeout=self._seconds_left(),
                    until=self.until,
                    on_poll=self._log_changes,
                    accept_incomplete=self.accept_incomplete,
                )
        except RestoreError as error:
            return WaitResult.of_error(error)
        return WaitResult.of_jobs(done)

    def _log_changes(self, report: PollReport) -> None:
        told = report.open, report.over, report.bad
        if told != self._told:
            self._told = told
            self.log.info("restore jobs: %s open, %s over, %s ended badly", *told)

    def _policy(self) -> PollPolicy:
        usual = PollPolicy()
        if self.poll_interval is None:
            return usual
        return PollPolicy(shortest=min(usual.shortest, self.poll_interval), longest=self.poll_interval)

    def _seconds_left(self) -> float | None:
        if self.deadline is None:
            return None
        left = datetime.fromisoformat(self.deadline) - datetime.now(UTC)
        return max(left.total_seconds(), 0.001)  # one look is made after the deadline, too
