"""Atlas flex clusters."""

from mongorestore_async.families.atlas_v2 import API_PATH, FLEX_MEDIA_TYPE, MEDIA_TYPE, NEIGHBOUR_RATES, rate_of
from mongorestore_async.families.family import Family
from mongorestore_async.models import HttpRestore, Snapshot, TenantRestoreJob, TenantSnapshot

__all__ = ["ATLAS_FLEX"]

_CLUSTERS = "/groups/{project}/flexClusters"
_BACKUP = f"{_CLUSTERS}/{{cluster}}/backup"

ATLAS_FLEX: Family[TenantRestoreJob] = Family(
    name="atlas-flex",
    title="Atlas flex",
    api_path=API_PATH,
    media_type=FLEX_MEDIA_TYPE,
    media_types=(("/groups", MEDIA_TYPE),),
    rates=(
        *NEIGHBOUR_RATES,
        rate_of("flex clusters", _CLUSTERS),
        rate_of("flex snapshots", f"{_BACKUP}/snapshots", f"{_BACKUP}/snapshots/{{snapshot}}"),
        rate_of("flex restore jobs"),
    ),
    job_type=TenantRestoreJob,
    jobs_path=f"{_BACKUP}/restoreJobs",
    job_path=f"{_BACKUP}/restoreJobs/{{job}}",
    create_path=f"{_BACKUP}/restoreJobs",
    download_path=f"{_BACKUP}/download",
    encoding="tenant",
    is_v2=True,
    creates=frozenset({HttpRestore, Snapshot}),
    newest_first=True,
    snapshot_type=TenantSnapshot,
    snapshots_path=f"{_BACKUP}/snapshots",
    snapshot_path=f"{_BACKUP}/snapshots/{{snapshot}}",
    cluster_key="name",
    clusters_path=_CLUSTERS,
    all_clusters_path=None,
)
