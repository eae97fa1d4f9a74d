"""How much goes on in one turn of the loop."""

from __future__ import annotations

import asyncio

from mongorestore_async.fleet.loop_turns import LoopTurns


class Turns:
    """Counts the turns of the loop, and tells in which tasks went on."""

    def __init__(self):
        self.share = LoopTurns()
        self.number = 0
        self.went_on = []

    async def task(self, name):
        await self.share.wait()
        self.went_on.append((self.number, name))

    async def run(self, count):
        for _ in range(count):
            await asyncio.sleep(0)
            self.number += 1


async def test_few_tasks_go_on_in_one_turn_in_their_order():
    turns = Turns()
    tasks = [asyncio.create_task(turns.task(name)) for name in range(9)]
    await turns.run(20)
    await asyncio.gather(*tasks)
    assert [name for _, name in turns.went_on] == list(range(9))
    by_turn = [sum(number == turn for number, _ in turns.went_on) for turn in range(20)]
    assert by_turn[:6] == [4, 0, 4, 1, 0, 0]  # the others are called in one turn and go on in the next


async def test_one_task_at_a_time_never_waits():
    turns = Turns()
    for name in range(5):
        waiting = turns.share.wait()
        try:
            waiting.send(None)
        except StopIteration:
            turns.went_on.append((0, name))
        await turns.run(2)
    assert len(turns.went_on) == 5


async def test_a_cancelled_task_gives_its_place_to_the_next():
    turns = Turns()
    tasks = [asyncio.create_task(turns.task(name)) for name in range(8)]
    await asyncio.sleep(0)
    for task in tasks[4:6]:
        task.cancel()
    await turns.run(3)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [name for _, name in turns.went_on] == [0, 1, 2, 3, 6, 7]
    assert turns.went_on[-1][0] <= 2
