"""Every restore job of every project a key sees, counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async import AsyncSession
    from mongorestore_async.families import Family
    from mongorestore_async.models import ClusterSummary, JobState, ProjectSummary, RestoreJob

__all__ = ["Finding", "survey"]


@attrs.define(kw_only=True)
class Finding:
    """What was found in one cluster; memory stays flat however many jobs it has.

    Attributes:
        project: Its project.
        cluster: The cluster.
        counts: Jobs by state.
        newest: The job created last.
        snapshot_id: Snapshot of one of its jobs, to restore from.

    """

    project: ProjectSummary
    cluster: ClusterSummary
    counts: Counter[JobState] = attrs.field(factory=Counter)
    newest: RestoreJob | None = None
    snapshot_id: str | None = None

    def add(self, job: RestoreJob) -> None:
        """Count a job."""
        self.counts[job.state] += 1
        if job.created is not None and (
            self.newest is None or self.newest.created is None or job.created > self.newest.created
        ):
            self.newest = job
        self.snapshot_id = self.snapshot_id or job.snapshot_id


async def survey(
    session: AsyncSession, family: Family[RestoreJob], progress: Callable[[int, int, int], None]
) -> list[Finding]:
    """Read the jobs of all clusters, as many clusters at once as the session allows.

    Args:
        session: What to ask with.
        family: Ops Manager or Cloud Manager.
        progress: Called on the way with clusters read, clusters known and jobs read.

    Raises:
        RestoreError: The first error met.

    """
    findings = [
        Finding(project=project, cluster=cluster)
        async for project in session.projects(family)
        async for cluster in session.project(project.id, family).clusters()
        if cluster.takes_restores
    ]
    read = 0

    def report() -> None:
        progress(read, len(findings), sum(finding.counts.total() for finding in findings))

    async def fill(finding: Finding) -> None:
        nonlocal read
        cluster = session.project(finding.project.id, family).cluster(finding.cluster.id)
        async for page in cluster.restore_jobs().pages():
            for job in page:
                finding.add(job)
            report()
        read += 1
        report()

    report()
    try:
        async with asyncio.TaskGroup() as group:
            for finding in findings:
                group.create_task(fill(finding))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return findings
