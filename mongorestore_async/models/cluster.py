"""Clusters, as the list of one project shows them."""

from datetime import datetime

import attrs

from mongorestore_async.models.base import Document, wire
from mongorestore_async.models.link import Link

__all__ = ["ClusterSummary"]

_CONFIG_SERVER = "CONFIG_SERVER"


@attrs.frozen(kw_only=True)
class ClusterSummary(Document):
    """One cluster. Atlas has many more members, found in ``raw``.

    Attributes:
        id: Cluster id: what Ops Manager and Cloud Manager paths take.
        name: Cluster name: what Atlas paths take.
        type_name: Kind, such as ``REPLICA_SET`` or ``SHARDED_REPLICA_SET``; Atlas calls it ``clusterType``.
        shard_name: Set on a member of a sharded cluster.
        replica_set_name: Replica set.
        group_id: Project it belongs to.
        state_name: Atlas only, such as ``IDLE``.
        last_heartbeat: Last sign of life (UTC); Ops Manager and Cloud Manager only.
        links: Related documents, for information.

    """

    id: str
    name: str | None = attrs.field(default=None, metadata=wire("clusterName", "name"))
    type_name: str | None = attrs.field(default=None, metadata=wire("typeName", "clusterType"))
    shard_name: str | None = None
    replica_set_name: str | None = None
    group_id: str | None = None
    state_name: str | None = None
    last_heartbeat: datetime | None = None
    links: tuple[Link, ...] = ()

    @property
    def takes_restores(self) -> bool:
        """Whether restore jobs can exist for it.

        Ops Manager and Cloud Manager list a sharded cluster *and* each of its shards and its config servers;
        only the whole cluster takes restores.
        """
        return not self.shard_name and not (self.type_name or "").upper().startswith(_CONFIG_SERVER)
