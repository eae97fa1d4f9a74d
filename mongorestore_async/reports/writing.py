"""Reports as files: a page, a JSON document and a CSV file in one folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mongorestore_async.drills.report_files import dump_report
from mongorestore_async.reports.drill_page import drill_page
from mongorestore_async.reports.fleet_page import fleet_page
from mongorestore_async.reports.formats import moment_value
from mongorestore_async.reports.sheets import drill_sheet, fleet_sheet
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.drills.results import DrillReport
    from mongorestore_async.reports.cluster_history import ClusterHistory, Restore
    from mongorestore_async.reports.fleet_report import FleetReport

__all__ = ["FLEET_FORMAT", "ReportFiles", "dump_fleet_report", "write_drill_report", "write_fleet_report"]

#: The version of the JSON form of a fleet, written into each.
FLEET_FORMAT = 1
#: Restores of a cluster in the JSON file, the latest; ``restores`` counts all.
_LATEST = 20


class ReportFiles(NamedTuple):
    """Where a report was written.

    Attributes:
        html: The page.
        json: The whole report.
        csv: A row for each cluster.

    """

    html: Path
    json: Path
    csv: Path


def write_drill_report(
    report: DrillReport, folder: str | os.PathLike[str], *, earlier: Sequence[DrillReport] = ()
) -> ReportFiles:
    """Write the report of a drill. Blocks: use a thread.

    Each file appears whole or not at all; one of the same name is replaced. ``report.json`` is what
    ``read_report`` of ``mongorestore_async.drills`` reads.

    Args:
        report: The drill.
        folder: Where to write; it is made where it is missing.
        earlier: Reports of earlier drills of this plan, for the trend of duration.

    Returns:
        The files that were written.

    Raises:
        OSError: It cannot be written.

    """
    return _write(folder, drill_page(report, earlier), dump_report(report), drill_sheet(report.outcomes))


def write_fleet_report(report: FleetReport, folder: str | os.PathLike[str]) -> ReportFiles:
    """Write the report of a fleet. Blocks: use a thread.

    Each file appears whole or not at all; one of the same name is replaced.

    Args:
        report: The fleet.
        folder: Where to write; it is made where it is missing.

    Returns:
        The files that were written.

    Raises:
        OSError: It cannot be written.

    """
    return _write(folder, fleet_page(report), dump_fleet_report(report), fleet_sheet(report.clusters, report.stale))


def dump_fleet_report(report: FleetReport) -> dict[str, Any]:
    """Give a report of a fleet as a JSON object. Of each cluster it has the latest 20 restores, and counts of all."""
    return {
        "format": FLEET_FORMAT,
        "takenAt": moment_value(report.taken_at),
        "latelySeconds": report.lately.total_seconds(),
        "since": moment_value(report.since) or None,
        "libraryVersion": __version__,
        "skipped": report.skipped,
        "outcomes": {outcome.value: count for outcome, count in report.counts.items()},
        "unread": [
            {"fleet": each.fleet, "project": each.project, "kind": each.kind, "reason": each.reason}
            for each in report.unread
        ],
        "clusters": [
            _cluster(cluster) | {"stale": cluster.is_stale(report.stale_before)} for cluster in report.clusters
        ],
    }


def _cluster(cluster: ClusterHistory) -> dict[str, Any]:
    return {
        "fleet": cluster.fleet,
        "project": {"id": cluster.project_id, "name": cluster.project},
        "cluster": {"key": cluster.key, "name": cluster.cluster},
        "outcome": cluster.outcome.value,
        "unread": cluster.unread,
        "lastGood": None if cluster.last_good is None else moment_value(cluster.last_good.moment) or None,
        "counts": {state.value: count for state, count in sorted(cluster.counts.items())},
        "restores": len(cluster.restores),
        "latest": [_restore(restore) for restore in cluster.restores[:_LATEST]],
    }


def _restore(restore: Restore) -> dict[str, Any]:
    return {
        "job": restore.job,
        "state": restore.state.value,
        "requestedAt": moment_value(restore.requested_at) or None,
        "finishedAt": moment_value(restore.finished_at) or None,
        "seconds": restore.seconds,
        "snapshotMoment": moment_value(restore.snapshot_moment) or None,
        "target": restore.target,
        "batch": restore.batch,
        "jobs": restore.jobs,
    }


def _write(folder: str | os.PathLike[str], html: str, document: dict[str, Any], csv: str) -> ReportFiles:
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    files = ReportFiles(place / "report.html", place / "report.json", place / "report.csv")
    _replace(files.html, html, "utf-8")
    _replace(files.json, json.dumps(document, indent=2) + "\n", "utf-8")
    _replace(files.csv, csv, "utf-8-sig")  # without the mark, spreadsheets take it for the code page of the machine
    return files


def _replace(path: Path, text: str, encoding: str) -> None:
    """Write beside the file first: a full disk, or a reader meanwhile, must not meet half a report."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text.encode(encoding))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
