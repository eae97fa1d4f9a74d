"""Atlas legacy backup: the resources of Ops Manager, with clusters by name."""

from mongorestore_async.families.atlas_v2 import API_PATH, CLUSTERS_MEDIA_TYPE, MEDIA_TYPE, NEIGHBOUR_RATES, rate_of
from mongorestore_async.families.family import Family, manager_paths
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import ClusterSnapshot, HttpRestore, OplogTime, PointInTime, RestoreJob, Snapshot

__all__ = ["ATLAS_LEGACY", "ATLAS_LEGACY_V1"]

_CLUSTER = "/groups/{project}/clusters/{cluster}"
# Checkpoint restores are not supported, although the field is documented.
_CREATES: frozenset[type] = frozenset({HttpRestore, Snapshot, OplogTime, PointInTime})
# The vendor counts them with those of cloud backup; what else there is of legacy backup has a limit of its own.
_RESTORE_JOBS_RATE = rate_of("cloud backups", f"{_CLUSTER}/restoreJobs", f"{_CLUSTER}/restoreJobs/{{job}}")
_DEPRECATION = (
    "Atlas legacy backup is deprecated: migrate the cluster to cloud backup and use the family atlas-cloud-backup"
)

ATLAS_LEGACY_V1: Family[RestoreJob] = Family(
    name="atlas-legacy-v1",
    title="Atlas legacy backup v1.0",
    api_path="/api/atlas/v1.0",
    rates=(V1_PER_PROJECT,),
    deprecation=_DEPRECATION,
    job_type=RestoreJob,
    snapshot_type=ClusterSnapshot,
    **manager_paths(_CLUSTER),
    checkpoints_path=f"{_CLUSTER}/backupCheckpoints",
    checkpoint_path=f"{_CLUSTER}/backupCheckpoints/{{checkpoint}}",
    encoding="legacy",
    creates=_CREATES,
    filters=frozenset({"batchId"}),
    cluster_key="name",
)

ATLAS_LEGACY: Family[RestoreJob] = Family(
    name="atlas-legacy",
    title="Atlas legacy backup",
    api_path=API_PATH,
    media_type=MEDIA_TYPE,
    media_types=(("/groups/{project}/clusters", CLUSTERS_MEDIA_TYPE),),
    rates=(*NEIGHBOUR_RATES, _RESTORE_JOBS_RATE, rate_of("legacy backup")),
    deprecation=_DEPRECATION,
    job_type=RestoreJob,
    snapshot_type=ClusterSnapshot,
    **manager_paths(_CLUSTER),
    checkpoints_path=ATLAS_LEGACY_V1.checkpoints_path,
    checkpoint_path=ATLAS_LEGACY_V1.checkpoint_path,
    encoding="legacy",
    is_v2=True,
    creates=_CREATES,
    filters=frozenset({"batchId"}),
    cluster_key="name",
)
