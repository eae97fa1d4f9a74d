"""Versions of Atlas v2: the media types asked for and answered, deprecation, sunset, what is refused."""

from datetime import datetime

import pytest

from mongorestore_async.emulator import EmulatorSettings
from mongorestore_async.errors import ConfigError

V2 = "application/vnd.atlas.{}+json"
DEPRECATED = "Mon, 5 Aug 2024 00:00:00 GMT"


@pytest.mark.parametrize(
    ("family", "asked", "served"),
    [
        ("cloud", "2023-01-01", "2023-01-01"),
        ("cloud", "2023-11-15", "2023-01-01"),
        ("cloud", "2099-12-31", "2023-01-01"),
        ("flex", "2024-11-13", "2024-11-13"),
        ("flex", "2025-03-12", "2024-11-13"),
    ],
)
async def test_the_newest_version_not_later_than_the_date_is_served(call_atlas, family, asked, served):
    async with call_atlas(family) as atlas:
        response = await atlas.send("GET", atlas.jobs, Accept=V2.format(asked))

    assert response.status == 200
    assert response.headers["Content-Type"] == V2.format(served) + ";charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/json",
        V2.format("2022-12-31"),
        V2.format("2023-02-30"),
        V2.format("preview"),
        V2.format("2023-01-01") + "x",
        "application/vnd.atlas+json",
    ],
)
@pytest.mark.parametrize("status", [406, 400])
async def test_no_version_is_refused(call_atlas, accept, status):
    async with call_atlas("cloud", missing_version_status=status) as atlas:
        assert await atlas.refused("GET", atlas.jobs, Accept=accept) == (status, "INVALID_VERSION_DATE")


def test_a_missing_version_has_one_of_two_statuses():
    with pytest.raises(ConfigError, match="400 or 406"):
        EmulatorSettings(missing_version_status=404)


async def test_a_resource_is_not_served_in_a_version_before_its_first(call_atlas):
    async with call_atlas("flex") as atlas:
        refusal = await atlas.refused("GET", atlas.jobs, Accept=V2.format("2024-10-23"))

    assert refusal == (406, "INVALID_VERSION_DATE")


@pytest.mark.parametrize(
    "accept", ["text/html, {};q=0.9", "APPLICATION/VND.ATLAS.2023-01-01+JSON", "application/json,{};charset=utf-8"]
)
async def test_the_version_is_found_among_other_things_in_accept(call_atlas, accept):
    async with call_atlas("cloud") as atlas:
        response = await atlas.send("GET", atlas.jobs, Accept=accept.format(V2.format("2023-01-01")))

    assert response.status == 200


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
@pytest.mark.parametrize("family", ["cloud", "collections", "legacy", "tenant", "serverless", "flex"])
async def test_a_body_may_be_plain_json(call_atlas, family, content_type):
    """The vendor's curl examples name the version in ``Accept`` alone."""
    async with call_atlas(family) as atlas:
        refusal = await atlas.refused("POST", body={}, **{"Content-Type": content_type})

    assert refusal[0] == 400  # for what the body lacks


