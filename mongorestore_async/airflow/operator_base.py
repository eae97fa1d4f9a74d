"""What all operators share: a session for one piece of work, which errors end the task for good, the link to a job."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.xcom import XCom

from mongorestore_async.airflow.provider import DEFAULT_CONNECTION
from mongorestore_async.airflow.restore_hook import RestoreHook
from mongorestore_async.airflow.trigger_texts import is_final
from mongorestore_async.errors import RestoreError
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import JobRef
from mongorestore_async.protocol.urls import build_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from airflow.sdk import Context
    from airflow.sdk.types import TaskInstanceKey

    from mongorestore_async.resources import AsyncSession

__all__ = ["RestoreJobLink", "RestoreOperator"]

ResultT = TypeVar("ResultT")

_LINK_KEY = "restore_job_url"


class RestoreJobLink(BaseOperatorLink):
    """The button that opens the first job of a task at the API, where a browser asks for the key."""

    name = "Restore job"  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's signature
        """Give the address that the task left; empty where it left none."""
        found = XCom.get_value(ti_key=cast("Any", ti_key), key=_LINK_KEY)
        return found if isinstance(found, str) else ""


class RestoreOperator(BaseOperator):
    """Base of the operators: they run in an event loop of their own, with a session that is closed after it.

    Args:
        conn_id: Name of the connection.
        kwargs: Arguments of every operator.

    """

    template_fields: Collection[str] = ("conn_id",)
    operator_extra_links: Collection[BaseOperatorLink] = (RestoreJobLink(),)
    ui_color = "#e8f4ea"

    def __init__(self, *, conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # pyright: ignore[reportUnknownMemberType]
        self.conn_id = conn_id

    def with_session(self, work: Callable[[AsyncSession], Awaitable[ResultT]]) -> ResultT:
        """Do some work with a session.

        Raises:
            AirflowFailException: An error that a further try would meet again: bad input, a key that is not accepted.
            RestoreError: Any other error; Airflow tries again.

        """

        async def main() -> ResultT:
            async with session:
                return await work(session)

        try:
            session = RestoreHook(self.conn_id).get_conn()
            return asyncio.run(main())
        except RestoreError as error:
            if is_final(error):
                raise AirflowFailException(f"{type(error).__name__}: {error}") from error
            raise

    def offer_link(self, context: Context, jobs: Sequence[str]) -> None:
        """Leave the address of the first job for :class:`RestoreJobLink`."""
        ref = JobRef.parse(jobs[0]) if jobs else None
        if ref is None or ref.cluster is None:
            return
        family, base = FAMILIES[ref.family], RestoreHook(self.conn_id).get_conn().base_url  # no I/O, nothing to close
        path = family.api_path + family.job_path
        url = build_url(base, path, project=ref.project, cluster=ref.cluster, job=ref.job)
        instance: Any = dict(context)["ti"]
        instance.xcom_push(key=_LINK_KEY, value=str(url))
