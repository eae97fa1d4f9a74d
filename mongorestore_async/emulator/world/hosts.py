"""The hosts of the clusters of Ops Manager and Cloud Manager, computed from the clusters."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.world.entities import Cluster, ClusterKind, Identifiers, IdFields, IdKind
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mongorestore_async.emulator.world.entities import Project

__all__ = ["Host", "Hosts"]

_HOSTS_PER_SET = 3


@attrs.frozen(kw_only=True)
class Host:
    """A MongoDB process.

    Attributes:
        id: 32 hexadecimal characters: ids of hosts are longer than the others.
        cluster: The top-level cluster it belongs to.
        group: Its shard or config set; None for a ``mongos``, a mirrored config server, a replica set's member.
        index: Its fields among the hosts of the cluster.
        type_name: As in documents: ``REPLICA_PRIMARY``, ``SHARD_CONFIG``, ``SHARD_MONGOS`` ...
        mirror: Which of the cluster's mirrored config servers it is, from 1; 0 for every other host.

    """

    id: str
    cluster: Cluster
    group: Cluster | None = None
    index: int
    type_name: str
    mirror: int = 0

    @property
    def state(self) -> str | None:
        """Its state in its replica set, if it is in one."""
        return next((word for word in ("PRIMARY", "SECONDARY") if self.type_name.endswith(word)), None)

    @property
    def backup(self) -> Cluster:
        """What to give ``world.jobs`` and ``world.snapshots`` for its own jobs and snapshots.

        Raises:
            ConfigError: It is not a mirrored config server, so it has none.

        """
        if not self.mirror:
            raise ConfigError(f"Host {self.id} is no mirrored config server; take world.config_server().")
        return attrs.evolve(self.cluster, id=self.id, host=self.mirror)


class Hosts:
    """Computes hosts from clusters.

    Config servers of sharded clusters with feature compatibility version 4.0 are mirrored, those of newer ones are a
    replica set.

    Args:
        ids: Writes their ids.
        clusters: Gives the top-level clusters of a project.
        members: Gives the shards and the config set of a cluster.

    """

    def __init__(
        self,
        ids: Identifiers,
        clusters: Callable[[Project], Iterator[Cluster]],
        members: Callable[[Cluster], Sequence[Cluster]],
    ) -> None:
        self._ids = ids
        self._clusters = clusters
        self._members = members

    def of(self, cluster: Cluster) -> list[Host]:
        """The hosts of a top-level cluster: three of each replica set, and a ``mongos`` before shards."""
        found: list[tuple[Cluster | None, str, int]] = [(None, "SHARD_MONGOS", 0)] if cluster.kind.sharded else []
        for group in self._members(cluster) if cluster.kind.sharded else (None,):
            config = group is not None and group.member == "config"
            if config and cluster.kind is ClusterKind.SHARDED_FCV_40:
                found += [(None, "SHARD_CONFIG", mirror) for mirror in range(1, _HOSTS_PER_SET + 1)]
            else:
                kind = "SHARD_CONFIG" if config else "SHARD" if group else "REPLICA"
                found += [
                    (group, f"{kind}_{'SECONDARY' if index else 'PRIMARY'}", 0) for index in range(_HOSTS_PER_SET)
                ]
        return [
            Host(id=self._id(cluster, index), cluster=cluster, group=group, index=index, type_name=kind, mirror=mirror)
            for index, (group, kind, mirror) in enumerate(found)
        ]

    def page(self, project: Project, start: int, count: int) -> list[Host]:
        """The hosts .

        Args:
            project: The project.
            start: Position of the first one in the project's list, from 0.
            count: How many there are at most.

        Returns:
            The hosts.

        """
        return list(itertools.islice(self._all(project), start, start + count))

    def count(self, project: Project) -> int:
        """How many hosts a project has."""
        return sum(len(self.of(cluster)) for cluster in self._clusters(project))

    def find(self, project: Project, host_id: str) -> Host | None:
        """The host of an id in a project."""
        fields = self._ids.read(host_id[8:]) if Identifiers.well_formed(host_id[8:]) else None
        if fields is None or fields.kind is not IdKind.HOST:
            return None
        cluster = next(itertools.islice(self._clusters(project), fields.cluster, None), None)
        hosts = [] if cluster is None else self.of(cluster)
        return next((host for host in hosts if host.id == host_id), None)

    def _all(self, project: Project) -> Iterator[Host]:
        return itertools.chain.from_iterable(self.of(cluster) for cluster in self._clusters(project))

    def _id(self, cluster: Cluster, index: int) -> str:
        tail = self._ids.write(IdFields(IdKind.HOST, cluster.project.number, cluster.number, index))
        return hashlib.blake2b(tail.encode(), digest_size=4).hexdigest() + tail
