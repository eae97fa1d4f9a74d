"""What a drill found: one outcome for each cluster of the plan, and the report of the whole run.

Times are UTC, durations seconds, sizes bytes. None is what is not known or was not asked for; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read when it runs, by the converter
from datetime import datetime  # noqa: TC003 - as above
from typing import Literal, TypeAlias

import attrs

__all__ = ["REPORT_FORMAT", "CheckOutcome", "DrillOutcome", "DrillReport", "OutcomeState"]

#: The version of the form of :class:`DrillReport`, written into each.
REPORT_FORMAT = 1

OutcomeState: TypeAlias = Literal["PASSED", "FAILED", "MISSED_GOAL", "UNDECIDED", "SKIPPED"]


@attrs.frozen
class CheckOutcome:
    """What one check said.

    Attributes:
        name: Its name in the plan, or that of a check that ships.
        passed: Whether it passed.
        detail: One line on what it saw; the beginning of a command's output.
        seconds: How long it took.

    """

    name: str
    passed: bool
    detail: str
    seconds: float


@attrs.frozen(kw_only=True)
class DrillOutcome:
    """What became of one cluster of a plan.

    Attributes:
        project: Project it comes from.
        cluster: Cluster it comes from.
        target: ``PROJECT/CLUSTER`` it was restored into; ``download`` for an archive.
        state: ``PASSED``; ``FAILED``: the restore or a check; ``MISSED_GOAL``: restored, but not within its goals;
            ``UNDECIDED``: whether the restore was started, or what became of it, cannot be told; resuming looks again;
            ``SKIPPED``: nothing was started.
        reason: Why, in one line; empty when it passed.
        name: Its name in the plan; empty in reports of versions that did not write it.
        job: First job of the restore (``str(job.ref)``).
        snapshot: Snapshot that was restored.
        snapshot_at: When its data were current.
        started_at: When the work on the cluster began.
        ended_at: When it was over.
        rto_seconds: From the request until the data could be used: the job was over, or the archive on disk.
        rto_goal: At most so many.
        rpo_seconds: Age of the snapshot's data when the restore was asked for.
        rpo_goal: At most so many.
        archive_bytes: Size of the archives.
        archive_sha256: Hash of the archive; of several, the hash of the list of their hashes in the order of names.
        archive_verified: Whether the archive was opened by a server and holds what is known of it. None: no server
            opened it, or nothing is known to compare with.
        namespaces: Documents counted, by namespace.
        checks: All checks that ran, in order.

    """

    project: str
    cluster: str
    target: str
    state: OutcomeState
    reason: str = ""
    name: str = ""
    job: str | None = None
    snapshot: str | None = None
    snapshot_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    rto_seconds: float | None = None
    rto_goal: float | None = None
    rpo_seconds: float | None = None
    rpo_goal: float | None = None
    archive_bytes: int | None = None
    archive_sha256: str | None = None
    archive_verified: bool | None = None
    namespaces: Mapping[str, int] = attrs.field(factory=dict[str, int], hash=False)
    checks: tuple[CheckOutcome, ...] = ()

    @property
    def label(self) -> str:
        """What people call it: its name, else its cluster."""
        return self.name or self.cluster


@attrs.frozen(kw_only=True)
class DrillReport:
    """What a drill found, all of it.

    Attributes:
        format: ``REPORT_FORMAT``.
        name: Name of the plan.
        started_at: When the first run of it began.
        ended_at: When the last one ended.
        dry_run: Whether nothing was started.
        outcomes: One for each cluster, in the order of the plan.
        evidence_head: Hash of the last line of the evidence; keep it elsewhere.
        evidence_count: How many lines the evidence has.
        requests: Requests sent to the API, in all runs.
        library_version: Of this package.

    """

    format: int = REPORT_FORMAT
    name: str
    started_at: datetime
    ended_at: datetime
    dry_run: bool = False
    outcomes: tuple[DrillOutcome, ...]
    evidence_head: str | None = None
    evidence_count: int | None = None
    requests: int = 0
    library_version: str

    def find(self, name: str, project: str, cluster: str) -> DrillOutcome | None:
        """Find the outcome of a cluster, and of the same entry of the plan if it has several.

        Args:
            name: The name in the plan.
            project: Project it comes from.
            cluster: Cluster it comes from.

        Returns:
            The outcome; None if the cluster is not in the report.

        """
        same = [each for each in self.outcomes if (each.project, each.cluster) == (project, cluster)]
        return next((each for each in same if each.name == name), same[-1] if same else None)

    @property
    def passed(self) -> bool:
        """Whether every cluster passed."""
        return all(outcome.state == "PASSED" for outcome in self.outcomes)
