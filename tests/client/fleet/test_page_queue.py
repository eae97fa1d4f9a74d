"""Pages between who reads lists and who reads the stream."""

from __future__ import annotations

import asyncio

import pytest

from mongorestore_async.fleet.page_queue import PageQueue


async def put(pages, *names):
    for name in names:
        pages.put(name, [name])
        await pages.wait_for_room()


async def test_pages_keep_their_order_while_tasks_wait_for_room():
    pages = PageQueue(2)
    tasks = [asyncio.create_task(put(pages, f"a{number}", f"b{number}")) for number in range(3)]
    await asyncio.sleep(0)
    taken = [await pages.take() for _ in range(6)]
    await asyncio.gather(*tasks)
    assert [name for name, _ in taken] == ["a0", "b0", "a1", "a2", "b1", "b2"]


async def test_who_put_more_than_fits_waits_until_so_many_are_taken():
    pages = PageQueue(2)
    task = asyncio.create_task(put(pages, "1", "2", "3"))
    await asyncio.sleep(0)
    assert not task.done()
    assert await pages.take() == ("1", ["1"])
    await task


async def test_a_cancelled_take_takes_nothing():
    pages = PageQueue(1)
    taking = asyncio.create_task(pages.take())
    await asyncio.sleep(0)
    taking.cancel()
    pages.put("1", ["1"])
    await asyncio.gather(taking, return_exceptions=True)
    assert taking.cancelled()
    assert await pages.take() == ("1", ["1"])


@pytest.mark.parametrize(("at_once", "last"), [(False, ("1", ["1"])), (True, None)])
async def test_behind_the_end_nobody_waits(at_once, last):
    pages = PageQueue(1)
    pages.put("1", ["1"])
    pages.end(at_once=at_once)
    assert await pages.take() == last
    assert await pages.take() is None
    waiting = PageQueue(1)
    task = asyncio.create_task(waiting.take())
    await asyncio.sleep(0)
    waiting.end()
    assert await task is None
