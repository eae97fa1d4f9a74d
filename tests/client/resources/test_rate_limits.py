"""The rate limits as the server has them, or as the vendor documents them."""

from __future__ import annotations

import asyncio

import pytest

from builders.constants import PROJECT
from builders.lists import EMPTY, listed
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ApiError,
    ConfigError,
    EndpointSet,
    Forbidden,
    LimitScope,
    NotFound,
    Options,
    RateLimit,
    ServerError,
)

BACKUPS = {
    "endpointSetId": "cloudBackups",
    "endpointSetName": "Cloud Backups",
    "scope": "GROUP",
    "capacity": {"value": 4, "defaultValue": 1200},
    "refillRate": {"value": 2, "defaultValue": None},
    "refillDurationSeconds": {"value": 10},
    "endpoints": [
        {"method": "POST", "path": "/api/atlas/v2/groups/{groupId}/clusters/{clusterName}/backup/restoreJobs"},
        {"method": "GET", "path": "/api/atlas/v2/groups/{groupId}/clusters/{clusterName}/backup/restoreJobs"},
    ],
}
NEW = {
    "endpointSetId": "new",
    "scope": "GALAXY",
    "capacity": {"value": 0},
    "refillRate": {"value": 1},
    "refillDurationSeconds": {"value": 1},
    "more": 1,
}


async def test_the_server_tells_its_limits(session, server):
    server.will(listed(BACKUPS, NEW))

    backups, new = [found async for found in session.rate_limits()]

    assert server.last.headers["Accept"] == "application/vnd.atlas.2025-03-12+json"
    assert "/api/atlas/v2/rateLimits?" in server.last.url
    assert server.last.query.keys() == {"pageNum", "itemsPerPage"}
    assert isinstance(backups, EndpointSet)
    assert not backups.documented
    assert (backups.endpoint_set_id, backups.endpoint_set_name) == ("cloudBackups", "Cloud Backups")
    assert backups.scope is LimitScope.GROUP
    assert (backups.capacity.value, backups.capacity.default_value) == (4, 1200)
    assert (backups.refill_rate.value, backups.refill_rate.default_value) == (2, None)
    assert backups.refill_duration_seconds.default_value is None
    assert backups.rate_limit == RateLimit(4, 2, 10, name="Cloud Backups")
    assert backups.covers("GET", ATLAS_CLOUD_BACKUP.jobs_path)
    assert not backups.covers("GET", ATLAS_CLOUD_BACKUP.clusters_path)
    assert not backups.covers("DELETE", ATLAS_CLOUD_BACKUP.jobs_path)
    assert (new.scope, new.endpoints, new.rate_limit, new.raw["more"]) == ("GALAXY", (), None, 1)


async def test_a_project_and_a_name_are_asked_for(session, server):
    server.will(EMPTY)

    assert [found async for found in session.rate_limits(PROJECT, name="Cloud Backups")] == []
    assert (server.last.query["groupId"], server.last.query["name"]) == (PROJECT, "Cloud Backups")


@pytest.mark.parametrize("arguments", [{"project": "a/b"}, {"project": ""}, {"name": ""}, {"name": 7}, {"project": 7}])
async def test_arguments_that_cannot_be_sent_are_refused(session, server, arguments):
    with pytest.raises(ConfigError):
        session.rate_limits(**arguments)

    assert server.sent == []


REFUSALS = {
    "no right": (403, "ORG_ROLE_MISSING"),
    "no right, as 401": (401, "USER_UNAUTHORIZED"),
    "no such path": (404, "RESOURCE_NOT_FOUND"),
    "no such path, no code": (404, None),
    "no such method": (405, "METHOD_NOT_ALLOWED"),
    "no such version": (406, "INVALID_VERSION_DATE"),
    "no such version, as 400": (400, "INVALID_VERSION_DATE"),
    "switched off": (410, "VERSION_GONE"),
}


