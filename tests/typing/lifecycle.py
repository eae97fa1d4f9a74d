"""Types of the whole life of a restore, checked by mypy --strict and basedpyright; never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_SERVERLESS,
    ATLAS_TENANT,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AsyncSession,
    AutomatedRestore,
    CloudBackupRestoreJob,
    Cluster,
    ClusterCheckpoint,
    ConfigServer,
    DownloadedFile,
    DownloadError,
    DownloadProgress,
    Family,
    Finding,
    HostSummary,
    HttpRestore,
    JobRef,
    Options,
    Pager,
    PollPolicy,
    PollReport,
    ProjectClusters,
    RestoreBatch,
    RestoreFailed,
    RestoreGuard,
    RestoreJob,
    RestorePlan,
    Snapshot,
    SnapshotDocument,
    SnapshotPager,
    Target,
    TenantRestoreJob,
    TimeRange,
    Verification,
    WaitTimeout,
)
from mongorestore_async.errors import JobLike
from mongorestore_async.models import JobDocument, JobState


def families() -> None:
    assert_type(ATLAS_CLOUD_BACKUP, Family[CloudBackupRestoreJob])
    assert_type(ATLAS_SERVERLESS, Family[CloudBackupRestoreJob])
    assert_type(ATLAS_LEGACY, Family[RestoreJob])
    assert_type(ATLAS_FLEX, Family[TenantRestoreJob])
    assert_type(ATLAS_TENANT, Family[TenantRestoreJob])
    assert_type(ATLAS_FLEX.snapshot_type, type[SnapshotDocument])


async def neighbours(session: AsyncSession) -> None:
    project = session.project("p", OPS_MANAGER)
    cluster = project.cluster("c")
    snapshots: SnapshotPager = cluster.snapshots()
    assert_type(await snapshots.latest_restorable(before=datetime.now(UTC)), SnapshotDocument)
    assert_type(await cluster.snapshot("s"), SnapshotDocument)
    checkpoints: Pager[ClusterCheckpoint] = cluster.checkpoints()
    assert_type(await checkpoints.first(), ClusterCheckpoint | None)
    assert_type(await cluster.checkpoint("k"), ClusterCheckpoint)
    assert_type(await cluster.restorable_time_ranges(), tuple[TimeRange, ...])
    assert_type(await cluster.restore_target(), Target)
    hosts: Pager[HostSummary] = project.hosts()
    assert_type(await hosts.one(), HostSummary)
    clusters: Pager[ProjectClusters] = session.clusters(CLOUD_MANAGER)
    assert_type(await clusters.collect(), list[ProjectClusters])
    assert_type(project.config_server("h"), ConfigServer[RestoreJob])
    assert_type(await project.config_server("h").restore_job("j"), RestoreJob)
    assert_type(cluster.ref("j"), JobRef)


async def safe_creates(cluster: Cluster[CloudBackupRestoreJob]) -> None:
    request = AutomatedRestore(Snapshot("s"), Target("p", "c"))
    plan = await cluster.dry_run(request, precheck=True)
    assert_type(plan, RestorePlan)
    assert_type(plan.body, Mapping[str, Any])
    assert_type(plan.findings, tuple[Finding, ...])
    assert_type(await cluster.create_restore_job(request, precheck=True), RestoreBatch[CloudBackupRestoreJob])
    batch = await cluster.ensure_restore(HttpRestore.on_server_terms("s"), overwrite=Target("p", "c"))
    assert_type(batch, RestoreBatch[CloudBackupRestoreJob])
    assert_type(batch.existing, bool)
    Options(guard=RestoreGuard((Target("p", "*"),)), poll=PollPolicy(shortest=5, longest=30))


async def waits(session: AsyncSession, batch: RestoreBatch[RestoreJob]) -> None:
    def tell(report: PollReport) -> None:
        assert_type(report.seconds, float)

    assert_type(await batch.wait(timeout=timedelta(hours=6), on_poll=tell), RestoreBatch[RestoreJob])
    assert_type(await batch.wait(timeout=None, until="finished"), RestoreBatch[RestoreJob])
    assert_type(batch.watch(timeout=60.0), AsyncIterator[RestoreJob])
    assert_type(await batch.refresh(), RestoreBatch[RestoreJob])
    assert_type(await session.batch(["a/b/c/d", *batch.refs], until="downloadable"), RestoreBatch[Any])
    assert_type(await session.restore_job("a/b/c/d"), JobDocument)
    assert_type(await (await session.batch(batch.refs)).wait(timeout=None), RestoreBatch[Any])
    for each in (await session.restore_job("a/b/c/d"), batch[0]):
        for moment in (each.requested_at, each.finished_at, each.expires_at):
            assert_type(moment, datetime | None)
        assert_type((each.over, each.ok), tuple[bool, bool | None])
        assert_type((each.target, each.downloadable), tuple[Target | None, bool | None])
    assert_type((await session.restore_job(batch.refs[0])).state, JobState)
    cluster = session.project("p", ATLAS_FLEX).cluster("c")
    async for job in cluster.watch_restore_job("j", until="finished"):
        assert_type(job, TenantRestoreJob)
    try:
        await batch.wait(timeout=1)
    except RestoreFailed as error:
        assert_type(error.failed, tuple[JobLike, ...])
    except WaitTimeout as error:
        assert_type(error.jobs, tuple[JobLike, ...])
        assert_type(error.refs, tuple[Any, ...])
        assert_type(error.jobs[0].id, str)
        assert_type(error.jobs[0].state, str)
        assert_type(error.jobs[0].to_dict(), dict[str, Any])


async def downloads(batch: RestoreBatch[RestoreJob]) -> None:
    def tell(progress: DownloadProgress) -> None:
        assert_type(progress.total, int | None)

    try:
        files = await batch.download(Path("restores"), concurrency=4, on_progress=tell)
    except DownloadError as error:
        assert_type(error.file_name, str | None)
        assert_type(error.received, int)
        return
    assert_type(files, tuple[DownloadedFile, ...])
    assert_type(files[0].path, Path)
    assert_type(files[0].verification, Verification)
