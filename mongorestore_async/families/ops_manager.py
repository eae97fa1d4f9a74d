"""Ops Manager v1.0: the vendor's server on the user's own host, over http or https, on any port."""

from mongorestore_async.families.family import Family, manager_paths
from mongorestore_async.models import (
    Checkpoint,
    ClusterSnapshot,
    HttpRestore,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
)

__all__ = ["OPS_MANAGER", "OPS_MANAGER_CONFIG_SERVER"]

_CLUSTER = "/groups/{project}/clusters/{cluster}"

#: One config server host that is no member of a replica set (SCCC).
OPS_MANAGER_CONFIG_SERVER: Family[RestoreJob] = Family(
    name="ops-manager",
    title="Ops Manager config server",
    api_path="/api/public/v1.0",
    job_type=RestoreJob,
    snapshot_type=ClusterSnapshot,
    **manager_paths("/groups/{project}/hosts/{host}"),
    encoding="manager",
    # Mirrored config servers are no replica set: there is no oplog to restore from, and no cluster to restore into.
    creates=frozenset({HttpRestore}),
    cluster_key="host",
    has_public_host=False,
    has_service_accounts=False,
)

OPS_MANAGER: Family[RestoreJob] = Family(
    name="ops-manager",
    title="Ops Manager",
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
    # Its create page has no checkpoint variant today, older ones had: it is sent, and the server decides.
    creates=frozenset({HttpRestore, Snapshot, OplogTime, PointInTime, Checkpoint}),
    config_server=OPS_MANAGER_CONFIG_SERVER,
    has_public_host=False,
    has_service_accounts=False,
)
