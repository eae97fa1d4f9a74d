"""Fleets over real sockets: complete, counted, and alone with their failures."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter

import pytest
from aiohttp import web

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_FLEX,
    NO_RETRY,
    OPS_MANAGER,
    AuthError,
    ConnectFailed,
    Forbidden,
    Options,
)
from mongorestore_async.emulator import ClusterKind, NoBackup, Side
from mongorestore_async.fleet import FailureKind, Fleet


def projects_of(emulator, side=Side.MANAGER):
    return list(emulator.world.projects(side))


def ids_of(emulator, *, without=()):
    """Ids of all jobs of the manager's side, as they are now."""
    world = emulator.world
    return {
        job.id
        for project in projects_of(emulator)
        if project.id not in without
        for cluster in world.clusters(project)
        for job in jobs_of(emulator, cluster)
    }


def jobs_of(emulator, cluster):
    jobs = emulator.world.jobs
    return jobs.page(cluster, 0, jobs.count(cluster))


async def read(stream):
    async with stream:
        return [found.job.id async for found in stream]


async def test_300_clusters_of_40_jobs_take_301_requests(emulate, connect):
    async with (
        emulate(projects=50, clusters_per_project=6, jobs_per_cluster=40) as emulator,
        connect(emulator) as session,
    ):
        stream = Fleet(session, OPS_MANAGER).restore_jobs(concurrency=32)
        found = await read(stream)

        assert len(found) == 12_000
        assert set(found) == ids_of(emulator)
        assert stream.failures == ()
        assert session.stats.requests - session.stats.challenges == 300 + 1
        assert session.stats.challenges == 1
        assert len(stream.resume_token) < 850


async def test_three_projects_fail_and_everything_else_is_complete(emulate, connect):
    options = Options(timeout=8, retry=NO_RETRY)
    async with emulate(projects=20, clusters_per_project=6, jobs_per_cluster=5) as emulator:
        broken, closed, hanging = (project.id for project in projects_of(emulator)[3:18:6])

        async def fail(record):
            if broken in record.path:
                return web.json_response({"error": 503}, status=503)
            if closed in record.path:
                return web.json_response({"error": 403, "errorCode": "USER_CANNOT_ACCESS_GROUP"}, status=403)
            if hanging in record.path:
                await asyncio.sleep(30)
            return None

        emulator.before_answer = fail
        async with connect(emulator, options=options) as session:
            loop = asyncio.get_running_loop()
            stream = Fleet(session, OPS_MANAGER).restore_jobs(concurrency=16)
            started, found, last = loop.time(), [], 0.0
            async with stream:
                async for one in stream:
                    found.append(one.job.id)
                    last = loop.time()
            ended = loop.time()

        assert len(found) == len(set(found))
        assert set(found) == ids_of(emulator, without={broken, closed, hanging})
        assert Counter((one.project.id, one.kind) for one in stream.failures) == {
            (broken, FailureKind.SERVER): 6,
            (closed, FailureKind.FORBIDDEN): 6,
            (hanging, FailureKind.TIMED_OUT): 6,
        }
        assert last - started < 8  # nobody waited for the one that hangs
        assert ended - started < 3 * 8  # six lists that hang, one after the other, would take twice as long


async def test_distinct_jobs_are_complete_while_lists_change(emulate, connect):
    async with emulate(projects=6, clusters_per_project=3, jobs_per_cluster=45) as emulator:
        clusters = [cluster for project in projects_of(emulator) for cluster in emulator.world.clusters(project)]
        at_first = ids_of(emulator)
        turn = itertools.count()

        def drift(record):
            if "restoreJobs" in record.path:
                number = next(turn)
                cluster = clusters[number * 7 % len(clusters)]
                if number % 2:
                    emulator.add_jobs(cluster)
                else:
                    emulator.expire_jobs(cluster)

        emulator.fault_after_login = drift
        async with connect(emulator, options=Options(items_per_page=10)) as session:
            found = await read(Fleet(session, OPS_MANAGER).restore_jobs())

        assert len(found) == len(set(found))
        assert at_first & ids_of(emulator) <= set(found)
        assert next(turn) > 18 * 4


