"""Hosts of Ops Manager and Cloud Manager projects (neighbour endpoints, section 2.2)."""

from datetime import datetime

import attrs

from mongorestore_async.models.base import Document
from mongorestore_async.models.link import Link

__all__ = ["HostSummary"]


@attrs.frozen(kw_only=True)
class HostSummary(Document):
    """One host, as the list of a project shows it; there is more in ``raw``.

    Attributes:
        id: Host id, an opaque string: what ``project.config_server()`` takes for a mirrored config server.
        type_name: Kind of process.
        hostname: Name of the machine.
        port: Port.
        group_id: Project.
        cluster_id: Cluster it belongs to.
        replica_set_name: Replica set.
        shard_name: Shard.
        replica_state_name: State in its replica set.
        last_ping: Last sign of life (UTC).
        links: Related documents, for information.

    """

    id: str
    type_name: str | None = None
    hostname: str | None = None
    port: int | None = None
    group_id: str | None = None
    cluster_id: str | None = None
    replica_set_name: str | None = None
    shard_name: str | None = None
    replica_state_name: str | None = None
    last_ping: datetime | None = None
    links: tuple[Link, ...] = ()
