"""Collecting a list with several pages under way at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from builders.lists import ids, names
from mongorestore_async import DataError, Forbidden, PaginationError, ServerError, SessionClosed

each_concurrency = pytest.mark.parametrize("concurrency", range(1, 9))


class Gate:
    """Counts the requests under way, and lets each take some turns of the loop, later pages fewer."""

    def __init__(self, turns=20):
        self.now = 0
        self.most = 0
        self._turns = turns

    async def __call__(self, number):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for _ in range(max(1, self._turns - 2 * number)):
                await asyncio.sleep(0)
        finally:
            self.now -= 1


@each_concurrency
@pytest.mark.parametrize(
    ("total", "switches", "query"),
    [
        (0, {}, {}),
        (1, {}, {"items_per_page": 3}),
        (9, {}, {"items_per_page": 3}),
        (10, {"linked": True}, {"items_per_page": 3}),
        (23, {"cap": 4}, {}),
        (23, {"cap": 4, "linked": True}, {"items_per_page": 7}),
        (23, {"counted": False}, {"items_per_page": 4}),
        (23, {"counted": False, "linked": True}, {"items_per_page": 4}),
        (23, {}, {"items_per_page": 4, "include_count": False}),
        (23, {}, {"items_per_page": 4, "starting_at": 3}),
        (23, {"counted": False}, {"items_per_page": 4, "starting_at": 30}),
        (23, {}, {"items_per_page": 4, "limit": 10}),
        (23, {"cap": 3}, {"limit": 10, "starting_at": 2}),
    ],
)
async def test_the_result_is_that_of_the_walk(cluster, server, serve_jobs, concurrency, total, switches, query):
    jobs = serve_jobs(total, **switches)
    expected = [job.id async for job in cluster.restore_jobs(**query)]
    sequential, server.sent[:] = server.pages, []
    jobs.before = Gate()

    found = await cluster.restore_jobs(**query).collect(concurrency=concurrency)

    assert ids(found) == expected
    assert sorted(server.pages) == sequential  # each page once, and none that a walk would not ask for
    assert jobs.before.most <= concurrency


@each_concurrency
async def test_so_many_pages_are_under_way_at_once(cluster, serve_jobs, concurrency):
    jobs = serve_jobs(40)
    jobs.before = Gate()

    assert ids(await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)) == names(40)
    assert jobs.before.most == concurrency


async def test_the_first_page_is_read_alone(cluster, server, serve_jobs):
    jobs = serve_jobs(40)
    at_first = []

    async def note(number):
        if number == 1:
            await asyncio.sleep(0.01)
            at_first.append(len(server.sent))

    jobs.before = note
    await cluster.restore_jobs(items_per_page=2).collect(concurrency=8)

    assert at_first == [1]


async def test_a_refused_page_size_costs_one_request_in_parallel_too(cluster, server, serve_jobs):
    jobs = serve_jobs(350)

    def refuse(sent):
        if sent.query["itemsPerPage"] == "500":
            return server.answer({"error": 400, "errorCode": "INVALID_QUERY_PARAMETER"}, status=400)
        return jobs(sent)

    server.serve(refuse)

    assert len(await cluster.restore_jobs().collect(concurrency=4)) == 350
    assert [(sent.page, sent.query["itemsPerPage"]) for sent in server.sent] == [
        (1, "500"),
        *[(number, "100") for number in (1, 2, 3, 4)],
    ]


@each_concurrency
@pytest.mark.parametrize(
    ("limit", "own_limit", "count", "pages"),
    [
        (1, None, 1, 1),
        (4, None, 4, 1),
        (5, None, 5, 2),
        (8, None, 8, 2),
        (9, None, 9, 3),
        (1000, None, 40, 10),
        (None, 9, 9, 3),
        (5, 9, 5, 2),
        (9, 5, 5, 2),
    ],
)
async def test_no_page_beyond_the_limit_is_asked_for(
    cluster, server, serve_jobs, concurrency, limit, own_limit, count, pages
):
    serve_jobs(40)

    found = await cluster.restore_jobs(items_per_page=4, limit=own_limit).collect(limit=limit, concurrency=concurrency)

    assert ids(found) == names(count)
    assert sorted(server.pages) == list(range(1, pages + 1))


async def test_a_pager_can_be_collected_twice(cluster, serve_jobs):
    serve_jobs(7)
    pager = cluster.restore_jobs(items_per_page=2)

    assert ids(await pager.collect(concurrency=3)) == ids(await pager.collect(limit=9)) == names(7)
    assert ids(await pager.collect(limit=3)) == names(3)
    assert ids(await pager.collect()) == names(7)  # the limit of one call is not that of the next


@each_concurrency
async def test_an_error_that_is_not_needed_does_not_matter(cluster, server, serve_jobs, concurrency):
    # The server counts 20 jobs, unasked, and has 5: the walk ends with the empty fourth page.
    jobs = serve_jobs(5)

    async def count_too_many(sent):
        if sent.page > 4:
            return server.answer({"error": 500}, status=500)
        answer = await jobs(sent)
        answer.payload["totalCount"] = 20
        return answer

    server.serve(count_too_many)
    pager = cluster.restore_jobs(items_per_page=2, include_count=False)

    assert ids(await pager.collect(concurrency=concurrency)) == names(5)


@each_concurrency
async def test_the_first_error_in_page_order_is_raised(cluster, server, serve_jobs, concurrency):
    jobs = serve_jobs(20)
    jobs.before = Gate()

    def fail(sent):
        if sent.page == 4:
            return server.answer({"error": 403, "detail": "not this page"}, status=403)
        return server.answer({"error": 500}, status=500) if sent.page > 4 else jobs(sent)

    server.serve(fail)
    before = asyncio.all_tasks()

    # Bare: no ExceptionGroup, whatever runs inside.
    with pytest.raises(Forbidden, match="not this page") as caught:
        await cluster.restore_jobs(items_per_page=2, starting_at=2).collect(concurrency=concurrency)

    # Nothing was returned, so going on means starting again.
    assert caught.value.resume_at == 2
    assert caught.value.request.url.endswith("pageNum=4&itemsPerPage=2")
    assert asyncio.all_tasks() == before


@each_concurrency
async def test_a_page_that_does_not_fit_is_an_error_with_its_path(cluster, server, serve_jobs, concurrency):
    jobs = serve_jobs(20)
    jobs.ids[7] = None

    with pytest.raises(DataError) as caught:
        await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)

    assert caught.value.path == "$.results[1].id"
    assert caught.value.request.url.endswith("pageNum=4&itemsPerPage=2")


@each_concurrency
async def test_pages_that_repeat_are_a_bare_error(cluster, server, serve_jobs, concurrency):
    server.serve(lambda _: server.answer({"results": [{"id": "a"}, {"id": "b"}], "totalCount": 9}))

    with pytest.raises(PaginationError) as caught:
        await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)

    assert caught.value.resume_at == 1
    assert caught.value.request.method == "GET"


@each_concurrency
@pytest.mark.parametrize("hangs_at", [1, 2, 4])
async def test_cancelling_leaves_no_task_and_no_request(cluster, serve_jobs, concurrency, hangs_at):
    jobs = serve_jobs(20)
    hanging = asyncio.Event()
    under_way = set()

    async def hang(number):
        under_way.add(number)
        try:
            if number >= hangs_at:
                hanging.set()
                await asyncio.Event().wait()
        finally:
            under_way.discard(number)

    jobs.before = hang
    before = asyncio.all_tasks()
    task = asyncio.create_task(cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency))
    await hanging.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before
    assert under_way == set()


@each_concurrency
async def test_a_timeout_around_it_is_a_plain_timeout(cluster, serve_jobs, concurrency):
    jobs = serve_jobs(20)

    async def hang(number):
        if number > 2:
            await asyncio.Event().wait()

    jobs.before = hang

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)


@each_concurrency
async def test_the_session_closed_meanwhile_is_a_bare_error(session, cluster, serve_jobs, concurrency):
    jobs = serve_jobs(20)
    hanging = asyncio.Event()

    async def hang(number):
        if number > 1:
            hanging.set()
            await asyncio.Event().wait()

    jobs.before = hang
    task = asyncio.create_task(cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency))
    await hanging.wait()
    await session.close()

    with pytest.raises(SessionClosed):
        await task


@each_concurrency
async def test_pages_that_are_counted_now_and_then_are_all_read(cluster, server, serve_jobs, concurrency):
    # "Counting timed out": totalCount is missing on some pages.
    jobs = serve_jobs(21)

    async def count_seldom(sent):
        answer = await jobs(sent)
        if sent.page % 3:
            del answer.payload["totalCount"]
        return answer

    server.serve(count_seldom)

    assert ids(await cluster.restore_jobs(items_per_page=2).collect(concurrency=concurrency)) == names(21)
    assert max(Counter(server.pages).values()) <= 2


async def test_a_server_error_says_which_page_it_was(cluster, server, serve_jobs):
    jobs = serve_jobs(8)
    server.serve(lambda sent: server.answer({}, status=503) if sent.page == 3 else jobs(sent))

    with pytest.raises(ServerError) as caught:
        await cluster.restore_jobs(items_per_page=2).collect(concurrency=3)

    assert "pageNum=3" in str(caught.value)


async def test_an_item_that_fits_no_model_after_all_is_told_as_it_is(cluster, serve_jobs, monkeypatch):
    # such as a date that no calendar has, which shows only when the item is looked at
    async def make(items, _bench):
        if any(item.id == "job-5" for item in items):
            raise DataError("no such date", path="$")
        return tuple(items)

    monkeypatch.setattr("mongorestore_async.listing.pages_ahead.materialize", make)
    serve_jobs(20)

    with pytest.raises(DataError, match="no such date") as caught:
        await cluster.restore_jobs(items_per_page=4).collect(concurrency=3)
    assert caught.value.resume_at == 1
