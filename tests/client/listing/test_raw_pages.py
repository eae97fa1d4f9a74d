"""Any list endpoint as raw documents, with the rules of all lists."""

from __future__ import annotations

import pytest

from builders.constants import BASE_URL, PROJECT
from builders.lists import EMPTY, listed, names
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    OPS_MANAGER,
    BadRequest,
    ConfigError,
    DataError,
    Options,
    Pager,
    PaginationError,
    RawDocument,
    TransportError,
)

ALERTS = f"/groups/{PROJECT}/alerts"


def alerts(session, **arguments):
    return session.pages(ALERTS, family=OPS_MANAGER, **arguments)


def ids(documents):
    return [document["id"] for document in documents]


async def walk_into(seen, pager):
    async for item in pager:
        seen.append(item)


async def ways(pager, count):
    """All ways to all items."""
    walked = [item async for item in pager]
    paged = [item async for page in pager.pages() for item in page]
    async with pager.ahead(2) as pages:
        ahead = [item async for page in pages for item in page]
    return [walked, paged, ahead, await pager.collect(), await pager.collect(concurrency=count)]


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("counted", [True, False])
async def test_every_way_gives_all_items(session, serve_jobs, counted, linked):
    jobs = serve_jobs(23, cap=5, counted=counted, linked=linked)
    pager = alerts(session)
    assert isinstance(pager, Pager)

    assert [ids(found) for found in await ways(pager, 3)] == [jobs.ids] * 5
    assert ids(await pager) == jobs.ids[:5]
    assert (await pager.first())["id"] == "job-0"
    assert all(isinstance(item, RawDocument) for item in await pager.collect())


async def test_a_call_for_a_page_is_that_of_all_lists(session, server):
    server.will(listed({"id": "1"}))

    page = await alerts(session, items_per_page=7, starting_at=3, include_count=True, query={"status": "OPEN"})

    assert server.last.url.startswith(f"{BASE_URL}/api/public/v1.0{ALERTS}?")
    assert server.last.query == {"pageNum": "3", "itemsPerPage": "7", "includeCount": "true", "status": "OPEN"}
    assert (page.number, page.total_count, page.status) == (3, 1, 200)


async def test_a_list_without_a_family_starts_at_the_base_url(session, server):
    server.will_read(listed({"id": "1"}))

    assert ids(await session.pages("/api/private/things").collect()) == ["1"]
    assert server.last.url.startswith(f"{BASE_URL}/api/private/things?")


async def test_a_version_stands_in_the_call_for_each_page(session, serve_jobs, server):
    serve_jobs(6, cap=2)

    await session.pages("/orgs", family=ATLAS_CLOUD_BACKUP, version="2025-03-12", headers={"X-A": "b"}).collect()

    assert {sent.headers["Accept"] for sent in server.sent} == {"application/vnd.atlas.2025-03-12+json"}
    assert {sent.headers["X-A"] for sent in server.sent} == {"b"}
    assert server.pages == [1, 2, 3]


async def test_the_limit_bounds_all_items(session, serve_jobs, server):
    jobs = serve_jobs(23, cap=5)

    assert ids(await alerts(session, limit=7).collect()) == jobs.ids[:7]
    assert server.last.query["itemsPerPage"] == "7"


async def test_a_job_list_takes_its_filters_as_query(session, server):
    server.will(EMPTY)

    assert await alerts(session, query={"batchId": "b", "flag": True}).collect() == []
    assert (server.last.query["batchId"], server.last.query["flag"]) == ("b", "true")


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ({"pageNum": 2}, "use the argument starting_at"),
        ({"itemsPerPage": 2}, "use the argument items_per_page"),
        ({"includeCount": False}, "use the argument include_count"),
        ({"envelope": True}, "with_options"),
        ({"a": None}, "must be a string"),
        ([("a", "b")], "must be a dict"),
    ],
)
async def test_bad_parameters_are_refused_at_once(session, server, query, advice):
    with pytest.raises(ConfigError, match=advice):
        alerts(session, query=query)

    assert server.sent == []


@pytest.mark.parametrize("bad", [{"items_per_page": 501}, {"limit": 0}, {"starting_at": 0}, {"include_count": 1}])
async def test_bad_numbers_are_refused_at_once(session, bad):
    with pytest.raises(ConfigError):
        alerts(session, **bad)


async def test_an_id_that_comes_again_is_dropped(session, server):
    server.will({"results": [{"id": "1", "n": 1}, {"id": "2"}], "totalCount": 4})
    server.will({"results": [{"id": "1", "n": 2}, {"id": "3"}], "totalCount": 4})
    server.will({"results": [{"id": "4"}], "totalCount": 4})

    assert ids(await alerts(session).collect()) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ({"a": 1, "b": {"c": [1, "ü"]}}, {"b": {"c": [1, "\u00fc"]}, "a": 1}),
        ({"id": None, "a": 1}, {"a": 1, "id": None}),
        ({"id": "", "a": 1}, {"a": 1, "id": ""}),
        ({"id": 5, "a": 1}, {"id": 5, "a": 2}),
        ({"id": {"b": 1, "a": 2}}, {"id": {"a": 2, "b": 1}, "more": 3}),
        ({}, {}),
    ],
)
async def test_an_item_without_id_is_known_by_all_it_holds(session, server, before, again):
    server.will({"results": [before, {"n": 1}], "totalCount": 4})
    server.will({"results": [again, {"n": 2}], "totalCount": 4})
    server.will({"results": [{"n": 3}], "totalCount": 4})

    found = await alerts(session).collect()

    assert found == [before, {"n": 1}, {"n": 2}, {"n": 3}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": "1"}),
        ({"id": 5}, {"id": "5"}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": None}, {}),
        ({"id": '{"a":1}'}, {"a": 1}),
        ({"a": True}, {"a": 1}),
    ],
)
async def test_items_that_differ_are_two(session, server, one, other):
    server.will({"results": [one], "totalCount": 2})
    server.will({"results": [other], "totalCount": 2})

    assert await alerts(session).collect() == [one, other]


