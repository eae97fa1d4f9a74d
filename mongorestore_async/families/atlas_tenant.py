"""Atlas M2/M5 (tenant) clusters."""

from mongorestore_async.families.family import Family
from mongorestore_async.families.rate_limit import V1_PER_PROJECT
from mongorestore_async.models import TenantRestoreJob

__all__ = ["ATLAS_TENANT_V1"]

ATLAS_TENANT_V1: Family[TenantRestoreJob] = Family(
    name="atlas-tenant-v1",
    title="Atlas M2/M5 v1.0",
    api_path="/api/atlas/v1.0",
    job_type=TenantRestoreJob,
    # Plural here; the vendor's create path is the singular "restore".
    jobs_path="/groups/{project}/clusters/{cluster}/backup/tenant/restores",
    job_path="/groups/{project}/clusters/{cluster}/backup/tenant/restores/{job}",
    cluster_key="name",
    rates=(V1_PER_PROJECT,),
    deprecation=(
        "the vendor deprecates the Atlas M2/M5 (tenant) restore jobs of API v1.0 and will remove them:"
        " plan to move to the Atlas Administration API v2"
    ),
)
