"""Whether exactly one create reached a server, and what a failure says."""

import pytest

from mongorestore_async import CLOUD_MANAGER, AutomatedRestore, Conflict, HttpRestore, MaybeCreated, Snapshot, Target
from mongorestore_async.emulator import Emulator, EmulatorSettings
from mongorestore_async.testing import assert_created_once, connect


@pytest.fixture
async def emulator():
    async with Emulator(EmulatorSettings(speed=0, check_snapshots=True)) as running:
        yield running


@pytest.fixture
async def create(emulator):
    """Create a restore of the first replica set: a download, or a restore into a target."""
    place = emulator.world.first("replica-set")
    async with connect(emulator) as session:
        cluster = session.project(place.project_id, CLOUD_MANAGER).cluster(place.id)

        async def one(into=None, number=0):
            snapshot = emulator.world.snapshots.id(place, number)
            download = HttpRestore(snapshot, max_downloads=1, expiration_hours=1)
            target = None if into is None else Target(into.project_id, into.id)
            request = download if target is None else AutomatedRestore(Snapshot(snapshot), target)
            return await cluster.create_restore_job(request)

        yield one


async def test_one_create_is_given_with_its_jobs(emulator, create):
    batch = await create()

    found = assert_created_once(emulator, emulator.world.first("replica-set"))

    assert (found.jobs, found.refused, found.overwrites) == (tuple(job.id for job in batch), None, None)
    assert emulator.requests[found.request - 1].body["delivery"]["methodName"] == "HTTP"


async def test_no_create_is_told_with_the_last_requests(emulator, create):
    sharded = emulator.world.first("sharded")
    with pytest.raises(AssertionError, match=r"No create reached the server for sharded .*\nNo request reached it\."):
        assert_created_once(emulator, sharded)
    await create()

    with pytest.raises(AssertionError) as caught:
        assert_created_once(emulator, sharded)

    assert "for other clusters:" in str(caught.value)
    assert str(emulator.requests[-1]) in str(caught.value)


async def test_two_creates_are_both_told(emulator, create):
    emulator.faults.play("lost_answer")
    with pytest.raises(MaybeCreated):
        await create()
    await create()

    with pytest.raises(AssertionError) as caught:
        assert_created_once(emulator)

    first, second = emulator.creates
    assert str(caught.value).startswith("2 creates reached the server, expected exactly one:")
    assert all(f"(started {one.jobs[0]})" in str(caught.value) for one in (first, second))
    assert "reconcile()" in str(caught.value)


async def test_a_target_is_the_cluster_that_loses_its_data(emulator, create):
    source, target = (
        emulator.world.first("replica-set"),
        emulator.world.cluster(emulator.world.project("manager", 1), 0),
    )
    await create(into=target)

    assert assert_created_once(emulator, target).overwrites == target.id
    with pytest.raises(AssertionError, match="No create reached"):
        assert_created_once(emulator, source)


async def test_a_refused_create_does_not_count_and_a_500_does(emulator, create):
    with pytest.raises(Conflict):
        await create(number=5)
    with pytest.raises(AssertionError, match=r"answered \w+, started nothing"):
        assert_created_once(emulator)
    emulator.fail_next_creates("not-taken")
    with pytest.raises(MaybeCreated):
        await create()

    assert assert_created_once(emulator).refused == "UNEXPECTED_ERROR"


async def test_a_fault_in_front_keeps_a_create_away(emulator, create):
    emulator.faults.play("gateway_502", strikes="create")
    with pytest.raises(MaybeCreated):
        await create()
    assert emulator.creates == ()

    emulator.faults.play("gateway_502", strikes="create", reached=True)
    with pytest.raises(MaybeCreated):
        await create()
    assert_created_once(emulator)


async def test_the_log_can_be_cleared_for_the_next_test(emulator, create):
    await create()
    assert " -> 200" in str(emulator.log)

    emulator.log.clear()

    assert (emulator.requests, emulator.creates, str(emulator.log)) == ((), (), "")
    assert emulator.counts.creates_taken == 1
