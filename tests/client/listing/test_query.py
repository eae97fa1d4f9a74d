"""What a list is asked with: page size and its fallback, flags per session and per call, further parameters."""

from __future__ import annotations

import pytest

from builders.constants import PROJECT
from builders.lists import EMPTY, walk_into
from mongorestore_async import NO_RETRY, OPS_MANAGER, BadRequest, ConfigError, Forbidden, Options


def jobs_of(session):
    return session.project(PROJECT, OPS_MANAGER).cluster("c").restore_jobs


def refuse_pages_above(server, jobs, most, code="INVALID_QUERY_PARAMETER"):
    """Answer larger pages the way old releases do."""

    def answer(sent):
        if int(sent.query["itemsPerPage"]) > most:
            return server.answer({"error": 400, "errorCode": code, "detail": "too many"}, status=400)
        return jobs(sent)

    server.serve(answer)


def asked(server):
    return [(sent.page, int(sent.query["itemsPerPage"])) for sent in server.sent]


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({}, "pageNum=1&itemsPerPage=500"),
        ({"items_per_page": 1}, "pageNum=1&itemsPerPage=1"),
        ({"items_per_page": 500, "starting_at": 3}, "pageNum=3&itemsPerPage=500"),
        ({"include_count": True}, "pageNum=1&itemsPerPage=500&includeCount=true"),
        ({"include_count": False}, "pageNum=1&itemsPerPage=500&includeCount=false"),
        ({"limit": 7}, "pageNum=1&itemsPerPage=500"),
        ({"batch_id": "b&c=d"}, "pageNum=1&itemsPerPage=500&batchId=b%26c%3Dd"),
        ({"query": {"backupJobsEnabledOnly": True}}, "pageNum=1&itemsPerPage=500&backupJobsEnabledOnly=true"),
        ({"query": {"backupJobsEnabledOnly": False}}, "pageNum=1&itemsPerPage=500&backupJobsEnabledOnly=false"),
        ({"query": {"new": 7, "ü+ &": "ä/?#%"}}, "pageNum=1&itemsPerPage=500&new=7&%C3%BC%2B%20%26=%C3%A4%2F%3F%23%25"),
        ({"query": {"empty": ""}}, "pageNum=1&itemsPerPage=500&empty="),
    ],
)
async def test_what_stands_in_the_url(session, server, arguments, query):
    server.will(EMPTY)

    await jobs_of(session)(**arguments)

    assert server.last.url.partition("?")[2] == query


async def test_the_query_is_taken_when_the_pager_is_made(session, server):
    server.will(EMPTY)
    query = {"backupJobsEnabledOnly": True}
    pager = jobs_of(session)(query=query)
    query["pageNum"] = 7

    await pager

    assert server.last.url.partition("?")[2] == "pageNum=1&itemsPerPage=500&backupJobsEnabledOnly=true"


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("pageNum", "starting_at"),
        ("itemsPerPage", "items_per_page"),
        ("includeCount", "include_count"),
        ("batchId", "batch_id"),
    ],
)
async def test_a_parameter_with_an_argument_of_its_own_is_refused(session, server, name, argument):
    with pytest.raises(ConfigError, match=rf"query contains {name}: use the argument {argument} instead"):
        jobs_of(session)(query={"a": 1, name: 7})

    assert server.sent == []


async def test_flags_of_the_session_stand_behind_the_query(connect, server):
    server.will(EMPTY)

    await jobs_of(connect(envelope=True, pretty=True))()

    assert server.last.url.partition("?")[2] == "pageNum=1&itemsPerPage=500&envelope=true&pretty=true"


@pytest.mark.parametrize("flag", ["envelope", "pretty"])
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("changed", [True, False, None])
async def test_a_flag_of_the_view_overrides_the_one_of_the_session(connect, server, flag, own, changed):
    session = connect(**{flag: own})
    asked_for = own if changed is None else changed
    view = session.with_options(**({} if changed is None else {flag: changed}))
    cluster = view.project(PROJECT, OPS_MANAGER).cluster("c")
    server.will(EMPTY)
    server.will({"id": "a"})
    server.will({})

    await cluster.restore_jobs()
    await cluster.restore_job("a")
    await view.request("GET", "/")

    assert [sent.query.get(flag) for sent in server.sent] == ["true" if asked_for else None] * 3


async def test_a_view_keeps_the_flags_of_its_session(connect, server):
    server.will({"id": "a"})
    view = connect(envelope=True, pretty=True).with_options(timeout=5)

    await view.project(PROJECT, OPS_MANAGER).cluster("c").restore_job("a")

    assert server.last.query == {"envelope": "true", "pretty": "true"}


@pytest.mark.parametrize("wrapper", ["content", "envelope", None])
async def test_a_list_is_read_out_of_every_kind_of_envelope(connect, server, wrapper):
    document = {"results": [{"id": "a"}], "totalCount": 1, "links": [{"rel": "self", "href": "x"}]}
    server.will({"status": 200, wrapper: document} if wrapper else {"status": 200, **document})

    page = await jobs_of(connect(envelope=True))()

    assert [job.id for job in page] == ["a"]
    assert (page.total_count, page.status, [link.name for link in page.links]) == (1, 200, ["self"])


