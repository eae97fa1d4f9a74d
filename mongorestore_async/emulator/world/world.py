"""The data of the emulator: computed from a seed when asked for, plus the few jobs that were created since."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

from mongorestore_async.emulator.world.backups import Backups
from mongorestore_async.emulator.world.checkpoints import Checkpoints
from mongorestore_async.emulator.world.hosts import Host, Hosts
from mongorestore_async.emulator.world.identifiers import Identifiers, IdKind, Place
from mongorestore_async.emulator.world.jobs import Jobs
from mongorestore_async.emulator.world.snapshots import Snapshots
from mongorestore_async.emulator.world.things import Cluster, ClusterKind, Project, Side
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.emulator.clock import Clock
    from mongorestore_async.emulator.settings import EmulatorSettings
    from mongorestore_async.emulator.world.things import Job

__all__ = ["World"]

_KINDS = {
    Side.MANAGER: (ClusterKind.REPLICA_SET, ClusterKind.SHARDED, ClusterKind.SHARDED_FCV_40),
    Side.ATLAS: (
        ClusterKind.CLOUD_BACKUP,
        ClusterKind.TENANT,
        ClusterKind.CLOUD_BACKUP_SHARDED,
        ClusterKind.FLEX,
        ClusterKind.SERVERLESS,
        ClusterKind.LEGACY,
        ClusterKind.LEGACY_SHARDED,
    ),
}
_PROJECT = {Side.MANAGER: IdKind.MANAGER_PROJECT, Side.ATLAS: IdKind.ATLAS_PROJECT}
_CLUSTER = {Side.MANAGER: IdKind.MANAGER_CLUSTER, Side.ATLAS: IdKind.ATLAS_CLUSTER}
_MEMBERS = ("shard-0", "shard-1", "config")
_WORDS = ("electron", "proton", "neutron", "muon", "gluon", "photon", "boson", "quark")

#: Stamps of projects and clusters: they are older than any job.
_FOUNDED = 0x4F000000


class World:
    """Projects, clusters and jobs of both sides.

    The same seed and sizes make the same world. Nothing is kept in memory but what was changed.

    Attributes:
        backups: Which clusters have a backup at all.
        hosts: Their hosts (Ops Manager, Cloud Manager).
        snapshots: Their snapshots.
        checkpoints: Their checkpoints.
        jobs: Their restore jobs.

    """

    def __init__(self, settings: EmulatorSettings, clock: Clock) -> None:
        self._settings = settings
        self._ids = Identifiers(settings.seed)
        self.backups = Backups()
        self.hosts = Hosts(self._ids, self.clusters, self.members)
        self.snapshots = Snapshots(settings, clock.start, self._ids)
        self.checkpoints = Checkpoints(clock.start, self._ids)
        self.jobs = Jobs(settings, clock, self._ids, self.members, self.snapshots)

    def project(self, side: Side, number: int) -> Project:
        """A project by its number, from 0.

        Raises:
            ConfigError: There are not so many.

        """
        if not 0 <= number < self._settings.projects:
            raise ConfigError(f"There is no project {number}: this world has {self._settings.projects} on each side.")
        return Project(
            id=self._ids.write(Place(_PROJECT[side], number, stamp=_FOUNDED + number)),
            name=f"{side}-project-{number}",
            side=side,
            number=number,
            org_id=self._ids.write(Place(IdKind.ORGANIZATION, stamp=_FOUNDED)),
        )

    def projects(self, side: Side) -> Iterator[Project]:
        """All projects of one side, in the order of ``GET /groups``."""
        return (self.project(side, number) for number in range(self._settings.projects))

    def find_project(self, project_id: str) -> Project | None:
        """The project of an id, on either side."""
        place = self._ids.read(project_id)
        for side, kind in _PROJECT.items():
            if place is not None and place.kind is kind and place.project < self._settings.projects:
                found = self.project(side, place.project)
                return found if found.id == project_id else None
        return None

    def cluster(self, project: Project, number: int) -> Cluster:
        """A top-level cluster by its number in the project, from 0.

        Raises:
            ConfigError: There are not so many.

        """
        if not 0 <= number < self._settings.clusters_per_project:
            raise ConfigError(
                f"There is no cluster {number}: projects here have {self._settings.clusters_per_project} clusters."
            )
        kinds = _KINDS[project.side]
        word = _WORDS[self._dice(project, number) % len(_WORDS)]
        return Cluster(
            id=self._ids.write(Place(_CLUSTER[project.side], project.number, number, stamp=_FOUNDED + number)),
            name=f"{word}-{number}",
            kind=kinds[number % len(kinds)],
            project=project,
            number=number,
        )

    def clusters(self, project: Project) -> Iterator[Cluster]:
        """The top-level clusters of a project."""
        return (self.cluster(project, number) for number in range(self._settings.clusters_per_project))

    def members(self, cluster: Cluster) -> tuple[Cluster, ...]:
        """The shards and the config set of a sharded cluster; empty for other kinds."""
        if not cluster.kind.sharded:
            return ()
        return tuple(
            Cluster(
                id=self._ids.write(
                    Place(IdKind.MEMBER, cluster.project.number, cluster.number, index, stamp=_FOUNDED + index)
                ),
                name=cluster.name,
                kind=cluster.kind,
                project=cluster.project,
                number=cluster.number,
                member=member,
            )
            for index, member in enumerate(_MEMBERS)
        )

    def find_cluster(self, project: Project, cluster_id: str) -> Cluster | None:
        """The cluster of an id in a project, members of sharded clusters included."""
        place = self._ids.read(cluster_id)
        if place is None or place.cluster >= self._settings.clusters_per_project:
            return None
        top = self.cluster(project, place.cluster)
        return next((found for found in (top, *self.members(top)) if found.id == cluster_id), None)

    def find_cluster_by_name(self, project: Project, name: str) -> Cluster | None:
        """The top-level cluster of a name in a project."""
        number = name.rpartition("-")[2]
        if not (number.isascii() and number.isdecimal()) or int(number) >= self._settings.clusters_per_project:
            return None
        found = self.cluster(project, int(number))
        return found if found.name == name else None

    def find_job(self, job_id: str) -> Job | None:
        """The job of an id, whatever project and cluster it belongs to."""
        place = self._ids.read(job_id) if Identifiers.well_formed(job_id) else None
        numbers = (self._settings.projects, self._settings.clusters_per_project)
        if place is None or place.project >= numbers[0] or place.cluster >= numbers[1]:
            return None
        side = Side.ATLAS if place.kind is IdKind.ATLAS_JOB else Side.MANAGER
        cluster = self.cluster(self.project(side, place.project), place.cluster)
        mirrors = [host.backup for host in self.hosts.of(cluster) if host.mirror] if side is Side.MANAGER else []
        found = (self.jobs.find(where, job_id) for where in (cluster, *mirrors))
        return next((job for job in found if job is not None), None)

    def first(self, kind: ClusterKind | str = ClusterKind.REPLICA_SET) -> Cluster:
        """The first cluster of a kind: the usual way for a test to get a project, a cluster id and a name.

        Raises:
            ConfigError: This world is too small to have one.

        """
        wanted = ClusterKind(kind)
        for side in Side:
            for project in itertools.islice(self.projects(side), 1):
                for cluster in itertools.islice(self.clusters(project), len(_KINDS[side])):
                    if cluster.kind is wanted:
                        return cluster
        needed = next(kinds.index(wanted) for kinds in _KINDS.values() if wanted in kinds) + 1
        raise ConfigError(
            f"This world has no {wanted} cluster; give it a project and set clusters_per_project to {needed} or more."
        )

    def config_server(self, mirror: int = 0) -> Host:
        """One of the mirrored config servers of the first cluster that has them; ``host.backup`` has its jobs.

        Raises:
            ConfigError: This world is too small to have one.

        """
        hosts = self.hosts.of(self.first(ClusterKind.SHARDED_FCV_40))
        return [host for host in hosts if host.mirror][mirror]

    def _dice(self, project: Project, number: int) -> int:
        text = f"{self._settings.seed} {project.side} {project.number} {number}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
