"""Reading a fleet: what is asked, how much at once, and what stays behind."""

from __future__ import annotations

import asyncio
import copy
import pickle
import random
from collections import Counter

import attrs
import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_COLLECTION_RESTORE,
    ATLAS_FLEX,
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
)
from mongorestore_async.fleet import ClusterOutcome, Fleet, Found


async def test_making_a_stream_sends_nothing(fleet, world):
    fleet.restore_jobs()
    await asyncio.sleep(0)

    assert world.server.sent == []


async def test_each_job_comes_with_its_place(fleet, world):
    async with fleet.restore_jobs(projects="p1", clusters="c0") as stream:
        found = [found async for found in stream]

    assert [(one.fleet, one.project.id, one.project.name, one.cluster.key) for one in found] == [
        ("om", "p1", "p1!", "c0")
    ] * 2
    assert str(found[0].job.ref) == "ops-manager/p1/c0/p1%2Fc0%2F0"


async def test_what_is_found_is_a_value_as_any_other(fleet, world):
    async with fleet.restore_jobs(projects="p1", clusters="c0") as stream:
        found = await anext(stream)

    assert type(found) is Found
    assert found == Found(found.cluster, found.job) == pickle.loads(pickle.dumps(found)) == copy.copy(found)  # noqa: S301
    assert attrs.evolve(found, job=None) == Found(found.cluster, None)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.job = None


async def test_a_cluster_that_is_listed_twice_is_read_once(fleet, world, read):
    world.places["p1"].append("c0")

    async with fleet.restore_jobs() as stream:
        assert sorted({found.job.id async for found in stream}) == sorted(set(world.all_ids))
    assert len(world.read) == len(set(world.read)) == 6


async def test_one_list_finds_all_clusters(fleet, world, read):
    assert await read(fleet.restore_jobs()) == world.all_ids
    assert len(world.server.sent) == 6 + 1


@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_COLLECTION_RESTORE, ATLAS_FLEX])
async def test_where_that_list_is_not_complete_projects_are_asked(connect, world, family, read):
    fleet = Fleet(connect(base_url="https://cloud.example.com"), family)

    assert await read(fleet.restore_jobs()) == world.all_ids
    assert len(world.server.sent) == 6 + 1 + 3


@pytest.mark.parametrize("status", [403, 404])
async def test_where_that_list_is_not_to_be_had_projects_are_asked(fleet, world, status, read):
    world.plays["clusters"] = world.refused(status)

    assert await read(fleet.restore_jobs()) == world.all_ids


async def test_a_project_whose_clusters_lack_ids_is_listed_separately(fleet, world, read):
    results = [{"groupId": "p0", "clusters": [{"name": "c0"}]}]
    world.plays["clusters"] = world.server.answer({"results": results, "totalCount": 1})

    assert await read(fleet.restore_jobs()) == [name for name in world.all_ids if name.startswith("p0")]


async def test_only_chosen_projects_are_asked(connect, world, read):
    fleet = Fleet(connect(base_url="https://cloud.example.com"), ATLAS_FLEX)

    found = await read(fleet.restore_jobs(projects=["p1!", "p[2-9]"], clusters="c1"))

    assert found == ["p1/c1/0", "p1/c1/1", "p2/c1/0", "p2/c1/1"]
    assert len(world.server.sent) == 1 + 2 + 2


@pytest.mark.parametrize(("concurrency", "per_project"), [(1, 1), (3, 1), (3, 2), (5, 9)])
async def test_lists_under_way_are_bounded(fleet, make_world, concurrency, per_project, read):
    world = make_world(projects=6, clusters=4)

    assert await read(fleet.restore_jobs(concurrency=concurrency, per_project=per_project)) == world.all_ids
    assert world.most.pop("all") == concurrency
    assert max(world.most.values()) == min(concurrency, per_project, 4)


