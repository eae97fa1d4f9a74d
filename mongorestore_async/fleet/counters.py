"""What a failure means for a run, the counts of a stream, and its progress callback."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import (
    ApiError,
    Forbidden,
    NotFound,
    RateLimited,
    RequestTimeout,
    RestoreError,
    ServerError,
    TransportError,
)
from mongorestore_async.fleet.fleet_records import ClusterOutcome, FailureKind, FleetFailure, FleetProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.errors import RestoreError
    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject

__all__ = ["Counters", "kind_of"]


_ANOTHER_API = frozenset(
    {
        "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API",
        "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API",
        "INCORRECT_BACKUP_API_ENDPOINT",
        "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED",
        "ATLAS_GROUP",
        "NOT_ATLAS_GROUP",
    }
)

_KINDS: tuple[tuple[type[RestoreError], FailureKind], ...] = (
    (Forbidden, FailureKind.FORBIDDEN),
    (NotFound, FailureKind.GONE),
    (RateLimited, FailureKind.RATE_LIMITED),
    (ServerError, FailureKind.SERVER),
    (ApiError, FailureKind.REFUSED),
    (RequestTimeout, FailureKind.TIMED_OUT),
    (TransportError, FailureKind.BROKEN),
)


def kind_of(error: RestoreError) -> FailureKind:
    """Give the kind of an error that stays with one cluster or project."""
    if isinstance(error, ApiError) and error.error_code in _ANOTHER_API:
        return FailureKind.WRONG_API
    if isinstance(error, ApiError) and error.from_gateway and not error.holds_others:
        return FailureKind.SERVER  # not the API's word: neither gone nor forbidden
    return next((kind for type_, kind in _KINDS if isinstance(error, type_)), FailureKind.UNREADABLE)


_logger = logging.getLogger(__name__)


@attrs.define(eq=False)
class Counters:
    """The counts of a stream; :class:`FleetProgress` says what they are.

    Attributes:
        callbacks: Called with the progress; must not block.
        discovering: Fleets still being discovered.
        failures: What could not be read.

    """

    callbacks: list[Callable[[FleetProgress], None]]
    discovering: int
    projects: int = 0
    clusters: int = 0
    over: int = 0
    without_backup: int = 0
    failed: int = 0
    skipped: int = 0
    jobs: int = 0
    failures: list[FleetFailure] = attrs.field(factory=list[FleetFailure])

    def progress(self, cluster: FleetCluster | None = None, outcome: ClusterOutcome | None = None) -> FleetProgress:
        """Report the progress of the stream."""
        return FleetProgress(
            projects=self.projects,
            clusters=self.clusters,
            discovered=not self.discovering,
            over=self.over,
            without_backup=self.without_backup,
            failed=self.failed,
            skipped=self.skipped,
            jobs=self.jobs,
            cluster=cluster,
            outcome=outcome,
        )

    def end_discovery(self) -> None:
        """Note that one fleet is discovered."""
        self.discovering -= 1
        if not self.discovering:
            self._notify()

    def end_cluster(self, cluster: FleetCluster, outcome: ClusterOutcome) -> None:
        """Note that the reading of a cluster is over."""
        self.over += 1
        self.without_backup += outcome is ClusterOutcome.NO_BACKUP
        self.failed += outcome is ClusterOutcome.FAILED
        self._notify(cluster, outcome)

    def fail(
        self,
        fleet: str,
        error: RestoreError,
        *,
        project: FleetProject | None = None,
        cluster: FleetCluster | None = None,
        kind: FailureKind | None = None,
    ) -> FailureKind:
        """Note what could not be read."""
        error.__traceback__ = None  # its frames would keep the answers of a whole run alive
        kind = kind_of(error) if kind is None else kind
        self.failures.append(FleetFailure(fleet, project, cluster, kind, error))
        return kind

    def _notify(self, cluster: FleetCluster | None = None, outcome: ClusterOutcome | None = None) -> None:
        for callback in self.callbacks:
            try:
                callback(self.progress(cluster, outcome))
            except Exception:
                _logger.exception("the on_progress callback failed; the run continues")
