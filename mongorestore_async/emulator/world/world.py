"""The data of the emulator: projects and clusters, computed from a seed when asked for."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mongorestore_async.emulator.world.cluster_backups import Backups, Checkpoints
from mongorestore_async.emulator.world.collection_restore_store import CollectionRestores
from mongorestore_async.emulator.world.entities import (
    Cluster,
    ClusterKind,
    Identifiers,
    IdFields,
    IdKind,
    Job,
    JobOutcome,
    Project,
    Side,
    random_bits,
)
from mongorestore_async.emulator.world.hosts import Host, Hosts
from mongorestore_async.emulator.world.job_store import Jobs
from mongorestore_async.emulator.world.organization import Organization
from mongorestore_async.emulator.world.snapshot_store import Snapshots
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings
    from mongorestore_async.emulator.flow_control import Clock
    from mongorestore_async.emulator.world.namespaces import Namespaces

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
_CLUSTER_IN_PATH = re.compile(
    "/groups/(?P<project>[0-9a-f]{24})/(?:clusters|hosts|flexClusters|serverless)/(?P<cluster>[^/?]+)"
)
#: Stamps of projects and clusters: older than any job.
_CREATED_STAMP = 0x4F000000


def _side(word: Side | str) -> Side:
    try:
        return Side(word)
    except ValueError:
        raise ConfigError(f"{word!r} is no side; choose from {', '.join(Side)}.") from None


class World:
    """Projects, clusters and jobs of both sides.

    The same seed and sizes make the same world. Only changes are stored.

    Attributes:
        backups: Which clusters have a backup at all.
        hosts: Their hosts (Ops Manager, Cloud Manager).
        snapshots: Their snapshots.
        checkpoints: Their checkpoints.
        jobs: Their restore jobs.
        collection_restores: Their collection restores (Atlas cloud backup).
        namespaces: Their databases and collections (Atlas), and those of their snapshots.

    """

    def __init__(self, settings: EmulatorSettings, clock: Clock) -> None:
        self._settings = settings
        self._ids = Identifiers(settings.seed)
        self.backups: Backups = Backups()
        self.hosts: Hosts = Hosts(self._ids, self.clusters, self.members)
        self.snapshots: Snapshots = Snapshots(settings, clock, self._ids)
        self.checkpoints: Checkpoints = Checkpoints(clock.start, self._ids)
        endings: list[JobOutcome] = []
        self.jobs: Jobs = Jobs(settings, clock, self._ids, self.members, self.snapshots, endings)
        self.collection_restores: CollectionRestores = CollectionRestores(
            settings, clock, self._ids, self.snapshots, endings
        )
        self.namespaces: Namespaces = self.collection_restores.namespaces
        self._removed: set[str] = set()
        self._retained: dict[str, Cluster] = {}

    def organization(self, side: Side) -> Organization:
        """The organization that all projects of a side belong to."""
        return Organization(self._ids.write(IdFields(IdKind.ORGANIZATION, stamp=_CREATED_STAMP)), _side(side))

    def project(self, side: Side, number: int) -> Project:
        """A project .

        Args:
            side: Whose projects: Ops Manager and Cloud Manager, or Atlas.
            number: Its number, from 0.

        Returns:
            The project.

        Raises:
            ConfigError: The number is too large.

        """
        side = _side(side)  # a plain word would write ids of its own
        if not 0 <= number < self._settings.projects:
            raise ConfigError(f"There is no project {number}: this world has {self._settings.projects} on each side.")
        return Project(
            id=self._ids.write(IdFields(_PROJECT[side], number, stamp=_CREATED_STAMP + number)),
            name=f"{side}-project-{number}",
            side=side,
            number=number,
            org_id=self.organization(side).id,
        )

    def projects(self, side: Side) -> Iterator[Project]:
        """All projects of one side, in the order of ``GET /groups``."""
        return (self.project(side, number) for number in range(self._settings.projects))

    def find_project(self, project_id: str) -> Project | None:
        """The project of an id, on either side."""
        fields = self._ids.read(project_id)
        for side, kind in _PROJECT.items():
            if fields is not None and fields.kind is kind and fields.project < self._settings.projects:
                found = self.project(side, fields.project)
                return found if found.id == project_id else None
        return None

    def cluster_count(self, side: Side) -> int:
        """How many top-level clusters each project of a side has; unless set, one of each kind."""
        count = self._settings.clusters_per_project
        return len(_KINDS[side]) if count is None else count

    def cluster(self, project: Project, number: int) -> Cluster:
        """A top-level cluster .

        Args:
            project: The project.
            number: Its number, from 0.

        Returns:
            The cluster.

        Raises:
            ConfigError: The number is too large.

        """
        count = self.cluster_count(project.side)
        if not 0 <= number < count:
            raise ConfigError(f"There is no cluster {number}: projects here have {count} clusters.")
        kinds = _KINDS[project.side]
        word = _WORDS[self._dice(project, number) % len(_WORDS)]
        return Cluster(
            id=self._ids.write(IdFields(_CLUSTER[project.side], project.number, number, stamp=_CREATED_STAMP + number)),
            name=f"{word}-{number}",
            kind=kinds[number % len(kinds)],
            project=project,
            number=number,
        )

    def clusters(self, project: Project) -> Iterator[Cluster]:
        """The top-level clusters of a project."""
        found = (self.cluster(project, number) for number in range(self.cluster_count(project.side)))
        return (cluster for cluster in found if cluster.id not in self._removed)

    def retained(self, project: Project) -> list[Cluster]:
        """The clusters of a project that were removed, and whose backups were retained."""
        return [cluster for cluster in self._retained.values() if cluster.project == project]

    def members(self, cluster: Cluster) -> tuple[Cluster, ...]:
        """The shards and the config set of a sharded cluster; empty for other kinds."""
        if not cluster.kind.sharded:
            return ()
        return tuple(
            Cluster(
                id=self._ids.write(
                    IdFields(IdKind.MEMBER, cluster.project.number, cluster.number, index, stamp=_CREATED_STAMP + index)
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
        fields = self._ids.read(cluster_id)
        if fields is None or fields.cluster >= self.cluster_count(project.side):
            return None
        top = self.cluster(project, fields.cluster)
        return next((found for found in (top, *self.members(top)) if found.id == cluster_id), None)

    def cluster_in(self, path: str) -> Cluster | None:
        """The cluster, or the mirrored config server, that the path of a request names by id or by name."""
        found = _CLUSTER_IN_PATH.search(path)
        project = None if found is None else self.find_project(found["project"])
        if found is None or project is None:
            return None
        text = unquote(found["cluster"])
        if not Identifiers.well_formed(text):
            return self.find_cluster_by_name(project, text, retained=True)
        host = self.hosts.find(project, text)
        return self.find_cluster(project, text) if host is None else host.backup

    def find_cluster_by_name(self, project: Project, name: str, *, retained: bool = False) -> Cluster | None:
        """The top-level cluster of a name in a project, also a removed one if wanted and its backups were retained."""
        number = name.rpartition("-")[2]
        if not (number.isascii() and number.isdecimal()) or int(number) >= self.cluster_count(project.side):
            return None
        found = self.cluster(project, int(number))
        gone = found.id in self._removed and not (retained and found.id in self._retained)
        return None if gone or found.name != name else found

    def remove_cluster(self, cluster: Cluster, *, retain_backups: bool = False) -> None:
        """Remove a cluster of Atlas: it is found no longer, and collection restores into it end as canceled.

        Args:
            cluster: The cluster.
            retain_backups: Whether its snapshots and restore jobs still answer, and
                ``includeDeletedWithRetainedBackups`` lists it. How the real server does that is not known.

        Raises:
            ConfigError: It is a cluster of the manager; those stay. Or it has no cloud backup to be retained.

        """
        if retain_backups and cluster.kind not in {ClusterKind.CLOUD_BACKUP, ClusterKind.CLOUD_BACKUP_SHARDED}:
            raise ConfigError(f"Only cloud backups can be retained; {cluster.name} is {cluster.kind}.")
        if cluster.project.side is not Side.ATLAS:
            raise ConfigError(f"Only clusters of Atlas can be removed; {cluster.name} is one of the manager.")
        self.collection_restores.cancel_into(cluster)
        self._removed.add(cluster.id)
        if retain_backups:
            self._retained[cluster.id] = cluster

    def find_job(self, job_id: str) -> Job | None:
        """The job of an id, whatever project and cluster it belongs to."""
        fields = self._ids.read(job_id) if Identifiers.well_formed(job_id) else None
        side = Side.ATLAS if fields is not None and fields.kind is IdKind.ATLAS_JOB else Side.MANAGER
        numbers = (self._settings.projects, self.cluster_count(side))
        if fields is None or fields.project >= numbers[0] or fields.cluster >= numbers[1]:
            return None
        cluster = self.cluster(self.project(side, fields.project), fields.cluster)
        mirrors = [host.backup for host in self.hosts.of(cluster) if host.mirror] if side is Side.MANAGER else []
        found = (self.jobs.find(where, job_id) for where in (cluster, *mirrors))
        return next((job for job in found if job is not None), None)

    def first(self, kind: ClusterKind | str = ClusterKind.REPLICA_SET) -> Cluster:
        """The first cluster of a kind. Tests usually get a project, a cluster id and a name from it.

        Args:
            kind: Its kind, or the text of it.

        Returns:
            The cluster.

        Raises:
            ConfigError: There is no such kind, or this world is too small to have one; it says how to get one.

        """
        try:
            wanted = ClusterKind(kind)
        except ValueError:
            raise ConfigError(f"{kind!r} is no kind of cluster; choose from {', '.join(ClusterKind)}.") from None
        if not self._settings.projects:
            raise ConfigError(f"This world has no {wanted} cluster: it has no projects; set projects to 1 or more.")
        side = next(side for side, kinds in _KINDS.items() if wanted in kinds)
        needed = _KINDS[side].index(wanted) + 1
        if needed <= self.cluster_count(side):
            every = itertools.chain.from_iterable(map(self.clusters, self.projects(side)))
            found = next((cluster for cluster in every if cluster.kind is wanted), None)
            if found is None:
                raise ConfigError(f"Every {wanted} cluster of this world was removed; make another world.")
            return found
        raise ConfigError(
            f"This world has no {wanted} cluster: its projects have {self._settings.clusters_per_project} clusters; "
            f"set clusters_per_project to {needed} or more, or leave it out."
        )

    def config_server(self, mirror: int = 0) -> Host:
        """One of the mirrored config servers of the first cluster that has them; ``host.backup`` has its jobs.

        Args:
            mirror: Which of the mirrors, from 0.

        Returns:
            The host.

        Raises:
            ConfigError: This world is too small to have one.

        """
        hosts = self.hosts.of(self.first(ClusterKind.SHARDED_FCV_40))
        mirrors = [host for host in hosts if host.mirror]
        if not 0 <= mirror < len(mirrors):
            raise ConfigError(f"There is no mirrored config server {mirror}: a cluster has {len(mirrors)}.")
        return mirrors[mirror]

    def _dice(self, project: Project, number: int) -> int:
        return random_bits(f"{self._settings.seed} {project.side} {project.number} {number}", 4)
