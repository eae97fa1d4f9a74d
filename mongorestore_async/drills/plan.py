"""The plan of a drill: what is restored from where to where, in which order, and how it is judged.

Values only, checked when they are made. ``plan_file`` reads them from TOML.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a type of public fields, to be resolved at run time
from graphlib import CycleError, TopologicalSorter
from typing import Literal, TypeAlias

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.urls import check_identifier

__all__ = ["PLAN_FORMAT", "DrillCheck", "DrillCluster", "DrillPlan", "DrillServer", "DrillTarget", "SnapshotRule"]

#: The version of the form of a plan.
PLAN_FORMAT = 1

_Kind: TypeAlias = Literal["newest", "oldest", "id"]


@attrs.frozen
class DrillTarget:
    """A throw-away cluster that a drill may restore into; all its data are lost.

    Attributes:
        project: Project id.
        cluster: Cluster id, or name on Atlas.

    """

    project: str
    cluster: str

    def __attrs_post_init__(self) -> None:
        check_identifier("target's project id", self.project)
        check_identifier("target's cluster id", self.cluster)

    def __str__(self) -> str:
        return f"{self.project}/{self.cluster}"


@attrs.frozen(kw_only=True)
class SnapshotRule:
    """Which snapshot of a cluster is restored. Incomplete and expired ones never are.

    Attributes:
        kind: ``newest``, ``oldest``, or ``id``.
        id: The snapshot, for ``id``.
        older_than: Only snapshots that are older than so many seconds.

    """

    kind: _Kind = "newest"
    id: str | None = None
    older_than: float | None = None

    def __attrs_post_init__(self) -> None:
        if (self.kind == "id") != (self.id is not None) or (self.id is not None and self.older_than is not None):
            raise ConfigError("a snapshot rule is newest or oldest, with or without an age, or an id alone")
        if self.id is not None:
            check_identifier("snapshot id", self.id)


@attrs.frozen(kw_only=True)
class DrillCheck:
    """A check of the user's own, after the restore.

    Attributes:
        name: Shown in the report.
        call: ``package.module:function``, an async function that gets a ``CheckContext``; it fails by raising.
        command: Program and arguments, run without a shell; ``{archive}``, ``{directory}``, ``{target}`` and the
            environment variables ``DRILL_ARCHIVE``, ``DRILL_DIRECTORY`` and so on tell it where to look. It fails
            by its exit code.
        timeout: Seconds after which it is ended, and has failed.

    """

    name: str
    call: str | None = None
    command: tuple[str, ...] = ()
    timeout: float = 600.0

    def __attrs_post_init__(self) -> None:
        if (self.call is None) == (not self.command):
            raise ConfigError(f"check {self.name!r} needs either call or command")
        if self.call is not None:
            module, colon, function = self.call.partition(":")
            if not (colon and function.isidentifier() and all(part.isidentifier() for part in module.split("."))):
                raise ConfigError(f"call of check {self.name!r} must be package.module:function, not {self.call!r}")


@attrs.frozen(kw_only=True)
class DrillServer:
    """The server that opens a copy of what an archive holds, to count its documents.

    Attributes:
        command: Program and arguments; ``{directory}`` and ``{port}`` are filled in. It must listen on 127.0.0.1 only.
        timeout: Seconds within which it has to answer, and within which it has to stop.

    """

    command: tuple[str, ...]
    timeout: float = 300.0

    def __attrs_post_init__(self) -> None:
        if not self.command:
            raise ConfigError("command of the server is empty: it needs the path of a mongod")
        for word in ("{directory}", "{port}"):
            if not any(word in part for part in self.command):
                raise ConfigError(f"command of the server has no {word}: it would open other data than the archive's")


@attrs.frozen(kw_only=True)
class DrillCluster:
    """One restore of a drill.

    Attributes:
        name: Its name in the plan; ``after`` of others means it.
        project: Project id.
        cluster: Cluster id, or name on Atlas.
        target: Where it is restored to; None: its archive is downloaded.
        snapshot: Which snapshot.
        sharded: Whether it is a sharded cluster of Atlas cloud backup, whose snapshots are another list.
        rto: Goal: seconds until the data can be used.
        rpo: Goal: age of the data, seconds.
        timeout: Seconds to wait for the restore.
        after: Names of those that must have passed before.
        archive: Whether the archive is unpacked and looked at.
        namespaces: Documents there must be, by namespace, as a server counts them.
        at_least: Whether more documents than in ``namespaces``, and further namespaces, are right.
        may_shrink_percent: By how much a count may be below that of the last drill, if the snapshot is another one.
        keep: Whether the archive stays after the drill; one that failed a check always does.
        checks: The user's own checks.

    """

    name: str
    project: str
    cluster: str
    target: DrillTarget | None = None
    snapshot: SnapshotRule = SnapshotRule()
    sharded: bool = False
    rto: float | None = None
    rpo: float | None = None
    timeout: float = 86400.0
    after: tuple[str, ...] = ()
    archive: bool = True
    namespaces: Mapping[str, int] = attrs.field(factory=dict[str, int], hash=False)
    at_least: bool = False
    may_shrink_percent: int = 5
    keep: bool = False
    checks: tuple[DrillCheck, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier("project id", self.project)
        check_identifier("cluster id", self.cluster)

    @property
    def place(self) -> str:
        """Where the data go, as reports say it."""
        return "download" if self.target is None else str(self.target)


@attrs.frozen(kw_only=True)
class DrillPlan:
    """A drill.

    Attributes:
        name: Its name.
        family: Name of the product family, such as ``ops-manager``.
        clusters: The restores, in the order of the plan.
        parallel: How many run at once.
        stop_after: After so many failures nothing more is started; None: never.
        server: What opens archives; None: their layout is looked at, and they do not count as verified.
        unpacked_limit: Most bytes that one archive may unpack to.
        format: ``PLAN_FORMAT``.

    Raises:
        ConfigError: It contradicts itself.

    """

    name: str
    family: str
    clusters: tuple[DrillCluster, ...]
    parallel: int = 4
    stop_after: int | None = None
    server: DrillServer | None = None
    unpacked_limit: int = 1 << 40
    format: int = PLAN_FORMAT

    def __attrs_post_init__(self) -> None:
        if self.format != PLAN_FORMAT:
            raise ConfigError(f"format of the plan is {self.format}: this version reads {PLAN_FORMAT}")
        if not self.clusters:
            raise ConfigError("the plan names no cluster")
        names = [cluster.name for cluster in self.clusters]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"two clusters of the plan are called {twice!r}: give each a name of its own")
        for cluster in self.clusters:
            unknown = next((name for name in cluster.after if name not in names), None)
            if unknown is not None:
                raise ConfigError(f"after of cluster {cluster.name!r} names {unknown!r}, which the plan does not have")
        self._check_order()
        self._check_targets()

    def _check_order(self) -> None:
        try:
            TopologicalSorter({cluster.name: cluster.after for cluster in self.clusters}).prepare()
        except CycleError as error:
            raise ConfigError(f"clusters of the plan wait for each other: {' -> '.join(error.args[1])}") from None

    def _check_targets(self) -> None:
        sources = {_spelling(cluster.project, cluster.cluster): cluster.name for cluster in self.clusters}
        taken: dict[tuple[str, str], str] = {}
        for cluster in self.clusters:
            if cluster.target is None:
                continue
            place = _spelling(cluster.target.project, cluster.target.cluster)
            if place in sources:
                raise ConfigError(
                    f"target of cluster {cluster.name!r} is the cluster that {sources[place]!r} is a copy of: a drill"
                    f" restores into throw-away clusters only"
                )
            if place in taken:
                raise ConfigError(
                    f"clusters {taken[place]!r} and {cluster.name!r} have one target: one drill restores into it once"
                )
            taken[place] = cluster.name


def _spelling(project: str, cluster: str) -> tuple[str, str]:
    return project.casefold(), cluster.casefold()
