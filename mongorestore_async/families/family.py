"""What one product family is made of: the fields, of which a family that only lists needs ten."""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypedDict

import attrs

from mongorestore_async.families.rate_limit import RateLimit  # noqa: TC001 - a field type
from mongorestore_async.models.job import JobT_co
from mongorestore_async.models.snapshot import ClusterSnapshot, SnapshotDocument

__all__ = ["Encoding", "Family", "ManagerPaths", "manager_paths"]

_CLUSTERS = "/groups/{project}/clusters"


class ManagerPaths(TypedDict):
    """Paths of one place that restore jobs belong to."""

    jobs_path: str
    job_path: str
    create_path: str
    snapshots_path: str
    snapshot_path: str


def manager_paths(place: str) -> ManagerPaths:
    """Paths below a cluster or, for mirrored config servers (SCCC), below a host."""
    return ManagerPaths(
        jobs_path=f"{place}/restoreJobs",
        job_path=f"{place}/restoreJobs/{{job}}",
        create_path=f"{place}/restoreJobs",
        snapshots_path=f"{place}/snapshots",
        snapshot_path=f"{place}/snapshots/{{snapshot}}",
    )


#: How a create is written: as Ops Manager and Cloud Manager, Atlas legacy, Atlas cloud backup, Atlas M2/M5 and
#: flex, serverless instances, or restores of single collections want it.
Encoding: TypeAlias = Literal["manager", "legacy", "cloud-backup", "tenant", "serverless", "collections"]


@attrs.frozen(kw_only=True, cache_hash=True)
class Family(Generic[JobT_co]):
    """One API of one product, as data: adding a family adds a file with one of these, never a class.

    Paths are templates below ``api_path`` with the fields ``{project}``, ``{cluster}`` (or ``{host}``), ``{job}``,
    ``{snapshot}``, ``{checkpoint}``, ``{database}`` and ``{namespace}``, each to be filled with one percent-encoded
    segment. A verb whose path is None does not exist in the family.

    Attributes:
        name: Short name, as it stands in a :class:`~mongorestore_async.models.JobRef`.
        title: Name for people.
        api_path: Path of the API below the base URL.
        media_type: ``Accept``, and ``Content-Type`` of a body.
        media_types: The same for single paths that differ, as pairs of path and media type.
        has_public_host: Whether the default base URL reaches it.
        has_service_accounts: Whether OAuth 2.0 service accounts can log in.
        rates: The limits its calls fall under, the first that fits; empty where none is known.
        deprecation: Sentence of the warning, or None.

        job_type: Model of a job.
        jobs_path: List of the jobs of one cluster.
        job_path: One job.
        create_path: Where a create is sent, or None.
        download_path: Where the create of a download is sent, if not to ``create_path``.
        cancel_path: Where a cancel is sent, or None.
        ranges_path: What could be restored to, or None.
        encoding: How a create is written, None where nothing can be created.
        is_v2: Whether the stricter rules of the Atlas Administration API v2 hold for a create.
        creates: Types of request (:class:`HttpRestore`) and of source of an automated restore that a create
            accepts; empty where nothing can be created.
        restored_collections_path: List of what became of each collection of a job, or None.
        restored_collection_path: One of those, with the field ``{namespace}``.
        filters: Query parameters of the job list beyond the ones all lists have, as they stand on the wire.
        newest_first: Whether the vendor promises that order for the job list.

        snapshot_type: Model of a snapshot.
        snapshots_path: List of the snapshots of one cluster, or None.
        snapshot_path: One snapshot, or None.
        sharded_snapshots_path: List of those of a sharded cluster, if it is another one.
        sharded_snapshot_path: One of those.
        snapshot_databases_path: List of the databases in a snapshot, or None.
        snapshot_collections_path: List of the collections of one, with the field ``{database}``.
        checkpoints_path: List of the checkpoints of one cluster, or None.
        checkpoint_path: One checkpoint, or None.
        unpaged: Those of the lists that document no paging: they are asked for whole.

        cluster_key: Whether paths take a cluster's ``"id"`` or its ``"name"``, or a host's ``"host"``.
        clusters_path: List of the clusters of one project.
        all_clusters_path: List of all clusters a key sees, project by project; None where it has none of this kind.
        hosts_path: List of the hosts of one project, or None.
        projects_path: List of the projects a key sees.
        config_server: The same API for one config server host (SCCC), or None.

    """

    name: str
    title: str
    api_path: str
    media_type: str = "application/json"
    media_types: tuple[tuple[str, str], ...] = ()
    has_public_host: bool = True
    has_service_accounts: bool = True
    rates: tuple[RateLimit, ...] = ()
    deprecation: str | None = None

    job_type: type[JobT_co]
    jobs_path: str
    job_path: str
    create_path: str | None = None
    download_path: str | None = None
    cancel_path: str | None = None
    ranges_path: str | None = None
    encoding: Encoding | None = None
    is_v2: bool = False
    creates: frozenset[type] = frozenset()
    restored_collections_path: str | None = None
    restored_collection_path: str | None = None
    filters: frozenset[str] = frozenset()
    newest_first: bool = False

    snapshot_type: type[SnapshotDocument] = ClusterSnapshot
    snapshots_path: str | None = None
    snapshot_path: str | None = None
    sharded_snapshots_path: str | None = None
    sharded_snapshot_path: str | None = None
    snapshot_databases_path: str | None = None
    snapshot_collections_path: str | None = None
    checkpoints_path: str | None = None
    checkpoint_path: str | None = None
    unpaged: frozenset[str] = frozenset()

    cluster_key: Literal["id", "name", "host"]
    clusters_path: str = _CLUSTERS
    all_clusters_path: str | None = "/clusters"
    hosts_path: str | None = None
    projects_path: str = "/groups"
    config_server: Family[JobT_co] | None = None

    def __repr__(self) -> str:
        return f"<Family {self.name}>"

    @property
    def lists_deleted_clusters(self) -> bool:
        """Whether deleted clusters whose backups are retained can be listed; dedicated ones in Atlas v2 can."""
        return self.is_v2 and self.clusters_path == _CLUSTERS

    def media_type_of(self, path: str) -> str:
        """Media type of a call to one of the paths.

        Args:
            path: Path template of the family, such as ``family.jobs_path``.

        Returns:
            The value of ``Accept``; the version of the API is part of it on Atlas v2.

        """
        return dict(self.media_types).get(path, self.media_type)