async def test_leaving_the_block_ends_the_requests_under_way(emulate, connect):
    async with emulate(projects=10, jobs_per_cluster=5) as emulator, connect(emulator) as session:
        late = projects_of(emulator)[1].id
        waiting = asyncio.Event()

        async def hang(record):
            if late in record.path:
                waiting.set()
                await asyncio.sleep(30)

        emulator.before_answer = hang
        async with Fleet(session, OPS_MANAGER).restore_jobs(concurrency=6) as stream:
            async for _ in stream:
                await waiting.wait()
                break
        sent = session.stats.requests
        await asyncio.sleep(0.02)

        assert session.stats.requests == sent
        emulator.before_answer = None
        assert len(await read(Fleet(session, OPS_MANAGER).restore_jobs())) == len(ids_of(emulator))


async def test_a_cancelled_run_goes_on_in_another_session(emulate, connect):
    async with emulate(projects=30, clusters_per_project=3, jobs_per_cluster=10) as emulator:
        first, streams = [], []

        async def run():
            async with connect(emulator) as session:
                streams.append(Fleet(session, OPS_MANAGER).restore_jobs(concurrency=8))
                async with streams[0] as stream:
                    async for found in stream:
                        first.append(found)
                        if len(first) == 400:
                            asyncio.current_task().cancel()

        task = asyncio.create_task(run())
        with pytest.raises(asyncio.CancelledError):
            await task
        async with connect(emulator) as session:
            again = Fleet(session, OPS_MANAGER).restore_jobs(resume=streams[0].resume_token)
            second = await read(again)

        before = [found.job.id for found in first]
        assert {*before, *second} == ids_of(emulator)
        assert len(set(second)) == len(second)
        repeated = {found.cluster for found in first if found.job.id in set(second)}
        assert len(repeated) <= 8 + 1  # those in progress
        assert again.progress.skipped >= 30
        assert again.progress.clusters + again.progress.skipped == 90


async def test_a_wrong_key_ends_the_run_at_once(emulate, connect):
    async with emulate(projects=10) as emulator, connect(emulator, private_key="wrong") as session:
        with pytest.raises(AuthError):
            await read(Fleet(session, OPS_MANAGER).restore_jobs())
        assert emulator.counts.accepted == 0


async def test_a_blocked_address_ends_the_run_at_once(emulate, connect):
    async with emulate(projects=10) as emulator, connect(emulator) as session:
        code = {"error": 403, "errorCode": "IP_ADDRESS_NOT_ON_ACCESS_LIST", "parameters": ["203.0.113.9"]}

        def block(record):
            return web.json_response(code, status=403) if "restoreJobs" in record.path else None

        emulator.fault_after_login = block
        with pytest.raises(Forbidden, match=r"203\.0\.113\.9"):
            await read(Fleet(session, OPS_MANAGER).restore_jobs(concurrency=2))
        assert session.stats.requests <= 2 + 4


@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1])
async def test_clusters_of_the_other_kind_of_backup_are_told_of(emulate, connect, family):
    async with (
        emulate(projects=4, clusters_per_project=7, jobs_per_cluster=3) as emulator,
        connect(emulator) as session,
    ):
        stream = Fleet(session, family).restore_jobs()
        found = await read(stream)

        assert len(found) == len(set(found)) == 4 * 2 * 3
        legacy = {ClusterKind.LEGACY, ClusterKind.LEGACY_SHARDED}
        wrong = [one for one in stream.failures if one.kind is FailureKind.WRONG_API]
        assert len(wrong) == len(stream.failures) == 4 * len(legacy)


