"""Walks over lists as real servers page them: where a walk ends, drift, repeated pages, resuming."""

from __future__ import annotations

import aiohttp
import pytest

from builders.list_walks import WAYS
from builders.lists import names, walk, walk_into
from mongorestore_async import (
    ApiError,
    DataError,
    NotFound,
    PaginationError,
    ProtocolError,
    RequestTimeout,
    RestoreError,
    ServerError,
)
from mongorestore_async.listing import page_reader
from mongorestore_async.listing.paging import Walk


def page(*ids, count=None, following=False):
    links = [{"rel": "next", "href": "https://elsewhere.example.com/?pageNum=99"}] if following else []
    document = {"results": [{"id": each} for each in ids], "links": links}
    return document if count is None else {**document, "totalCount": count}


@pytest.mark.parametrize(
    ("total", "switches", "size", "pages"),
    [
        (0, {}, 2, [1]),
        (4, {}, 2, [1, 2]),
        (5, {}, 2, [1, 2, 3]),
        (5, {"linked": True}, 2, [1, 2, 3]),
        # Neither a count nor a next link: only an empty page tells the end.
        (4, {"counted": False}, 2, [1, 2, 3]),
        (5, {"counted": False}, 2, [1, 2, 3, 4]),
        (0, {"counted": False}, 2, [1]),
        # The same when the links are there but the last page has no next one.
        (4, {"counted": False, "linked": True}, 2, [1, 2, 3]),
        # A server that caps its pages lower than asked: a short page is no end.
        (5, {"cap": 2}, 500, [1, 2, 3]),
        (5, {"cap": 1, "counted": False}, 500, [1, 2, 3, 4, 5, 6]),
    ],
)
async def test_where_a_walk_ends(cluster, server, serve_jobs, total, switches, size, pages):
    serve_jobs(total, **switches)

    assert await walk(cluster.restore_jobs(items_per_page=size)) == names(total)
    assert server.pages == pages


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("total", "walks"), [(2, 0), (3, 1)])
async def test_only_a_list_of_several_pages_is_remembered(cluster, serve_jobs, monkeypatch, way, total, walks):
    made = []
    monkeypatch.setattr(page_reader, "Walk", lambda *args, **options: made.append(1) or Walk(*args, **options))
    serve_jobs(total)
    seen = []

    await way(seen, cluster.restore_jobs(items_per_page=2))

    assert seen == names(total)
    assert len(made) == walks


async def test_without_counting_a_walk_goes_on_until_an_empty_page(cluster, server, serve_jobs):
    serve_jobs(4)

    assert await walk(cluster.restore_jobs(items_per_page=2, include_count=False)) == names(4)
    assert [sent.query["includeCount"] for sent in server.sent] == ["false"] * 3


async def test_a_next_link_goes_on_although_the_count_is_met(cluster, server):
    server.will(page("a", count=1, following=True))
    server.will(page("b", count=1))

    assert await walk(cluster.restore_jobs(items_per_page=1)) == ["a", "b"]


async def test_only_the_page_number_advances_wherever_a_link_points(cluster, server, serve_jobs):
    serve_jobs(6, linked=True)

    await walk(cluster.restore_jobs(batch_id="b", items_per_page=2, include_count=True, query={"x": "y"}))

    first = server.sent[0].url
    assert "elsewhere" not in first
    assert [sent.url for sent in server.sent] == [first.replace("pageNum=1", f"pageNum={n}") for n in (1, 2, 3)]


async def test_no_page_past_the_end_means_the_parent_is_gone(cluster, server):
    server.will(page("a", count=2))
    server.will({"error": 404, "errorCode": "CLUSTER_NOT_FOUND"}, status=404)

    with pytest.raises(NotFound) as caught:
        await walk(cluster.restore_jobs(items_per_page=1))

    assert caught.value.resume_at == 2


async def test_a_server_that_knows_no_paging_is_walked_once(cluster, server):
    server.serve(lambda _: server.answer(page("a", "b", count=2)))

    assert await walk(cluster.restore_jobs()) == ["a", "b"]
    assert server.pages == [1]


async def test_a_server_without_paging_and_count_costs_two_more_pages(cluster, server):
    server.serve(lambda _: server.answer(page("a", "b")))

    assert await walk(cluster.restore_jobs()) == ["a", "b"]
    assert server.pages == [1, 2, 3]


@pytest.mark.parametrize("more", [{"count": 9}, {"following": True}, {"count": 9, "following": True}])
async def test_pages_that_repeat_while_more_are_promised_are_an_error(cluster, server, more):
    server.serve(lambda _: server.answer(page("a", "b", **more)))
    seen = []

    with pytest.raises(PaginationError, match="only repeat items already listed") as caught:
        await walk_into(seen, cluster.restore_jobs(items_per_page=2))

    assert seen == ["a", "b"]
    assert len(server.sent) <= 20
    assert caught.value.resume_at == 2  # what should have been on it may be there later
    assert caught.value.request.method == "GET"
    assert caught.value.request.url == server.last.url
    assert caught.value.request.family == "ops-manager"
    assert caught.value.request.status == 200


