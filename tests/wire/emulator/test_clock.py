"""The clock of the emulator, pushed by tests and by polls."""

import math
from datetime import timedelta

import pytest

from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async.emulator import Clock, EmulatorSettings
from mongorestore_async.errors import ConfigError

SECONDS = 600


def jobs_path(cluster):
    return f"/api/public/v1.0/groups/{cluster.project_id}/clusters/{cluster.id}/restoreJobs"


def pushed(caller):
    return round(caller.emulator.clock.elapsed)


def test_it_is_advanced_in_all_units():
    clock = Clock(EmulatorSettings().start, 0)

    clock.advance(1, minutes=2, hours=3, days=4)
    clock.advance(hours=0.5)

    assert clock.now() - clock.start == timedelta(days=4, hours=3, minutes=32, seconds=1)


@pytest.mark.parametrize("step", [{"hours": -1}, {"seconds": 1, "minutes": -1}, {"days": math.inf}])
def test_it_never_goes_back(step):
    with pytest.raises(ConfigError, match="cannot be advanced"):
        Clock(EmulatorSettings().start, 0).advance(**step)


async def test_looks_at_a_running_job_push_it_to_its_end():
    async with call_emulator(EmulatorCaller, polls_per_restore=4, restore_seconds=SECONDS) as caller:
        cluster = caller.world.first("replica-set")
        (job,) = caller.emulator.add_jobs(cluster)
        seen = []
        for _ in range(6):
            document = await caller.ok(f"{jobs_path(cluster)}/{job.id}")
            seen.append((document["statusName"], round(caller.emulator.clock.elapsed / job.seconds, 2)))

    assert seen == [
        *(("IN_PROGRESS", part) for part in (0.25, 0.5, 0.75, 1.0)),
        ("FINISHED", 1.0),
        ("FINISHED", 1.0),
    ]


async def test_jobs_of_one_time_share_the_pushes():
    async with call_emulator(EmulatorCaller, polls_per_restore=4, jobs_per_cluster=0) as caller:
        clusters = list(caller.world.clusters(caller.world.project("manager", 0)))
        jobs = [job for cluster in clusters for job in caller.emulator.add_jobs(cluster)]
        for _ in range(2):
            for cluster in clusters:
                await caller.ok(jobs_path(cluster))

        assert len(jobs) > len(clusters)
        assert pushed(caller) == round(max(job.seconds for job in jobs) / 2)


@pytest.mark.parametrize("listed", [True, False])
async def test_collection_restores_are_pushed_too(listed, restoring):
    async with restoring(polls_per_restore=2, speed=0) as there:
        created = await there.create("shop.orders")
        states = []
        for _ in range(3):
            if listed:
                states.append((await there.get(there.jobs))["results"][-1]["state"])
            else:
                states.append((await there.get(there.path))["state"])

    assert created["state"] == "INITIALIZING"
    assert states == ["INITIALIZING", "IN_PROGRESS", "SUCCESSFUL"]


@pytest.mark.parametrize("polls", [0, -1])
def test_a_restore_needs_a_poll(polls):
    with pytest.raises(ConfigError, match="polls_per_restore"):
        EmulatorSettings(polls_per_restore=polls)
