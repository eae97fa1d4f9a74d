"""Where lists end whose signals contradict each other: empty pages, links, counts; and where walks resume."""

from __future__ import annotations

import asyncio
import gc
import pickle
import weakref

import pytest

from builders.list_walks import WAYS, ahead, collected_at_once
from builders.lists import names, walk, walk_into
from mongorestore_async import OPS_MANAGER, PaginationError, ResumePoint, ServerError

each_way = pytest.mark.parametrize("way", WAYS)


class Pages:
    """Pages by number, each its jobs with ``totalCount`` and whether there is a ``next`` link; empty ones behind."""

    def __init__(self, server, *pages, count=None, following=()):
        self._server, self._pages, self._count, self._following = server, pages, count, following
        server.serve(self)

    def __call__(self, sent):
        number = sent.page
        found = self._pages[number - 1] if number <= len(self._pages) else []
        document = {"results": [{"id": each} for each in found]}
        if self._count is not None:
            document["totalCount"] = self._count
        if self._following == "always" or number in self._following:
            document["links"] = [{"rel": "next", "href": "https://om.example.com:8443/?pageNum=1"}]
        return self._server.answer(document)


def insert_once(jobs, count):
    if "new-0" not in jobs.ids:
        jobs.ids[:0] = [f"new-{index}" for index in range(count)]


def in_pages(ids, size):
    return [ids[begin : begin + size] for begin in range(0, len(ids), size)]


@each_way
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("more", [{"count": 30}, {"following": range(1, 4)}, {"count": 30, "following": range(1, 4)}])
async def test_an_empty_page_before_others_is_passed_over(cluster, server, way, place, more):
    pages = in_pages(names(30), 10)
    Pages(server, *pages[:place], [], *pages[place:], **more)
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=10))

    assert seen == names(30)


@each_way
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("linked", [True, False])
async def test_a_page_that_lacks_its_jobs_is_told(cluster, server, way, place, linked):
    pages = in_pages(names(30), 10)
    Pages(server, *pages[:place], [], *pages[place + 1 :], count=30, following=range(1, 3) if linked else ())
    seen, rest = [], []

    with pytest.raises(PaginationError, match="were empty, but the server says that there are more") as caught:
        await way(seen, cluster.restore_jobs(items_per_page=10))
    assert len(server.sent) <= 25  # 20 pages without a new job, those asked for ahead with them
    Pages(server, *pages, count=30)
    await walk_into(rest, cluster.restore_jobs(starting_at=caught.value.resume_at))

    assert {*seen, *rest} == set(names(30))
    assert caught.value.resume_at in {1, place + 1}


@each_way
@pytest.mark.parametrize("size", [2, 3, 12])
async def test_new_jobs_do_not_end_a_list_without_signals(cluster, serve_jobs, way, size):
    jobs = serve_jobs(51, counted=False)
    jobs.before = lambda number: insert_once(jobs, size) if number == 2 else None
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=size))

    assert [each for each in seen if each.startswith("job")] == names(51)


@each_way
async def test_deletions_underway_end_no_walk(cluster, serve_jobs, way):
    jobs = serve_jobs(30)

    def delete(number):
        if number == 2 and "job-0" in jobs.ids:
            del jobs.ids[:12]

    jobs.before = delete
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=10))

    assert set(jobs.ids) <= set(seen)
    assert len(seen) == len(set(seen))


@each_way
@pytest.mark.parametrize("count", [-1, 0, 3, 10, 15, 29])
async def test_a_count_too_low_ends_no_list_with_links(cluster, server, way, count):
    Pages(server, *in_pages(names(30), 10), count=count, following=range(1, 3))
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=10))

    assert seen == names(30)


@each_way
async def test_a_count_below_what_was_seen_ends_no_list(cluster, server, way):
    Pages(server, *in_pages(names(30), 10), count=15)
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=10))

    assert seen == names(30)


@each_way
async def test_a_link_on_every_page_ends_with_the_count(cluster, server, way):
    Pages(server, *in_pages(names(30), 10), count=30, following="always")
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=10))

    assert seen == names(30)
    assert len(server.sent) <= 3 + 18