async def test_a_list_that_grows_while_walked_yields_nothing_twice(cluster, server, serve_jobs):
    jobs = serve_jobs(6)
    jobs.before = lambda number: jobs.ids.insert(0, f"new-{number}") if number in {2, 3} else None

    pages = [page async for page in cluster.restore_jobs(items_per_page=2).pages()]

    assert [job.id for page in pages for job in page] == names(6)
    assert [page.drifted for page in pages] == [False, True, True, False, False]
    # The new ones stand before the walk: the count is never met, and an empty page ends it.
    assert [page.total_count for page in pages] == [6, 7, 8, 8, 8]


@pytest.mark.parametrize("gone", [["job-0"], ["job-0", "job-1"], ["job-1", "job-2", "job-3"]])
@pytest.mark.parametrize("at", [2, 3, 4])
async def test_a_list_that_shrinks_while_walked_loses_nothing(cluster, serve_jobs, gone, at):
    jobs = serve_jobs(9)

    def shrink(number):
        if number == at:
            jobs.ids[:] = [each for each in jobs.ids if each not in gone]

    jobs.before = shrink

    pages = [page async for page in cluster.restore_jobs(items_per_page=2).pages()]
    seen = [job.id for page in pages for job in page]

    assert len(seen) == len(set(seen))
    assert set(jobs.ids) <= set(seen)
    assert any(page.drifted for page in pages)


async def test_a_fall_of_the_count_is_answered_by_reading_again(cluster, server, serve_jobs):
    jobs = serve_jobs(8)
    jobs.before = lambda number: jobs.ids.remove("job-0") if number == 3 and "job-0" in jobs.ids else None

    assert await walk(cluster.restore_jobs(items_per_page=2)) == [
        *names(4),
        *["job-5", "job-6"],  # page 3, where job-4 has moved up from
        "job-4",  # page 2 again
        "job-7",
    ]
    assert server.pages == [1, 2, 3, 2, 4]


async def test_the_limit_ends_a_walk_in_the_middle_of_a_drift(cluster, server, serve_jobs):
    jobs = serve_jobs(8)
    jobs.before = lambda number: jobs.ids.remove("job-0") if number == 3 and "job-0" in jobs.ids else None

    assert await walk(cluster.restore_jobs(items_per_page=2, limit=6)) == [*names(4), "job-5", "job-6"]
    assert server.pages == [1, 2, 3]


async def test_an_endlessly_shrinking_list_is_an_error(cluster, server, serve_jobs):
    jobs = serve_jobs(20_000)
    jobs.before = lambda _: jobs.ids.__delitem__(slice(0, 40))

    with pytest.raises(PaginationError, match="shrinks faster than it can be read") as caught:
        await walk(cluster.restore_jobs(items_per_page=2))

    assert 1 <= caught.value.resume_at < server.last.page
    assert caught.value.request.url == server.last.url


#: Ways for the third page to fail -> the error in the walk.
FAILURES = {
    "500": (lambda server: server.answer({"error": 500}, status=500), ServerError),
    "429": (lambda server: server.answer({"error": 429, "errorCode": "RATE_LIMITED"}, status=429), ApiError),
    "no list": (lambda server: server.answer({"status": "fine"}), DataError),
    "no id": (lambda server: server.answer({"results": [{"id": "job-4"}, {}], "totalCount": 7}), DataError),
    "a login page": (lambda server: server.answer(body="<html>", content_type="text/html"), DataError),
    "a redirect": (lambda server: server.answer(status=302, headers={"Location": "/login"}), ProtocolError),
    "a broken connection": (lambda _: aiohttp.ServerDisconnectedError(), ProtocolError),
    "a timeout": (lambda _: aiohttp.SocketTimeoutError("slow"), RequestTimeout),
}


@pytest.mark.parametrize(("fail", "kind"), FAILURES.values(), ids=FAILURES)
async def test_an_error_tells_where_to_go_on_and_nothing_is_lost(cluster, server, serve_jobs, fail, kind):
    jobs = serve_jobs(7)
    server.serve(lambda sent: fail(server) if sent.page == 3 else jobs(sent))
    seen = []

    with pytest.raises(RestoreError) as caught:
        await walk_into(seen, cluster.restore_jobs(items_per_page=2))
    server.serve(jobs)
    rest = await walk(cluster.restore_jobs(items_per_page=2, starting_at=caught.value.resume_at))

    assert type(caught.value) is kind or issubclass(type(caught.value), kind)
    assert caught.value.resume_at == 3
    assert str(caught.value).endswith("(resume with starting_at=3, items_per_page=2)")
    assert caught.value.request.url.endswith("pageNum=3&itemsPerPage=2")
    assert seen + rest == names(7)


async def test_an_error_while_rereading_resumes_where_the_walk_did(cluster, server, serve_jobs):
    jobs = serve_jobs(10)
    seen = []

    def fail_on_the_way_back(sent):
        if sent.page == 4 and "job-0" in jobs.ids:
            jobs.ids.remove("job-0")
        elif sent.page == 3 and "job-0" not in jobs.ids:
            return server.answer({"error": 500}, status=500)
        return jobs(sent)

    server.serve(fail_on_the_way_back)

    with pytest.raises(ServerError) as caught:
        await walk_into(seen, cluster.restore_jobs(items_per_page=2))
    server.serve(jobs)
    rest = await walk(cluster.restore_jobs(items_per_page=2, starting_at=caught.value.resume_at))

    assert server.pages[:5] == [1, 2, 3, 4, 3]
    assert caught.value.resume_at == 3
    assert set(names(10)) == {*seen, *rest}
