"""Every documented API against the emulator: lists, single jobs, creates."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_TENANT_V1,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AutomatedRestore,
    BadRequest,
    Checkpoint,
    CloudBackupRestoreJob,
    Forbidden,
    HttpRestore,
    JobRef,
    JobState,
    NotFound,
    OplogTime,
    PaginationError,
    PointInTime,
    RestoreJob,
    Snapshot,
    Target,
    TenantRestoreJob,
    Unsupported,
)
from mongorestore_async.emulator import ClusterKind, Manager, Oddity, OverMax

FAMILIES = {
    "ops-manager": (OPS_MANAGER, Manager.OPS_MANAGER, ClusterKind.REPLICA_SET, RestoreJob),
    "cloud-manager": (CLOUD_MANAGER, Manager.CLOUD_MANAGER, ClusterKind.REPLICA_SET, RestoreJob),
    "cloud backup": (ATLAS_CLOUD_BACKUP_V1, Manager.CLOUD_MANAGER, ClusterKind.CLOUD_BACKUP, CloudBackupRestoreJob),
    "tenant": (ATLAS_TENANT_V1, Manager.CLOUD_MANAGER, ClusterKind.TENANT, TenantRestoreJob),
}

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


def cluster_of(session, emulator, family, kind):
    found = emulator.world.first(kind)
    return session.project(found.project_id, family).cluster(found.id if family.cluster_key == "id" else found.name)


@pytest.mark.parametrize(("family", "manager", "kind", "model"), FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("oddities", [(), tuple(Oddity)], ids=["plain", "every oddity"])
async def test_all_jobs_and_one_job(emulate, connect, family, manager, kind, model, oddities):
    async with (
        emulate(manager=manager, jobs_per_cluster=250, oddities=oddities) as emulator,
        connect(emulator) as session,
    ):
        cluster = cluster_of(session, emulator, family, kind)

        jobs = [job async for job in cluster.restore_jobs(items_per_page=60)]
        one = await cluster.restore_job(jobs[7].id)
        ahead = await cluster.restore_jobs(items_per_page=60).collect(concurrency=4)

        assert len({job.id for job in jobs}) == 250
        assert all(isinstance(job, model) for job in jobs)
        assert one.id == jobs[7].id
        assert [job.id for job in ahead] == [job.id for job in jobs]
        assert JobRef.parse(str(jobs[0].ref)) == jobs[0].ref
        assert {job.state for job in jobs} > {JobState.FINISHED}
        with pytest.raises(NotFound):
            await cluster.restore_job("0" * 24)


@pytest.mark.parametrize(("family", "manager", "kind", "model"), list(FAMILIES.values())[:2], ids=list(FAMILIES)[:2])
async def test_the_jobs_of_one_batch(emulate, connect, family, manager, kind, model):
    async with emulate(manager=manager, jobs_per_cluster=30) as emulator, connect(emulator) as session:
        cluster = cluster_of(session, emulator, family, ClusterKind.SHARDED)
        batch = (await cluster.restore_jobs()).items[0].batch_id

        jobs = await cluster.restore_jobs(batch_id=batch).collect()

        assert len(jobs) > 1
        assert {job.batch_id for job in jobs} == {batch}


@pytest.mark.parametrize(("family", "manager", "kind", "model"), list(FAMILIES.values())[2:], ids=list(FAMILIES)[2:])
async def test_what_a_family_lacks_is_refused_before_any_request(emulate, connect, family, manager, kind, model):
    async with emulate(manager=manager) as emulator, connect(emulator) as session:
        cluster = cluster_of(session, emulator, family, kind)
        with pytest.raises(Unsupported, match="batch"):
            cluster.restore_jobs(batch_id="5" * 24)
        with pytest.raises(Unsupported, match="on_server_terms"):
            await cluster.create_restore_job(HttpRestore("5" * 24, max_downloads=1, expiration_hours=1))
        with pytest.raises(Unsupported, match="checkpoint"):
            await cluster.create_restore_job(AutomatedRestore(Checkpoint("6" * 24), Target("5" * 24, "there")))
        assert emulator.counts.requests == 0


def variants(target):
    moment = datetime.now(UTC) - timedelta(hours=2)
    return {
        "http": HttpRestore("5" * 24, max_downloads=2, expiration_hours=3),
        "snapshot": AutomatedRestore(Snapshot("5" * 24), target),
        "oplog": AutomatedRestore(OplogTime(int(moment.timestamp()), 1), target),
        "point in time": AutomatedRestore(PointInTime(moment), target),
        "checkpoint": AutomatedRestore(Checkpoint("6" * 24), target),
    }


@pytest.mark.parametrize("variant", ["http", "snapshot", "oplog", "point in time", "checkpoint"])
@pytest.mark.parametrize("manager", list(Manager))
@pytest.mark.parametrize("envelope", [False, True])
async def test_the_five_variants_of_a_create(emulate, connect, variant, manager, envelope):
    family = OPS_MANAGER if manager is Manager.OPS_MANAGER else CLOUD_MANAGER
    settings = {"manager": manager, "start": datetime.now(UTC), "projects": 2, "clusters_per_project": 3}
    async with emulate(**settings) as emulator, connect(emulator, envelope=envelope) as session:
        kind = {
            "checkpoint": ClusterKind.SHARDED_FCV_40,
            "oplog": ClusterKind.SHARDED,
        }.get(variant, ClusterKind.REPLICA_SET)
        cluster = cluster_of(session, emulator, family, kind)
        target = Target(cluster.project, cluster.cluster)
        request = variants(target)[variant]

        if variant == "checkpoint" and manager is Manager.OPS_MANAGER:
            # The SDK sends it, the server decides.
            with pytest.raises(BadRequest):
                await cluster.create_restore_job(request)
            assert emulator.counts.creates_received == 1
            return
        batch = await cluster.create_restore_job(request)

        assert len(batch) == (1 if kind is ClusterKind.REPLICA_SET else 3)
        assert emulator.counts.creates_received == emulator.counts.creates_taken == 1
        assert batch[0].state is JobState.RUNNING
        newest = await cluster.restore_jobs(limit=len(batch)).collect()
        assert {job.id for job in newest} == {job.id for job in batch}
        if len(batch) > 1:
            assert batch.batch_id is not None
            listed = await cluster.restore_jobs(batch_id=batch.batch_id).collect()
            assert {job.id for job in listed} == {job.id for job in batch}
        emulator.clock.advance(86400)
        assert (await cluster.restore_job(batch[0].id)).state is JobState.FINISHED


async def test_a_cold_create_costs_the_challenge_a_list_and_one_post(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        await cluster.create_restore_job(HttpRestore("5" * 24, max_downloads=1, expiration_hours=1))
        assert [record.method for record in emulator.requests] == ["GET", "GET", "POST"]
        assert emulator.counts.creates_taken == 1


async def test_a_release_that_refuses_500_items_is_asked_for_100(emulate, connect, first_cluster):
    async with emulate(page_cap=100, jobs_per_cluster=250) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        assert len(await cluster.restore_jobs().collect()) == 250
        assert len(await first_cluster(session.with_options(timeout=9), emulator).restore_jobs().collect()) == 250
        assert [record.status for record in emulator.requests].count(400) == 1
        with pytest.raises(BadRequest):
            await cluster.restore_jobs(items_per_page=200)


@pytest.mark.parametrize(
    "settings",
    [
        {"page_clamp": 30},
        {"page_cap": 40, "over_max": OverMax.CLAMP},
        {"include_next_links": False},
        {"include_total_count": False},
        {"include_total_count": False, "include_next_links": False},
        {"clamp_past_end": True},
        {"clamp_past_end": True, "include_total_count": False, "include_next_links": False},
        {"oddities": ["no-list-links"]},
        {"gzip": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("concurrency", [1, 5])
async def test_no_way_of_paging_loses_or_repeats_a_job(emulate, connect, first_cluster, settings, concurrency):
    async with emulate(jobs_per_cluster=125, **settings) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        jobs = await cluster.restore_jobs(items_per_page=50).collect(concurrency=concurrency)
        assert len(jobs) == len({job.id for job in jobs}) == 125
        assert emulator.counts.requests <= 8


async def test_jobs_created_while_walking_are_not_listed_twice(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=100) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        present = {job.id for job in await cluster.restore_jobs().collect()}
        seen, drifted = [], False
        async for page in cluster.restore_jobs(items_per_page=20).pages():
            seen += [job.id for job in page]
            drifted |= page.drifted
            if page.number in {1, 3}:
                emulator.add_jobs(emulator.world.first("replica-set"), 7)
        assert len(seen) == len(set(seen))
        assert present <= set(seen)
        assert drifted


@pytest.mark.parametrize("count", [1, 15, 20, 45])
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_jobs_expired_while_walking_hide_no_other_job(emulate, connect, first_cluster, count, concurrency):
    async with emulate(jobs_per_cluster=200) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        before = {job.id for job in await cluster.restore_jobs().collect()}
        start = emulator.counts.requests
        world_cluster = emulator.world.first("replica-set")

        def expire(record):
            if emulator.counts.requests in {start + 4, start + 6}:
                emulator.expire_jobs(world_cluster, count, at=0)

        emulator.fault = expire
        seen = [job.id for job in await cluster.restore_jobs(items_per_page=20).collect(concurrency=concurrency)]
        emulator.fault = None
        after = {job.id for job in await cluster.restore_jobs().collect()}

        assert len(after) == 200 - 2 * count
        assert len(seen) == len(set(seen))
        assert after & before <= set(seen)


async def test_endlessly_repeated_pages_end_with_an_error(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=50) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        document = (await session.request("GET", f"/groups/{cluster.project}/clusters/{cluster.cluster}/restoreJobs",
                                          family=OPS_MANAGER, query={"itemsPerPage": 10})).document  # fmt: skip

        async def repeat(record):
            return web.json_response(document) if record.outcome == "accepted" else None

        emulator.before_answer = repeat
        start = emulator.counts.requests
        with pytest.raises(PaginationError) as caught:
            await cluster.restore_jobs(items_per_page=10).collect()
        assert emulator.counts.requests - start <= 20
        assert caught.value.resume_at == 1


async def test_a_pass_through_parameter_is_sent_and_accepted(emulate, connect):
    async with emulate(manager=Manager.CLOUD_MANAGER) as emulator, connect(emulator) as session:
        cluster = cluster_of(session, emulator, CLOUD_MANAGER, ClusterKind.REPLICA_SET)
        assert len(await cluster.restore_jobs(query={"backupJobsEnabledOnly": True})) == 25
        assert "backupJobsEnabledOnly=true" in emulator.requests[-1].path


async def test_a_shard_and_a_wrong_product_are_refused_with_advice(emulate, connect):
    async with emulate(manager=Manager.CLOUD_MANAGER) as emulator, connect(emulator) as session:
        sharded = emulator.world.first(ClusterKind.SHARDED)
        shard = next(member for member in emulator.world.members(sharded))
        cluster = session.project(sharded.project_id, CLOUD_MANAGER).cluster(shard.id)
        with pytest.raises(BadRequest, match="whole"):
            await cluster.create_restore_job(AutomatedRestore(Snapshot("5" * 24), Target("5" * 24, "6" * 24)))
        atlas = emulator.world.first(ClusterKind.CLOUD_BACKUP)
        with pytest.raises(NotFound, match="Atlas families") as caught:
            await session.project(atlas.project_id, CLOUD_MANAGER).cluster("5" * 24).restore_jobs()
        assert caught.value.error_code == "ATLAS_GROUP"


async def test_projects_and_clusters_lead_to_every_job(emulate, connect):
    async with (
        emulate(manager=Manager.CLOUD_MANAGER, projects=3, clusters_per_project=3, jobs_per_cluster=5) as emulator,
        connect(emulator) as session,
    ):
        found = 0
        async for project in session.projects(CLOUD_MANAGER):
            resource = session.project(project.id, CLOUD_MANAGER)
            tops = [cluster async for cluster in resource.clusters() if cluster.takes_restores]
            assert len(tops) == 3
            for cluster in tops:
                found += len(await resource.cluster(cluster.id).restore_jobs().collect())
        assert found == 45
        assert emulator.counts.challenges == 1


async def test_the_address_missing_in_the_access_list_is_shown(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        body = {
            "error": 403,
            "reason": "Forbidden",
            "errorCode": "IP_ADDRESS_NOT_ON_ACCESS_LIST",
            "detail": "IP address 203.0.113.9 is not allowed to access this resource.",
            "parameters": ["203.0.113.9"],
        }

        async def refuse(record):
            return web.json_response(body, status=403) if record.outcome == "accepted" else None

        emulator.before_answer = refuse
        with pytest.raises(Forbidden, match=r"203\.0\.113\.9.*access list of the key") as caught:
            await first_cluster(session, emulator).create_restore_job(
                HttpRestore("5" * 24, max_downloads=1, expiration_hours=1)
            )
        assert caught.value.parameters == ("203.0.113.9",)


async def test_many_listings_at_once_on_one_session(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=40) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        walks = await asyncio.gather(*(cluster.restore_jobs(items_per_page=10).collect() for _ in range(100)))
        assert {len(walk) for walk in walks} == {40}
        assert emulator.counts.challenges == 1
        assert emulator.counts.requests == 401
