"""Atlas cloud backup."""

from mongorestore_async.families.atlas_v2 import API_PATH, CLUSTERS_MEDIA_TYPE, MEDIA_TYPE, NEIGHBOUR_RATES, rate_of
from mongorestore_async.families.family import Family
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import (
    CloudBackupRestoreJob,
    CloudBackupSnapshot,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
)

__all__ = ["ATLAS_CLOUD_BACKUP", "ATLAS_CLOUD_BACKUP_V1"]

_BACKUP = "/groups/{project}/clusters/{cluster}/backup"

ATLAS_CLOUD_BACKUP_V1: Family[CloudBackupRestoreJob] = Family(
    name="atlas-cloud-backup-v1",
    title="Atlas cloud backup v1.0",
    api_path="/api/atlas/v1.0",
    rates=(V1_PER_PROJECT,),
    job_type=CloudBackupRestoreJob,
    jobs_path=f"{_BACKUP}/restoreJobs",
    job_path=f"{_BACKUP}/restoreJobs/{{job}}",
    create_path=f"{_BACKUP}/restoreJobs",
    cancel_path=f"{_BACKUP}/restoreJobs/{{job}}",
    encoding="cloud-backup",
    creates=frozenset({HttpRestore, Snapshot, OplogTime, PointInTime}),
    newest_first=True,
    snapshot_type=CloudBackupSnapshot,
    snapshots_path=f"{_BACKUP}/snapshots",
    snapshot_path=f"{_BACKUP}/snapshots/{{snapshot}}",
    sharded_snapshots_path=f"{_BACKUP}/snapshots/shardedClusters",
    # Singular for one, as the vendor has it.
    sharded_snapshot_path=f"{_BACKUP}/snapshots/shardedCluster/{{snapshot}}",
    unpaged=frozenset({f"{_BACKUP}/snapshots/shardedClusters"}),
    cluster_key="name",
)

ATLAS_CLOUD_BACKUP: Family[CloudBackupRestoreJob] = Family(
    name="atlas-cloud-backup",
    title="Atlas cloud backup",
    api_path=API_PATH,
    media_type=MEDIA_TYPE,
    media_types=(("/groups/{project}/clusters", CLUSTERS_MEDIA_TYPE),),
    rates=(*NEIGHBOUR_RATES, rate_of("cloud backups")),
    job_type=CloudBackupRestoreJob,
    jobs_path=ATLAS_CLOUD_BACKUP_V1.jobs_path,
    job_path=ATLAS_CLOUD_BACKUP_V1.job_path,
    create_path=ATLAS_CLOUD_BACKUP_V1.create_path,
    cancel_path=ATLAS_CLOUD_BACKUP_V1.cancel_path,
    encoding="cloud-backup",
    is_v2=True,
    creates=ATLAS_CLOUD_BACKUP_V1.creates,
    newest_first=True,
    snapshot_type=CloudBackupSnapshot,
    snapshots_path=ATLAS_CLOUD_BACKUP_V1.snapshots_path,
    snapshot_path=ATLAS_CLOUD_BACKUP_V1.snapshot_path,
    sharded_snapshots_path=ATLAS_CLOUD_BACKUP_V1.sharded_snapshots_path,
    sharded_snapshot_path=ATLAS_CLOUD_BACKUP_V1.sharded_snapshot_path,
    unpaged=ATLAS_CLOUD_BACKUP_V1.unpaged,
    cluster_key="name",
)
