"""``GET /rateLimits`` of the emulator: endpoint sets, filters, versions, and that what it tells is what holds."""

from __future__ import annotations

import pytest

from mongorestore_async import ATLAS_CLOUD_BACKUP, ConfigError, Options, RateLimit, RateLimited
from mongorestore_async.emulator import EmulatorSettings, RateCode, RateLimiting

NEW = "application/vnd.atlas.2025-03-12+json"
SETS = "/api/atlas/v2/rateLimits"


async def sets_of(atlas, query=""):
    response = await atlas.send("GET", SETS + query, Accept=NEW)
    assert response.status == 200
    return {found["endpointSetId"]: found for found in response.document["results"]}


async def test_the_documented_sets_are_listed(call_atlas):
    async with call_atlas("cloud") as atlas:
        found = await sets_of(atlas)
        one = await atlas.send("GET", f"{SETS}/cloudBackups", Accept=NEW)

    assert {"clusters", "cloudBackups", "projects", "rateLimits"} <= found.keys()
    backups = found["cloudBackups"]
    assert (backups["scope"], backups["endpointSetName"]) == ("GROUP", "Cloud Backups")
    assert (backups["capacity"], backups["refillRate"]) == ({"value": 1200}, {"value": 500})
    assert backups["refillDurationSeconds"] == {"value": 60}
    path = "/api/atlas/v2/groups/{groupId}/clusters/{clusterName}/backup/restoreJobs"
    assert {"method": "GET", "path": path} in backups["endpoints"]
    assert found["projects"]["scope"] == "USER"
    assert one.document == backups
    assert one.headers["Content-Type"].startswith(NEW)


async def test_filters_choose_among_them(call_atlas):
    async with call_atlas("cloud") as atlas:
        project = atlas.project.rpartition("/")[2]
        assert (await sets_of(atlas, "?name=Cloud%20Backups")).keys() == {"cloudBackups"}
        assert (await sets_of(atlas, "?endpointPath=/api/atlas/v2/groups")).keys() == {"projects"}
        assert (await sets_of(atlas, f"?groupId={project}")).keys() == (await sets_of(atlas)).keys()
        refused = await atlas.refused("GET", f"{SETS}?groupId={'0' * 24}", Accept=NEW)
        missing = await atlas.refused("GET", f"{SETS}/none", Accept=NEW)

    assert refused == (404, "GROUP_NOT_FOUND")
    assert missing == (404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("accept", ["application/json", "application/vnd.atlas.2025-02-19+json"])
async def test_older_versions_have_no_such_list(call_atlas, accept):
    async with call_atlas("cloud") as atlas:
        assert await atlas.refused("GET", SETS, Accept=accept) == (406, "INVALID_VERSION_DATE")


async def test_limits_of_the_settings_are_told_and_hold(emulate, connect):
    limits = {"projects": RateLimit(2, 1, 3600, "caller"), "clusters": RateLimit(7, 3, 60)}
    options = Options(timeout=5, rate_limits=None)
    async with emulate(endpoint_limits=limits) as emulator, connect(emulator, options=options) as session:
        told = {found.endpoint_set_id: found async for found in session.rate_limits()}
        for _ in range(2):
            page = await session.projects(ATLAS_CLOUD_BACKUP)
        with pytest.raises(RateLimited):
            await session.projects(ATLAS_CLOUD_BACKUP)

    projects = told["projects"]
    assert (projects.capacity.value, projects.capacity.default_value) == (2, 1200)
    assert projects.rate_limit == RateLimit(2, 1, 3600, "caller", name="Projects")
    assert told["clusters"].scope == "GROUP"
    assert told["cloudBackups"].capacity.default_value is None
    assert page.headers["RateLimit-Limit"] == "2"


async def test_the_one_limit_of_the_settings_is_told_of_all_sets(emulate, connect):
    limiting = RateLimiting(limit=RateLimit(9, 8, 7), code=RateCode.RATE_LIMITED_TOKEN_BUCKET)
    async with emulate(rate_limiting=limiting) as emulator, connect(emulator) as session:
        told = [found async for found in session.rate_limits()]

    assert {(found.capacity.value, found.refill_rate.value) for found in told} == {(9, 8)}


@pytest.mark.parametrize("limits", [{"projects": 5}, {7: RateLimit(1, 1, 1)}])
def test_limits_must_be_limits(limits):
    with pytest.raises(ConfigError, match="endpoint_limits must map"):
        EmulatorSettings(endpoint_limits=limits)


async def test_a_session_keeps_to_what_the_emulator_tells(emulate, connect):
    limits = {"projects": RateLimit(3, 20, 1, "caller")}
    async with emulate(endpoint_limits=limits) as emulator, connect(emulator) as session:
        await session.use_rate_limits()
        for _ in range(8):
            await session.projects(ATLAS_CLOUD_BACKUP)

        assert emulator.counts.rate_limited == 0
