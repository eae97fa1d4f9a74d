"""Atlas cloud backup."""

from mongorestore_async.families.family import Family
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import CloudBackupRestoreJob

__all__ = ["ATLAS_CLOUD_BACKUP_V1"]

ATLAS_CLOUD_BACKUP_V1: Family[CloudBackupRestoreJob] = Family(
    name="atlas-cloud-backup-v1",
    title="Atlas cloud backup v1.0",
    api_path="/api/atlas/v1.0",
    job_type=CloudBackupRestoreJob,
    jobs_path="/groups/{project}/clusters/{cluster}/backup/restoreJobs",
    job_path="/groups/{project}/clusters/{cluster}/backup/restoreJobs/{job}",
    cluster_key="name",
    rates=(V1_PER_PROJECT,),
    newest_first=True,
)
