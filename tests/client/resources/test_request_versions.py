"""Calls without a verb that name a version of Atlas v2, or add headers."""

from __future__ import annotations

import logging

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY_V1,
    CLOUD_MANAGER,
    OPS_MANAGER,
    ApiError,
    BadRequest,
    ConfigError,
    DigestAuth,
    NotFound,
    Unsupported,
)

SECRET = "k3yOfNobody"
V2 = "application/vnd.atlas.{}+json"


async def call(session, verb, *arguments, **named):
    """Make the call by one of the two verbs."""
    if verb == "pages":
        return await session.pages(*arguments, **named)
    return await session.request("GET", *arguments, **named)


each_verb = pytest.mark.parametrize("verb", ["request", "pages"])


@each_verb
@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_FLEX], ids=str)
@pytest.mark.parametrize("version", ["2025-03-12", "preview"])
async def test_a_version_chooses_the_media_type(session, server, verb, family, version):
    server.will({"results": []})

    await call(session, verb, "/rateLimits", family=family, version=version)

    assert server.last.headers["Accept"] == V2.format(version)
    assert "Content-Type" not in server.last.headers
    assert "/api/atlas/v2/rateLimits" in server.last.url


async def test_a_body_has_the_version_too(session, server):
    server.will({})

    await session.request("POST", "/orgs", family=ATLAS_CLOUD_BACKUP, version="2025-03-12", json={})

    assert server.last.headers["Content-Type"] == server.last.headers["Accept"] == V2.format("2025-03-12")


async def test_a_version_concerns_one_call_only(session, server):
    server.will_read({"results": []})
    await session.request("GET", "/orgs", family=ATLAS_CLOUD_BACKUP, version="2025-03-12", headers={"X-A": "1"})
    await session.request("GET", "/orgs", family=ATLAS_CLOUD_BACKUP)

    assert [sent.headers["Accept"] for sent in server.sent] == [V2.format("2025-03-12"), V2.format("2023-01-01")]
    assert ["X-A" in sent.headers for sent in server.sent] == [True, False]


@each_verb
async def test_a_path_of_v2_with_a_version_needs_no_family(session, server, verb):
    server.will({"results": []})

    await call(session, verb, "/api/atlas/v2/orgs", version="2025-03-12")

    assert server.last.headers["Accept"] == V2.format("2025-03-12")


@each_verb
@pytest.mark.parametrize("family", [OPS_MANAGER, CLOUD_MANAGER, ATLAS_LEGACY_V1], ids=str)
@pytest.mark.usefixtures("told_about_families")
async def test_no_other_family_takes_a_version(session, server, verb, family):
    with pytest.raises(Unsupported, match="has no versions"):
        await call(session, verb, "/groups", family=family, version="2025-03-12")

    assert server.sent == []


@each_verb
@pytest.mark.parametrize("version", ["2025-02-30", "upcoming", "", 20250312])
async def test_a_wrong_version_is_refused_before_any_io(session, server, verb, version):
    with pytest.raises(ConfigError, match="version must be a date"):
        await call(session, verb, "/orgs", family=ATLAS_CLOUD_BACKUP, version=version)

    assert server.sent == []


@each_verb
async def test_headers_travel_with_every_page_and_try(connect, server, verb):
    session = connect(DigestAuth("public", "private"))
    challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'}
    server.will({}, status=401, headers=challenge)
    server.will({"results": [{"id": "1"}], "totalCount": 2})
    server.will({"results": [{"id": "2"}], "totalCount": 2})

    await call(session, verb, "/orgs", headers={"X-Api-Key": SECRET})
    if verb == "pages":
        await session.pages("/orgs", headers={"x-api-key": SECRET}, starting_at=2)

    assert [sent.headers["X-Api-Key"] for sent in server.sent] == [SECRET] * len(server.sent)
    assert all(sent.headers.getall("Accept") == ["application/json"] for sent in server.sent)
    assert "Digest " in server.last.headers["Authorization"]


