"""Creates that fail: when the outcome is open, and when it is not."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from builders.constants import PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    ApiError,
    AuthError,
    BadRequest,
    Conflict,
    ConnectFailed,
    DataError,
    DigestAuth,
    Forbidden,
    HttpRestore,
    MaybeCreated,
    NotFound,
    Options,
    ProtocolError,
    RateLimited,
    RequestTimeout,
    RestoreError,
    RetryPolicy,
    ServerError,
    SessionClosed,
    TransportError,
)

REQUEST = HttpRestore("s", 1, expiration_hours=1)
OLD = {"id": "old", "snapshotId": "s", "created": "2026-01-01T00:00:00Z"}


def cluster_of(session):
    return session.project(PROJECT, OPS_MANAGER).cluster("c")


@pytest.fixture
def posting(server):
    """Answer the list with one old job and the create with what the script says."""
    server.will_read({"results": [OLD], "totalCount": 1})
    return server


KEY = ConnectionKey("om.example.com", 8443, True, True, None, None, None)  # noqa: FBT003 - a tuple of aiohttp's
INFO = RequestInfo(URL("https://om.example.com:8443/"), "POST", CIMultiDictProxy(CIMultiDict()))


def document(status, **members):
    return {"document": {"error": status, **members}, "status": status}


HTML = "<html><h1>No</h1></html>"
LONG = 16 * 1024 * 1024
#: What gateways answer in place of the API, and what looks like its error document and is none.
PAGES = {
    **{
        f"{status} as a page": ({"body": HTML, "content_type": "text/html", "status": status}, kind)
        for status, kind in {
            400: BadRequest,
            401: Forbidden,
            402: ApiError,
            403: Forbidden,
            404: NotFound,
            405: ApiError,
            407: ApiError,
            408: ApiError,
            409: Conflict,
            410: NotFound,
            413: ApiError,
            415: ApiError,
            421: ApiError,
            425: ApiError,
            444: ApiError,
            460: ApiError,
            499: ApiError,
        }.items()
    },
    "400 without a body": ({"status": 400}, BadRequest),
    "408 without a body": ({"status": 408}, ApiError),
    "400 in plain text": ({"body": "upstream request timeout", "status": 400}, BadRequest),
    "a list": ({"document": [{"error": 400}], "status": 400}, BadRequest),
    "a string": ({"document": "error", "status": 400}, BadRequest),
    "null": ({"document": None, "body": "null", "status": 409}, Conflict),
    "error only": ({"document": {"error": 409}, "status": 409}, Conflict),
    "no error": ({"document": {"errorCode": "CLUSTER_NOT_FOUND", "detail": "No."}, "status": 404}, NotFound),
    "error as text": ({"document": {"error": "404", "detail": "No."}, "status": 404}, NotFound),
    "error as a word": ({"document": {"error": "Forbidden", "reason": "policy"}, "status": 403}, Forbidden),
    "error as a decimal": ({"body": '{"error": 404.0, "detail": "No."}', "status": 404}, NotFound),
    "error as a boolean": ({"document": {"error": True, "detail": "No."}, "status": 400}, BadRequest),
    "another error": ({"document": {"error": 502, "detail": "No."}, "status": 404}, NotFound),
    "a detail that is no text": ({"document": {"error": 400, "detail": {"code": 7}}, "status": 400}, BadRequest),
    "a code in a header": ({"status": 400, "headers": {"X-Error-Code": "INVALID_ATTRIBUTE"}}, BadRequest),
    "a rate code in a header": ({"status": 400, "headers": {"X-Error-Code": "RATE_LIMITED_IP"}}, RateLimited),
    "an upgrade in a header": (
        {"status": 405, "headers": {"X-Error-Code": "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"}},
        ApiError,
    ),
    "a rate code without error": ({"document": {"errorCode": "RATE_LIMITED_IP"}, "status": 400}, RateLimited),
    "an envelope around nothing": ({"document": {"status": 400, "content": None}}, BadRequest),
    "an envelope around another error": (
        {"document": {"status": 400, "content": {"error": 500, "detail": "x"}}},
        BadRequest,
    ),
    "an envelope under another status": (
        {"document": {"status": 409, "content": {"error": 409, "detail": "x"}}, "status": 400},
        BadRequest,
    ),
    "an envelope under a 502": (
        {"document": {"status": 409, "content": {"error": 409, "detail": "x"}}, "status": 502},
        ServerError,
    ),
    "a success in an envelope under a 404": (
        {"document": {"status": 200, "content": {"results": []}}, "status": 404},
        NotFound,
    ),
}
OPEN = {
    **PAGES,
    "disconnected": (aiohttp.ServerDisconnectedError(), ProtocolError),
    "reset": (ConnectionResetError(104, "reset"), ProtocolError),
    "truncated": (aiohttp.ClientPayloadError("not completed"), ProtocolError),
    "no http": (aiohttp.ServerDisconnectedError("half a line"), ProtocolError),
    "timeout": (aiohttp.SocketTimeoutError("slow"), RequestTimeout),
    "500": (document(500, errorCode="UNEXPECTED_ERROR"), ServerError),
    "502 of a proxy": ({"body": "<html>", "status": 502}, ServerError),
    "503": ({"status": 503}, ServerError),
    "504": ({"status": 504}, ServerError),
    "520": ({"body": HTML, "status": 520}, ServerError),
    "500 in an envelope": ({"document": {"status": 500, "content": {"error": 500, "errorCode": "X"}}}, ServerError),
    "a login page": ({"body": "<html>", "content_type": "text/html"}, DataError),
    "half a document": ({"body": '{"results": [{"id"'}, DataError),
    "nothing": ({"body": ""}, DataError),
    "204": ({"body": "", "status": 204}, DataError),
    "201, no JSON": ({"body": "created", "status": 201}, DataError),
    "201, a list of something else": ({"document": {"results": [{"name": "x"}]}, "status": 201}, DataError),
    "202, a number": ({"document": 7, "status": 202}, DataError),
    "no job": ({"document": {"results": []}}, DataError),
    "another document": ({"document": {"hello": "world"}}, DataError),
    "a job without id": ({"document": {"results": [{"id": "a"}, {"statusName": "IN_PROGRESS"}]}}, DataError),
    "too large": ({"body": b" " * 2 * LONG, "status": 201}, ProtocolError),
    "a page that is too large": ({"body": b" " * 2 * LONG, "status": 403}, ProtocolError),
    **{
        f"{status}, a redirect": ({"status": status, "headers": {"Location": "/elsewhere"}}, ProtocolError)
        for status in (300, 301, 302, 303, 304, 307, 308)
    },
}
CLOSED = {
    "400": (document(400, errorCode="INVALID_ATTRIBUTE"), BadRequest),
    "401": (document(401, errorCode="USER_UNAUTHORIZED"), Forbidden),
    "402": (document(402, reason="Payment Required"), ApiError),
    "403": (document(403, detail="No."), Forbidden),
    "404": (document(404, errorCode="CLUSTER_NOT_FOUND"), NotFound),
    "405": (document(405, errorCode="WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"), ApiError),
    "408": (document(408, reason="Request Timeout"), ApiError),
    "409": (document(409, detail="It runs."), Conflict),
    "410": (document(410, errorCode="VERSION_GONE"), NotFound),
    "415": (document(415, reason="Unsupported Media Type"), ApiError),
    "421": (document(421, detail="No."), ApiError),
    "425": (document(425, detail="No."), ApiError),
    "429": ({"status": 429}, RateLimited),
    "429 as a page": ({"body": HTML, "content_type": "text/html", "status": 429}, RateLimited),
    "400 of the rate limit": (document(400, errorCode="RATE_LIMITED_IP"), RateLimited),
    "400 in an envelope": ({"document": {"status": 400, "envelope": {"error": 400, "errorCode": "X"}}}, BadRequest),
    "409 in an envelope": ({"document": {"status": 409, "content": {"error": 409, "detail": "x"}}}, Conflict),
    "no connection": (aiohttp.ClientConnectorError(KEY, OSError(111, "Connection refused")), ConnectFailed),
    "no tls": (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "wrong version")), ConnectFailed),
    "no proxy": (aiohttp.ClientProxyConnectionError(KEY, OSError(111, "Connection refused")), ConnectFailed),
    "no way through the proxy": (aiohttp.ClientHttpProxyError(INFO, (), status=407, message="No"), TransportError),
}
#: Of these, the ones after which a create may be sent again.
SAFE = ("no connection", "405", "429", "429 as a page", "400 of the rate limit")


def script(server, answer):
    if isinstance(answer, Exception):
        server.will_raise(answer)
    else:
        server.will(**answer)


@pytest.mark.parametrize(("answer", "kind"), OPEN.values(), ids=OPEN)
async def test_the_outcome_is_open(connect, posting, answer, kind):
    script(posting, answer)

    with pytest.raises(MaybeCreated, match="the create request was sent, but its outcome is unknown") as caught:
        await cluster_of(connect()).create_restore_job(REQUEST)

    error = caught.value
    assert len(posting.posts) == 1
    assert isinstance(error.__cause__, kind)
    assert type(error.__cause__).__name__ in str(error)
    assert "before you send it again" in str(error)
    assert error.request.method == "POST"
    assert error.request.url == posting.posts[0].url
    unread = isinstance(answer, Exception) or len(answer.get("body", "")) > LONG
    assert error.request.status == (None if unread else answer.get("status", 200))


@pytest.mark.parametrize(("answer", "kind"), CLOSED.values(), ids=CLOSED)
async def test_the_create_was_certainly_not_taken(connect, posting, answer, kind):
    script(posting, answer)

    with pytest.raises(RestoreError) as caught:
        await cluster_of(connect()).create_restore_job(REQUEST)

    assert len(posting.posts) == 1
    assert isinstance(caught.value, kind)
    assert caught.value.request.method == "POST"
    assert not caught.value.request.unanswered


@pytest.mark.parametrize(("answer", "kind"), OPEN.values(), ids=OPEN)
async def test_a_create_with_unknown_outcome_is_never_sent_twice(connect, posting, answer, kind):
    script(posting, answer)
    session = connect(options=Options(retry=lambda failure: 0 if failure.tries < 3 else None))

    with pytest.raises(MaybeCreated):
        await cluster_of(session).create_restore_job(REQUEST)

    assert len(posting.posts) == 1


@pytest.mark.parametrize("name", SAFE)
async def test_a_create_that_was_surely_not_taken_is_sent_again(connect, posting, name):
    script(posting, CLOSED[name][0])
    posting.will({"results": [{"id": "new"}]})
    session = connect(options=Options(retry=RetryPolicy(base=0)))

    batch = await cluster_of(session).create_restore_job(REQUEST)

    assert [job.id for job in batch] == ["new"]
    assert len(posting.posts) == 2
    assert posting.posts[0].data == posting.posts[1].data
    assert session.open_creates == ()


@pytest.mark.parametrize("name", sorted(CLOSED.keys() - SAFE - {"no tls", "no proxy"}))
async def test_a_certain_no_is_not_sent_again(connect, posting, name):
    script(posting, CLOSED[name][0])
    session = connect(options=Options(retry=lambda failure: 0 if failure.tries < 3 else None))

    with pytest.raises(RestoreError):
        await cluster_of(session).create_restore_job(REQUEST)

    assert len(posting.posts) == 1
    assert session.open_creates == ()


async def test_the_deadline_of_a_create_leaves_its_outcome_open(connect, posting):
    posting.serve(lambda sent: asyncio.Event().wait() if sent.method == "POST" else posting.answer({"results": []}))

    with pytest.raises(MaybeCreated) as caught:
        await cluster_of(connect(options=Options(timeout=0.02))).create_restore_job(REQUEST)

    assert isinstance(caught.value.__cause__, RequestTimeout)
    assert caught.value.request.unanswered
    assert len(posting.posts) == 1


async def test_closing_the_session_leaves_a_create_unknown(connect, posting):
    session = connect()
    sent = asyncio.Event()

    async def hang(request):
        if request.method == "GET":
            return posting.answer({"results": []})
        sent.set()
        return await asyncio.Event().wait()

    posting.serve(hang)
    task = asyncio.create_task(cluster_of(session).create_restore_job(REQUEST))
    await sent.wait()
    await session.close()

    with pytest.raises(MaybeCreated) as caught:
        await task
    assert isinstance(caught.value.__cause__, SessionClosed)


async def test_a_cancelled_create_is_cancelled(connect, posting):
    sent = asyncio.Event()

    async def hang(request):
        if request.method == "GET":
            return posting.answer({"results": []})
        sent.set()
        return await asyncio.Event().wait()

    posting.serve(hang)
    task = asyncio.create_task(cluster_of(connect()).create_restore_job(REQUEST))
    await sent.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


CHALLENGE = {"WWW-Authenticate": 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'}


async def test_the_read_before_it_logs_in_so_the_create_is_sent_once(connect, server):
    server.will({"errorCode": "UNEXPECTED_ERROR"}, status=401, headers=CHALLENGE)
    server.will({"results": []})
    server.will({"id": "new"})

    await cluster_of(connect(DigestAuth("public", "private"))).create_restore_job(REQUEST)

    assert [(sent.method, "Authorization" in sent.headers) for sent in server.sent] == [
        ("GET", False),
        ("GET", True),
        ("POST", True),
    ]


async def test_a_challenged_create_is_sent_again_with_the_same_body(connect, server):
    server.will({"errorCode": "UNEXPECTED_ERROR"}, status=401, headers=CHALLENGE)
    server.will({"results": []})
    server.will(
        {"errorCode": "UNEXPECTED_ERROR"},
        status=401,
        headers={"WWW-Authenticate": 'Digest realm="r", nonce="m", qop="auth", stale=true'},
    )
    # The list is read again before the create is, and logs in.
    again = {"WWW-Authenticate": 'Digest realm="r", nonce="m", qop="auth"'}
    server.will({"errorCode": "UNEXPECTED_ERROR"}, status=401, headers=again)
    server.will({"results": []})
    server.will({"id": "new"})

    await cluster_of(connect(DigestAuth("public", "private"))).create_restore_job(REQUEST)

    first, second = server.posts
    assert first.data == second.data
    assert 'nonce="m"' in second.headers["Authorization"]


async def test_a_wrong_key_is_no_open_outcome(connect, server):
    server.serve(lambda _: server.answer({"errorCode": "UNEXPECTED_ERROR"}, status=401, headers=CHALLENGE))

    with pytest.raises(AuthError):
        await cluster_of(connect(DigestAuth("public", "private"))).create_restore_job(REQUEST)

    assert server.posts == []
