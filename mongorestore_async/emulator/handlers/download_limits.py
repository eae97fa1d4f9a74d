"""How many downloads Atlas cloud backup prepares at a time (``restore-jobs`` section 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.documents.download_links import link_end
from mongorestore_async.emulator.world import Outcome

if TYPE_CHECKING:
    from mongorestore_async.emulator.stage import Stage
    from mongorestore_async.emulator.world import Cluster, Order

__all__ = ["refuse_download_beyond_limits"]

_PER_PROJECT = 20


def refuse_download_beyond_limits(stage: Stage, cluster: Cluster, order: Order) -> None:
    """Complain about a download of a snapshot that is downloaded already, and one too many of its project.

    Downloads of the start data do not count.

    Raises:
        Refusal: 400.

    """
    now = stage.clock.now().timestamp()
    active = [
        job
        for each in stage.world.clusters(cluster.project)
        for job in stage.world.jobs.created(each)
        if job.order.over_http and job.outcome is Outcome.DONE and now < link_end(job)
    ]
    if any(job.cluster == cluster and job.order.snapshot_id == order.snapshot_id for job in active):
        raise Refusal("CANNOT_DOWNLOAD_SNAPSHOT_CONCURRENTLY", order.snapshot_id)
    if len(active) >= _PER_PROJECT:
        raise Refusal("TOO_MANY_SNAPSHOT_DOWNLOADS", _PER_PROJECT)