@each_verb
@pytest.mark.parametrize(
    "name", ["authorization", "COOKIE", "Host", "content-length", "Accept", "content-type", "Range"]
)
async def test_headers_of_the_session_are_refused_before_any_io(session, server, verb, name):
    with pytest.raises(ConfigError, match=f"headers contains {name}: ") as caught:
        await call(session, verb, "/orgs", headers={name: SECRET})

    assert server.sent == []
    assert SECRET not in str(caught.value)


@each_verb
async def test_values_of_headers_are_shown_nowhere(connect, server, verb, caplog):
    records = []
    session = connect(options=None)
    session = session.with_options(on_exchange=records.append)
    server.will({"errorCode": "X", "error": 404}, status=404)

    with caplog.at_level(logging.DEBUG), pytest.raises(NotFound) as caught:
        await call(session, verb, "/orgs", headers={"X-Api-Key": SECRET})

    assert server.last.headers["X-Api-Key"] == SECRET
    pager = session.pages("/orgs", headers={"X-Api-Key": SECRET})
    for shown in (
        str(caught.value),
        repr(caught.value),
        repr(caught.value.request),
        repr(records),
        caplog.text,
        repr(pager),
    ):
        assert SECRET not in shown


@pytest.mark.parametrize(("status", "code", "kind"), [(406, None, ApiError), (400, "INVALID_VERSION_DATE", BadRequest)])
@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (
            {"path": "/api/atlas/v2/orgs"},
            r"none of its versions was asked for; pass a family, .*family=ATLAS_CLOUD_BACKUP",
        ),
        ({"path": "/orgs", "family": ATLAS_CLOUD_BACKUP}, r"atlas-cloud-backup asks for.*version='2025-03-12'"),
        (
            {"path": "/orgs", "family": ATLAS_FLEX, "version": "2023-01-01"},
            r"no version 2023-01-01 .*pass a version that",
        ),
        ({"path": "/api/atlas/v2/orgs", "version": "2023-01-01"}, r"no version 2023-01-01 of .*pass a version that"),
        ({"path": "/groups", "family": OPS_MANAGER}, r"this API has no versions.*check that base_url"),
    ],
)
@each_verb
async def test_a_refused_version_advises_what_was_not_done(
    session, server, verb, status, code, kind, arguments, advice
):
    server.will({"error": status, "errorCode": code, "detail": "no"}, status=status)

    with pytest.raises(kind, match=f"HTTP {status}.* -> .*{advice}") as caught:
        await call(session, verb, **arguments)

    assert ("pass a family" in str(caught.value)) == (arguments.keys() == {"path"})
    assert caught.value.request.version == arguments.get("version")


async def test_an_old_version_named_is_told_to_be_old(session, server):
    server.will({"error": 410, "errorCode": "VERSION_GONE"}, status=410)

    with pytest.raises(NotFound, match=r"version 2023-01-01 of .* switched off; pass a newer version"):
        await session.request("GET", "/groups/1/clusters", family=ATLAS_CLOUD_BACKUP, version="2023-01-01")


@each_verb
@pytest.mark.parametrize(
    ("path", "family", "advice"),
    [
        ("groups", OPS_MANAGER, "must start with one slash, such as /groups"),
        ("/groups?pageNum=2", OPS_MANAGER, "pass the parameters as query="),
        ("/groups?", None, "pass the parameters as query="),
        ("/api/public/v1.0/groups", OPS_MANAGER, "leave /api/public/v1.0 out of the path"),
        ("/api/atlas/v2", ATLAS_FLEX, "leave /api/atlas/v2 out of the path"),
        ("/a/../b", None, "dot segment"),
        ("https://evil.example.com/x", None, "must start with one slash"),
    ],
)
async def test_a_path_that_is_none_is_advised(session, server, verb, path, family, advice):
    with pytest.raises(ConfigError, match=advice):
        await call(session, verb, path, family=family)

    assert server.sent == []
