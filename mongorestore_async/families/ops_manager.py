"""Ops Manager v1.0: the vendor's server on the user's own host, over http or https, on any port."""

from mongorestore_async.families.family import Family
from mongorestore_async.models import Checkpoint, HttpRestore, OplogTime, PointInTime, RestoreJob, Snapshot

__all__ = ["OPS_MANAGER"]

OPS_MANAGER: Family[RestoreJob] = Family(
    name="ops-manager",
    title="Ops Manager",
    api_path="/api/public/v1.0",
    job_type=RestoreJob,
    jobs_path="/groups/{project}/clusters/{cluster}/restoreJobs",
    job_path="/groups/{project}/clusters/{cluster}/restoreJobs/{job}",
    create_path="/groups/{project}/clusters/{cluster}/restoreJobs",
    cluster_key="id",
    filters=frozenset({"batchId"}),
    # Its create page has no checkpoint variant today, older ones had: it is sent, and the server decides.
    creates=frozenset({HttpRestore, Snapshot, OplogTime, PointInTime, Checkpoint}),
    has_public_host=False,
    has_service_accounts=False,
)
