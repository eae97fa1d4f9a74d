"""All clusters of a fleet and what their restores say, at one moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.fleet.fleet_records import ClusterOutcome
from mongorestore_async.reports.cluster_history import ClusterHistory, LastOutcome, Restore, join_batches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.fleet import FleetCluster, FleetFailure, FleetProgress, FleetStream
    from mongorestore_async.models import JobDocument

__all__ = ["FleetReport", "UnreadPlace"]

#: A good restore older than this is not lately.
_LATELY = timedelta(days=90)
_MOST = timedelta(days=36525)


@attrs.frozen
class UnreadPlace:
    """A project or a whole fleet whose clusters could not be listed, so that they are missing in the report.

    Attributes:
        fleet: Name of the fleet.
        project: The project, None for the whole fleet.
        kind: Why, a word of ``FailureKind``.
        reason: The error as text.

    """

    fleet: str
    project: str | None
    kind: str
    reason: str


@attrs.frozen(kw_only=True)
class FleetReport:
    """What the restore jobs of a fleet say about its clusters. :meth:`of` makes one.

    Attributes:
        taken_at: When the lists were read.
        lately: How long ago a good restore may be to count as lately.
        clusters: All clusters, also those without restores; by fleet, project and name.
        unread: What could not be listed.
        skipped: Clusters that the stream left out because a resume token said that they were read.
        since: The stream had only jobs requested since then; None: all of them.

    """

    taken_at: datetime
    lately: timedelta = _LATELY
    clusters: tuple[ClusterHistory, ...]
    unread: tuple[UnreadPlace, ...] = ()
    skipped: int = 0
    since: datetime | None = None

    @classmethod
    async def of(
        cls,
        stream: FleetStream[Any],
        *,
        lately: timedelta = _LATELY,
        since: datetime | None = None,
        taken_at: datetime | None = None,
    ) -> FleetReport:
        """Read a stream to its end, and report.

        Keeps one small record of each job. What cannot be read is part of the report; an error that ends the stream
        is raised.

        Args:
            stream: ``fleet.restore_jobs()``, not entered yet: this enters and leaves it. Leave its ``states`` and
                ``batch_id`` out, or a cluster whose jobs they hide is reported as never restored.
            lately: How long ago a good restore may be to count as lately.
            since: The ``since`` of the stream, so that the pages can say it.
            taken_at: What to call now.

        Returns:
            The report.

        Raises:
            ConfigError: ``lately`` is not above 0 or too long, a moment has no time zone, or the stream was
                used already.
            RestoreError: The fleet could not be read.

        """
        now = datetime.now(UTC) if taken_at is None else taken_at
        for name, moment in (("taken_at", now), ("since", since)):
            if moment is not None and moment.utcoffset() is None:
                raise ConfigError(f"{name} has no time zone: pass an aware datetime, such as datetime.now(UTC)")
        if not timedelta() < lately <= _MOST:
            raise ConfigError("lately must be above 0 and at most 100 years")
        restores: defaultdict[FleetCluster, list[Restore]] = defaultdict(list)
        outcomes: dict[FleetCluster, ClusterOutcome] = {}
        newest_first: dict[str, bool] = {}  # by fleet

        def note(progress: FleetProgress) -> None:
            if progress.cluster is not None and progress.outcome is not None:
                outcomes[progress.cluster] = progress.outcome

        stream.add_progress_callback(note)
        async with stream:
            async for found in stream:
                restores[found.cluster].append(Restore.of(found.job))
                if found.fleet not in newest_first:
                    newest_first[found.fleet] = _is_newest_first(found.job)
        failures = {failure.cluster: failure for failure in stream.failures if failure.cluster is not None}
        histories = [
            _history(
                cluster,
                join_batches(restores.get(cluster, ()), newest_first=newest_first.get(cluster.project.fleet, False)),
                outcome,
                failures.get(cluster),
            )
            for cluster, outcome in (dict.fromkeys(restores, ClusterOutcome.FAILED) | outcomes).items()
        ]
        return cls(
            taken_at=now,
            lately=lately,
            clusters=tuple(sorted(histories, key=lambda each: (each.fleet, each.project, each.cluster, each.key))),
            unread=tuple(_unread(failure) for failure in stream.failures if failure.cluster is None),
            skipped=stream.progress.skipped,
            since=since,
        )

    @property
    def stale_before(self) -> datetime:
        """A last good restore from before this moment is not lately."""
        return self.taken_at - self.lately

    @property
    def counts(self) -> Mapping[LastOutcome, int]:
        """How many clusters have which last outcome; all words, in their order."""
        found = Counter(cluster.outcome for cluster in self.clusters)
        return {outcome: found[outcome] for outcome in LastOutcome}

    @property
    def stale(self) -> tuple[ClusterHistory, ...]:
        """Clusters whose last good restore is not lately, the oldest first."""
        found = [cluster for cluster in self.clusters if cluster.is_stale(self.stale_before)]
        return tuple(sorted(found, key=_good_moment))

    @property
    def restores(self) -> int:
        """How many restores there are."""
        return sum(len(cluster.restores) for cluster in self.clusters)

    def having(self, *outcomes: LastOutcome) -> tuple[ClusterHistory, ...]:
        """Clusters with one of these last outcomes.

        Args:
            outcomes: The outcomes to choose.

        Returns:
            The clusters, in the order of the report.

        """
        return tuple(cluster for cluster in self.clusters if cluster.outcome in outcomes)


def _good_moment(cluster: ClusterHistory) -> datetime:
    moment = None if cluster.last_good is None else cluster.last_good.not_before
    return datetime.min.replace(tzinfo=UTC) if moment is None else moment


def _history(
    cluster: FleetCluster, restores: tuple[Restore, ...], outcome: ClusterOutcome, failure: FleetFailure | None
) -> ClusterHistory:
    project = cluster.project
    reason = None
    if outcome is ClusterOutcome.FAILED:
        reason = "failed" if failure is None else f"{failure.kind}: {failure.error.problem}"
    return ClusterHistory(
        fleet=project.fleet,
        project_id=project.id,
        project=project.name or project.id,
        cluster=cluster.name or cluster.id or cluster.key,
        key=cluster.key,
        restores=restores,
        unread=reason,
        has_backup=outcome is not ClusterOutcome.NO_BACKUP,
    )


def _is_newest_first(job: JobDocument) -> bool:
    ref = job.ref
    return ref is not None and ref.family in FAMILIES and FAMILIES[ref.family].newest_first


def _unread(failure: FleetFailure) -> UnreadPlace:
    project = None if failure.project is None else failure.project.name or failure.project.id
    return UnreadPlace(failure.fleet, project, str(failure.kind), failure.error.problem)
