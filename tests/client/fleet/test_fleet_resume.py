"""Going on with a fleet where an earlier run stopped."""

from __future__ import annotations

import pytest

from mongorestore_async import ATLAS_COLLECTION_RESTORE, ATLAS_FLEX, OPS_MANAGER
from mongorestore_async.fleet import Fleet


async def test_clusters_that_failed_are_read_by_the_next_run(fleet, world, read):
    world.plays["p1/c1"] = world.refused(503)
    stream = fleet.restore_jobs()
    await read(stream)
    world.plays.clear()
    world.read.clear()

    again = fleet.restore_jobs(resume=stream.resume_token)

    assert await read(again) == ["p1/c1/0", "p1/c1/1"]
    assert world.read == ["p1/c1"]
    assert (again.progress.clusters, again.progress.skipped) == (1, 5)


@pytest.mark.parametrize("taken", range(13))
async def test_a_resumed_run_reads_only_the_clusters_not_yet_read(fleet, world, taken, read):
    first = []
    stream = fleet.restore_jobs(concurrency=2)
    async with stream:
        async for found in stream:
            if len(first) == taken:
                break
            first.append(found.job.id)
    world.read.clear()

    second = await read(fleet.restore_jobs(resume=stream.resume_token))

    assert {*first, *second} == set(world.all_ids)
    repeated = {name.rsplit("/", 1)[0] for name in first if name in second}
    assert len(repeated) <= 2  # the cluster whose last job was taken, and one whose jobs were being taken
    assert len(second) == len(set(second))
    assert len(world.read) == len(second) / world.jobs


@pytest.mark.parametrize("family", [OPS_MANAGER, ATLAS_COLLECTION_RESTORE, ATLAS_FLEX])
async def test_a_project_without_clusters_is_read_like_any_other(connect, world, family, read):
    world.places["p9"] = []
    fleet = Fleet(connect(base_url="https://cloud.example.com"), family)
    stream = fleet.restore_jobs()
    assert await read(stream) == world.all_ids
    assert stream.progress.projects == 4
    world.server.sent.clear()

    assert await read(fleet.restore_jobs(resume=stream.resume_token)) == []
    # The list of all clusters; or that of projects, and one of clusters each, for there may be new ones.
    assert len(world.server.sent) == (1 if family is OPS_MANAGER else 5)


BOTH = pytest.mark.parametrize("family", [OPS_MANAGER, ATLAS_COLLECTION_RESTORE, ATLAS_FLEX], ids=str)


@pytest.fixture
def open_fleet(connect, world):
    return lambda family: Fleet(connect(base_url="https://cloud.example.com"), family)


@BOTH
@pytest.mark.parametrize("new", [["c9"], ["c8", "c9"]], ids=["one", "two"])
async def test_a_new_cluster_of_a_finished_project_is_read(open_fleet, world, read, family, new):
    stream = open_fleet(family).restore_jobs()
    await read(stream)
    world.places["p1"] = [*world.places["p1"], *new]
    world.read.clear()

    again = open_fleet(family).restore_jobs(resume=stream.resume_token)

    assert await read(again) == [f"p1/{key}/{number}" for key in new for number in (0, 1)]
    assert sorted(world.read) == [f"p1/{key}" for key in new]
    world.read.clear()
    assert await read(open_fleet(family).restore_jobs(resume=again.resume_token)) == []
    assert world.read == []


@BOTH
async def test_a_cluster_made_again_is_read(open_fleet, world, read, family):
    """Under another key: its id, where clusters are addressed by id. What it had beside is read twice."""
    stream = open_fleet(family).restore_jobs()
    await read(stream)
    world.places["p1"] = ["c0", "c1-again"]
    world.read.clear()

    await read(open_fleet(family).restore_jobs(resume=stream.resume_token))

    assert sorted(world.read) == ["p1/c0", "p1/c1-again"]


@BOTH
async def test_a_token_of_a_project_half_read_knows_both(open_fleet, world, read, family):
    """A failed cluster, and one that is new in the project."""
    world.plays["p1/c1"] = world.refused(503)
    stream = open_fleet(family).restore_jobs()
    await read(stream)
    world.plays.clear()
    world.places["p1"] = ["c0", "c1", "c2"]
    world.places["p2"] = ["c0", "c1", "c2"]
    world.plays["p2/c2"] = world.refused(503)
    world.read.clear()

    again = open_fleet(family).restore_jobs(resume=stream.resume_token)
    await read(again)
    assert sorted(world.read) == ["p1/c1", "p1/c2", "p2/c2"]
    world.plays.clear()
    world.read.clear()

    await read(open_fleet(family).restore_jobs(resume=again.resume_token))
    assert world.read == ["p2/c2"]


async def test_a_project_with_another_name_is_not_read_again(connect, world, read):
    fleet = Fleet(connect(base_url="https://cloud.example.com"), ATLAS_FLEX)
    stream = fleet.restore_jobs()
    await read(stream)
    named = [{"id": one, "name": f"{one} renamed"} for one in world.places]
    world.plays["groups"] = world.server.answer({"results": named, "totalCount": len(named)})
    world.read.clear()

    assert await read(fleet.restore_jobs(resume=stream.resume_token)) == []
    assert world.read == []