async def test_the_status_inside_an_envelope_counts(connect, server):
    server.will({"status": 403, "content": {"error": 403, "errorCode": "ACCESS_FORBIDDEN", "detail": "no"}})

    with pytest.raises(Forbidden, match="ACCESS_FORBIDDEN") as caught:
        await jobs_of(connect(envelope=True))()

    assert caught.value.status == 403
    assert caught.value.request.status == 200  # of HTTP


async def test_a_refused_page_size_is_lowered_once_for_the_session(session, server, serve_jobs):
    refuse_pages_above(server, serve_jobs(150), 100)

    first = [job.id async for job in jobs_of(session)()]
    second = await jobs_of(session)().collect(concurrency=2)
    third = await session.with_options(timeout=5).project("other", OPS_MANAGER).cluster("d").restore_jobs()

    assert len(first) == len(second) == 150
    assert third.total_count == 150
    assert asked(server) == [(1, 500), (1, 100), (2, 100), (1, 100), (2, 100), (1, 100)]


async def test_a_fallback_of_a_view_is_one_of_the_session(session, server, serve_jobs):
    refuse_pages_above(server, serve_jobs(1), 100)

    await jobs_of(session.with_options(timeout=5))()
    await jobs_of(session)()
    await session.projects(OPS_MANAGER)

    assert asked(server) == [(1, 500), (1, 100), (1, 100), (1, 100)]


async def test_an_older_iterator_takes_small_pages_after_a_fallback(session, server, serve_jobs):
    refuse_pages_above(server, serve_jobs(1), 100)
    iterators = [aiter(jobs_of(session)()), jobs_of(session)().pages()]

    for iterator in iterators:
        assert await anext(iterator)

    assert asked(server) == [(1, 500), (1, 100), (1, 100)]


async def test_sessions_do_not_share_the_fallback(connect, server, serve_jobs):
    refuse_pages_above(server, serve_jobs(1), 100)

    await jobs_of(connect())()
    await jobs_of(connect())()

    assert asked(server) == [(1, 500), (1, 100)] * 2


async def test_a_size_below_the_fallback_stays(connect, server, serve_jobs):
    refuse_pages_above(server, serve_jobs(1), 100)
    session = connect()
    await jobs_of(session)()

    await jobs_of(session)(items_per_page=50)
    await jobs_of(session.with_options(items_per_page=70))()

    assert asked(server)[2:] == [(1, 50), (1, 70)]


async def test_a_size_asked_for_is_never_changed(session, server, serve_jobs):
    refuse_pages_above(server, serve_jobs(150), 100)

    with pytest.raises(BadRequest, match="too many"):
        await jobs_of(session)(items_per_page=500)

    assert asked(server) == [(1, 500)]
    # And nothing was learned from it that a later call without a size would not find out itself.
    assert len(await jobs_of(session)().collect()) == 150


@pytest.mark.parametrize("code", ["CLUSTER_PAUSED_CANNOT_RESTORE", "BACKUP_JOB_NOT_FOUND", "SOMETHING_NEW"])
async def test_another_kind_of_400_is_raised_at_once(session, server, serve_jobs, code):
    refuse_pages_above(server, serve_jobs(1), 100, code)

    with pytest.raises(BadRequest, match=code):
        await jobs_of(session)()

    assert asked(server) == [(1, 500)]


@pytest.mark.parametrize("body", ["", "<html>no</html>", "{}"])
async def test_a_400_without_a_code_falls_back(session, server, serve_jobs, body):
    jobs = serve_jobs(1)
    refusal = server.answer(body=body, status=400)
    server.serve(lambda sent: jobs(sent) if sent.query["itemsPerPage"] == "100" else refusal)

    assert len(await jobs_of(session)()) == 1
    assert asked(server) == [(1, 500), (1, 100)]


async def test_a_second_400_is_raised_and_nothing_is_learned(session, server, serve_jobs):
    jobs = serve_jobs(1)
    refuse_pages_above(server, jobs, 0)

    for _ in range(2):
        with pytest.raises(BadRequest, match="too many") as caught:
            await jobs_of(session)().collect()
        assert caught.value.request.url.endswith("itemsPerPage=100")
    server.serve(jobs)
    await jobs_of(session)()

    assert asked(server) == [(1, 500), (1, 100), (1, 500), (1, 100), (1, 500)]


async def test_a_400_on_a_later_page_is_no_fallback(session, server, serve_jobs):
    # Page numbers would mean something else all of a sudden.
    jobs = serve_jobs(1200)
    server.serve(lambda sent: server.answer({"error": 400}, status=400) if sent.page == 2 else jobs(sent))
    seen = []

    with pytest.raises(BadRequest) as caught:
        await walk_into(seen, jobs_of(session)())

    assert (len(seen), caught.value.resume_at) == (500, 2)
    assert asked(server) == [(1, 500), (2, 500)]


async def test_the_page_size_of_the_options_is_what_is_asked_for(connect, server, serve_jobs):
    serve_jobs(0)
    session = connect(options=Options(items_per_page=42, retry=NO_RETRY))

    await jobs_of(session)()
    await jobs_of(session)(items_per_page=7)
    await jobs_of(session.with_options(items_per_page=99))()

    assert asked(server) == [(1, 42), (1, 7), (1, 99)]