async def test_nothing_is_read_while_nobody_takes_jobs(fleet, make_world):
    world = make_world(projects=50)

    async with fleet.restore_jobs(concurrency=4) as stream:
        jobs = aiter(stream)
        await anext(jobs)
        for _ in range(1000):
            await asyncio.sleep(0)
        # One page is being taken, two wait, and each of four tasks waits with one.
        assert len(world.read) == 1 + 2 + 4
        assert len([found async for found in jobs]) == len(world.all_ids) - 1


@pytest.fixture
def long_lists(make_world, connect):
    """A fleet whose lists have five pages each."""
    world = make_world(projects=4, clusters=6, jobs=9)
    return world, Fleet(connect().with_options(items_per_page=2), OPS_MANAGER)


async def test_jobs_of_a_cluster_come_in_the_order_of_its_list(long_lists):
    world, fleet = long_lists
    found = {}
    async with fleet.restore_jobs() as stream:
        async for one in stream:
            found.setdefault(one.cluster.key + one.project.id, []).append(one.job.id)

    assert sorted(name for names in found.values() for name in names) == world.all_ids
    assert all(names == sorted(names) for names in found.values())


@pytest.mark.parametrize(("concurrency", "per_project"), [(1, 1), (3, 1), (3, 2), (5, 9)])
async def test_lists_that_were_begun_are_read_before_others_begin(long_lists, concurrency, per_project, read):
    world, fleet = long_lists

    await read(fleet.restore_jobs(concurrency=concurrency, per_project=per_project))

    assert world.most.pop("all") == concurrency
    assert max(world.most.values()) == min(concurrency, per_project)
    open_lists, most = Counter(), 0
    for place in world.read:
        open_lists[place] += 1
        most = max(most, sum(calls < 5 for calls in open_lists.values()))
    assert most <= 2 * concurrency


@pytest.mark.parametrize("seed", range(6))
async def test_answers_that_take_unevenly_long_change_nothing(long_lists, seed, read):
    world, fleet = long_lists
    dice = random.Random(seed)  # noqa: S311 - no secret

    async def dawdle():
        for _ in range(dice.choice((0, 5, 100))):
            await asyncio.sleep(0)

    world.plays |= {f"{project}/{key}": dawdle for project, keys in world.places.items() for key in keys}

    assert await read(fleet.restore_jobs(concurrency=3, per_project=1 + seed % 2)) == world.all_ids
    assert world.most.pop("all") == 3
    assert max(world.most.values()) == 1 + seed % 2


async def test_what_waits_for_a_turn_does_not_grow_with_the_lists(make_world, connect, monkeypatch, read):
    world = make_world(projects=1, clusters=6, jobs=40)
    fleet, sizes = Fleet(connect().with_options(items_per_page=2), OPS_MANAGER), []

    class Measured(asyncio.PriorityQueue):
        def _put(self, item):
            super()._put(item)
            sizes.append(self.qsize())

    monkeypatch.setattr(asyncio, "PriorityQueue", Measured)

    assert await read(fleet.restore_jobs(concurrency=2, per_project=4)) == world.all_ids
    assert max(sizes) <= 2 * 4


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_a_cancelled_wait_for_a_job_loses_none(make_world, fleet, turns):
    world = make_world(projects=2, clusters=2, jobs=120)
    found = []

    async def take(stream):
        async for one in stream:
            found.append(one.job.id)  # noqa: PERF401 - what came before the cancellation counts

    async with fleet.restore_jobs() as stream:
        task = asyncio.create_task(take(stream))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await take(stream)

    assert sorted(found) == world.all_ids


@pytest.mark.parametrize("ending", ["break", "error", "cancel", "timeout"])
async def test_leaving_the_block_leaves_no_task_and_no_request(fleet, world, ending):
    world.plays |= {f"p{number}/c1": world.hang for number in range(3)}
    before = asyncio.all_tasks()

    async def leave():
        async with fleet.restore_jobs() as stream:
            async for _ in stream:
                if ending == "break":
                    break
                if ending == "error":
                    raise KeyError

    expected = {"error": KeyError, "cancel": asyncio.CancelledError, "timeout": TimeoutError}
    task = asyncio.create_task(leave() if ending != "timeout" else asyncio.wait_for(leave(), 0.05))
    if ending == "cancel":
        await asyncio.sleep(0.05)
        task.cancel()
    if ending == "break":
        await task
    else:
        with pytest.raises(expected[ending]):
            await task

    assert asyncio.all_tasks() == before
    assert world.under_way["all"] == 0
    sent = len(world.server.sent)
    await asyncio.sleep(0.01)
    assert len(world.server.sent) == sent


