"""All clusters a key sees, project by project (neighbour endpoints, section 2.1)."""

import attrs

from mongorestore_async.models.base import Document, wire

__all__ = ["ClusterOverview", "ProjectClusters"]


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
