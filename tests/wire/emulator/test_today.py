"""Atlas v2 as it is on a day: what has reached its sunset, the rate limits of its endpoint sets and their headers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mongorestore_async import RateLimit
from mongorestore_async.emulator import EmulatorSettings, RateLimiting
from mongorestore_async.errors import ConfigError

V2 = "application/vnd.atlas.{}+json"
MANAGER = "/api/public/v1.0"


# ---- the sunset

#: Family whose world is called, version asked for, path below the project, and the day from which on it is gone.
SUNSETS = {
    "clusters 2023-01-01": ("cloud", "2023-01-01", "clusters", "2027-07-01"),
    "clusters 2023-02-01": ("cloud", "2023-02-01", "clusters", "2027-07-01"),
    "one cluster 2023-01-01": ("cloud", "2023-01-01", "clusters/{}", "2027-07-01"),
    "M2/M5 restores": ("tenant", "2023-01-01", "clusters/{}/backup/tenant/restores", "2026-01-15"),
    "M2/M5 snapshots": ("tenant", "2023-01-01", "clusters/{}/backup/tenant/snapshots", "2026-01-15"),
    "serverless restores": ("serverless", "2023-01-01", "serverless/{}/backup/restoreJobs", "2026-01-22"),
    "serverless snapshots": ("serverless", "2023-01-01", "serverless/{}/backup/snapshots", "2026-01-22"),
    "serverless instances": ("serverless", "2023-01-01", "serverless", "2027-01-18"),
    "one serverless instance": ("serverless", "2023-01-01", "serverless/{}", "2027-01-18"),
}


@pytest.mark.parametrize(("family", "asked", "path", "end"), SUNSETS.values(), ids=SUNSETS)
async def test_a_version_is_gone_from_the_day_of_its_sunset_on(call_atlas, family, asked, path, end):
    last = date.fromordinal(date.fromisoformat(end).toordinal() - 1)
    seen = []
    for today in (None, last, end, "2030-01-01"):
        async with call_atlas(family, today=today) as atlas:
            target = f"{atlas.project}/{path.format(atlas.cluster.name)}"
            response = await atlas.send("GET", target, Accept=V2.format(asked))
            seen.append((response.status, response.document.get("errorCode")))
            ends = datetime.fromisoformat(end).strftime("%a, %d %b %Y 00:00:00 GMT").replace(", 0", ", ")
            assert response.headers["Sunset"] == ends
            assert "Deprecation" in response.headers

    assert seen == [(200, None), (200, None), (410, "VERSION_GONE"), (410, "VERSION_GONE")]


@pytest.mark.parametrize(
    ("family", "asked", "path"),
    [
        ("cloud", "2024-08-05", "clusters"),
        ("cloud", "2023-01-01", "clusters/{}/backup/restoreJobs"),
        ("flex", "2024-11-13", "flexClusters/{}/backup/restoreJobs"),
        ("legacy", "2023-01-01", "clusters/{}/restoreJobs"),
        ("tenant-v1", None, "clusters/{}/backup/tenant/restores"),
        ("serverless-v1", None, "serverless/{}/backup/restoreJobs"),
    ],
)
async def test_what_has_no_sunset_is_served_on_any_day(call_atlas, family, asked, path):
    async with call_atlas(family, today="2040-01-01") as atlas:
        accept = None if asked is None else V2.format(asked)
        response = await atlas.send("GET", f"{atlas.project}/{path.format(atlas.cluster.name)}", Accept=accept)

    assert (response.status, response.headers.get("Sunset")) == (200, None)


async def test_a_create_of_a_version_that_is_gone_is_refused_too(call_atlas):
    async with call_atlas("tenant", today="2026-01-15") as atlas:
        body = {"snapshotId": atlas.snapshot, "targetDeploymentItemName": atlas.cluster.name}
        assert await atlas.refused("POST", body=body) == (410, "VERSION_GONE")


async def test_the_day_goes_on_with_the_clock(call_atlas):
    async with call_atlas("tenant", today="2026-01-13") as atlas:
        seen = []
        for seconds in (0, 2 * 86_400 - 1, 1):
            atlas.emulator.clock.advance(seconds)
            seen.append((atlas.emulator.today, (await atlas.send("GET", atlas.jobs)).status))

    assert seen == [(date(2026, 1, 13), 200), (date(2026, 1, 14), 200), (date(2026, 1, 15), 410)]


@pytest.mark.parametrize(
    ("given", "day"),
    [
        (None, None),
        ("2026-11-29", date(2026, 11, 29)),
        (date(2026, 11, 29), date(2026, 11, 29)),
        (datetime(2026, 11, 29, 23, 59, tzinfo=UTC), date(2026, 11, 29)),
    ],
)
def test_a_day_is_given_as_a_date_or_as_text(given, day):
    assert EmulatorSettings(today=given).today == day


@pytest.mark.parametrize("given", ["tomorrow", "2026-02-30", "", "29.11.2026"])
def test_what_is_no_day_is_refused(given):
    with pytest.raises(ConfigError, match=r"EmulatorSettings\.today is .*give a date such as"):
        EmulatorSettings(today=given)


# ---- rate limits


#: Family, path below the API, the version, and the size of the bucket.
BUCKETS = {
    "projects": ("cloud", "/groups", "2023-01-01", 1200),
    "one project": ("cloud", "/groups/{group}", "2023-01-01", 1200),
    "all clusters": ("cloud", "/clusters", "2023-01-01", 300),
    "projects of an organization": ("cloud", "/orgs/{org}/groups", "2023-01-01", 300),
    "clusters": ("cloud", "/groups/{group}/clusters", "2024-08-05", 10_000),
    "old clusters": ("cloud", "/groups/{group}/clusters/{cluster}", "2023-01-01", 10_000),
    "cloud backups": ("cloud", "/groups/{group}/clusters/{cluster}/backup/restoreJobs", "2023-01-01", 1200),
    "snapshots": ("cloud", "/groups/{group}/clusters/{cluster}/backup/snapshots", "2023-01-01", 1200),
    "legacy restores": ("legacy", "/groups/{group}/clusters/{cluster}/restoreJobs", "2023-01-01", 1200),
    "legacy snapshots": ("legacy", "/groups/{group}/clusters/{cluster}/snapshots", "2023-01-01", 1200),
    "flex clusters": ("flex", "/groups/{group}/flexClusters", "2024-11-13", 1200),
    "flex restores": ("flex", "/groups/{group}/flexClusters/{cluster}/backup/restoreJobs", "2024-11-13", 1200),
    "flex snapshots": ("flex", "/groups/{group}/flexClusters/{cluster}/backup/snapshots", "2024-11-13", 1200),
}


def target_of(atlas, path):
    cluster = atlas.cluster
    return atlas.api + path.format(group=cluster.project_id, org=cluster.project.org_id, cluster=cluster.name)


def limits(response):
    return tuple(int(response.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining"))


@pytest.mark.parametrize(("family", "path", "version", "size"), BUCKETS.values(), ids=BUCKETS)
async def test_answers_of_v2_tell_the_documented_bucket(call_atlas, family, path, version, size):
    async with call_atlas(family, today="2025-12-01", base_path="/atlas") as atlas:
        responses = [await atlas.send("GET", target_of(atlas, path), Accept=V2.format(version)) for _ in range(2)]

    assert [limits(response) for response in responses] == [(size, size - 1), (size, size - 2)]


async def test_endpoint_sets_and_projects_have_buckets_of_their_own(call_atlas):
    async with call_atlas("flex", today="2026-11-29", projects=2) as atlas:
        project = atlas.project.rpartition("/")[0]
        other = f"{project}/{next(iter(list(atlas.emulator.world.projects('atlas'))[1:])).id}"
        seen = [
            limits(await atlas.send("GET", target))[1]
            for target in (
                atlas.jobs,
                atlas.jobs,
                f"{atlas.place}/backup/snapshots",
                atlas.place,
                f"{other}/flexClusters",
                atlas.project,
                other,
                atlas.jobs,
            )
        ]

    assert seen == [1199, 1198, 1199, 1199, 1199, 1199, 1198, 1197]


async def test_errors_and_answers_without_a_body_have_the_headers_too(call_atlas):
    async with call_atlas("cloud", today="2026-11-29") as atlas:
        made = await atlas.made({"deliveryType": "download", "snapshotId": atlas.snapshot})
        for method, target, status in (
            ("GET", f"{atlas.jobs}/{'0' * 24}", 404),
            ("GET", f"{atlas.project}/clusters/nowhere", 404),
            ("PUT", atlas.jobs, 405),
            ("DELETE", f"{atlas.jobs}/{made['id']}", 204),
        ):
            response = await atlas.send(method, target, Accept=V2.format("2024-08-05"))
            assert response.status == status
            assert limits(response)[0] in {1200, 10_000}
        refused = await atlas.send("GET", atlas.jobs, Accept="application/json")
        assert (refused.status, limits(refused)[0]) == (406, 1200)


async def test_where_the_real_servers_send_no_rate_limit_none_is_sent(call_atlas):
    seen = {}
    async with call_atlas("cloud", today="2026-11-29") as atlas:
        place = f"/groups/{atlas.cluster.project_id}/clusters"
        for name, target in {
            "v1.0": f"/api/atlas/v1.0{place}",
            "manager": f"{MANAGER}/groups",
            "unknown project": f"{atlas.api}/groups/{'0' * 24}/clusters",
            "unknown project itself": f"{atlas.api}/groups/{'0' * 24}",
        }.items():
            response = await atlas.send("GET", target, Accept=V2.format("2024-08-05"))
            seen[name] = response.headers
    async with call_atlas("cloud", today="2026-11-29", auth_enabled=True) as atlas:
        seen["401"] = (await atlas.send("GET", atlas.jobs)).headers
    async with call_atlas("cloud") as atlas:
        seen["no day"] = (await atlas.send("GET", atlas.jobs)).headers

    assert {name for name, headers in seen.items() if any("RateLimit" in header for header in headers)} == set()
    versioned = {name for name, headers in seen.items() if "X-MongoDB-Service-Version" in headers}
    assert versioned == {"manager", "no day"}


async def test_a_documented_bucket_runs_empty_and_refills(call_atlas):
    async with call_atlas("cloud", today="2026-11-29", projects=1) as atlas:
        everything = f"{atlas.api}/clusters"
        for _ in range(300):
            response = await atlas.send("GET", everything)
        assert (response.status, limits(response)) == (200, (300, 0))
        refused = await atlas.send("GET", everything)
        other = await atlas.send("GET", f"{atlas.api}/groups")
        atlas.emulator.clock.advance(1)
        again = await atlas.send("GET", everything)

    assert (refused.status, refused.document["errorCode"]) == (429, "RATE_LIMITED_TOKEN_BUCKET")
    assert refused.document["parameters"] == ["api/atlas/v2/clusters", 1, 300, 100, 60]
    assert (refused.headers["Retry-After"], limits(refused)) == ("1", (300, 0))
    assert (other.status, again.status) == (200, 200)


async def test_a_limit_that_was_set_holds_instead_of_the_documented(call_atlas):
    limiting = RateLimiting(limit=RateLimit(2, 2, 60), headers=True)
    async with call_atlas("cloud", today="2026-11-29", rate_limiting=limiting) as atlas:
        responses = [await atlas.send("GET", atlas.jobs) for _ in range(3)]
        projects = await atlas.send("GET", f"{atlas.api}/groups")

    assert [(response.status, *limits(response)) for response in responses] == [(200, 2, 1), (200, 2, 0), (429, 2, 0)]
    assert (projects.status, "RateLimit-Limit" in projects.headers) == (200, False)
