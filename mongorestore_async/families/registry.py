"""All product families by their names."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mongorestore_async.families.atlas_cloud_backup import ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1
from mongorestore_async.families.atlas_flex import ATLAS_FLEX
from mongorestore_async.families.atlas_legacy import ATLAS_LEGACY, ATLAS_LEGACY_V1
from mongorestore_async.families.atlas_serverless import ATLAS_SERVERLESS, ATLAS_SERVERLESS_V1
from mongorestore_async.families.atlas_tenant import ATLAS_TENANT, ATLAS_TENANT_V1
from mongorestore_async.families.cloud_manager import CLOUD_MANAGER
from mongorestore_async.families.family import Family
from mongorestore_async.families.ops_manager import OPS_MANAGER

__all__ = ["FAMILIES"]

#: Every family by its name.
FAMILIES: Mapping[str, Family[Any]] = MappingProxyType(
    {
        family.name: family
        for family in (
            OPS_MANAGER,
            CLOUD_MANAGER,
            ATLAS_CLOUD_BACKUP,
            ATLAS_CLOUD_BACKUP_V1,
            ATLAS_FLEX,
            ATLAS_LEGACY,
            ATLAS_LEGACY_V1,
            ATLAS_TENANT,
            ATLAS_TENANT_V1,
            ATLAS_SERVERLESS,
            ATLAS_SERVERLESS_V1,
        )
    }
)