async def test_a_second_loop_goes_on_where_the_first_one_stopped(fleet, world):
    async with fleet.restore_jobs() as stream:
        async for found in stream:
            first = found.job.id
            break
        rest = [found.job.id async for found in stream]

    assert sorted([first, *rest]) == world.all_ids


async def test_a_stream_is_read_once_and_in_its_block(fleet, world):
    stream = fleet.restore_jobs()

    with pytest.raises(ConfigError, match="async with"):
        await anext(aiter(stream))
    async with stream:
        pass
    with pytest.raises(ConfigError, match="ended"):
        await anext(aiter(stream))
    with pytest.raises(ConfigError, match="new one"):
        await stream.__aenter__()


async def test_progress_is_told_after_each_cluster(fleet, world, read):
    world.plays |= {
        "p0/c0": world.refused(403),
        "p0/c1": world.refused(400, "BACKUP_JOB_NOT_FOUND"),
    }
    told = []
    stream = fleet.restore_jobs(concurrency=1, on_progress=told.append)
    await read(stream)

    assert [(one.over, one.outcome) for one in told if one.cluster is not None][:3] == [
        (1, ClusterOutcome.FAILED),
        (2, ClusterOutcome.NO_BACKUP),
        (3, ClusterOutcome.READ),
    ]
    last = stream.progress
    assert (last.projects, last.clusters, last.over, last.jobs, last.discovered) == (3, 6, 6, 8, True)
    assert told[-1].over == 6
    assert [one.cluster for one in told].count(None) == 1


async def test_a_callback_that_fails_does_not_touch_the_run(fleet, world, caplog, read):
    def fail(_):
        raise KeyError

    assert await read(fleet.restore_jobs(on_progress=fail)) == world.all_ids
    assert "on_progress" in caplog.text


async def test_a_dry_run_reads_no_jobs(fleet, connect, world):
    plan = await fleet.dry_run(projects=["p0", "p1"])
    assert (plan.projects, plan.clusters, plan.requests, plan.discovery) == (2, 4, 4, 1)

    world.plays["p1"] = world.refused(403)
    plan = await Fleet(connect(base_url="https://cloud.example.com"), ATLAS_FLEX).dry_run(clusters="c0")
    assert (plan.projects, plan.clusters, plan.requests, plan.discovery) == (3, 2, 2, 3)
    assert [one.project.id for one in plan.failures] == ["p1"]
    assert world.read == []


async def test_fleets_of_one_name_are_not_merged(fleet, session):
    with pytest.raises(ConfigError, match="different names"):
        Fleet.merge(fleet, Fleet(session, OPS_MANAGER, name="om"))
    with pytest.raises(ConfigError, match="different names"):
        Fleet.merge()


@pytest.mark.parametrize("name", ["", 5])
def test_a_fleet_has_a_name(session, name):
    with pytest.raises(ConfigError, match="name"):
        Fleet(session, OPS_MANAGER, name=name)


def test_a_family_that_needs_a_host_is_refused_at_once():
    with pytest.raises(ConfigError, match="base_url"):
        Fleet(AsyncSession(None), OPS_MANAGER)


async def test_everything_is_discovered_once_each_project_is_listed(connect, world):
    told = []
    fleet = Fleet(connect(base_url="https://cloud.example.com"), ATLAS_FLEX)
    async with fleet.restore_jobs(concurrency=1, on_progress=told.append) as stream:
        async for _ in stream:
            pass

    assert [one.clusters for one in told if one.discovered][:1] == [6]
    assert [one.discovered for one in told] == sorted(one.discovered for one in told)