async def test_equal_items_on_one_page_are_both_given(session, server):
    server.will(listed({"a": 1}, {"a": 1}))

    assert await alerts(session).collect() == [{"a": 1}, {"a": 1}]


async def test_a_fallen_count_reads_pages_again(session, serve_jobs, server):
    jobs = serve_jobs(12, cap=3)
    jobs.before = lambda number: jobs.ids.remove("job-0") if number == 2 and "job-0" in jobs.ids else None

    assert sorted(ids(await alerts(session).collect())) == sorted(names(12))
    assert server.pages.count(1) == 2


async def test_pages_that_contradict_each_other_are_an_error(session, server):
    server.serve(lambda _: server.answer({"results": [{"a": 1}], "totalCount": 9}))

    with pytest.raises(PaginationError):
        await alerts(session).collect()


async def test_an_error_says_where_to_go_on(session, serve_jobs):
    jobs = serve_jobs(9, cap=3)

    def fail(number):
        if number == 3:
            jobs.before = None
            raise OSError

    jobs.before = fail
    seen = []
    with pytest.raises(TransportError) as caught:
        await walk_into(seen, alerts(session))
    seen += await alerts(session, starting_at=caught.value.resume_at).collect()

    assert ids(seen) == jobs.ids
    assert caught.value.resume_at == 3


async def test_old_servers_are_asked_for_small_pages(connect, server):
    session = connect(options=Options())
    server.will({"error": 400, "errorCode": "INVALID_QUERY_PARAMETER"}, status=400)
    server.will(listed({"id": "1"}))

    assert len(await alerts(session).collect()) == 1
    assert [sent.query["itemsPerPage"] for sent in server.sent] == ["500", "100"]


@pytest.mark.parametrize("items", [[], [{"id": "1"}, {"id": "2"}], [{"a": 1}, {"a": 1}]])
async def test_a_bare_array_is_a_list_of_one_page(session, server, items):
    server.will(items)

    assert await alerts(session).collect() == items
    assert len(server.sent) == 1


async def test_a_bare_array_can_be_awaited(session, server):
    server.will([{"id": "1"}])

    page = await alerts(session)

    assert (page.items, page.total_count) == (({"id": "1"},), 1)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"id": "1"}, "$"),
        ({"results": {"id": "1"}}, "$"),
        ({"results": None}, "$"),
        ({}, "$"),
        ("text", "$"),
        (7, "$"),
        (["NAME"], "$[0]"),
        ([{"id": "1"}, None], "$[1]"),
        ({"results": [{"id": "1"}, "x"]}, "$.results[1]"),
        ({"results": [[]]}, "$.results[0]"),
    ],
)
async def test_what_is_no_list_of_objects_is_an_error(session, server, document, path):
    server.will(document)

    with pytest.raises(DataError, match=r"read it with session.request\(\)") as caught:
        await alerts(session).collect()

    assert (caught.value.path, caught.value.status) == (path, 200)
    assert "/alerts" in caught.value.request.url


async def test_a_long_page_is_given_whole(session, server):
    server.will({"results": [{"id": str(number), "deep": {"a": [number]}} for number in range(500)], "totalCount": 500})

    found = await alerts(session).collect()

    assert ids(found) == [str(number) for number in range(500)]
    assert found[499]["deep"]["a"][0] == 499


async def test_hostile_nesting_harms_nothing(session, server):
    deep = '{"a":' + "[" * 400 + "]" * 400 + "}"
    server.will(body='{"results":[' + deep + ',{"b":1}],"totalCount":2}', content_type="application/json")

    assert [list(item) for item in await alerts(session).collect()] == [["a"], ["b"]]


async def test_secrets_in_raw_documents_are_redacted(session, server):
    server.will(listed({"id": "1", "agentApiKey": "k3y", "links": [{"rel": "self", "href": "https://a/b"}]}))

    (found,) = await alerts(session).collect()

    assert found["agentApiKey"] == "k3y"
    assert "k3y" not in repr(found)
    assert found["links"][0]["href"] == "https://a/b"


async def test_an_error_of_the_api_is_that_of_all_calls(session, server):
    server.will({"error": 400, "errorCode": "INVALID_ENUM_VALUE"}, status=400)

    with pytest.raises(BadRequest):
        await alerts(session).first()


async def test_making_one_does_no_io(session, server):
    pager = alerts(session, headers={"X-A": "b"}, query={"a": 1})

    assert server.sent == []
    assert ALERTS in repr(pager)
