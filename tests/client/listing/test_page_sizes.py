"""How large the pages are that a list asks for: no larger than what is wanted."""

from __future__ import annotations

import pytest

from builders.constants import CLUSTER, PROJECT
from mongorestore_async import NO_RETRY, OPS_MANAGER, BadRequest, NotUnique, Options, ResumePoint


def sizes(server):
    return [int(sent.query["itemsPerPage"]) for sent in server.sent]


async def use(verb, pager):
    if verb == "iterate":
        return [job.id async for job in pager]
    if verb == "collect":
        return [job.id for job in await pager.collect()]
    if verb == "pages":
        return [job.id async for page in pager.pages() for job in page]
    return await getattr(pager, verb)()


@pytest.mark.parametrize(
    ("verb", "limit", "size"),
    [
        ("first", None, 1),
        ("iterate", 3, 3),
        ("collect", 3, 3),
        ("pages", 3, 3),
        ("iterate", 500, 500),
        ("iterate", 2000, 500),
        ("first", 3, 1),
    ],
)
async def test_pages_are_no_larger_than_needed(cluster, server, serve_jobs, verb, limit, size):
    serve_jobs(30)
    await use(verb, cluster.restore_jobs(limit=limit))

    assert sizes(server)[0] == size
    assert len(server.sent) == 1


async def test_one_asks_for_two(cluster, server, serve_jobs):
    serve_jobs(1)
    assert (await cluster.restore_jobs().one()).id == "job-0"
    assert sizes(server) == [2]


async def test_one_of_many_reads_one_page(cluster, server, serve_jobs):
    serve_jobs(30)
    with pytest.raises(NotUnique):
        await cluster.restore_jobs().one()
    assert sizes(server) == [2]


@pytest.mark.parametrize(("asked", "limit"), [(10, 3), (2, 3)])
async def test_a_size_that_was_asked_for_is_kept(cluster, server, serve_jobs, asked, limit):
    serve_jobs(30)
    assert len(await use("collect", cluster.restore_jobs(items_per_page=asked, limit=limit))) == limit
    assert set(sizes(server)) == {asked}


async def test_a_later_start_keeps_the_size_that_numbers_pages(cluster, server, serve_jobs):
    serve_jobs(1200)
    assert await use("collect", cluster.restore_jobs(starting_at=2, limit=3)) == ["job-500", "job-501", "job-502"]
    assert await use("collect", cluster.restore_jobs(starting_at=ResumePoint(3, 10), limit=2)) == ["job-20", "job-21"]
    assert sizes(server) == [500, 10]


async def test_a_small_limit_needs_no_fall_back(connect, server, serve_jobs):
    jobs = serve_jobs(300)
    refused = []

    async def serve(sent):
        if int(sent.query["itemsPerPage"]) > 100:
            refused.append(sent)
            return server.answer({"error": 400, "errorCode": "INVALID_QUERY_PARAMETER", "detail": "x"}, status=400)
        return await jobs(sent)

    server.serve(serve)
    session = connect(options=Options(retry=NO_RETRY))
    cluster = session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER)

    assert len(await use("collect", cluster.restore_jobs(limit=100))) == 100
    assert not refused
    assert len(await use("collect", cluster.restore_jobs(limit=150))) == 150
    assert len(refused) == 1
    with pytest.raises(BadRequest):
        await cluster.restore_jobs(items_per_page=500)