@pytest.mark.parametrize(("status", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_what_is_not_told_is_as_documented(session, server, status, code):
    server.will({"error": status, "errorCode": code, "detail": "no"}, status=status)

    found = [each async for each in session.rate_limits()]

    assert all(each.documented for each in found)
    assert {each.endpoint_set_name for each in found} >= {"clusters", "projects", "cloud backups", "rate limits"}
    sizes = {each.endpoint_set_name: (each.capacity.value, each.refill_rate.value, each.scope) for each in found}
    assert sizes["cloud backups"] == (1200, 500, "GROUP")
    assert sizes["projects"] == (1200, 500, "USER")
    assert {each.refill_duration_seconds.value for each in found} == {60}
    assert len(sizes) == len(found)


async def test_a_documented_limit_is_found_by_name(session, server):
    server.will({"error": 403, "errorCode": "X"}, status=403)

    (found,) = [each async for each in session.rate_limits(name="clusters")]

    assert (found.capacity.value, found.endpoint_set_id) == (10_000, None)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", Forbidden),
        (404, "GROUP_NOT_FOUND", NotFound),
        (404, "INVALID_GROUP_ID", NotFound),
        (410, "PERSONAL_API_KEYS_DEPRECATED", NotFound),
        (500, "UNEXPECTED_ERROR", ServerError),
        (409, "X", ApiError),
    ],
)
async def test_other_errors_are_raised(session, server, status, code, kind):
    server.will({"error": status, "errorCode": code}, status=status)

    with pytest.raises(kind):
        await anext(session.rate_limits(PROJECT))


async def test_a_page_of_a_gateway_says_nothing_about_limits(session, server):
    server.will(body="<html>", status=403)

    with pytest.raises(Forbidden):
        await anext(session.rate_limits())


async def test_a_cancelled_anext_loses_nothing(session, server):
    limits = session.rate_limits()
    waits = asyncio.Event()

    async def answer(_):
        await waits.wait()
        return server.answer(listed(BACKUPS))

    server.serve(answer)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await anext(limits)
    waits.set()

    assert [found.endpoint_set_id async for found in limits] == ["cloudBackups"]
    with pytest.raises(StopAsyncIteration):
        await anext(limits)
    assert aiter(limits) is limits


def now():
    return asyncio.get_running_loop().time()


@pytest.fixture
def play(server):
    """Serve lists, and limits that a test may set; gives when calls for jobs came."""
    times = []

    def serve(*limits):
        def answer(sent):
            if "/rateLimits?" in sent.url:
                return server.answer(listed(*limits))
            times.append(now())
            return server.answer(EMPTY)

        server.serve(answer)
        return times

    return serve


async def call_six(session, project=PROJECT):
    cluster = session.project(project, ATLAS_CLOUD_BACKUP).cluster("c")
    await asyncio.gather(*(cluster.restore_jobs().page() for _ in range(6)))


@pytest.mark.parametrize("rule", ["adaptive", "documented"])
async def test_a_session_keeps_to_what_it_was_told_to(connect, play, rule):
    session, times = connect(options=Options(rate_limits=rule)), play(BACKUPS)
    await call_six(session)
    assert set(times) == {now()}  # nothing is told yet, and 1200 are documented
    times.clear()

    found = await session.use_rate_limits()
    began = now()
    await call_six(session.with_options(timeout=30))

    assert [each.endpoint_set_id for each in found] == ["cloudBackups"]
    assert [round(time - began) for time in times] == [0, 0, 0, 0, 5, 10]


async def test_limits_of_one_project_hold_for_its_calls_only(connect, play):
    session, times = connect(), play(BACKUPS)

    await session.use_rate_limits(PROJECT)
    await call_six(session, "other")
    assert len(set(times)) == 1
    times.clear()
    await call_six(session)

    assert len(set(times)) == 3


async def test_what_is_only_documented_changes_nothing(connect, server):
    session = connect()
    server.will({"error": 403, "errorCode": "X"}, status=403)

    found = await session.use_rate_limits()

    assert found
    assert all(each.documented for each in found)
    assert session._view.transport.limits.told == {}


@pytest.mark.parametrize("rule", [None, RateLimit(1, 1, 1), {ATLAS_CLOUD_BACKUP: None}], ids=["none", "one", "dict"])
async def test_limits_that_were_chosen_are_not_replaced(connect, server, rule):
    with pytest.raises(ConfigError, match=r"Options\.rate_limits chose"):
        await connect(options=Options(rate_limits=rule)).use_rate_limits()

    assert server.sent == []
