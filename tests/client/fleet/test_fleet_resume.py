"""Going on with a fleet where an earlier run stopped."""

from __future__ import annotations

import pytest


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
async def test_a_run_that_was_cut_short_goes_on_with_the_clusters_it_had_not_read(fleet, world, taken, read):
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
