"""What a fan-out over several processes passes on, as text: plans, shards and reports. Pure values, no session in them.

The text is JSON with the name and the version of its form. Another version is refused by name, before anything is
read; so is a member that is not known, for it would be lost in silence.
"""

from __future__ import annotations

import functools
import json
from collections import Counter, defaultdict
from datetime import datetime
from itertools import chain
from typing import Any, ClassVar, Self, cast

import attrs
from cattrs import ClassValidationError, Converter, transform_error
from cattrs.v import format_exception

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.validators import require_whole, whole

__all__ = [
    "ClusterReport",
    "FanOutPlan",
    "LastRestore",
    "PlannedCluster",
    "PlannedProject",
    "ShardFailure",
    "ShardReport",
]

#: The version of both forms. It changes with any change of a member.
_VERSION = 1


class _Form:
    """What is passed on as text."""

    _name: ClassVar[str]

    def to_text(self) -> str:
        """Write it as JSON text, for :meth:`from_text` of any process whose release has this version of the form."""
        form = {"form": self._name, "version": _VERSION, **_converter().unstructure(self)}
        return json.dumps(form, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what :meth:`to_text` wrote.

        Args:
            text: The JSON text.

        Returns:
            The object.

        Raises:
            ConfigError: Something else, or another version.

        """
        try:
            found = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            found = None
        document: dict[str, Any] = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        if document.pop("form", None) != cls._name:
            raise ConfigError(f"this text is no {cls._name}: pass what to_text() wrote")
        if (version := document.pop("version", None)) != _VERSION:
            problem = f"has version {version!r}, and this release reads version {_VERSION}: make a new one"
            raise ConfigError(f"this {cls._name} {problem}")
        try:
            return _converter().structure(document, cls)
        except ClassValidationError as error:
            problems = "; ".join(transform_error(error, format_exception=_problem))
            raise ConfigError(f"this {cls._name} cannot be read: {problems}") from None


@functools.cache
def _converter() -> Converter:
    made = Converter(forbid_extra_keys=True, omit_if_default=True)
    made.register_unstructure_hook(datetime, datetime.isoformat)
    made.register_structure_hook(datetime, _moment)
    for exact in (str, int):
        made.register_structure_hook(exact, _exactly)
    return made


def _problem(error: BaseException, kind: type[Any] | None) -> str:
    return error.problem if isinstance(error, ConfigError) else format_exception(error, kind)


def _moment(value: Any, _: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.utcoffset() is None:
        raise ValueError("a time without a time zone")
    return found


def _exactly(value: Any, kind: type[Any]) -> Any:
    """Take text for text and numbers for numbers: cattrs would turn each into the other."""
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


@attrs.frozen(kw_only=True)
class PlannedCluster:
    """A cluster to be read.

    Attributes:
        key: What paths take: its id on Ops Manager and Cloud Manager, its name on Atlas.
        id: Cluster id, None where the server did not say.
        name: Cluster name, None where the server did not say.

    """

    key: str
    id: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class PlannedProject:
    """A project, and those of its clusters that are to be read.

    Attributes:
        id: Project id.
        name: Its name, None where the server did not say.
        clusters: Its clusters.

    """

    id: str
    name: str | None = None
    clusters: tuple[PlannedCluster, ...] = ()


@attrs.frozen(kw_only=True)
class ShardFailure:
    """What could not be read, as text: an error does not leave its process.

    Attributes:
        kind: A :class:`FailureKind`; ``"error"`` for what ended a whole shard.
        error: Class of the error.
        message: What went wrong, without secrets.
        hint: What to do next, empty where the message says it.
        project: Project id; None for the fleet or the shard.
        cluster: Key of the cluster; None where its project could not be read.

    """

    kind: str
    error: str
    message: str
    hint: str = ""
    project: str | None = None
    cluster: str | None = None


@attrs.frozen(kw_only=True)
class FanOutPlan(_Form):
    """Which clusters of a fleet are to be read, and which of their jobs. A shard of it is a smaller plan.

    Made by :meth:`Fleet.fan_out_plan`. Holds names and ids, no credentials and no session: whoever runs a shard brings
    a session of the same server.

    Attributes:
        fleet: Name of the fleet.
        family: Name of the product family.
        projects: The projects with their clusters.
        since: Only jobs requested at or after this moment; as for :meth:`Fleet.restore_jobs`, with the next four.
        states: Only jobs in these states; None for all.
        batch_id: Only jobs of this batch.
        concurrency: Calls in flight at once, in each shard.
        per_project: Calls in flight at once for one project, in each shard.
        failures: What could not be discovered: the plan does not have its clusters.
        number: Which shard it is, from 1.
        count: How many shards there are.

    """

    _name = "fan-out plan"

    fleet: str
    family: str
    projects: tuple[PlannedProject, ...]
    since: datetime | None = None
    states: tuple[str, ...] | None = None
    batch_id: str | None = None
    concurrency: int = attrs.field(default=16, validator=whole())
    per_project: int = attrs.field(default=4, validator=whole())
    failures: tuple[ShardFailure, ...] = ()
    number: int = attrs.field(default=1, validator=whole())
    count: int = attrs.field(default=1, validator=whole())

    @property
    def clusters(self) -> int:
        """How many clusters are to be read."""
        return sum(len(project.clusters) for project in self.projects)

    def shards(
        self, *, clusters: int | None = None, projects: int | None = None, count: int | None = None
    ) -> tuple[FanOutPlan, ...]:
        """Split the plan. The same plan gives the same shards, and every cluster is in exactly one of them.

        Args:
            clusters: At most so many clusters in each. All shards have as many, or one less; clusters of one project
                stay together as far as that allows.
            projects: At most so many projects in each, and no project in two: its rate limit is used by one process.
                The shards get about as many clusters each.
            count: How many shards, at most as many as there are clusters; otherwise as with ``clusters``.

        Returns:
            The shards, each a plan of its own.

        Raises:
            ConfigError: Not exactly one of the three, or not a whole number from 1.

        """
        given = {"clusters": clusters, "projects": projects, "count": count}
        chosen = {name: value for name, value in given.items() if value is not None}
        if len(chosen) != 1:
            raise ConfigError("pass exactly one of clusters, projects and count")
        [(name, size)] = chosen.items()
        require_whole(name, size)
        ordered = sorted((project for project in self.projects if project.clusters), key=lambda project: project.id)
        wanted = size if name == "count" else -(-self.clusters // size)
        parts = _whole_projects(ordered, size) if name == "projects" else _even_parts(ordered, wanted)
        return tuple(
            attrs.evolve(self, projects=part, failures=(), number=number, count=len(parts))
            for number, part in enumerate(parts, start=1)
        )


def _whole_projects(projects: list[PlannedProject], most: int) -> list[tuple[PlannedProject, ...]]:
    """Deal out projects, the largest first, each to the part with the fewest clusters that has room."""
    parts: list[list[PlannedProject]] = [[] for _ in range(-(-len(projects) // most))]
    sizes = [0] * len(parts)
    for project in sorted(projects, key=lambda project: -len(project.clusters)):
        place = min((each for each in range(len(parts)) if len(parts[each]) < most), key=lambda each: sizes[each])
        parts[place].append(project)
        sizes[place] += len(project.clusters)
    return [tuple(sorted(part, key=lambda project: project.id)) for part in parts]


def _even_parts(projects: list[PlannedProject], count: int) -> list[tuple[PlannedProject, ...]]:
    """Cut the clusters of all projects, one after the other, into so many parts of the same size or one less."""
    pairs = list(chain.from_iterable(((project, cluster) for cluster in project.clusters) for project in projects))
    count = min(count, len(pairs))
    parts: list[tuple[PlannedProject, ...]] = []
    for number in range(count):
        part = pairs[number * len(pairs) // count : (number + 1) * len(pairs) // count]
        clusters: defaultdict[str, list[PlannedCluster]] = defaultdict(list)
        for project, cluster in part:
            clusters[project.id].append(cluster)
        whole_projects = {project.id: project for project, _ in part}
        parts.append(tuple(attrs.evolve(whole_projects[key], clusters=tuple(found)) for key, found in clusters.items()))
    return parts


@attrs.frozen(kw_only=True)
class LastRestore:
    """The newest restore job of a cluster.

    Attributes:
        job: Text of its reference, for ``session.restore_job()``; None where it has none.
        state: Its :class:`JobState`.
        requested_at: When it was requested, UTC.
        finished_at: When it was over, UTC.

    """

    job: str | None
    state: str
    requested_at: datetime | None = None
    finished_at: datetime | None = None


@attrs.frozen(kw_only=True)
class ClusterReport:
    """What was found of one cluster.

    Attributes:
        project: Project id.
        cluster: Key of the cluster.
        outcome: A :class:`ClusterOutcome`; None where its reading did not end.
        jobs: How many jobs were found, by :class:`JobState`.
        last: The newest of them, None where there is none.
        last_finished_at: When the newest one that ended well was requested, or was over where that is not told.
        project_name: Name of the project.
        cluster_name: Name of the cluster.

    """

    project: str
    cluster: str
    outcome: str | None = None
    jobs: dict[str, int] = attrs.field(factory=dict[str, int])
    last: LastRestore | None = None
    last_finished_at: datetime | None = None
    project_name: str | None = None
    cluster_name: str | None = None


@attrs.frozen(kw_only=True)
class ShardReport(_Form):
    """What became of one shard.

    Attributes:
        fleet: Name of the fleet.
        family: Name of the product family.
        number: Which shard, from 1.
        count: How many shards there are.
        started_at: When it began, UTC.
        ended_at: When it ended, UTC.
        requests: HTTP requests of its calls, repetitions included; logins are not.
        clusters: Its clusters, in the order of the shard.
        failures: What could not be read.
        error: What ended the shard before its end, None if nothing did; then the clusters tell what was not read.
        library_version: Version of this library.

    """

    _name = "shard report"

    fleet: str
    family: str
    number: int
    count: int
    started_at: datetime
    ended_at: datetime
    requests: int = 0
    clusters: tuple[ClusterReport, ...] = ()
    failures: tuple[ShardFailure, ...] = ()
    error: ShardFailure | None = None
    library_version: str = ""

    @property
    def jobs(self) -> dict[str, int]:
        """How many jobs were found, by state."""
        found: Counter[str] = Counter()
        for cluster in self.clusters:
            found.update(cluster.jobs)
        return dict(found)

    @property
    def complete(self) -> bool:
        """Whether all of the shard was read."""
        return self.error is None and not self.failures
