"""The escape hatch: calls to endpoints the library has no verb for."""

from __future__ import annotations

import math

import pytest

from builders.constants import BASE_URL
from mongorestore_async import CLOUD_MANAGER, OPS_MANAGER, ConfigError, DataError, DigestAuth, NotFound, Reply


async def test_a_path_of_a_family(session, server, seed):
    server.will({"results": [1, 2]}, headers=seed("headers_200_ops_cloud_manager")["headers"])

    reply = await session.request("GET", "/groups", family=OPS_MANAGER)

    assert isinstance(reply, Reply)
    assert (server.last.method, server.last.url) == ("GET", f"{BASE_URL}/api/public/v1.0/groups")
    assert server.last.headers["Accept"] == "application/json"
    assert "Content-Type" not in server.last.headers
    assert server.last.data is None
    assert not server.last.allow_redirects
    assert (reply.status, reply.document) == (200, {"results": [1, 2]})
    assert reply.headers["vary"] == "Accept-Encoding"
    assert reply.service_version.version == "{ApplicationVersion}"


async def test_a_path_without_a_family_starts_at_the_base_url(connect, server):
    server.will({})

    await connect(base_url=f"{BASE_URL}/prefix/").request("GET", "/api/oauth/token")

    assert server.last.url == f"{BASE_URL}/prefix/api/oauth/token"
    assert server.last.headers["Accept"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "post", "Put", "PATCH", "delete"])
async def test_every_verb_with_a_body(session, server, method):
    server.will({"ok": True}, status=201)

    reply = await session.request(method, "/x", json={"ä": [1, None, True, "\ud83d"]})

    assert server.last.method == method.upper()
    assert server.last.headers["Content-Type"] == "application/json"
    assert server.last.body == {"ä": [1, None, True, "\ud83d"]}
    assert server.last.data.isascii()
    assert reply.status == 201


@pytest.mark.parametrize("body", [0, False, "", [], {}])
async def test_an_empty_body_is_a_body(session, server, body):
    server.will({})

    await session.request("POST", "/x", json=body)

    assert server.last.body == body
    assert server.last.data is not None


async def test_no_content_is_no_document(session, server):
    server.will(body="", status=204)

    reply = await session.request("DELETE", "/x")

    assert (reply.status, reply.document) == (204, None)


async def test_a_document_of_any_shape_is_passed_on(session, server):
    server.will([{"start": 1}])

    assert (await session.request("POST", "/restorableTimeRanges")).document == [{"start": 1}]


async def test_an_envelope_is_opened_when_it_was_asked_for(session, server):
    server.will({"status": 202, "content": {"a": 1}})
    server.will({"status": 202, "content": {"a": 1}, "more": 1})

    asked = await session.with_options(envelope=True).request("GET", "/x")
    unasked = await session.request("GET", "/x")

    assert (asked.status, asked.document) == (202, {"a": 1})
    assert (unasked.status, unasked.document) == (200, {"status": 202, "content": {"a": 1}, "more": 1})


async def test_its_errors_are_those_of_all_calls(session, server):
    server.will({"errorCode": "X"}, status=404)
    server.will(body="<html>")

    with pytest.raises(NotFound):
        await session.request("GET", "/x", family=OPS_MANAGER)
    with pytest.raises(DataError):
        await session.request("GET", "/x", family=OPS_MANAGER)


async def test_its_login_is_that_of_all_calls(connect, server):
    session = connect(DigestAuth("public", "private"))
    challenge = 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'
    server.will({}, status=401, headers={"WWW-Authenticate": challenge})
    server.will({})
    server.will({})

    await session.request("PATCH", "/x%2Fy", query={"a": "b c"}, json={"a": 1})
    await session.request("GET", "/x")

    first, second, third = server.sent
    assert first.data == second.data == b'{"a":1}'
    assert 'uri="/x%2Fy?a=b%20c"' in second.headers["Authorization"]
    assert second.url == f"{BASE_URL}/x%2Fy?a=b%20c"
    assert "nc=00000002" in third.headers["Authorization"]


@pytest.mark.parametrize(
    "method", ["", "HEAD", "OPTIONS", "TRACE", "CONNECT", "GET ", "GET\r\nX: y", "G\u0130T", None, 7, b"GET"]
)
async def test_a_method_that_no_api_has_is_refused(session, server, method):
    with pytest.raises(ConfigError, match="the method must be one of DELETE, GET, PATCH, POST, PUT, not"):
        await session.request(method, "/x")

    assert server.sent == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "groups",
        "//evil.example.com/x",
        "https://evil.example.com/x",
        "/x?a=b",
        "/x#a",
        "/a\\b",
        "/a/../b",
        "/a/..",
        "/./a",
        "/a/%2e%2e/b",
        "/a/%2E./b",
        "/a b",
        "/a\r\nX: y",
        "/a\x00",
        " /a",
        "/a\n",
        "/\ud800",
        None,
        7,
        b"/x",
    ],
)
@pytest.mark.parametrize("family", [OPS_MANAGER, None], ids=["family", "plain"])
async def test_a_path_that_could_lead_elsewhere_is_refused(session, server, path, family):
    with pytest.raises(ConfigError, match="path"):
        await session.request("GET", path, family=family)

    assert server.sent == []


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/groups/byName/My%20Project", "/groups/byName/My%20Project"),
        ("/groups/byName/Größe", "/groups/byName/Gr%C3%B6%C3%9Fe"),
        ("/a%2Fb", "/a%2Fb"),
        ("/a..b/...", "/a..b/..."),
        ("/{project}", "/%7Bproject%7D"),
        ("/a;b,c:d@e!$&'()*+=~", "/a;b,c:d@e!$&'()*+=~"),
        ('/"<>^`|', "/%22%3C%3E%5E%60%7C"),
        ("/", "/"),
    ],
)
async def test_a_path_is_sent_as_it_stands(session, server, path, sent):
    server.will({})

    await session.request("GET", path)

    assert server.last.url == BASE_URL + sent


NESTED: list = []
for _ in range(100_000):
    NESTED = [NESTED]
CIRCULAR: dict = {}
CIRCULAR["self"] = CIRCULAR


@pytest.mark.parametrize(
    "body",
    [object(), {1, 2}, b"bytes", {"a": object()}, math.nan, {"a": math.inf}, {("a",): 1}, CIRCULAR, NESTED],
    ids=["object", "set", "bytes", "inside", "nan", "infinity", "key", "circular", "nested"],
)
async def test_a_body_that_is_no_json_is_refused(session, server, body):
    with pytest.raises(ConfigError, match="the request body is"):
        await session.request("POST", "/x", json=body)

    assert server.sent == []


async def test_a_family_keeps_its_path(connect, server):
    server.will({})

    await connect(base_url="https://cloud.mongodb.com/api/atlas/v2").request("GET", "/groups", family=CLOUD_MANAGER)

    assert server.last.url == "https://cloud.mongodb.com/api/public/v1.0/groups"
