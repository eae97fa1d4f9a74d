"""From the ids in a path to the things they name, or to the API's 404."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Cluster, Job, Project, Side
from mongorestore_async.emulator.world.identifiers import Identifiers
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import World

__all__ = ["cluster_by_id", "cluster_by_name", "job_of", "project_by_name", "project_of"]


def project_of(world: World, project_id: str, side: Side) -> Project:
    """The project of an id.

    Raises:
        Refusal: 404; a malformed id has a code of its own, and so has a project of the other side.

    """
    if not Identifiers.well_formed(project_id):
        raise Refusal("INVALID_GROUP_ID", project_id)
    project = world.find_project(project_id)
    if project is None:
        raise Refusal("GROUP_NOT_FOUND", project_id)
    if project.side is not side:
        raise Refusal("ATLAS_GROUP" if side is Side.MANAGER else "NOT_ATLAS_GROUP", project_id)
    return project


def project_by_name(world: World, name: str, side: Side) -> Project:
    """The project of a name.

    Raises:
        Refusal: 404.

    """
    # Names end in their number: see World.project.
    number = name.rpartition("-")[2]
    try:
        found = world.project(side, int(number)) if number.isascii() and number.isdecimal() else None
    except (ConfigError, ValueError):
        # There are not so many, or it has thousands of digits.
        found = None
    if found is None or found.name != name:
        raise Refusal("GROUP_NAME_NOT_FOUND", name)
    return found


def cluster_by_id(world: World, project: Project, cluster_id: str) -> Cluster:
    """The cluster of an id, as Ops Manager and Cloud Manager want it; members of sharded clusters too.

    Raises:
        Refusal: 404.

    """
    if not Identifiers.well_formed(cluster_id):
        raise Refusal("INVALID_CLUSTER_ID", cluster_id)
    cluster = world.find_cluster(project, cluster_id)
    if cluster is None:
        raise Refusal("CLUSTER_NOT_FOUND", cluster_id, project.id)
    return cluster


def cluster_by_name(world: World, project: Project, name: str) -> Cluster:
    """The cluster of a name, as Atlas wants it.

    Raises:
        Refusal: 404.

    """
    cluster = world.find_cluster_by_name(project, name)
    if cluster is None:
        raise Refusal("CLUSTER_NAME_NOT_FOUND", name, project.id)
    return cluster


def job_of(request: web.Request, cluster: Cluster, missing: str = "RESTORE_JOB_NOT_FOUND") -> Job:
    """The job the path names.

    Raises:
        Refusal: 404.

    """
    job_id = request.match_info["job"]
    if not Identifiers.well_formed(job_id):
        raise Refusal("INVALID_JOB_ID", job_id)
    job = request.app[STAGE].world.jobs.find(cluster, job_id)
    if job is None:
        raise Refusal(missing, job_id)
    return job
