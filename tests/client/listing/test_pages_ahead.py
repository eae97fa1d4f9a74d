"""Walking pages while the ones behind are on their way."""

from __future__ import annotations

import asyncio

import pytest

from builders.lists import names
from mongorestore_async import ConfigError, Forbidden, RequestTimeout, SessionClosed

each_width = pytest.mark.parametrize("width", [1, 2, 5])


async def walk(pager, width):
    async with pager.ahead(width) as pages:
        return [job.id async for page in pages for job in page]


class Gate:
    """Counts the requests under way, and holds those from a page on."""

    def __init__(self, holds_from=1000):
        self.holds_from = holds_from
        self.under_way = set()
        self.most = 0
        self.holding = asyncio.Event()

    async def __call__(self, number):
        self.under_way.add(number)
        self.most = max(self.most, len(self.under_way))
        try:
            for _ in range(20):
                await asyncio.sleep(0)
            if number >= self.holds_from:
                self.holding.set()
                await asyncio.Event().wait()
        finally:
            self.under_way.discard(number)


@each_width
@pytest.mark.parametrize(
    ("total", "switches", "query"),
    [
        (0, {}, {}),
        (1, {}, {"items_per_page": 3}),
        (10, {"linked": True}, {"items_per_page": 3}),
        (23, {"cap": 4}, {}),
        (23, {"counted": False}, {"items_per_page": 4}),
        (23, {}, {"items_per_page": 4, "starting_at": 3}),
        (23, {}, {"items_per_page": 4, "limit": 10}),
    ],
)
async def test_the_pages_are_those_of_the_walk(cluster, server, serve_jobs, width, total, switches, query):
    serve_jobs(total, **switches)
    pager = cluster.restore_jobs(**query)
    expected = [(page.number, [job.id for job in page]) async for page in pager.pages()]
    sequential, server.sent[:] = server.pages, []

    async with pager.ahead(width) as pages:
        found = [(page.number, [job.id for job in page]) async for page in pages]

    assert found == expected
    assert sorted(server.pages) == sequential  # each page once, and none that a walk would not ask for


@each_width
async def test_that_many_pages_are_requested_ahead(cluster, serve_jobs, width):
    jobs = serve_jobs(40)
    jobs.before = Gate()

    assert await walk(cluster.restore_jobs(items_per_page=2), width) == names(40)
    assert jobs.before.most == width + 1


@each_width
async def test_the_next_pages_are_requested_before_this_one_is_used(cluster, server, serve_jobs, width):
    serve_jobs(40)

    async with cluster.restore_jobs(items_per_page=2).ahead(width) as pages:
        await anext(pages)
        assert server.pages == [1]  # nobody knows yet that there are more
        await anext(pages)
        for _ in range(5):
            await asyncio.sleep(0)
        assert server.pages == list(range(1, 3 + width))


@each_width
@pytest.mark.parametrize("ending", ["break", "error", "cancel"])
async def test_leaving_the_block_leaves_no_task_and_no_request(cluster, server, serve_jobs, width, ending):
    jobs = serve_jobs(40)
    jobs.before = gate = Gate(holds_from=3)
    before = asyncio.all_tasks()

    async def leave():
        async with cluster.restore_jobs(items_per_page=2).ahead(width) as pages:
            async for page in pages:
                if page.number == 2:
                    await gate.holding.wait()
                    if ending == "error":
                        raise KeyError(page.number)
                    if ending == "cancel":
                        await asyncio.Event().wait()
                    break

    task = asyncio.create_task(leave())
    if ending == "cancel":
        await gate.holding.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    elif ending == "error":
        with pytest.raises(KeyError):  # bare: no ExceptionGroup
            await task
    else:
        await task

    assert asyncio.all_tasks() == before
    assert gate.under_way == set()
    assert len(server.pages) <= 2 + width


@each_width
async def test_an_error_is_raised_with_the_page_the_walk_needed(cluster, server, serve_jobs, width):
    jobs = serve_jobs(20)

    def fail(sent):
        return server.answer({"error": 403}, status=403) if sent.page >= 3 else jobs(sent)

    server.serve(fail)
    seen = []

    async def take():
        async with cluster.restore_jobs(items_per_page=2).ahead(width) as pages:
            async for page in pages:
                seen.extend(job.id for job in page)

    with pytest.raises(Forbidden) as caught:
        await take()

    assert seen == names(4)
    assert caught.value.resume_at == 3


