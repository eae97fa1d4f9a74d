"""One restore where one was meant, and protected clusters by the ids of real lists: against the emulator."""

from __future__ import annotations

import asyncio

import pytest

from builders.restores import REQUEST
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    OPS_MANAGER,
    AutomatedRestore,
    NotRestorable,
    Options,
    ProtectedTarget,
    RestoreGuard,
    Snapshot,
    Target,
)
from mongorestore_async.emulator import ClusterKind, Oddity


def automated(target, snapshot="5" * 24):
    return AutomatedRestore(Snapshot(snapshot), target)


@pytest.mark.parametrize("oddities", [set(), {Oddity.ECHOED_TARGETS}])
@pytest.mark.parametrize("kind", [ClusterKind.REPLICA_SET, ClusterKind.SHARDED])
async def test_five_that_ask_at_once_start_one_restore(emulate, connect, oddities, kind):
    async with (
        emulate(oddities=oddities, jobs_per_cluster=0, speed=0) as emulator,
        connect(emulator, options=Options.for_tests()) as session,
    ):
        found = emulator.world.first(kind)
        cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)
        request = automated(Target(found.project_id, found.id))

        batches = await asyncio.gather(*(cluster.ensure_restore(request) for _ in range(5)))

        assert emulator.counts.creates_taken == 1
        assert len({tuple(sorted(job.id for job in batch)) for batch in batches}) == 1
        with pytest.raises(NotRestorable, match="is being restored from something else"):
            await cluster.ensure_restore(automated(request.target, "6" * 24))


async def test_five_downloads_asked_for_at_once_are_one(emulate, connect):
    async with emulate(speed=0) as emulator, connect(emulator, options=Options.for_tests()) as session:
        found = emulator.world.first()
        cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)

        await asyncio.gather(*(cluster.ensure_restore(REQUEST) for _ in range(5)))

        assert emulator.counts.creates_taken == 1


async def test_on_atlas_one_session_starts_one_restore(emulate, connect):
    async with (
        emulate(jobs_per_cluster=0, speed=0) as emulator,
        connect(emulator, options=Options.for_tests()) as session,
    ):
        found = emulator.world.first(ClusterKind.CLOUD_BACKUP)
        cluster = session.project(found.project_id, ATLAS_CLOUD_BACKUP).cluster(found.name)
        target = Target(found.project_id, found.name)

        await asyncio.gather(*(cluster.ensure_restore(automated(target)) for _ in range(5)))

        assert emulator.counts.creates_taken == 1
        with pytest.raises(NotRestorable):
            await cluster.ensure_restore(automated(target, "6" * 24))


@pytest.mark.parametrize(
    ("by", "protected"),
    [("guard", "list"), ("guard", "snapshots"), ("guard", "name"), ("guard", "shard"), ("source", "list")],
)
async def test_a_cluster_with_two_ids_is_protected_by_both(emulate, connect, protected, by):
    async with (
        emulate(oddities={Oddity.RESTORE_IDS}, jobs_per_cluster=0, speed=0) as emulator,
        connect(emulator, options=Options.for_tests()) as session,
    ):
        found = emulator.world.first(ClusterKind.SHARDED)
        project = session.project(found.project_id, OPS_MANAGER)
        target = await project.cluster(found.id).restore_target()
        names = {
            "list": found.id,
            "snapshots": target.cluster,
            "name": found.name,
            "shard": emulator.world.members(found)[0].id,
        }
        assert target.cluster != found.id
        if by == "guard":
            guard = RestoreGuard([Target(found.project_id, names[protected])], protect_source=False)
            source = project.cluster(found.id)
        else:
            guard, source = RestoreGuard(), project.cluster(names[protected])
        view = session.with_options(guard=guard)
        cluster = view.project(found.project_id, OPS_MANAGER).cluster(source.cluster)

        with pytest.raises(ProtectedTarget):
            await cluster.ensure_restore(automated(target))
        assert emulator.counts.creates_taken == 0

        if by == "guard":
            await cluster.create_restore_job(automated(target), overwrite=target)
            assert emulator.counts.creates_taken == 1


async def test_what_is_not_protected_is_restored_into(emulate, connect):
    async with (
        emulate(oddities={Oddity.RESTORE_IDS}, jobs_per_cluster=0, speed=0) as emulator,
        connect(emulator, options=Options.for_tests(guard=RestoreGuard())) as session,
    ):
        found = emulator.world.first(ClusterKind.SHARDED)
        other = emulator.world.first(ClusterKind.SHARDED_FCV_40)
        project = session.project(found.project_id, OPS_MANAGER)
        target = await project.cluster(other.id).restore_target()

        await project.cluster(found.id).create_restore_job(automated(target))

        assert emulator.counts.creates_taken == 1
