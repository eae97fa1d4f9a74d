"""Watching a fleet: every change once, whatever fails, and no more calls than the budget has."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from builders.constants import BASE_URL
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    CLOUD_MANAGER,
    NO_RETRY,
    OPS_MANAGER,
    ConfigError,
    Fleet,
    Forbidden,
    Options,
    PollPolicy,
    RateLimit,
    SessionClosed,
    Unsupported,
)
from mongorestore_async.fleet import FailureKind, FleetWatch

WORDS = {"run": "IN_PROGRESS", "done": "FINISHED", "bad": "BROKEN"}


class Jobs:
    """Jobs of a world that change: ``jobs["p0/c0"] = {"j": "run"}``."""

    def __init__(self, world):
        self.world = world
        self.jobs = {f"{project}/{cluster}": {} for project, keys in world.places.items() for cluster in keys}
        world.ids = self.documents
        world.server.serve(self)

    def documents(self, project, cluster):
        found = self.jobs[f"{project}/{cluster}"]
        return [{"id": name, "statusName": WORDS.get(word, word)} for name, word in found.items()]

    async def __call__(self, sent):
        path = sent.url.partition("?")[0].split("/")
        if "restoreJobs" not in path or path[-1] == "restoreJobs":
            return await self.world(sent)
        project, cluster, name = path[-5], path[-3], path[-1]
        self.world.read.append(f"{project}/{cluster}/{name}")
        found = {job["id"]: job for job in self.documents(project, cluster)}
        return self.world.server.answer(found[name]) if name in found else self.world.refused(404, "JOB_NOT_FOUND")


@pytest.fixture
def jobs(world):
    return Jobs(world)


def told(change):
    """Write a change as a short line."""
    place = "/".join(filter(None, [change.project and change.project.id, change.cluster and change.cluster.key]))
    return f"{change.kind} {place}" + (f"/{change.job.id}" if change.job is not None else "")


async def collect(watch, seconds):
    """Read all changes that come within some seconds of the virtual clock."""
    found = []
    try:
        async with asyncio.timeout(seconds):
            async for change in watch:
                found.append(change)  # noqa: PERF401 - kept when the time is over
    except TimeoutError:
        pass
    return found


async def lines(watch, seconds):
    return [told(change) for change in await collect(watch, seconds)]


async def test_running_jobs_are_told_once_and_then_their_changes(fleet, jobs):
    jobs.jobs["p0/c0"] = {"old": "done", "a": "run"}
    async with fleet.watch() as watch:
        assert await lines(watch, 200) == ["found p0/c0/a"]
        jobs.jobs["p0/c0"]["a"] = "VALIDATING"
        assert [(told(each), each.before) for each in await collect(watch, 200)] == [
            ("changed p0/c0/a", "statusName IN_PROGRESS")
        ]
        jobs.jobs["p0/c0"]["a"] = "bad"
        [ended] = await collect(watch, 200)
        assert (told(ended), ended.job.ok, ended.fleet) == ("ended p0/c0/a", False, "om")
        assert await lines(watch, 2000) == []
        assert watch.running == ()


async def test_jobs_and_clusters_that_come_meanwhile_join(fleet, jobs, world):
    async with fleet.watch(idle_interval=300, discovery_interval=900) as watch:
        assert await lines(watch, 10) == []
        assert (watch.projects, watch.clusters) == (3, 6)
        jobs.jobs["p1/c1"]["new"] = "run"
        assert await lines(watch, 335) == ["found p1/c1/new"]
        assert [found.job.id for found in watch.running] == ["new"]
        jobs.jobs["p1/c1"] |= {"second": "run", "short": "done"}
        assert await lines(watch, 70) == ["found p1/c1/second", "ended p1/c1/short"]
        world.places["p9"] = ["c0"]
        jobs.jobs["p9/c0"] = {"x": "run"}
        assert await lines(watch, 905) == ["found p9/c0/x"]


async def test_clusters_with_running_jobs_are_polled_more_often(fleet, jobs, world):
    jobs.jobs["p0/c0"]["a"] = "run"
    async with fleet.watch() as watch:
        await lines(watch, 3000)
    polls = Counter(world.read)

    assert 45 <= polls["p0/c0"] <= 60  # 10 s at first, then every 60 to 66
    assert {count for place, count in polls.items() if place != "p0/c0"} <= {10, 11}


async def test_a_watch_ends_when_nothing_runs(fleet, jobs):
    jobs.jobs["p0/c0"] = {"a": "run", "b": "run"}
    async with fleet.watch(until_idle=True) as watch:
        found = [await anext(watch), await anext(watch)]
        jobs.jobs["p0/c0"] = {"a": "done", "b": "bad"}
        found += [change async for change in watch]
        with pytest.raises(StopAsyncIteration):
            await anext(watch)

    assert [told(change) for change in found] == [f"{kind} p0/c0/{job}" for kind in ("found", "ended") for job in "ab"]


async def test_an_idle_fleet_ends_at_once_and_complete(fleet, jobs, world):
    async with fleet.watch(until_idle=True) as watch:
        assert [change async for change in watch] == []

    assert sorted(world.read) == sorted(jobs.jobs)


async def test_a_project_that_fails_is_told_once_and_when_it_recovers(fleet, jobs, world):
    jobs.jobs |= {"p0/c0": {"a": "run"}, "p1/c0": {"b": "run"}}
    world.plays |= dict.fromkeys(["p1/c0", "p1/c1"], world.refused(503))
    async with fleet.watch() as watch:
        assert sorted(await lines(watch, 600)) == ["failed p1/c0", "found p0/c0/a"]
        [failure] = watch.failures
        assert (failure.kind, failure.project.id) == (FailureKind.SERVER, "p1")
        jobs.jobs["p0/c0"]["a"] = "done"
        assert await lines(watch, 100) == ["ended p0/c0/a"]
        world.plays.clear()
        assert await lines(watch, 310) == ["found p1/c0/b", "recovered p1"]
        assert watch.failures == ()
        world.plays["p1/c1"] = world.refused(503)
        assert await lines(watch, 400) == ["failed p1/c1"]


async def test_a_project_that_fails_is_asked_seldom(fleet, make_world):
    world = make_world(projects=2, clusters=20)
    jobs = Jobs(world)
    world.plays |= {f"p1/c{number}": world.refused(503) for number in range(20)}
    jobs.jobs["p0/c0"]["a"] = "run"
    async with fleet.watch() as watch:
        await lines(watch, 600)
        del world.read[:]
        await lines(watch, 3000)

    asked = sum(place.startswith("p1/") for place in world.read)
    assert asked <= 20 * 3000 / 300 + 20


async def test_a_cluster_that_is_refused_is_told_by_itself(fleet, jobs, world):
    world.plays |= {
        "p0/c0": world.refused(403, "USER_CANNOT_ACCESS_GROUP"),
        "p0/c1": world.refused(404, "BACKUP_CONFIG_NOT_FOUND"),
        "p2/c0": world.refused(404, "CLUSTER_NOT_FOUND"),
    }
    async with fleet.watch(until_idle=True) as watch:
        assert sorted(await lines(watch, 1700)) == ["failed p0/c0", "failed p2/c0"]
        assert {failure.kind for failure in watch.failures} == {FailureKind.FORBIDDEN, FailureKind.GONE}
        del world.plays["p0/c0"]
        assert await lines(watch, 3000) == ["recovered p0/c0"]
        with pytest.raises(StopAsyncIteration):  # what fails for longer than the patience does not keep it
            await anext(watch)


async def test_projects_that_hang_delay_no_other(fleet, make_world):
    world = make_world(projects=12, clusters=4)
    jobs = Jobs(world)
    for project in range(1, 12):
        world.plays |= {f"p{project}/c{number}": world.hang for number in range(4)}
    jobs.jobs["p0/c0"]["a"] = "run"
    async with fleet.watch(concurrency=8) as watch:
        await lines(watch, 400)
        jobs.jobs["p0/c0"]["a"] = "done"
        assert await lines(watch, 70) == ["ended p0/c0/a"]


async def test_a_lost_job_is_told_as_lost(fleet, jobs, connect):
    poll = PollPolicy(patience=100)
    fleet = Fleet(connect(options=Options(retry=NO_RETRY, poll=poll)), OPS_MANAGER, name="om")
    jobs.jobs["p0/c0"] = {"a": "run", "b": "run"}
    async with fleet.watch() as watch:
        await lines(watch, 50)
        del jobs.jobs["p0/c0"]["a"]
        assert await lines(watch, 1000) == ["lost p0/c0/a"]
        assert [found.job.id for found in watch.running] == ["b"]


async def test_a_job_that_is_only_not_listed_is_followed(fleet, jobs, world):
    jobs.jobs["p0/c0"] = {"a": "run"}
    async with fleet.watch() as watch:
        await lines(watch, 50)
        world.plays["p0/c0"] = world.server.answer({"results": []})
        assert await lines(watch, 300) == []
        jobs.jobs["p0/c0"]["a"] = "done"
        assert await lines(watch, 70) == ["ended p0/c0/a"]


async def test_a_job_that_ended_while_it_was_not_listed_is_told_once(fleet, jobs, world):
    jobs.jobs["p0/c0"] = {"a": "run", "b": "run"}
    async with fleet.watch() as watch:
        await lines(watch, 50)
        without = [{"id": "b", "statusName": "IN_PROGRESS"}]
        world.plays["p0/c0"] = world.server.answer({"results": without})
        jobs.jobs["p0/c0"]["a"] = "done"
        while not (found := await lines(watch, 1)):
            pass
        assert found == ["ended p0/c0/a"]
        polls = world.read.count("p0/c0")
        while world.read.count("p0/c0") == polls:  # one more look without it
            await lines(watch, 1)
        del world.plays["p0/c0"]
        assert await lines(watch, 300) == []


async def test_a_lost_job_that_is_seen_again_is_told_anew(jobs, connect):
    poll = PollPolicy(patience=100)
    fleet = Fleet(connect(options=Options(retry=NO_RETRY, poll=poll)), OPS_MANAGER, name="om")
    jobs.jobs["p0/c0"] = {"a": "run", "b": "run"}
    async with fleet.watch() as watch:
        await lines(watch, 50)
        del jobs.jobs["p0/c0"]["a"]
        while not (found := await lines(watch, 1)):
            pass
        assert found == ["lost p0/c0/a"]
        jobs.jobs["p0/c0"]["a"] = "run"
        assert await lines(watch, 100) == ["found p0/c0/a"]


async def test_jobs_are_followed_while_their_list_cannot_be_read(fleet, jobs, world):
    jobs.jobs["p0/c0"] = {"a": "run"}
    async with fleet.watch(idle_interval=60) as watch:
        await lines(watch, 50)
        world.plays["p0/c0"] = world.server.answer({"results": [{}]})
        assert await lines(watch, 300) == ["failed p0/c0"]
        jobs.jobs["p0/c0"]["a"] = "done"
        assert await lines(watch, 70) == ["ended p0/c0/a"]


async def test_a_deleted_cluster_leaves_and_its_jobs_are_lost(fleet, jobs, world):
    jobs.jobs |= {"p0/c0": {"a": "run"}, "p0/c1": {}}
    async with fleet.watch() as watch:
        await lines(watch, 10)
        world.places["p0"] = []
        assert await lines(watch, 1000) == []  # the list may lag behind: restores that run are followed on
        assert watch.clusters == 5
        world.plays["p0/c0"] = world.refused(404, "CLUSTER_NOT_FOUND")
        assert await lines(watch, 1500) == ["failed p0/c0", "lost p0/c0/a", "recovered p0/c0"]
        assert (watch.clusters, watch.projects) == (4, 3)
        del world.places["p2"]
        await lines(watch, 1000)
        assert (watch.clusters, watch.projects) == (2, 2)


async def test_a_cancelled_anext_loses_nothing(fleet, jobs):
    jobs.jobs["p0/c0"] = {f"j{number}": "run" for number in range(20)}
    found = []
    async with fleet.watch(until_idle=True) as watch:
        for tick in range(2000):
            try:
                async with asyncio.timeout(0 if tick % 3 else 0.5):
                    found.append(told(await anext(watch)))
            except TimeoutError:
                continue
            except StopAsyncIteration:
                break
            if len(found) == 20:
                jobs.jobs["p0/c0"] = dict.fromkeys(jobs.jobs["p0/c0"], "done")

    assert Counter(found) == {f"{kind} p0/c0/j{number}": 1 for kind in ("found", "ended") for number in range(20)}


async def test_a_slow_reader_slows_the_polls_and_loses_nothing(fleet, make_world):
    world = make_world(projects=4, clusters=1)
    jobs = Jobs(world)
    for project in range(4):
        jobs.jobs[f"p{project}/c0"] = {f"{project}-{number}": "run" for number in range(400)}
    async with fleet.watch() as watch:
        await anext(watch)
        await asyncio.sleep(10_000)
        assert len(world.read) < 50
        found = await collect(watch, 10)

    assert len({change.job.id for change in found}) == len(found) == 1600 - 1


async def test_a_refused_key_ends_the_watch_after_what_was_found(fleet, jobs, world):
    jobs.jobs["p0/c0"]["a"] = "run"
    async with fleet.watch() as watch:
        assert await lines(watch, 10) == ["found p0/c0/a"]
        world.plays["p0/c0"] = world.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST")
        for _ in range(2):
            with pytest.raises(Forbidden) as caught:
                await anext(watch)
    assert caught.value.__notes__ == ["watching the fleet 'om'"]


async def test_a_list_of_projects_that_fails_is_tried_again(fleet, jobs, world):
    jobs.jobs["p0/c0"]["a"] = "run"
    world.plays["clusters"] = world.refused(503)
    async with fleet.watch() as watch:
        [failed] = await collect(watch, 100)
        assert (failed.kind, failed.project, failed.failure.kind) == ("failed", None, FailureKind.SERVER)
        world.plays.clear()
        assert sorted(await lines(watch, 100)) == ["found p0/c0/a", "recovered "]


async def test_clusters_that_are_listed_by_project_are_tried_again(connect, jobs, world):
    world.plays["clusters"] = world.refused(404)
    world.plays["p1"] = world.refused(503)
    jobs.jobs["p1/c0"]["a"] = "run"
    async with Fleet(connect(), OPS_MANAGER, name="om").watch(until_idle=True) as watch:
        assert await lines(watch, 100) == ["failed p1"]
        assert watch.clusters == 4
        del world.plays["p1"]
        assert await lines(watch, 100) == ["recovered p1", "found p1/c0/a"]
        jobs.jobs["p1/c0"]["a"] = "done"
        assert [told(change) async for change in watch] == ["ended p1/c0/a"]


async def test_names_that_fit_nothing_are_failures(fleet, jobs):
    jobs.jobs |= {"p0/c0": {"a": "run"}, "p1/c0": {"b": "run"}}
    async with fleet.watch(projects=["p0*", "typo"]) as watch:
        found = await collect(watch, 2000)

    assert sorted(told(change) for change in found) == ["failed ", "found p0/c0/a"]
    assert [change.failure.kind for change in found if change.failure] == [FailureKind.UNMATCHED]


async def test_names_of_clusters_wait_for_their_lists_and_recover(connect, jobs, world):
    world.plays["clusters"] = world.refused(404)  # so clusters are listed by project
    jobs.jobs["p1/c0"]["a"] = "run"
    async with Fleet(connect(), OPS_MANAGER, name="om").watch(clusters=["c0", "late*"]) as watch:
        found = await collect(watch, 100)
        assert [told(each) for each in found if each.failure is None] == ["found p1/c0/a"]
        [failed] = [each.failure for each in found if each.failure is not None]
        assert (failed.kind, "'late*'" in str(failed.error)) == (FailureKind.UNMATCHED, True)

        jobs.jobs["p0/later"] = {}
        world.places["p0"].append("later")
        assert await lines(watch, 1000) == ["recovered "]
        assert watch.failures == ()


async def test_leaving_the_block_ends_the_calls(fleet, jobs, world):
    world.plays["p0/c0"] = world.hang
    async with fleet.watch() as watch:
        await lines(watch, 5)
        assert world.under_way["all"] == 1
    assert world.under_way["all"] == 0
    with pytest.raises(ConfigError, match="has ended"):
        await anext(watch)
    with pytest.raises(ConfigError, match="already used"):
        await watch.__aenter__()


async def test_a_watch_is_read_inside_its_block(fleet, world):
    watch = fleet.watch()
    assert repr(watch) == "<FleetWatch of 'om'>"
    assert isinstance(watch, FleetWatch)
    with pytest.raises(ConfigError, match="inside its own block"):
        await anext(watch)
    await watch.__aexit__(None, None, None)
    for wrong in ({"idle_interval": 0}, {"discovery_interval": "1h"}, {"until_idle": 1}, {"concurrency": 0}):
        with pytest.raises(ConfigError):
            fleet.watch(**wrong)
    with pytest.raises(Unsupported):
        fleet.watch(include_deleted=True)


async def test_a_closed_session_ends_the_watch_at_once(fleet, session, jobs):
    async with fleet.watch() as watch:
        await lines(watch, 5)
        await session.close()
        with pytest.raises(SessionClosed):
            await anext(watch)


@pytest.mark.parametrize("scope", ["project", "caller"])
async def test_polls_stay_within_their_share_of_a_limit(connect, make_world, scope):
    world = make_world(projects=3, clusters=30)
    jobs = Jobs(world)
    for place in jobs.jobs:
        jobs.jobs[place] = {f"{place}/a": "run"}
    limit = RateLimit(60, 60, 60, scope, window=True)
    session = connect(options=Options(retry=NO_RETRY, rate_limits=limit))
    clock, calls = asyncio.get_running_loop().time, []
    read = world.play

    async def play(place):
        calls.append((clock(), place.split("/")[0] if scope == "project" else "all"))
        return await read(place)

    world.play = play
    async with Fleet(session, OPS_MANAGER).watch() as watch:
        found = await collect(watch, 3600)

    assert len(found) == 90
    for whose in {whose for _, whose in calls} - {"clusters"}:
        moments = [moment for moment, each in calls if each == whose]
        most = max(sum(start <= moment < start + 60 for moment in moments) for start in moments)
        assert most <= 31  # with the one that discovers
        assert len(moments) >= 28 * 60 * (0.9 if scope == "caller" else 0.5)


async def test_a_deep_list_is_read_once_and_then_its_newest_page(connect, server):
    done, sizes = [f"d{number}" for number in range(1200)], []
    running = ["r0"]

    def answer(sent):
        if "/groups?" in sent.url:
            return server.answer({"results": [{"id": "p", "name": "p"}], "totalCount": 1})
        if sent.url.partition("?")[0].endswith("/clusters"):
            return server.answer(
                {"results": [{"groupId": "p", "groupName": "p", "clusters": [{"clusterId": "c", "name": "c"}]}]}
            )
        sizes.append(int(sent.query["itemsPerPage"]))
        listed = [{"id": name} for name in running] + [
            {"id": name, "finishedAt": "2026-11-01T00:00:00Z"} for name in done
        ]
        start = (sent.page - 1) * sizes[-1]
        return server.answer({"results": listed[start : start + sizes[-1]], "totalCount": len(listed)})

    server.serve(answer)
    fleet = Fleet(connect(base_url="https://cloud.example.com"), ATLAS_CLOUD_BACKUP_V1)
    async with fleet.watch() as watch:
        assert [change.job.id for change in await collect(watch, 5)] == ["r0"]
        assert sizes == [500, 500, 500]
        assert await collect(watch, 300) == []
        assert set(sizes[3:]) == {100}
        running[:] = [f"n{number}" for number in range(150)] + ["r0"]
        del sizes[:]
        assert len(await collect(watch, 70)) == 150
        assert set(sizes) == {100}  # no job is read by itself
        done[:0] = running[:150]
        running[:] = ["r0"]
        assert {change.kind for change in await collect(watch, 70)} == {"ended"}


async def test_merged_fleets_are_one_watch(connect, fleet, jobs):
    jobs.jobs["p0/c0"]["a"] = "run"
    other = Fleet(connect(base_url=BASE_URL), CLOUD_MANAGER, name="cm")
    async with Fleet.merge(fleet, other).watch(until_idle=True) as watch:
        found = [await anext(watch), await anext(watch)]
        jobs.jobs["p0/c0"]["a"] = "done"
        found += [change async for change in watch]

    assert Counter((change.fleet, change.kind) for change in found) == {
        (name, kind): 1 for name in ("om", "cm") for kind in ("found", "ended")
    }


async def test_500_jobs_are_told_exactly_within_the_budget(connect, make_world):
    """500 running jobs in 50 clusters, two changes of each within half an hour, and a project that answers 503."""
    world = make_world(projects=11, clusters=5)
    jobs, failing = Jobs(world), "p10"
    world.plays |= {place: world.refused(503) for place in jobs.jobs if place.startswith(f"{failing}/")}
    places = [place for place in jobs.jobs if not place.startswith(f"{failing}/")]
    for place in places:
        jobs.jobs[place] = {f"{place}/{number}": "run" for number in range(10)} | {f"{place}/old": "done"}
    names = [name for place in places for name in jobs.jobs[place] if not name.endswith("old")]
    clock, calls = asyncio.get_running_loop().time, []
    read = world.play

    async def play(place):
        calls.append((clock(), place.split("/")[0]))
        return await read(place)

    async def change():
        await asyncio.sleep(100)  # all have been read once
        for number, name in enumerate(names + names):
            jobs.jobs[name.rpartition("/")[0]][name] = "VALIDATING" if number < len(names) else "done"
            await asyncio.sleep(1.7)

    world.play = play
    changes = asyncio.create_task(change())
    async with Fleet(connect(), CLOUD_MANAGER).watch() as watch:
        found = await collect(watch, 2000)
    await changes

    assert len(names) == 500
    told_of = Counter((str(each.kind), each.job.id) for each in found if each.job is not None)
    assert told_of == {(kind, name): 1 for kind in ("found", "changed", "ended") for name in names}
    assert [told(each) for each in found if each.job is None] == [f"failed {failing}/c0"]
    for project in {project for _, project in calls} - {"clusters"}:
        moments = [moment for moment, each in calls if each == project]
        assert max(sum(start <= moment < start + 60 for moment in moments) for start in moments) <= 50