@each_width
async def test_a_page_whose_call_hung_is_read_again(cluster, server, serve_jobs, width):
    """A call that is under way goes on when ``anext`` is cancelled: its own deadline ends it."""
    jobs = serve_jobs(8)

    async def hang_once(number):
        if number == 2 and server.pages.count(2) == 1:
            await asyncio.Event().wait()

    jobs.before = hang_once

    async with cluster.restore_jobs(items_per_page=2).ahead(width) as pages:
        found = [job.id for job in await anext(pages)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await anext(pages)
        with pytest.raises(RequestTimeout):
            await anext(pages)
        found += [job.id async for page in pages for job in page]

    assert found == names(8)


@each_width
@pytest.mark.parametrize("counted", [True, False])
async def test_a_heartbeat_does_not_starve_the_pages_ahead(cluster, server, serve_jobs, width, counted):
    """Each page takes longer than the caller waits at a time."""
    jobs = serve_jobs(11, counted=counted)

    async def answer_slowly(_number):
        await asyncio.sleep(1)

    jobs.before = answer_slowly
    found, beats = [], 0
    async with cluster.restore_jobs(items_per_page=2).ahead(width) as pages:
        while beats < 100:
            try:
                async with asyncio.timeout(0.3):
                    found += [job.id for job in await anext(pages)]
            except TimeoutError:
                beats += 1
            except StopAsyncIteration:
                break

    assert found == names(11)
    assert beats
    assert len(server.pages) == len(set(server.pages))  # nothing is asked for twice


@each_width
async def test_a_heartbeat_between_pages_that_change_loses_nothing(cluster, serve_jobs, width):
    """A page read ahead that does not fit is read again, by a call that goes on as well."""
    jobs = serve_jobs(12)

    async def answer_slowly(number):
        if number == 3:
            jobs.total = 13  # another count than that of the page before
        await asyncio.sleep(1)

    jobs.before = answer_slowly
    found = []
    async with cluster.restore_jobs(items_per_page=2).ahead(width) as pages:
        for _ in range(200):
            try:
                async with asyncio.timeout(0.3):
                    found += [job.id for job in await anext(pages)]
            except TimeoutError:
                continue
            except StopAsyncIteration:
                break

    assert len(found) == len(set(found)) >= 12


async def test_a_closed_session_ends_the_pages_ahead_at_once(cluster, session, serve_jobs):
    jobs = serve_jobs(40)
    jobs.before = gate = Gate(holds_from=2)

    async with cluster.restore_jobs(items_per_page=2).ahead(2) as pages:
        await anext(pages)
        waiting = asyncio.create_task(anext(pages))
        await gate.holding.wait()
        await session.close()
        with pytest.raises(SessionClosed):
            await waiting

    assert gate.under_way == set()


@each_width
@pytest.mark.parametrize("shift", [-3, 2])
async def test_a_list_that_changes_is_walked_as_without_reading_ahead(cluster, serve_jobs, width, shift):
    jobs = serve_jobs(40)
    kept = set(jobs.ids[5:])

    def change(number):
        if number == 4 and len(jobs.ids) == 40:
            jobs.ids[:] = jobs.ids[-shift:] if shift < 0 else [*(f"new-{index}" for index in range(shift)), *jobs.ids]

    jobs.before = change

    found = await walk(cluster.restore_jobs(items_per_page=4), width)

    assert len(found) == len(set(found))
    assert kept <= set(found)


@pytest.mark.parametrize("pages", [0, -1, 1.5, True, "2", None])
async def test_the_number_of_pages_is_checked_before_anything_is_sent(cluster, pages):
    with pytest.raises(ConfigError, match="pages must be a whole number from 1"):
        cluster.restore_jobs().ahead(pages)


async def test_pages_belong_to_one_block(cluster, serve_jobs):
    serve_jobs(1)
    pages = cluster.restore_jobs().ahead()

    with pytest.raises(ConfigError, match="async with"):
        await anext(pages)
    async with pages:
        assert len(await anext(pages)) == 1
    with pytest.raises(ConfigError, match="async with"):
        await anext(pages)
    with pytest.raises(ConfigError, match="already"):
        await pages.__aenter__()


async def test_a_page_cancelled_during_decoding_is_returned_next_time(cluster, serve_jobs, monkeypatch):
    making = asyncio.Event()

    async def make(items, _bench):
        making.set()
        await asyncio.sleep(0)
        return tuple(items)

    monkeypatch.setattr("mongorestore_async.listing.page_reader.materialize", make)
    serve_jobs(12)
    async with cluster.restore_jobs(items_per_page=3).ahead(1) as pages:
        found = [job.id for job in await anext(pages)]
        making.clear()
        waiting = asyncio.ensure_future(anext(pages))
        await making.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        found += [job.id async for page in pages for job in page]

    assert found == [f"job-{number}" for number in range(12)]
