"""Restores of single databases and collections of an Atlas cluster, generally available since July 2026."""

from mongorestore_async.families.atlas_cloud_backup import ATLAS_CLOUD_BACKUP
from mongorestore_async.families.atlas_v2 import API_PATH, COLLECTIONS_MEDIA_TYPE, MEDIA_TYPE, NEIGHBOUR_RATES, rate_of
from mongorestore_async.families.family import Family
from mongorestore_async.models import (
    CloudBackupSnapshot,
    CollectionRestore,
    CollectionRestoreJob,
)

__all__ = ["ATLAS_COLLECTION_RESTORE"]

_CLUSTER = "/groups/{project}/clusters/{cluster}"
_JOBS = f"{_CLUSTER}/collectionRestoreJobs"
_JOB = f"{_JOBS}/{{job}}"
_SNAPSHOTS = (
    ATLAS_CLOUD_BACKUP.snapshots_path,
    ATLAS_CLOUD_BACKUP.snapshot_path,
    ATLAS_CLOUD_BACKUP.sharded_snapshots_path,
    ATLAS_CLOUD_BACKUP.sharded_snapshot_path,
)
_DATABASES = f"{_CLUSTER}/backup/snapshots/{{snapshot}}/databases"

ATLAS_COLLECTION_RESTORE: Family[CollectionRestoreJob] = Family(
    name="atlas-collection-restore",
    title="Atlas collection restore",
    api_path=API_PATH,
    media_type=COLLECTIONS_MEDIA_TYPE,
    # Projects, clusters and snapshots are those of cloud backup, in the versions that it asks for.
    media_types=(
        *ATLAS_CLOUD_BACKUP.media_types,
        *((path, MEDIA_TYPE) for path in ("/groups", "/groups/{project}", "/clusters", *_SNAPSHOTS) if path),
    ),
    rates=(*NEIGHBOUR_RATES, rate_of("cloud backups")),
    job_type=CollectionRestoreJob,
    jobs_path=_JOBS,
    job_path=_JOB,
    create_path=_JOBS,
    encoding="collections",
    is_v2=True,
    creates=frozenset({CollectionRestore}),
    restored_collections_path=f"{_JOB}/collections",
    restored_collection_path=f"{_JOB}/collections/{{namespace}}",
    snapshot_type=CloudBackupSnapshot,
    snapshots_path=ATLAS_CLOUD_BACKUP.snapshots_path,
    snapshot_path=ATLAS_CLOUD_BACKUP.snapshot_path,
    sharded_snapshots_path=ATLAS_CLOUD_BACKUP.sharded_snapshots_path,
    sharded_snapshot_path=ATLAS_CLOUD_BACKUP.sharded_snapshot_path,
    snapshot_databases_path=_DATABASES,
    snapshot_collections_path=f"{_DATABASES}/{{database}}/collections",
    unpaged=ATLAS_CLOUD_BACKUP.unpaged,
    cluster_key="name",
)
