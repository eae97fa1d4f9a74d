"""Types of fleets, checked by mypy --strict and basedpyright; never run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import assert_type

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AsyncSession,
    ChangeKind,
    CloudBackupRestoreJob,
    ClusterOutcome,
    FailureKind,
    FanOutPlan,
    Fleet,
    FleetChange,
    FleetCluster,
    FleetFailure,
    FleetPlan,
    FleetProgress,
    FleetProject,
    FleetStream,
    FleetWatch,
    Found,
    JobChange,
    JobDocument,
    JobState,
    Page,
    RateLimit,
    ReadFailure,
    ReadRecovery,
    RestoreError,
    RestoreJob,
    Secret,
    ShardReport,
    TenantRestoreJob,
    run_local,
    run_shard,
)
from mongorestore_async.reports import ClusterHistory, FleetReport, LastOutcome, Restore, write_fleet_report


def makes(session: AsyncSession) -> None:
    assert_type(Fleet(session, OPS_MANAGER), Fleet[RestoreJob])
    assert_type(Fleet(session, ATLAS_CLOUD_BACKUP, name="ours"), Fleet[CloudBackupRestoreJob])
    assert_type(Fleet(session, ATLAS_FLEX).restore_jobs(), FleetStream[TenantRestoreJob])


def merges(session: AsyncSession) -> None:
    one, two = Fleet(session, OPS_MANAGER), Fleet(session, CLOUD_MANAGER)
    assert_type(Fleet.merge(one, two), Fleet[RestoreJob])
    flex = Fleet(session, ATLAS_FLEX)
    assert_type(Fleet.merge(one, flex), Fleet[RestoreJob | TenantRestoreJob])
    mixed: Fleet[JobDocument] = Fleet.merge(one, flex, Fleet(session, ATLAS_CLOUD_BACKUP))
    stream: FleetStream[JobDocument] = mixed.restore_jobs()
    del stream
    assert_type(Fleet.merge(*[one, two]), Fleet[RestoreJob])


async def tells_merged_jobs_apart(ops: Fleet[RestoreJob], backup: Fleet[CloudBackupRestoreJob]) -> None:
    async with Fleet.merge(ops, backup).restore_jobs() as stream:
        async for found in stream:
            assert_type(found.job, RestoreJob | CloudBackupRestoreJob)
            if isinstance(found.job, RestoreJob):
                assert_type(found.job.batch_id, str | None)
            else:
                assert_type(found.job.delivery_url, tuple[Secret, ...])


async def reads(fleet: Fleet[RestoreJob]) -> None:
    def show(progress: FleetProgress) -> None:
        assert_type(progress.over, int)
        assert_type(progress.discovered, bool)
        assert_type(progress.cluster, FleetCluster | None)
        assert_type(progress.outcome, ClusterOutcome | None)

    since = datetime.now(UTC)
    async with fleet.restore_jobs(
        since=since, states=[JobState.FAILED, "running"], projects="prod-*", clusters=("a", "b"), on_progress=show
    ) as stream:
        async for found in stream:
            assert_type(found, Found[RestoreJob])
            assert_type(found.project, FleetProject)
            assert_type(found.cluster, FleetCluster)
            assert_type(found.job, RestoreJob)
            assert_type(found.fleet, str)
        assert_type(stream.failures, tuple[FleetFailure, ...])
    for failure in stream.failures:
        assert_type(failure.project, FleetProject | None)
        assert_type(failure.kind, FailureKind)
        assert_type(failure.error, RestoreError)
    assert_type(stream.resume_token, str)
    assert_type(stream.progress, FleetProgress)
    fleet.restore_jobs(resume=stream.resume_token)


async def plans(fleet: Fleet[TenantRestoreJob]) -> None:
    plan = await fleet.dry_run(projects=["prod-*"], per_project=2)
    assert_type(plan, FleetPlan)
    assert_type(plan.seconds, float)
    assert_type(plan.bound_by, RateLimit | None)
    assert_type(plan.requests, int)


async def watches(fleet: Fleet[RestoreJob]) -> None:
    async with fleet.watch(until_idle=True, idle_interval=60) as watch:
        assert_type(watch, FleetWatch[RestoreJob])
        async for change in watch:
            any_change: FleetChange[RestoreJob] = change
            assert_type(any_change.kind, ChangeKind)
            assert_type(any_change.job, RestoreJob | None)
            assert_type(change, JobChange[RestoreJob] | ReadFailure | ReadRecovery)
            if change.kind is ChangeKind.FAILED:
                assert_type(change.failure, FleetFailure)
            elif isinstance(change, JobChange):
                assert_type(change.job, RestoreJob)
                assert_type(change.cluster, FleetCluster)
            else:
                assert_type(change, ReadRecovery)
        assert_type(watch.running, tuple[Found[RestoreJob], ...])


async def shares_out(fleet: Fleet[RestoreJob], session: AsyncSession) -> None:
    plan = await fleet.fan_out_plan(projects="prod-*")
    assert_type(plan, FanOutPlan)
    for shard in plan.shards(clusters=200):
        assert_type(FanOutPlan.from_text(shard.to_text()), FanOutPlan)
        report = await run_shard(shard, session)
        assert_type(report, ShardReport)
        assert_type(ShardReport.from_text(report.to_text()), ShardReport)
        assert_type(report.jobs, dict[str, int])
    assert_type(await run_local(plan, session.with_options, shards=3), tuple[ShardReport, ...])


async def reports(fleet: Fleet[RestoreJob]) -> None:
    report = await FleetReport.of(fleet.restore_jobs(), lately=timedelta(days=30))
    assert_type(report, FleetReport)
    for cluster in report.having(LastOutcome.NEVER):
        assert_type(cluster, ClusterHistory)
        assert_type(cluster.last_good, Restore | None)
    assert_type(report.counts[LastOutcome.FAILED], int)
    assert_type(write_fleet_report(report, "reports").html, Path)


async def reads_ahead(session: AsyncSession) -> None:
    pager = session.project("p", ATLAS_CLOUD_BACKUP).cluster("c").restore_jobs()
    async with pager.ahead(2) as pages:
        async for page in pages:
            assert_type(page, Page[CloudBackupRestoreJob])


def mistakes(session: AsyncSession, fleet: Fleet[RestoreJob]) -> None:
    Fleet(session)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    fleet.restore_jobs(since="24h")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
