"""The pager: a lazy query that is iterated, awaited, or asked for one item."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from builders.lists import ids, walk, walk_into
from mongorestore_async import NotFound, NotUnique, Page, Pager, PaginationError, RestoreError


async def test_making_a_pager_does_no_io(cluster, server):
    pager = cluster.restore_jobs(batch_id="b", items_per_page=7, limit=3, starting_at=2, query={"a": 1})

    assert isinstance(pager, Pager)
    assert aiter(pager) is not aiter(pager)
    assert not inspect.iscoroutine(pager)
    assert server.sent == []
    assert "restoreJobs" in repr(pager)
    assert "ListQuery(items_per_page=" in repr(pager)


async def test_making_a_walk_does_no_io_before_its_first_step(cluster, server, serve_jobs):
    serve_jobs(1)
    pages = cluster.restore_jobs().pages()
    items = aiter(cluster.restore_jobs())

    assert server.sent == []
    assert (await anext(pages)).number == 1
    assert (await anext(items)).id == "job-0"
    assert server.pages == [1, 1]


async def test_a_walk_asks_for_a_page_when_it_needs_it(cluster, server, serve_jobs):
    serve_jobs(6)
    items = aiter(cluster.restore_jobs(items_per_page=2))

    seen = [((await anext(items)).id, len(server.sent)) for _ in range(6)]

    assert seen == [("job-0", 1), ("job-1", 1), ("job-2", 2), ("job-3", 2), ("job-4", 3), ("job-5", 3)]
    with pytest.raises(StopAsyncIteration):
        await anext(items)
    assert server.pages == [1, 2, 3]


async def test_iterating_again_starts_again(cluster, server, serve_jobs):
    jobs = serve_jobs(3)
    pager = cluster.restore_jobs(items_per_page=2)

    first = await walk(pager)
    jobs.ids.insert(0, "new")
    second = await walk(pager)

    assert first == ["job-0", "job-1", "job-2"]
    assert second == ["new", "job-0", "job-1", "job-2"]
    assert server.pages == [1, 2, 1, 2]


async def test_a_page_is_indexed_and_sliced(cluster, serve_jobs):
    serve_jobs(6)

    page = await cluster.restore_jobs()

    assert (page[0].id, page[-1].id, len(page)) == ("job-0", "job-5", 6)
    assert page[2:5] == page.items[2:5]
    assert [job.id for job in page[-1:2:-2]] == ["job-5", "job-3"]
    assert page[7:] == ()
    with pytest.raises(IndexError):
        page[6]


async def test_two_walks_of_one_pager_do_not_disturb_each_other(cluster, serve_jobs):
    serve_jobs(5)
    pager = cluster.restore_jobs(items_per_page=2)
    one, other = aiter(pager), aiter(pager)

    both = [((await anext(one)).id, (await anext(other)).id) for _ in range(5)]

    assert both == [(f"job-{index}", f"job-{index}") for index in range(5)]


async def test_awaiting_gives_the_first_page(cluster, server, serve_jobs):
    serve_jobs(5)
    pager = cluster.restore_jobs(items_per_page=2)

    page = await pager
    again = await pager.page()

    assert isinstance(page, Page)
    assert (page.number, page.total_count, ids(page), len(page)) == (1, 5, ["job-0", "job-1"], 2)
    assert page.items[1] is page[1]
    assert page[1] == again[1]
    assert server.pages == [1, 1]


async def test_a_page_is_a_coroutine_that_can_be_made_a_task(cluster, serve_jobs):
    serve_jobs(5)
    pager = cluster.restore_jobs(items_per_page=2)

    pages = await asyncio.gather(pager, asyncio.create_task(pager.page()), asyncio.ensure_future(pager))

    assert [ids(page) for page in pages] == [["job-0", "job-1"]] * 3


async def test_the_first_page_is_whole_whatever_the_limit(cluster, serve_jobs):
    serve_jobs(5)

    assert ids(await cluster.restore_jobs(items_per_page=4, limit=2)) == ["job-0", "job-1", "job-2", "job-3"]


async def test_pages_come_with_their_numbers_and_counts(cluster, serve_jobs):
    serve_jobs(5, linked=True)

    pages = [page async for page in cluster.restore_jobs(items_per_page=2).pages()]

    assert [page.number for page in pages] == [1, 2, 3]
    assert [ids(page) for page in pages] == [["job-0", "job-1"], ["job-2", "job-3"], ["job-4"]]
    assert {page.total_count for page in pages} == {5}
    assert [[link.name for link in page.links] for page in pages] == [["self", "next"], ["self", "next"], ["self"]]
    assert {page.status for page in pages} == {200}


@pytest.mark.parametrize(
    ("size", "limit", "pages", "count"),
    [
        (2, 1, [1], 1),
        (2, 2, [1], 2),
        (2, 3, [1, 2], 3),
        (2, 4, [1, 2], 4),
        (2, 5, [1, 2, 3], 5),
        (2, 600, [1, 2, 3], 5),
        (5, 5, [1], 5),
        (500, 4, [1], 4),
        (1, 3, [1, 2, 3], 3),
    ],
)
async def test_the_limit_is_the_total_and_the_size_the_page(cluster, server, serve_jobs, size, limit, pages, count):
    serve_jobs(5)
    pager = cluster.restore_jobs(items_per_page=size, limit=limit)

    assert await walk(pager) == [f"job-{index}" for index in range(count)]
    assert server.pages == pages
    assert {sent.query["itemsPerPage"] for sent in server.sent} == {str(size)}
    assert sum(len(page) for page in [page async for page in pager.pages()]) == count


async def test_a_walk_starts_where_it_is_told(cluster, server, serve_jobs):
    serve_jobs(7)
    pager = cluster.restore_jobs(items_per_page=2, starting_at=3)

    assert await walk(pager) == ["job-4", "job-5", "job-6"]
    assert (await pager).number == 3
    assert server.pages == [3, 4, 3]


@pytest.mark.parametrize("count", [0, 3, 16])
async def test_a_walk_that_starts_past_the_end_is_an_error(cluster, server, serve_jobs, count):
    serve_jobs(count)
    pager = cluster.restore_jobs(items_per_page=2, starting_at=9)

    for verb in (walk(pager), pager.collect(), pager.collect(concurrency=3), pager.first(), pager.one()):
        with pytest.raises(PaginationError, match="page 9, where the walk starts, is behind the end of the list"):
            await verb
    assert server.pages == [9] * 5


async def test_awaiting_a_pager_past_the_end_gives_an_empty_page(cluster, serve_jobs):
    serve_jobs(3)

    page = await cluster.restore_jobs(items_per_page=2, starting_at=9)

    assert (page.items, page.number, page.total_count) == ((), 9, 3)


async def test_an_uncounted_walk_that_starts_past_the_end_is_empty(cluster, server, serve_jobs):
    serve_jobs(3)

    assert await walk(cluster.restore_jobs(items_per_page=2, starting_at=9, include_count=False)) == []
    assert server.pages == [9]


@pytest.mark.parametrize(("verb", "size"), [("first", "1"), ("one", "2"), ("collect", "7")])
async def test_no_larger_pages_are_asked_for_than_needed(cluster, server, serve_jobs, verb, size):
    serve_jobs(1)

    await getattr(cluster.restore_jobs(limit=7), verb)()

    assert [sent.query["itemsPerPage"] for sent in server.sent] == [size]


async def test_the_first_item_costs_one_page(cluster, server, serve_jobs):
    serve_jobs(5)

    assert (await cluster.restore_jobs(items_per_page=2).first()).id == "job-0"
    assert server.pages == [1]


async def test_the_first_item_of_nothing_is_none(cluster, server, serve_jobs):
    serve_jobs(0)

    assert await cluster.restore_jobs().first() is None
    assert server.pages == [1]


async def test_the_only_item(cluster, server, serve_jobs):
    serve_jobs(1)

    assert (await cluster.restore_jobs().one()).id == "job-0"
    assert server.pages == [1]


@pytest.mark.parametrize("size", [1, 2, 500])
async def test_one_of_several_is_refused(cluster, server, serve_jobs, size):
    serve_jobs(3)

    with pytest.raises(NotUnique, match="several items, exactly one was expected; narrow the query") as caught:
        await cluster.restore_jobs(items_per_page=size).one()

    assert len(server.sent) == (2 if size == 1 else 1)
    assert caught.value.request.method == "GET"
    assert caught.value.request.url == server.last.url


async def test_one_of_none_is_not_found(cluster, serve_jobs, server):
    serve_jobs(0)

    with pytest.raises(NotFound, match="the list is empty, exactly one item was expected") as caught:
        await cluster.restore_jobs().one()

    assert caught.value.status == 200
    assert caught.value.error_code is None
    assert caught.value.request.url == server.last.url


async def test_one_keeps_to_the_limit_of_the_query(cluster, serve_jobs):
    serve_jobs(3)

    assert (await cluster.restore_jobs(limit=1).one()).id == "job-0"
    with pytest.raises(NotUnique):
        await cluster.restore_jobs(limit=2).one()


@pytest.mark.parametrize("verb", ["first", "one"])
async def test_one_and_first_pass_errors_of_the_api_on(cluster, server, verb):
    server.will({"error": 404, "errorCode": "CLUSTER_NOT_FOUND", "detail": "No cluster."}, status=404)

    with pytest.raises(NotFound, match="CLUSTER_NOT_FOUND") as caught:
        await getattr(cluster.restore_jobs(starting_at=4), verb)()

    assert caught.value.resume_at == 4


async def test_a_break_stops_asking(cluster, server, serve_jobs):
    serve_jobs(10)

    async for job in cluster.restore_jobs(items_per_page=2):
        if job.id == "job-2":
            break

    assert server.pages == [1, 2]


async def test_first_leaves_nothing_to_clean_up(cluster, serve_jobs):
    serve_jobs(5)
    before = asyncio.all_tasks()

    await cluster.restore_jobs().first()
    await asyncio.sleep(0)

    # A generator dropped half-way would be closed by a task of the loop's.
    assert asyncio.all_tasks() == before


async def test_an_exception_in_a_walk_leaves_the_session_usable(cluster, server, serve_jobs):
    serve_jobs(10)

    async def fail():
        async for _ in cluster.restore_jobs(items_per_page=2):
            raise KeyError("the user's own")

    with pytest.raises(KeyError):
        await fail()

    assert len(await walk(cluster.restore_jobs(items_per_page=5))) == 10


async def test_a_walk_that_is_cancelled_ends_with_the_cancellation(cluster, server, serve_jobs):
    jobs = serve_jobs(10)
    waiting = asyncio.Event()

    async def hang(number):
        if number == 2:
            waiting.set()
            await asyncio.Event().wait()

    jobs.before = hang
    task = asyncio.create_task(walk(cluster.restore_jobs(items_per_page=2)))
    await waiting.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    jobs.before = None
    assert len(await walk(cluster.restore_jobs())) == 10


async def test_an_error_in_a_walk_comes_after_the_items_before_it(cluster, server):
    server.will({"results": [{"id": "a"}], "totalCount": 2})
    server.will({"error": 500, "errorCode": "UNEXPECTED_ERROR"}, status=500)
    seen = []

    with pytest.raises(RestoreError) as caught:
        await walk_into(seen, cluster.restore_jobs(items_per_page=1))

    assert seen == ["a"]
    assert caught.value.resume_at == 2
    assert "(resume with starting_at=2, items_per_page=1)" in str(caught.value)
