"""Product families: each a value that tells paths, models and what can be asked for."""

from mongorestore_async.families.atlas_cloud_backup import ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1
from mongorestore_async.families.atlas_flex import ATLAS_FLEX
from mongorestore_async.families.atlas_legacy import ATLAS_LEGACY, ATLAS_LEGACY_V1
from mongorestore_async.families.atlas_serverless import ATLAS_SERVERLESS, ATLAS_SERVERLESS_V1
from mongorestore_async.families.atlas_tenant import ATLAS_TENANT, ATLAS_TENANT_V1
from mongorestore_async.families.cloud_manager import CLOUD_MANAGER
from mongorestore_async.families.family import Family
from mongorestore_async.families.ops_manager import OPS_MANAGER
from mongorestore_async.families.rate_limit import RateLimit
from mongorestore_async.families.registry import FAMILIES

__all__ = [
    "ATLAS_CLOUD_BACKUP",
    "ATLAS_CLOUD_BACKUP_V1",
    "ATLAS_FLEX",
    "ATLAS_LEGACY",
    "ATLAS_LEGACY_V1",
    "ATLAS_SERVERLESS",
    "ATLAS_SERVERLESS_V1",
    "ATLAS_TENANT",
    "ATLAS_TENANT_V1",
    "CLOUD_MANAGER",
    "FAMILIES",
    "OPS_MANAGER",
    "Family",
    "RateLimit",
]
