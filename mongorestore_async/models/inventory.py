"""What holds restore jobs: projects, clusters and the hosts of config servers."""

from __future__ import annotations

from datetime import datetime

import attrs

from mongorestore_async.models.document import Document, wire
from mongorestore_async.models.secret import Secret, hide, represent, unhide
from mongorestore_async.models.values import Link

__all__ = ["ClusterOverview", "ClusterSummary", "HostSummary", "ProjectClusters", "ProjectSummary"]


@attrs.frozen(kw_only=True)
class ProjectSummary(Document):
    """One project (the paths call it group). Counts of hosts, tags and the like are in ``raw``.

    Attributes:
        id: Project id.
        name: Name people gave it.
        org_id: Organization it belongs to.
        created: Creation (UTC); Atlas only.
        cluster_count: Number of clusters; Atlas only.
        agent_api_key: Key of the project's agents; older Ops Manager only.
        links: Related documents, for information.

    """

    id: str
    name: str | None = None
    org_id: str | None = None
    created: datetime | None = None
    cluster_count: int | None = None
    _agent_api_key: Secret | None = attrs.field(default=None, alias="agent_api_key", converter=hide)
    links: tuple[Link, ...] = ()

    __repr__ = represent

    @property
    def agent_api_key(self) -> Secret | None:
        """Key of the project's agents; older Ops Manager only."""
        return unhide(self._agent_api_key)


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
        state_name: Atlas only, such as ``IDLE``; no word of it says that a cluster is deleted.
        retain_backups: Atlas v2 only: whether the backups of a deleted cluster are retained, as the vendor's schema has
            it; None where it is not told. See :meth:`Project.clusters`.
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
    retain_backups: bool | None = None
    last_heartbeat: datetime | None = None
    links: tuple[Link, ...] = ()

    @property
    def takes_restores(self) -> bool:
        """Whether restore jobs can exist for it.

        Ops Manager and Cloud Manager list a sharded cluster *and* each of its shards and its config servers;
        only the whole cluster takes restores.
        """
        return not self.shard_name and not (self.type_name or "").upper().startswith(_CONFIG_SERVER)


@attrs.frozen(kw_only=True)
class ClusterOverview:
    """One cluster of a :class:`ProjectClusters`; only top-level clusters are listed.

    Attributes:
        id: Cluster id: what Ops Manager and Cloud Manager paths take.
        name: Cluster name: what Atlas paths take.
        type: ``replica set``, ``sharded cluster`` or ``standalone``; newer ``REPLICA_SET``, ``SHARDED_CLUSTER``.
        availability: ``available``, ``dead``, ``unavailable`` or ``warning``.
        versions: Server versions in use.
        backup_enabled: Whether it has a backup; None is unknown.
        data_size_bytes: Size of its data.
        node_count: Number of its nodes.

    """

    id: str | None = attrs.field(default=None, metadata=wire("clusterId"))
    name: str | None = None
    type: str | None = None
    availability: str | None = None
    versions: tuple[str, ...] = ()
    backup_enabled: bool | None = None
    data_size_bytes: int | None = None
    node_count: int | None = None


@attrs.frozen(kw_only=True)
class ProjectClusters(Document):
    """One project with its clusters. Plan, tags and the like are in ``raw``.

    Attributes:
        group_id: Project id.
        group_name: Its name.
        org_id: Organization it belongs to.
        org_name: Its name.
        clusters: Its clusters. Atlas v2 leaves out multi-cloud clusters: list per project to see all.

    """

    group_id: str
    group_name: str | None = None
    org_id: str | None = None
    org_name: str | None = None
    clusters: tuple[ClusterOverview, ...] = ()


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
