"""Cloud Manager v1.0: the resources of Ops Manager on the vendor's host."""

from mongorestore_async.families.family import Family
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import Checkpoint, HttpRestore, OplogTime, PointInTime, RestoreJob, Snapshot

__all__ = ["CLOUD_MANAGER"]

CLOUD_MANAGER: Family[RestoreJob] = Family(
    name="cloud-manager",
    title="Cloud Manager",
    api_path="/api/public/v1.0",
    job_type=RestoreJob,
    jobs_path="/groups/{project}/clusters/{cluster}/restoreJobs",
    job_path="/groups/{project}/clusters/{cluster}/restoreJobs/{job}",
    create_path="/groups/{project}/clusters/{cluster}/restoreJobs",
    cluster_key="id",
    filters=frozenset({"batchId"}),
    creates=frozenset({HttpRestore, Snapshot, OplogTime, PointInTime, Checkpoint}),
    rates=(V1_PER_PROJECT,),
)
