"""Cloud Manager v1.0: the resources of Ops Manager on the vendor's host."""

from mongorestore_async.families.family import Family
from mongorestore_async.families.manager_paths import manager_paths
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import (
    Checkpoint,
    ClusterSnapshot,
    HttpRestore,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
)

__all__ = ["CLOUD_MANAGER"]

_CLUSTER = "/groups/{project}/clusters/{cluster}"

_CONFIG_SERVER: Family[RestoreJob] = Family(
    name="cloud-manager",
    title="Cloud Manager config server",
    api_path="/api/public/v1.0",
    job_type=RestoreJob,
    snapshot_type=ClusterSnapshot,
    **manager_paths("/groups/{project}/hosts/{host}"),
    encoding="manager",
    # Mirrored config servers are no replica set: there is no oplog to restore from, and no cluster to restore into.
    creates=frozenset({HttpRestore}),
    cluster_key="host",
    rates=(V1_PER_PROJECT,),
)

CLOUD_MANAGER: Family[RestoreJob] = Family(
    name="cloud-manager",
    title="Cloud Manager",
    api_path="/api/public/v1.0",
    job_type=RestoreJob,
    snapshot_type=ClusterSnapshot,
    **manager_paths(_CLUSTER),
    ranges_path=f"{_CLUSTER}/restoreJobs/restorableTimeRanges",
    checkpoints_path=f"{_CLUSTER}/checkpoints",
    checkpoint_path=f"{_CLUSTER}/checkpoints/{{checkpoint}}",
    hosts_path="/groups/{project}/hosts",
    cluster_key="id",
    filters=frozenset({"batchId"}),
    encoding="manager",
    creates=frozenset({HttpRestore, Snapshot, OplogTime, PointInTime, Checkpoint}),
    config_server=_CONFIG_SERVER,
    rates=(V1_PER_PROJECT,),
)
