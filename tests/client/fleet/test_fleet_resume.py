"""Going on with a fleet where an earlier run stopped."""

from __future__ import annotations

import pytest

from mongorestore_async import ATLAS_FLEX, OPS_MANAGER
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


@pytest.mark.parametrize("family", [OPS_MANAGER, ATLAS_FLEX])
async def test_a_project_without_clusters_is_read_like_any_other(connect, world, family, read):
    world.places["p9"] = []
    fleet = Fleet(connect(base_url="https://cloud.example.com"), family)
    stream = fleet.restore_jobs()
    assert await read(stream) == world.all_ids
    assert stream.progress.projects == 4
    world.server.sent.clear()

    assert await read(fleet.restore_jobs(resume=stream.resume_token)) == []
    assert len(world.server.sent) == 1  # the list of projects, or of all clusters
