"""Collecting a list that changes meanwhile, with several pages under way at once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from builders.lists import names

chance_of = random.Random  # repeatable, and no secret depends on it

each_concurrency = pytest.mark.parametrize("concurrency", range(1, 9))


class Changes:
    """Changes the list at chosen requests, and answers pages in another order than they were asked for."""

    def __init__(self, jobs, plan, order):
        self._jobs = jobs
        self._plan = plan
        self._order = order
        self._requests = 0

    async def __call__(self, _number):
        self._requests += 1
        change = self._plan.get(self._requests)
        if change is not None:
            change(self._jobs.ids)
        for _ in range(self._order.randrange(6)):
            await asyncio.sleep(0)


def remove(*gone):
    def change(ids):
        ids[:] = [each for each in ids if each not in {f"job-{index}" for index in gone}]

    return change


def insert(*new):
    return lambda ids: ids.__setitem__(slice(0, 0), new)


CHANGES = {
    "one deleted in front": remove(0),
    "two deleted in front": remove(0, 1),
    "three deleted over a boundary": remove(3, 4, 5),
    "one deleted at the end": remove(19),
    "one created in front": insert("new"),
    "three created in front": insert("new-1", "new-2", "new-3"),
}


@each_concurrency
@pytest.mark.parametrize("at", [2, 3, 5, 8])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_change_loses_and_repeats_nothing(cluster, serve_jobs, concurrency, at, change):
    jobs = serve_jobs(20)
    jobs.before = Changes(jobs, {at: change}, chance_of(0))

    found = [job.id for job in await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)]

    assert len(found) == len(set(found))
    assert set(found) >= set(jobs.ids) & set(names(20))


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("change", ["deletions", "creations"])
async def test_many_changes_lose_and_repeat_nothing(cluster, serve_jobs, seed, change):
    chance = chance_of(seed)
    jobs = serve_jobs(40, linked=chance.random() < 0.5, cap=chance.choice([3, 4, 500]))
    plan = {
        request: remove(chance.randrange(40)) if change == "deletions" else insert(f"new-{request}")
        for request in chance.sample(range(2, 30), 5)
    }
    jobs.before = Changes(jobs, plan, chance)

    found = await cluster.restore_jobs(items_per_page=4).collect(concurrency=chance.randrange(2, 9))

    found = [job.id for job in found]
    assert len(found) == len(set(found))
    assert set(found) >= set(jobs.ids) & set(names(40))


@each_concurrency
async def test_a_page_read_before_its_predecessor_is_read_again(cluster, server, serve_jobs, concurrency):
    # Page 3 is answered, then job-0 goes, then page 2 is answered: job-4 moves from page 3 to page 2.
    jobs = serve_jobs(6)
    third = asyncio.Event()

    async def out_of_order(sent):
        if sent.page == 2 and concurrency > 2 and "job-0" in jobs.ids:
            await third.wait()
            jobs.ids.remove("job-0")
        answer = await jobs(sent)
        if sent.page == 3:
            third.set()
        return answer

    server.serve(out_of_order)

    found = await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)

    assert sorted(job.id for job in found) == names(6)


@each_concurrency
async def test_reading_again_asks_for_no_page_in_vain(cluster, server, serve_jobs, concurrency):
    jobs = serve_jobs(40)
    change = remove(0, 1, 2, 3, 4, 5)
    jobs.before = lambda number: change(jobs.ids) if number == 12 else None

    found = await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)

    assert sorted(job.id for job in found) == sorted(names(40))
    # 17 pages are left; 9, 10 and 11 are read again. Asked for ahead, 12 shows another count than 11: once more.
    again = [9, 10, 11, 12] if concurrency > 1 else [9, 10, 11]
    twice = Counter(server.pages) - Counter(range(1, 21))
    assert sorted(twice.elements()) == again
