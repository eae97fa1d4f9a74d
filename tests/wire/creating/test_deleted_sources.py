"""Restores from a cluster that was deleted, and whose backups were retained."""

from datetime import UTC, datetime, timedelta

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    AutomatedRestore,
    Fleet,
    HttpRestore,
    NotFound,
    OplogTime,
    PointInTime,
    Snapshot,
    Target,
)

QUERY = "includeDeletedWithRetainedBackups=true"
SETTINGS = {"clusters_per_project": 7, "start": datetime.now(UTC)}


def named(session, cluster):
    return session.project(cluster.project.id, ATLAS_CLOUD_BACKUP).cluster(cluster.name)


@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize("source", ["moment", "oplog"])
async def test_a_precheck_finds_the_source_deleted_or_not(emulate, connect, source, deleted):
    async with emulate(**SETTINGS) as emulator, connect(emulator) as session:
        lost, kept = (emulator.world.first(kind) for kind in ("cloud-backup-sharded", "cloud-backup"))
        if deleted:
            emulator.world.remove_cluster(lost, retain_backups=True)
        moment = datetime.now(UTC) - timedelta(hours=2)
        wanted = PointInTime(moment) if source == "moment" else OplogTime(int(moment.timestamp()), 1)
        request = AutomatedRestore(wanted, Target(kept.project.id, kept.name))
        plan = await named(session, lost).dry_run(request, precheck=True)
        asked = [request.path for request in emulator.requests if QUERY in request.path]

    # Only a source that is known to be sharded does not fit into a replica set.
    assert "topology" in [finding.rule for finding in plan.findings]
    assert len(asked) == deleted


async def test_a_deleted_cluster_is_no_target(emulate, connect):
    async with emulate(**SETTINGS) as emulator, connect(emulator) as session:
        lost, source = (emulator.world.first(kind) for kind in ("cloud-backup", "cloud-backup-sharded"))
        emulator.world.remove_cluster(lost, retain_backups=True)
        snapshot = Snapshot(emulator.world.snapshots.id(source))
        request = AutomatedRestore(snapshot, Target(lost.project.id, lost.name))
        plan = await named(session, source).dry_run(request, precheck=True)

        assert "target" in [finding.rule for finding in plan.findings]
        with pytest.raises(NotFound):
            await named(session, source).create_restore_job(request)


async def test_backups_of_a_deleted_cluster_can_be_downloaded(emulate, connect, tmp_path):
    async with emulate(**SETTINGS, speed=0) as emulator, connect(emulator) as session:
        lost = emulator.world.first("cloud-backup")
        emulator.world.remove_cluster(lost, retain_backups=True)
        backups = named(session, lost)
        snapshot = await backups.snapshots().latest_restorable()
        batch = await backups.ensure_restore(HttpRestore.on_server_terms(snapshot.id))
        emulator.clock.advance(600)
        done = await (await session.batch(batch.refs)).wait(timeout=60)

        assert done[0].downloadable
        assert await done.download(tmp_path)


async def test_a_cluster_deleted_without_its_backups_is_not_found(emulate, connect):
    async with emulate(**SETTINGS) as emulator, connect(emulator) as session:
        lost = emulator.world.first("cloud-backup")
        emulator.world.remove_cluster(lost)
        listed = await session.project(lost.project.id, ATLAS_CLOUD_BACKUP).clusters(include_deleted=True).collect()

        assert lost.name not in [cluster.name for cluster in listed]
        with pytest.raises(NotFound):
            await named(session, lost).snapshots()


async def test_a_dry_run_foretells_the_calls_of_the_run(emulate, connect):
    async with emulate(**SETTINGS) as emulator, connect(emulator) as session:
        for kind in ("cloud-backup", "cloud-backup-sharded"):
            emulator.world.remove_cluster(emulator.world.first(kind), retain_backups=True)
        fleet = Fleet(session, ATLAS_CLOUD_BACKUP)
        plan = await fleet.dry_run(include_deleted=True)
        before = session.stats.requests
        async with fleet.restore_jobs(include_deleted=True) as stream:
            found = {each.cluster.name async for each in stream}

        assert session.stats.requests - before == plan.requests + plan.discovery
        assert {emulator.world.retained(project)[0].name for project in [emulator.world.project("atlas", 0)]} <= found