@each_way
@pytest.mark.parametrize("count", [31, 40, 10**15])
async def test_a_count_too_high_is_told(cluster, server, way, count):
    Pages(server, *in_pages(names(30), 10), count=count)
    seen = []

    with pytest.raises(PaginationError, match=rf"its totalCount is {count}.*include_count=False") as caught:
        await way(seen, cluster.restore_jobs(items_per_page=10))
    assert caught.value.resume_at in {1, 4}


@each_way
async def test_without_asking_for_a_count_it_does_not_matter(cluster, server, way):
    Pages(server, *in_pages(names(30), 10), count=40)
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=10, include_count=False))

    assert seen == names(30)


@each_way
@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("more", [{"following": "always"}, {"count": 10**6}])
async def test_pages_that_come_round_are_told(cluster, server, way, size, more):
    ids = names(100) * 7  # with pages of 3 the rounds begin in the middle of a page
    Pages(server, *in_pages(ids, size), **more)
    seen = []

    with pytest.raises(PaginationError, match="repeat"):
        await way(seen, cluster.restore_jobs(items_per_page=size))

    assert len(seen) == len(set(seen))
    assert len(server.sent) <= 2 * 100 // size + 4


@pytest.mark.parametrize("other", [None, 3, 10, 25, 500])
@pytest.mark.parametrize("cap", [500, 7])
async def test_a_walk_resumes_in_pages_of_another_size(connect, server, serve_jobs, other, cap):
    jobs = serve_jobs(60, cap=cap)
    server.serve(lambda sent: server.answer({"error": 500}, status=500) if sent.page == 4 else jobs(sent))
    session = connect()
    seen = []
    with pytest.raises(ServerError) as caught:
        await walk_into(seen, session.project("p", OPS_MANAGER).cluster("c").restore_jobs(items_per_page=10))
    server.serve(jobs)
    resume_at = pickle.loads(pickle.dumps(caught.value.resume_at))  # noqa: S301

    view = session.with_options(items_per_page=25).project("p", OPS_MANAGER).cluster("c")
    rest = await walk(view.restore_jobs(starting_at=resume_at, items_per_page=other))

    assert (resume_at, resume_at.items_per_page, str(resume_at)) == (4, min(cap, 10), "4")
    assert {*seen, *rest} == set(names(60))
    if other is None:
        assert seen + rest == names(60)


async def test_a_deletion_before_the_walk_resumes_is_seen(cluster, server, serve_jobs):
    jobs = serve_jobs(30)
    server.serve(lambda sent: server.answer({"error": 500}, status=500) if sent.page == 3 else jobs(sent))
    seen, rest = [], []
    with pytest.raises(ServerError) as failed:
        await walk_into(seen, cluster.restore_jobs(items_per_page=10))
    server.serve(jobs)
    jobs.ids.remove("job-0")  # job-20 is on page 2 now

    with pytest.raises(PaginationError, match="shrinks") as caught:
        await walk_into(rest, cluster.restore_jobs(starting_at=failed.value.resume_at))
    await walk_into(rest, cluster.restore_jobs(starting_at=caught.value.resume_at))

    assert (failed.value.resume_at, caught.value.resume_at) == (3, 2)
    assert {*seen, *rest} == set(names(30))


async def test_a_resume_point_takes_no_size_that_no_page_has(cluster):
    with pytest.raises(Exception, match="items_per_page is the page size, at most 500"):
        cluster.restore_jobs(starting_at=ResumePoint(3, 501))


@pytest.mark.parametrize("way", [collected_at_once, ahead])
async def test_an_error_of_pages_ahead_waits_for_no_collector(cluster, server, serve_jobs, way):
    jobs = serve_jobs(20)
    server.serve(lambda sent: server.answer({"error": 500}, status=500) if sent.page == 4 else jobs(sent))

    async def fail():
        try:
            await way([], cluster.restore_jobs(items_per_page=2))
        except ServerError as error:
            return weakref.ref(error)

    gc.disable()
    try:
        error = await fail()
        for _ in range(5):
            await asyncio.sleep(0)
        assert error() is None
    finally:
        gc.enable()
