"""Slots for calls in flight: never more than there are, first come first served, none lost to a cancellation."""

import asyncio
import random

import pytest

from mongorestore_async.transport.loop_binding import Slots


async def hold(slots, held, name, turns=0):
    """Take a slot, as a call does, and hold it for some turns of the loop."""
    if not slots.take():
        await slots.wait()
    held.append(name)
    try:
        for _ in range(turns):
            await asyncio.sleep(0)
    finally:
        slots.release()


async def test_free_slots_are_taken_without_waiting():
    slots = Slots(2)
    assert [slots.take() for _ in range(3)] == [True, True, False]
    slots.release()
    assert [slots.take() for _ in range(2)] == [True, False]


async def test_those_who_wait_come_before_those_who_come_later():
    slots, held = Slots(1), []
    assert slots.take()
    waiting = [asyncio.create_task(hold(slots, held, number)) for number in range(3)]
    await asyncio.sleep(0)
    slots.release()
    assert not slots.take()  # it is the first one's, who did not run yet
    late = asyncio.create_task(hold(slots, held, "late"))
    await asyncio.gather(*waiting, late)
    assert held == [0, 1, 2, "late"]
    assert slots.take()


@pytest.mark.parametrize("released_first", [True, False])
async def test_a_cancelled_wait_gives_its_slot_to_the_next(released_first):
    slots, held = Slots(1), []
    assert slots.take()
    first, second = (asyncio.create_task(hold(slots, held, name)) for name in "ab")
    await asyncio.sleep(0)
    if released_first:
        slots.release()  # it was handed over already
    first.cancel()
    if not released_first:
        slots.release()
    await asyncio.wait_for(second, 1)
    assert first.cancelled()
    assert held == ["b"]


async def test_a_slot_handed_to_a_cancelled_wait_is_not_lost():
    slots, held = Slots(1), []
    assert slots.take()
    task = asyncio.create_task(hold(slots, held, "a"))
    await asyncio.sleep(0)
    slots.release()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(hold(slots, held, "b"), 1)
    assert held == ["b"]


@pytest.mark.parametrize("seed", range(20))
async def test_any_order_of_calls_and_cancellations_keeps_the_count(seed):
    chance, slots, held, most, now = random.Random(seed), Slots(3), [], 0, 0  # noqa: S311

    async def call(name):
        nonlocal now, most
        if not slots.take():
            await slots.wait()
        now += 1
        most = max(most, now)
        try:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
        finally:
            now -= 1
            slots.release()
        held.append(name)

    tasks = []
    for number in range(60):
        tasks.append(asyncio.create_task(call(number)))
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        if chance.random() < 0.3:
            chance.choice(tasks).cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert most <= 3
    assert len(held) == sum(not task.cancelled() for task in tasks)
    for _ in range(3):  # all are free again
        if not slots.take():
            await asyncio.wait_for(slots.wait(), 1)
    assert not slots.take()
