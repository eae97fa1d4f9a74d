"""The operator that starts restores, each of them once for all tries of its task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from mongorestore_async.airflow.noted_creates import start_noted
from mongorestore_async.airflow.operator_base import RestoreOperator
from mongorestore_async.airflow.restore_orders import read_orders
from mongorestore_async.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow.sdk import Context

    from mongorestore_async.airflow.restore_orders import RestoreOrder
    from mongorestore_async.resources import AsyncSession, Cluster

__all__ = ["CreateRestoreOperator"]


class CreateRestoreOperator(RestoreOperator):
    """Starts restores, one after the other, and gives the references of their jobs.

    A task that is tried again first finds what its earlier tries started, in the state that Airflow keeps for its tries
    and in the job list, and never starts a restore twice. Where the list cannot tell whether an earlier try's request
    was taken, the task fails and sends nothing; its further tries only look again.

    Args:
        restores: One order or a list of them, templated: dictionaries with the members of
            :class:`~mongorestore_async.airflow.restore_orders.RestoreOrder`.
        precheck: Whether to check snapshot and target before each create.
        if_unknown: ``"start"`` starts a restore anew where no job of an earlier request is listed within the grace of
            the poll policy, instead of failing. A restore into a cluster may then run twice.
        kwargs: ``conn_id``, and the arguments of every operator.

    """

    template_fields: Collection[str] = ("conn_id", "restores")

    def __init__(
        self,
        *,
        restores: Any,
        precheck: bool = False,
        if_unknown: Literal["fail", "start"] = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.restores = restores
        self.precheck = precheck
        self.if_unknown = if_unknown

    def execute(self, context: Context) -> list[str]:
        """Start them; what was started before an error is found again by the next try.

        Raises:
            AirflowFailException: An error that a further try would meet again.
            RestoreError: Any other error.

        """
        state: Any = dict(context)["task_state_store"]

        async def work(session: AsyncSession) -> list[str]:
            orders = read_orders(self._orders())
            jobs: list[str] = []
            for order in orders:
                cluster = _cluster(session, order)
                jobs += await start_noted(state, cluster, order, precheck=self.precheck, if_unknown=self.if_unknown)
                self.log.info("restore %s of %s: %s", len(jobs), len(orders), jobs[-1])
            return jobs

        jobs = self.with_session(work)
        self.offer_link(context, jobs)
        return jobs

    def _orders(self) -> object:
        # What a mapped task gave is a sequence of Airflow's own.
        return list(self.restores) if _is_listed(self.restores) else self.restores


def _is_listed(found: object) -> bool:
    return isinstance(found, Iterable) and not isinstance(found, (str, dict))


def _cluster(session: AsyncSession, order: RestoreOrder) -> Cluster[Any]:
    place = order.place
    return session.project(place.project, FAMILIES[place.family]).cluster(str(place.cluster))
