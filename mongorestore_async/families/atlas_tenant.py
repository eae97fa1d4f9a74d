"""Atlas M2/M5 (tenant) clusters."""

from typing import TypedDict

from mongorestore_async.families.atlas_v2 import API_PATH, CLUSTERS_MEDIA_TYPE, MEDIA_TYPE, NEIGHBOUR_RATES
from mongorestore_async.families.family import Encoding, Family
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import HttpRestore, Snapshot, TenantRestoreJob, TenantSnapshot

__all__ = ["ATLAS_TENANT", "ATLAS_TENANT_V1"]

_TENANT = "/groups/{project}/clusters/{cluster}/backup/tenant"


class _Shared(TypedDict):
    job_type: type[TenantRestoreJob]
    jobs_path: str
    job_path: str
    create_path: str
    download_path: str
    encoding: Encoding
    creates: frozenset[type]
    snapshot_type: type[TenantSnapshot]
    snapshots_path: str
    snapshot_path: str


_SHARED = _Shared(
    job_type=TenantRestoreJob,
    # Plural where jobs are read, singular where one is created.
    jobs_path=f"{_TENANT}/restores",
    job_path=f"{_TENANT}/restores/{{job}}",
    create_path=f"{_TENANT}/restore",
    download_path=f"{_TENANT}/download",
    encoding="tenant",
    creates=frozenset({HttpRestore, Snapshot}),
    snapshot_type=TenantSnapshot,
    snapshots_path=f"{_TENANT}/snapshots",
    snapshot_path=f"{_TENANT}/snapshots/{{snapshot}}",
)

ATLAS_TENANT_V1: Family[TenantRestoreJob] = Family(
    name="atlas-tenant-v1",
    title="Atlas M2/M5 v1.0",
    api_path="/api/atlas/v1.0",
    rates=(V1_PER_PROJECT,),
    deprecation=(
        "the Atlas M2/M5 (tenant) restore job API v1.0 is deprecated and will be removed:"
        " plan to migrate to the Atlas Administration API v2"
    ),
    **_SHARED,
    cluster_key="name",
)

ATLAS_TENANT: Family[TenantRestoreJob] = Family(
    name="atlas-tenant",
    title="Atlas M2/M5",
    api_path=API_PATH,
    media_type=MEDIA_TYPE,
    media_types=(("/groups/{project}/clusters", CLUSTERS_MEDIA_TYPE),),
    rates=NEIGHBOUR_RATES,
    deprecation=(
        "the Atlas M2/M5 (tenant) restore job API v2 was switched off on 2026-01-15:"
        " the clusters were migrated to flex clusters; use the family atlas-flex"
    ),
    **_SHARED,
    unpaged=frozenset({f"{_TENANT}/snapshots"}),
    is_v2=True,
    cluster_key="name",
)