async def test_flex_clusters_are_found_project_by_project(emulate, connect):
    async with (
        emulate(projects=4, clusters_per_project=7, jobs_per_cluster=3) as emulator,
        connect(emulator) as session,
    ):
        stream = Fleet(session, ATLAS_FLEX).restore_jobs()

        assert len(set(await read(stream))) == 4 * 3
        assert stream.failures == ()
        assert session.stats.requests == 1 + 1 + 4 + 4


async def test_members_of_sharded_clusters_are_not_asked(emulate, connect):
    async with emulate(projects=4, jobs_per_cluster=3) as emulator, connect(emulator) as session:
        emulator.fault_after_login = lambda record: (
            web.json_response({"error": 404}, status=404) if "/v1.0/clusters" in record.path else None
        )
        stream = Fleet(session, OPS_MANAGER).restore_jobs()

        assert set(await read(stream)) == ids_of(emulator)
        assert stream.failures == ()
        assert len([one for one in emulator.requests if "restoreJobs" in one.path]) == 4 * 3


@pytest.mark.parametrize("answer", NoBackup)
async def test_a_cluster_without_backup_has_nothing(emulate, connect, answer):
    async with emulate(projects=3, jobs_per_cluster=3) as emulator, connect(emulator) as session:
        off = emulator.world.first("replica-set")
        emulator.world.backups.switch_off(off, answer)
        stream = Fleet(session, OPS_MANAGER).restore_jobs()
        found = await read(stream)

        assert set(found) == ids_of(emulator) - {job.id for job in jobs_of(emulator, off)}
        assert stream.failures == ()
        assert stream.progress.without_backup == (answer is not NoBackup.EMPTY_LIST)


async def test_several_keys_are_one_stream(emulate, connect):
    async with (
        emulate(projects=4, jobs_per_cluster=5) as one,
        emulate(projects=3, jobs_per_cluster=4, seed=1) as two,
        connect(one) as session_one,
        connect(two) as session_two,
    ):
        fleet = Fleet.merge(Fleet(session_one, OPS_MANAGER, name="one"), Fleet(session_two, OPS_MANAGER, name="two"))
        places = {}
        async with fleet.restore_jobs() as stream:
            async for found in stream:
                places.setdefault(found.fleet, []).append(found.job.id)

        assert {name: set(ids) for name, ids in places.items()} == {"one": ids_of(one), "two": ids_of(two)}
        assert await read(fleet.restore_jobs(resume=stream.resume_token)) == []
        assert (await fleet.dry_run()).requests == (4 + 3) * 3


async def test_a_server_that_is_down_does_not_hold_the_others_up(emulate, connect):
    options = Options(timeout=1, retry=NO_RETRY)
    async with emulate(projects=4, jobs_per_cluster=5) as other, emulate() as two:
        async with connect(other) as session_one, connect(two, options=options) as session_two:
            await two.close()
            fleet = Fleet.merge(
                Fleet(session_two, OPS_MANAGER, name="down"), Fleet(session_one, OPS_MANAGER, name="up")
            )
            found, stream = [], fleet.restore_jobs()

            async def take():
                async with stream:
                    async for one in stream:
                        found.append(one.job.id)  # noqa: PERF401 - what came before the error counts

            with pytest.raises(ConnectFailed):
                await take()

        assert set(found) == ids_of(other)
        assert [(failure.fleet, failure.kind) for failure in stream.failures] == [("down", FailureKind.BROKEN)]


async def test_connections_are_bounded_by_the_session(emulate, connect):
    async with emulate(projects=30, jobs_per_cluster=2) as emulator:
        under_way, most = 0, 0

        async def count(_):
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.05)
            under_way -= 1

        emulator.before_answer = count
        async with connect(emulator, options=Options(max_in_flight=3)) as session:
            assert set(await read(Fleet(session, OPS_MANAGER).restore_jobs(concurrency=16))) == ids_of(emulator)

        assert most == 3
