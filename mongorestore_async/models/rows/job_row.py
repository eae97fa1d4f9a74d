"""The columns of a restore job, for all families."""

from datetime import datetime
from typing import TypedDict

__all__ = ["JobRow"]


class JobRow(TypedDict):
    """A restore job of any family as one flat row. None is what the API does not tell; there are no links or secrets.

    Text is printable: characters that could control a terminal are spelled out, and URLs are replaced.

    Attributes:
        id: Job id.
        state: Where the job stands: the value of a :class:`~mongorestore_async.JobState`.
        status: The same in the API's own word; None for Atlas cloud backup, which has none.
        ok: Whether it ended well; None before its end, and where more has to be read to know.
        delivery: Kind of delivery as the API calls it. Automated jobs of Ops Manager and Cloud Manager have ``HTTP`` as
            well; restores of collections have their write strategy.
        delivery_status: Status of the delivery; Ops Manager, Cloud Manager and Atlas legacy only.
        downloadable: Whether its archive can be fetched; None where that is not told.
        requested_at: When it was requested (UTC).
        finished_at: When it was over (UTC); Atlas only.
        expires_at: When its download is gone (UTC).
        snapshot_moment: When the restored data were current (UTC).
        snapshot_id: Snapshot restored from.
        batch_id: Batch of a sharded restore; Ops Manager, Cloud Manager and Atlas legacy only.
        target_project_id: Project of the cluster restored into; None for a download.
        target_cluster: That cluster: its id on Ops Manager and Cloud Manager, its name on Atlas.
        restored_documents: Documents restored so far; restores of collections only.
        total_documents: Documents in all, an estimate at first; restores of collections only.
        error_message: Why it failed or was cancelled; restores of collections only.
        ref: Text form of the job's reference, which finds it again: :meth:`JobRef.parse`.
        family: Name of the product family, such as ``ops-manager``.
        project_id: Project it was found in.
        cluster_id: Cluster it was found in.
        cluster_name: Name of that cluster.
        host_id: Host of a config server (SCCC) job.
        fleet: Name of the fleet it was found in; fleets only.
        project_name: Name of that project; fleets only.

    """

    id: str
    state: str
    status: str | None
    ok: bool | None
    delivery: str | None
    delivery_status: str | None
    downloadable: bool | None
    requested_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    snapshot_moment: datetime | None
    snapshot_id: str | None
    batch_id: str | None
    target_project_id: str | None
    target_cluster: str | None
    restored_documents: int | None
    total_documents: int | None
    error_message: str | None
    ref: str | None
    family: str | None
    project_id: str | None
    cluster_id: str | None
    cluster_name: str | None
    host_id: str | None
    fleet: str | None
    project_name: str | None
