"""Product families: each API of each product as one value, data only.

What goes in: paths, media types, models, accepted requests and documented limits, from the vendor's pages.
What comes out: a :class:`Family` that the rooms above ask; nothing there tests which family it is. What two families
share (the paths of Ops Manager, the media types of API v2) is a value in ``family`` or ``atlas_v2``.

- To change a path, a media type or what a create accepts: the file of the product.
- To change what a family can say at all: ``family``. Give a new field a default, so that no other family changes.
- To change a documented rate limit: ``rate_limit``.
- To add a family: a file here, an import and a line in ``__all__`` below, and a line in the list of public names,
  ``mongorestore_async/__init__.pyi``. ``FAMILIES`` follows from ``__all__``. A family that only lists names its
  paths, model and key of clusters, and leaves the rest out: creates, snapshots and cancels then raise ``Unsupported``.
  See "Adding a family" in ``CONTRIBUTING.rst``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeGuard

from mongorestore_async.families.atlas_cloud_backup import ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1
from mongorestore_async.families.atlas_collection_restore import ATLAS_COLLECTION_RESTORE
from mongorestore_async.families.atlas_flex import ATLAS_FLEX
from mongorestore_async.families.atlas_legacy import ATLAS_LEGACY, ATLAS_LEGACY_V1
from mongorestore_async.families.atlas_serverless import ATLAS_SERVERLESS, ATLAS_SERVERLESS_V1
from mongorestore_async.families.atlas_tenant import ATLAS_TENANT, ATLAS_TENANT_V1
from mongorestore_async.families.atlas_v2 import API_PATH
from mongorestore_async.families.cloud_manager import CLOUD_MANAGER
from mongorestore_async.families.family import Family
from mongorestore_async.families.ops_manager import OPS_MANAGER
from mongorestore_async.families.rate_limit import RateLimit

__all__ = [
    "API_PATH",
    "ATLAS_CLOUD_BACKUP",
    "ATLAS_CLOUD_BACKUP_V1",
    "ATLAS_COLLECTION_RESTORE",
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


def _is_family(value: object) -> TypeGuard[Family[Any]]:
    return isinstance(value, Family)


#: Every family by its name: those that are exported above.
FAMILIES: Mapping[str, Family[Any]] = MappingProxyType(
    {family.name: family for family in filter(_is_family, map(globals().get, __all__))}
)
