"""One timer for the deadlines of all calls: each call ends at its own, and nothing stays behind."""

import asyncio

import pytest

from mongorestore_async.transport.loop_binding import Deadline, Deadlines

TICK = 0.02


def watched(deadlines, seconds):
    """Watch a block as a call is watched."""
    return Deadline(deadlines, asyncio.get_running_loop().time() + seconds)


async def seconds_of(deadlines, seconds, work):
    """Work until the deadline ends it; gives how long that took, None if it was not ended."""
    begun = asyncio.get_running_loop().time()
    try:
        with watched(deadlines, seconds):
            await asyncio.sleep(work)
    except TimeoutError:
        return asyncio.get_running_loop().time() - begun
    return None


@pytest.mark.parametrize("order", [(1, 3, 5), (5, 3, 1), (3, 1, 5)])
async def test_each_call_ends_at_its_own_deadline(order):
    deadlines = Deadlines()
    took = await asyncio.gather(*(seconds_of(deadlines, TICK * ticks, 5) for ticks in order))
    for ticks, seconds in zip(order, took, strict=True):
        assert seconds is not None
        assert seconds >= TICK * ticks - 0.001
        assert seconds < 4


async def test_a_finished_call_does_not_hide_a_later_deadline():
    deadlines = Deadlines()
    assert await seconds_of(deadlines, TICK, 0) is None
    assert await asyncio.gather(seconds_of(deadlines, TICK, 0), seconds_of(deadlines, 2 * TICK, 5)) != [None, None]
    await asyncio.sleep(2 * TICK)
    assert await seconds_of(deadlines, TICK, 5) is not None  # the timer is set anew after it rang for nothing


async def test_a_cancellation_of_the_task_stays_one():
    deadlines = Deadlines()
    task = asyncio.create_task(seconds_of(deadlines, 5, 5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_comes_with_the_deadline_stays_one():
    deadlines = Deadlines()

    async def work():
        with watched(deadlines, TICK):
            try:
                await asyncio.sleep(5)
            finally:
                asyncio.current_task().cancel()

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_an_ended_block_leaves_the_task_as_it_was():
    deadlines = Deadlines()
    for _ in range(2):
        assert await seconds_of(deadlines, TICK, 5) is not None
        assert asyncio.current_task().cancelling() == 0


async def test_an_ended_block_may_raise_what_it_wants():
    async def work():
        with watched(Deadlines(), TICK):
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                raise KeyError from None

    with pytest.raises(KeyError):
        await work()
    assert asyncio.current_task().cancelling() == 0


async def test_what_is_about_to_end_well_does_so_when_all_are_ended():
    deadlines, answer = Deadlines(), asyncio.get_running_loop().create_future()

    async def work():
        with watched(deadlines, 5):
            return await answer

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    answer.set_result("whole")
    await deadlines.end_all()
    assert await task == "whole"


def test_a_block_outside_of_a_task_is_refused():
    async def work():
        with watched(Deadlines(), 5):
            raise AssertionError("it was entered")

    refused = []

    def step():
        try:
            work().send(None)
        except RuntimeError as error:
            refused.append(str(error))
        loop.stop()

    loop = asyncio.new_event_loop()
    loop.call_soon(step)
    loop.run_forever()
    loop.close()
    assert "in tasks" in refused[0]


async def test_all_end_at_once_and_no_timer_stays():
    deadlines = Deadlines()
    tasks = [asyncio.create_task(seconds_of(deadlines, 5, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    await deadlines.end_all()
    took = await asyncio.gather(*tasks)
    assert all(seconds is not None and seconds < 1 for seconds in took)
    assert not [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]


async def test_nothing_under_way_ends_at_once():
    await asyncio.wait_for(Deadlines().end_all(), 1)


class WholeMilliseconds(asyncio.SelectorEventLoop):
    """Rings at whole milliseconds, as uvloop does: a little early, and at once where there is less to wait."""

    def call_at(self, when, callback, *args, context=None):
        delay = round(when - self.time(), 3)
        if delay <= 0:
            return self.call_soon(callback, *args, context=context)
        return super().call_at(self.time() + delay, callback, *args, context=context)


async def end_within_a_millisecond():
    deadlines = Deadlines()
    return await asyncio.gather(*(seconds_of(deadlines, 0.0001 * step, 5) for step in (204, 200, 202, 4, 2, 1, 3)))


def test_deadlines_may_be_closer_than_the_clock_of_the_loop():
    with asyncio.Runner(loop_factory=WholeMilliseconds) as runner:
        assert None not in runner.run(end_within_a_millisecond())
