"""Atlas serverless instances, a product the vendor has retired."""

from mongorestore_async.families.atlas_v2 import API_PATH, MEDIA_TYPE, NEIGHBOUR_RATES
from mongorestore_async.families.family import Family
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import CloudBackupRestoreJob, CloudBackupSnapshot, PointInTime, Snapshot

__all__ = ["ATLAS_SERVERLESS", "ATLAS_SERVERLESS_V1"]

_INSTANCES = "/groups/{project}/serverless"
_BACKUP = f"{_INSTANCES}/{{cluster}}/backup"
_DEPRECATION = (
    "Atlas serverless instances are retired, their restore jobs of API v2 since 2026-01-22:"
    " the instances were migrated to flex or dedicated clusters"
)

ATLAS_SERVERLESS_V1: Family[CloudBackupRestoreJob] = Family(
    name="atlas-serverless-v1",
    title="Atlas serverless v1.0",
    api_path="/api/atlas/v1.0",
    rates=(V1_PER_PROJECT,),
    deprecation=_DEPRECATION,
    job_type=CloudBackupRestoreJob,
    jobs_path=f"{_BACKUP}/restoreJobs",
    job_path=f"{_BACKUP}/restoreJobs/{{job}}",
    create_path=f"{_BACKUP}/restoreJobs",
    encoding="serverless",
    # Its page offers automated restores of a snapshot and nothing else.
    creates=frozenset({Snapshot}),
    snapshot_type=CloudBackupSnapshot,
    snapshots_path=f"{_BACKUP}/snapshots",
    snapshot_path=f"{_BACKUP}/snapshots/{{snapshot}}",
    cluster_key="name",
    clusters_path=_INSTANCES,
    all_clusters_path=None,
)

ATLAS_SERVERLESS: Family[CloudBackupRestoreJob] = Family(
    name="atlas-serverless",
    title="Atlas serverless",
    api_path=API_PATH,
    media_type=MEDIA_TYPE,
    rates=NEIGHBOUR_RATES,
    deprecation=_DEPRECATION,
    job_type=CloudBackupRestoreJob,
    jobs_path=ATLAS_SERVERLESS_V1.jobs_path,
    job_path=ATLAS_SERVERLESS_V1.job_path,
    create_path=ATLAS_SERVERLESS_V1.create_path,
    encoding="serverless",
    is_v2=True,
    creates=frozenset({Snapshot, PointInTime}),
    snapshot_type=CloudBackupSnapshot,
    snapshots_path=ATLAS_SERVERLESS_V1.snapshots_path,
    snapshot_path=ATLAS_SERVERLESS_V1.snapshot_path,
    cluster_key="name",
    clusters_path=_INSTANCES,
    all_clusters_path=None,
)
