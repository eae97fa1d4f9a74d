"""The CSV files: one row for each cluster, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, TypeAlias

from mongorestore_async.models import JobState
from mongorestore_async.protocol.redaction import without_formula
from mongorestore_async.reports.formats import moment_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mongorestore_async.drills.results import DrillOutcome
    from mongorestore_async.reports.cluster_history import ClusterHistory

__all__ = ["Cell", "drill_sheet", "fleet_sheet", "sheet"]

Cell: TypeAlias = "str | int | float | bool | None"

_FLEET = (
    "fleet",
    "project_id",
    "project",
    "cluster",
    "outcome",
    "last_state",
    "last_requested_at",
    "last_finished_at",
    "last_seconds",
    "last_target",
    "last_job",
    "last_good",
    "lately",
    "restores",
    "failed",
    "unread",
)
_DRILL = (
    "project",
    "cluster",
    "target",
    "state",
    "reason",
    "job",
    "snapshot",
    "snapshot_at",
    "started_at",
    "ended_at",
    "rto_seconds",
    "rto_goal",
    "rpo_seconds",
    "rpo_goal",
    "archive_bytes",
    "archive_sha256",
    "archive_verified",
    "documents",
    "checks_passed",
    "checks_failed",
    "name",
)


def sheet(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write rows below their names. Text that a spreadsheet would compute gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def _safe(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return without_formula(cell) if isinstance(cell, str) else cell


def fleet_sheet(clusters: Iterable[ClusterHistory], stale: Iterable[ClusterHistory]) -> str:
    """Write the clusters of a fleet.

    Args:
        clusters: All of them.
        stale: Those whose last good restore is not lately.

    """
    old = {id(cluster) for cluster in stale}
    return sheet(_FLEET, (_fleet_row(cluster, is_stale=id(cluster) in old) for cluster in clusters))


def _fleet_row(cluster: ClusterHistory, *, is_stale: bool) -> tuple[Cell, ...]:
    last, good = cluster.last, cluster.last_good
    told: tuple[Cell, ...] = ("", "", "", "", "", "")
    if last is not None:
        requested, finished = moment_value(last.requested_at), moment_value(last.finished_at)
        told = (last.state.value, requested, finished, last.seconds, last.target, last.job)
    return (
        cluster.fleet,
        cluster.project_id,
        cluster.project,
        cluster.cluster,
        cluster.outcome.value,
        *told,
        "" if good is None else moment_value(good.moment),
        good is not None and not is_stale,
        len(cluster.restores),
        cluster.counts[JobState.FAILED],
        cluster.unread,
    )


def drill_sheet(outcomes: Iterable[DrillOutcome]) -> str:
    """Write the outcomes of a drill."""
    return sheet(_DRILL, map(_drill_row, outcomes))


def _drill_row(outcome: DrillOutcome) -> tuple[Cell, ...]:
    passed = sum(check.passed for check in outcome.checks)
    return (
        outcome.project,
        outcome.cluster,
        outcome.target,
        outcome.state,
        outcome.reason,
        outcome.job,
        outcome.snapshot,
        moment_value(outcome.snapshot_at),
        moment_value(outcome.started_at),
        moment_value(outcome.ended_at),
        outcome.rto_seconds,
        outcome.rto_goal,
        outcome.rpo_seconds,
        outcome.rpo_goal,
        outcome.archive_bytes,
        outcome.archive_sha256,
        outcome.archive_verified,
        sum(outcome.namespaces.values()) if outcome.namespaces else None,
        passed,
        len(outcome.checks) - passed,
        outcome.name,
    )
