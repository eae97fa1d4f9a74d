"""Cloud Manager v1.0: the resources of Ops Manager on the vendor's host."""

from typing import TypedDict

import attrs

from mongorestore_async.families.family import Family
from mongorestore_async.families.ops_manager import OPS_MANAGER, OPS_MANAGER_CONFIG_SERVER
from mongorestore_async.families.rate_limit import V1_PER_PROJECT, RateLimit
from mongorestore_async.models import RestoreJob

__all__ = ["CLOUD_MANAGER"]


class _Own(TypedDict):
    name: str
    has_public_host: bool
    has_service_accounts: bool
    rates: tuple[RateLimit, ...]


_OWN = _Own(name="cloud-manager", has_public_host=True, has_service_accounts=True, rates=(V1_PER_PROJECT,))

CLOUD_MANAGER: Family[RestoreJob] = attrs.evolve(
    OPS_MANAGER,
    title="Cloud Manager",
    config_server=attrs.evolve(OPS_MANAGER_CONFIG_SERVER, title="Cloud Manager config server", **_OWN),
    **_OWN,
)