@pytest.mark.parametrize("status", [415, 400])
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/jsonp", V2.format("2022-01-01")])
@pytest.mark.parametrize("family", ["cloud", "collections", "legacy", "tenant", "serverless", "flex"])
async def test_a_body_of_another_type_is_refused(call_atlas, family, content_type, status):
    async with call_atlas(family, wrong_content_type_status=status) as atlas:
        refusal = await atlas.refused("POST", body={}, **{"Content-Type": content_type})

    assert refusal == (status, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("family", ["cloud-v1", "legacy-v1", "tenant-v1", "serverless-v1"])
async def test_v1_knows_no_versions(call_atlas, family):
    async with call_atlas(family) as atlas:
        response = await atlas.send("GET", atlas.jobs, Accept=None)
        refusal = await atlas.refused("POST", body={}, **{"Content-Type": V2.format("2023-01-01")})

    assert response.headers["Content-Type"] == "application/json"
    assert not {"Deprecation", "Sunset", "X-Error-Code"} & set(response.headers)
    assert refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("family", "deprecated", "sunset"),
    [
        ("cloud", False, None),
        ("flex", False, None),
        ("legacy", True, None),
        ("tenant", True, "Thu, 15 Jan 2026 00:00:00 GMT"),
        ("serverless", True, "Thu, 22 Jan 2026 00:00:00 GMT"),
    ],
)
async def test_deprecated_resources_say_so_on_answers_of_every_kind(call_atlas, family, deprecated, sunset):
    async with call_atlas(family) as atlas:
        good = await atlas.send("GET", atlas.jobs)
        bad = await atlas.send("GET", f"{atlas.jobs}/{'0' * 24}")

    assert (good.status, bad.status) == (200, 404)
    for response in (good, bad):
        assert ("Deprecation" in response.headers) is deprecated
        assert response.headers.get("Sunset") == sunset


async def test_days_of_one_digit_are_written_with_one(call_atlas):
    async with call_atlas("cloud") as atlas:
        old, new = [
            await atlas.send("GET", f"{atlas.project}/clusters", Accept=V2.format(day))
            for day in ("2023-02-01", "2024-08-05")
        ]

    assert old.headers["Deprecation"] == DEPRECATED
    assert "Deprecation" not in new.headers


@pytest.mark.parametrize(
    ("family", "gone"), [("cloud", False), ("flex", False), ("legacy", False), ("tenant", True), ("serverless", True)]
)
async def test_a_strict_server_drops_resources_after_their_sunset(call_atlas, family, gone):
    async with call_atlas(family, sunset_enforced=True) as atlas:
        response = await atlas.send("GET", atlas.jobs)
        post = await atlas.post({})
    expected = (410, "VERSION_GONE") if gone else (200, None)

    assert (response.status, response.document.get("errorCode")) == expected
    assert (post.status == 410) is gone
    assert ("Sunset" in response.headers) is gone


@pytest.mark.parametrize(("start", "status"), [("2026-01-14T23:59:59+00:00", 200), ("2026-01-15T00:00:00+00:00", 410)])
async def test_the_sunset_is_a_moment_on_the_clock(call_atlas, start, status):
    async with call_atlas("tenant", sunset_enforced=True, start=datetime.fromisoformat(start)) as atlas:
        assert (await atlas.send("GET", atlas.jobs)).status == status


async def test_the_login_comes_before_the_version(call_atlas):
    async with call_atlas("cloud", auth_enabled=True) as atlas:
        response = await atlas.send("GET", atlas.jobs, Accept=None)

    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Digest ")


async def test_envelopes_are_versioned_like_their_contents(call_atlas):
    async with call_atlas("cloud") as atlas:
        good = await atlas.send("GET", atlas.jobs + "?envelope=true&itemsPerPage=1")
        bad = await atlas.send("GET", f"{atlas.jobs}/x?envelope=true")

    assert (good.document["status"], bad.document["status"]) == (200, 404)
    assert good.headers["Content-Type"].startswith("application/vnd.atlas.2023-01-01+json")
    assert bad.headers["X-Error-Code"] == bad.document["content"]["errorCode"] == "INVALID_JOB_ID"


@pytest.mark.parametrize("family", ["cloud", "cloud-v1"])
async def test_unknown_paths_and_verbs_are_errors_of_the_api(call_atlas, family):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("GET", atlas.place + "/elsewhere") == (404, "RESOURCE_NOT_FOUND")
        assert await atlas.refused("PUT", atlas.jobs) == (405, "METHOD_NOT_ALLOWED")


async def test_flex_is_no_part_of_v1(call_atlas):
    async with call_atlas("cloud-v1") as atlas:
        assert await atlas.refused("GET", f"{atlas.project}/flexClusters") == (404, "RESOURCE_NOT_FOUND")
