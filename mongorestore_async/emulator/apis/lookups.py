"""Looks up what the ids and names in a path name, or raises the error of the API.

Shared by all APIs: projects, clusters, config servers, jobs, snapshots; and whether a cluster has a backup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.apis.request_info import is_v2, side_of
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, Project, Side
from mongorestore_async.emulator.world.cluster_backups import NoBackup
from mongorestore_async.emulator.world.entities import Identifiers
from mongorestore_async.emulator.world.snapshot_store import Snapshot, SnapshotState
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.server_state import ServerState
    from mongorestore_async.emulator.world import World
    from mongorestore_async.emulator.world.hosts import Host

__all__ = [
    "CLOUD_BACKUP_KINDS",
    "FLEX_KINDS",
    "LEGACY_KINDS",
    "SERVERLESS_KINDS",
    "TENANT_KINDS",
    "atlas_cluster_of",
    "cluster_by_id",
    "cluster_by_name",
    "host_of",
    "job_of",
    "lists_no_jobs",
    "missing_snapshot",
    "owner_of",
    "project_by_name",
    "project_of",
    "require_backup",
    "require_id",
    "snapshot_of",
    "snapshots_left",
]

CLOUD_BACKUP_KINDS = frozenset({ClusterKind.CLOUD_BACKUP, ClusterKind.CLOUD_BACKUP_SHARDED})
FLEX_KINDS = frozenset({ClusterKind.FLEX})
LEGACY_KINDS = frozenset({ClusterKind.LEGACY, ClusterKind.LEGACY_SHARDED})
SERVERLESS_KINDS = frozenset({ClusterKind.SERVERLESS})
TENANT_KINDS = frozenset({ClusterKind.TENANT})
#: The two kinds of backup of dedicated clusters; an endpoint of one reports a cluster of the other.
_DEDICATED = (CLOUD_BACKUP_KINDS, LEGACY_KINDS)


def require_id(text: str, code: str, *parameters: str) -> None:
    """Refuse what is not 24 hexadecimal characters.

    Args:
        text: The id as sent.
        code: The error code.
        parameters: Of the error; without any, it is the id.

    Raises:
        ServiceError: The id is malformed.

    """
    if not Identifiers.well_formed(text):
        raise ServiceError(code, *(parameters or (text,)))


def project_of(world: World, project_id: str, side: Side) -> Project:
    """The project of an id.

    Raises:
        ServiceError: 404; a malformed id has a code of its own, and so has a project of the other side.

    """
    require_id(project_id, "INVALID_GROUP_ID")
    project = world.find_project(project_id)
    if project is None:
        raise ServiceError("GROUP_NOT_FOUND", project_id)
    if project.side is not side:
        raise ServiceError("ATLAS_GROUP" if side is Side.MANAGER else "NOT_ATLAS_GROUP", project_id)
    return project


def project_by_name(world: World, name: str, side: Side) -> Project:
    """The project of a name.

    Raises:
        ServiceError: 404.

    """
    # Names end in their number: see World.project.
    number = name.rpartition("-")[2]
    try:
        found = world.project(side, int(number)) if number.isascii() and number.isdecimal() else None
    except (ConfigError, ValueError):
        # The number is too large, or has thousands of digits.
        found = None
    if found is None or found.name != name:
        raise ServiceError("GROUP_NAME_NOT_FOUND", name)
    return found


def cluster_by_id(world: World, project: Project, cluster_id: str) -> Cluster:
    """The cluster of an id, for Ops Manager and Cloud Manager; members of sharded clusters included.

    Raises:
        ServiceError: 404.

    """
    require_id(cluster_id, "INVALID_CLUSTER_ID")
    cluster = world.find_cluster(project, cluster_id)
    if cluster is None:
        raise ServiceError("CLUSTER_NOT_FOUND", cluster_id, project.id)
    return cluster


def cluster_by_name(request: web.Request, project: Project, name: str, *, retained: bool = False) -> Cluster:
    """The cluster of a name, for Atlas; if wanted also a deleted one whose backups were retained.

    Raises:
        ServiceError: 404.

    """
    cluster = request.app[SERVER_STATE].world.find_cluster_by_name(project, name, retained=retained)
    if cluster is None:
        raise _missing_cluster(request, project, name)
    return cluster


def _missing_cluster(request: web.Request, project: Project, name: str) -> ServiceError:
    # Recorded: v2 says CLUSTER_NOT_FOUND, whose text speaks of an id elsewhere (``november-2026`` section 3).
    code = "CLUSTER_NOT_FOUND" if is_v2(request) else "CLUSTER_NAME_NOT_FOUND"
    return ServiceError(code, name, project.id, detail=f"No cluster named {name} exists in group {project.id}.")


def job_of(request: web.Request, cluster: Cluster, missing: str = "RESTORE_JOB_NOT_FOUND") -> Job:
    """The job the path names.

    Raises:
        ServiceError: 404.

    """
    job_id = request.match_info["job"]
    require_id(job_id, "INVALID_JOB_ID")
    job = request.app[SERVER_STATE].world.jobs.find(cluster, job_id)
    if job is None:
        raise ServiceError(missing, job_id)
    return job


def atlas_cluster_of(request: web.Request, kinds: frozenset[ClusterKind] | None = None) -> Cluster:
    """The cluster a path names.

    Args:
        request: The request.
        kinds: The kinds this endpoint accepts; None: all but flex clusters and serverless instances.

    Raises:
        ServiceError: There is no such cluster, or it is of another kind.

    """
    world = request.app[SERVER_STATE].world
    project = project_of(world, request.match_info["group"], Side.ATLAS)
    # Backups of a deleted cluster may be there still, the cluster is not.
    cluster = cluster_by_name(request, project, request.match_info["cluster"], retained=kinds is not None)
    flex, serverless = cluster.kind is ClusterKind.FLEX, cluster.kind is ClusterKind.SERVERLESS
    if (kinds is FLEX_KINDS) is not flex:
        code = "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API" if flex else "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"
        raise ServiceError(code, cluster.name)
    if serverless if kinds is None else kinds is SERVERLESS_KINDS and not serverless:
        raise _missing_cluster(request, project, cluster.name)
    if kinds is None or cluster.kind in kinds:
        return cluster
    if kinds in _DEDICATED and any(cluster.kind in others for others in _DEDICATED):
        raise ServiceError("INCORRECT_BACKUP_API_ENDPOINT", cluster.name)
    raise ServiceError("BACKUP_CONFIG_NOT_FOUND", cluster.name)


def host_of(request: web.Request) -> Host:
    """The host a path names.

    Raises:
        ServiceError: 404.

    """
    world, host_id = request.app[SERVER_STATE].world, request.match_info["host"]
    host = world.hosts.find(project_of(world, request.match_info["group"], Side.MANAGER), host_id)
    if host is None:
        raise ServiceError("HOST_NOT_FOUND", host_id, request.match_info["group"])
    return host


def owner_of(request: web.Request) -> Cluster:
    """The cluster, or the mirrored config server, a path names: by id, by host, or (Atlas legacy) by name.

    Raises:
        ServiceError: 404 when there is none, ``NOT_CONFIG_SERVER`` for other hosts; 400 for another kind of backup.

    """
    if "host" in request.match_info:
        host = host_of(request)
        if not host.mirror:
            raise ServiceError("NOT_CONFIG_SERVER", host.id)
        return host.backup
    if side_of(request) is Side.ATLAS:
        return atlas_cluster_of(request, LEGACY_KINDS)
    world = request.app[SERVER_STATE].world
    project = project_of(world, request.match_info["group"], Side.MANAGER)
    return cluster_by_id(world, project, request.match_info["cluster"])


def require_backup(state: ServerState, cluster: Cluster) -> None:
    """Refuse a request about a cluster without backup.

    Raises:
        ServiceError: Its backup is off; for the code see :class:`NoBackup`.

    """
    off = state.world.backups.off(cluster)
    if off is not None:
        code = NoBackup.CONFIG_NOT_FOUND if off.answer is NoBackup.EMPTY_LIST else off.answer
        raise ServiceError(code, cluster.name)


def lists_no_jobs(state: ServerState, cluster: Cluster) -> bool:
    """Whether the list of restore jobs of a cluster is empty because its backup is off.

    Raises:
        ServiceError: It is off, and says so with an error.

    """
    off = state.world.backups.off(cluster)
    if off is not None and off.answer is not NoBackup.EMPTY_LIST:
        raise ServiceError(off.answer, cluster.name)
    return off is not None


def snapshots_left(state: ServerState, cluster: Cluster) -> list[Snapshot]:
    """The snapshots of a cluster, newest first: all of them, or those left after its backup was switched off."""
    found, off = state.world.snapshots.of(cluster), state.world.backups.off(cluster)
    if off is None:
        return found
    return [one for one in found if one.state is SnapshotState.COMPLETE][: off.snapshots_left]


def snapshot_of(request: web.Request, cluster: Cluster) -> Snapshot:
    """The snapshot a path names.

    Raises:
        ServiceError: 404.

    """
    state, snapshot_id = request.app[SERVER_STATE], request.match_info["snapshot"]
    require_id(snapshot_id, "INVALID_SNAPSHOT_ID")
    found = next((one for one in snapshots_left(state, cluster) if one.id == snapshot_id), None)
    if found is None:
        raise ServiceError(missing_snapshot(cluster), snapshot_id)
    return found


def missing_snapshot(cluster: Cluster) -> str:
    """The code of the 404 for a snapshot this cluster does not have."""
    if cluster.host:
        return "CONFIG_SNAPSHOT_NOT_FOUND"
    return "TENANT_SNAPSHOT_NOT_FOUND" if cluster.kind.shared else "SNAPSHOT_NOT_FOUND"
