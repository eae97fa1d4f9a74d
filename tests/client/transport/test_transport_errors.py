"""Failures below the API: which of our errors each exception of aiohttp becomes, and what it must not show."""

from __future__ import annotations

import logging
import ssl
import traceback

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from builders.constants import CLUSTER, PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    AuthError,
    ConnectFailed,
    DataError,
    DigestAuth,
    Forbidden,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestTimeout,
    RestoreError,
    ServerError,
    TransportError,
)

KEY = ConnectionKey(
    host="om.example.com",
    port=8443,
    is_ssl=True,
    ssl=True,
    proxy=URL("http://user:s3cr3t@proxy.example.com:3128"),
    proxy_auth="BasicAuth(login=user, password=s3cr3t)",
    proxy_headers_hash=None,
)
INFO = RequestInfo(
    URL("https://om.example.com:8443/"),
    "GET",
    CIMultiDictProxy(CIMultiDict({"Authorization": 'Digest response="s3cr3t"'})),
    URL("https://om.example.com:8443/"),
)

FAILURES = {
    "refused": (lambda: aiohttp.ClientConnectorError(KEY, OSError(111, "Connection refused")), ConnectFailed),
    "no name": (lambda: aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name not known")), ConnectFailed),
    "tls": (lambda: aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "wrong version")), ConnectFailed),
    "certificate": (
        lambda: aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError("self-signed")),
        ConnectFailed,
    ),
    "proxy": (lambda: aiohttp.ClientProxyConnectionError(KEY, OSError(111, "Connection refused")), ConnectFailed),
    "proxy says no": (
        lambda: aiohttp.ClientHttpProxyError(INFO, (), status=407, message="Proxy Authentication Required"),
        TransportError,
    ),
    "fingerprint": (lambda: aiohttp.ServerFingerprintMismatch(b"a", b"b", "om.example.com", 8443), ConnectFailed),
    "disconnected": (aiohttp.ServerDisconnectedError, ProtocolError),
    "truncated": (lambda: aiohttp.ClientPayloadError("Response payload is not completed"), ProtocolError),
    "reset": (lambda: ConnectionResetError(104, "Connection reset by peer"), ProtocolError),
    "client os error": (lambda: aiohttp.ClientOSError(32, "Broken pipe"), ProtocolError),
    "connection": (lambda: aiohttp.ClientConnectionError("Connector is closed."), ProtocolError),
    "no http": (lambda: aiohttp.ClientResponseError(INFO, (), status=400, message="Bad status line"), ProtocolError),
    "timeout": (TimeoutError, RequestTimeout),
    "server timeout": (lambda: aiohttp.ServerTimeoutError("slow"), RequestTimeout),
    "socket timeout": (lambda: aiohttp.SocketTimeoutError("slow"), RequestTimeout),
}
each_failure = pytest.mark.parametrize(("make", "kind"), FAILURES.values(), ids=FAILURES)


def printed(error):
    """All that a log of the error would show."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error) + repr(error.args)


@each_failure
@pytest.mark.parametrize("verb", ["list", "one", "request"])
async def test_what_aiohttp_raises_is_never_the_type_to_catch(session, cluster, server, make, kind, verb):
    raised = make()
    server.will_raise(raised)
    calls = {
        "list": lambda: cluster.restore_jobs().page(),
        "one": lambda: cluster.restore_job("a"),
        "request": lambda: session.request("GET", "/groups", family=OPS_MANAGER),
    }

    with pytest.raises(TransportError) as caught:
        await calls[verb]()

    error = caught.value
    assert isinstance(error, kind)
    assert not isinstance(error, aiohttp.ClientError)
    assert type(error.__cause__) is type(raised)
    assert str(error.__cause__) == str(raised)
    assert error.request.method == "GET"
    assert error.request.url == server.last.url
    assert error.request.family == "ops-manager"
    assert error.request.status is None
    assert error.request.challenges == 0
    assert len(server.sent) == 1


@each_failure
async def test_no_credential_is_in_what_a_log_shows(connect, server, make, kind):
    session = connect(DigestAuth("public", "s3cr3t"), proxy="http://user:s3cr3t@proxy.example.com:3128")
    server.will_raise(make())

    with pytest.raises(kind) as caught:
        await session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER).restore_jobs()

    assert "s3cr3t" not in printed(caught.value)


@pytest.mark.parametrize("failure", ["tls", "certificate"])
async def test_no_credential_is_in_the_repr_of_the_cause(cluster, server, failure):
    # TLS that fails behind a proxy: the key of that connection names the proxy and its login.
    server.will_raise(FAILURES[failure][0]())

    with pytest.raises(ConnectFailed) as caught:
        await cluster.restore_jobs()

    assert "s3cr3t" not in repr(caught.value.__cause__)


@each_failure
async def test_the_frames_of_aiohttp_are_cut_off(cluster, server, make, kind):
    server.will_raise(make())

    with pytest.raises(kind) as caught:
        await cluster.restore_jobs()

    cause = caught.value.__cause__
    assert cause.__traceback__ is None
    assert cause.__context__ is None
    assert cause.__cause__ is None
    if isinstance(cause, aiohttp.ClientResponseError):
        assert not cause.request_info.headers


@pytest.mark.parametrize(
    "text",
    [
        "cannot connect to https://user:s3cr3t-1@om.example.com/",
        'Authorization: Digest username="u", response="s3cr3t-1"',
        "Bearer s3cr3t-1-token",
        "https://x/?access_token=s3cr3t-1",
    ],
)
@pytest.mark.parametrize("kind", [aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientOSError])
async def test_what_a_foreign_exception_says_is_redacted(cluster, server, text, kind):
    server.will_raise(kind(text))

    with pytest.raises(ProtocolError) as caught:
        await cluster.restore_jobs()

    assert "s3cr3t" not in str(caught.value)


CHALLENGE = 'Digest realm="MMS Public API", domain="", nonce="n", algorithm=MD5, qop="auth", stale=false'
UNAUTHORIZED = {"error": 401, "errorCode": "UNEXPECTED_ERROR", "detail": "You are not authorized."}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"document": {"error": 404, "errorCode": "X"}, "status": 404}, NotFound),
        (
            {
                "document": {"error": 401, "errorCode": "NOT_IN_GROUP"},
                "status": 401,
                "headers": {"WWW-Authenticate": CHALLENGE},
            },
            Forbidden,
        ),
        ({"document": {}, "status": 200}, DataError),
        ({"body": "<html>", "status": 200}, DataError),
        ({"status": 302}, ProtocolError),
    ],
)
async def test_the_challenge_before_an_error_is_counted(connect, server, answer, kind):
    session = connect(DigestAuth("public", "s3cr3t-key"))
    server.will(UNAUTHORIZED, status=401, headers={"WWW-Authenticate": CHALLENGE})
    server.will(**answer)

    with pytest.raises(RestoreError) as caught:
        await session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER).restore_jobs()

    assert type(caught.value) is kind
    assert caught.value.request.status == answer["status"]
    assert caught.value.request.challenges == (2 if answer["status"] == 401 else 1)
    assert [sent.headers.get("Authorization") is None for sent in server.sent] == [True, False]
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("kind", [aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, TimeoutError])
async def test_a_failure_after_the_challenge_counts_it(connect, server, kind):
    session = connect(DigestAuth("public", "s3cr3t"))
    challenge = 'Digest realm="r", nonce="n", qop="auth"'
    server.will({"errorCode": "UNEXPECTED_ERROR"}, status=401, headers={"WWW-Authenticate": challenge})
    server.will_raise(kind())

    with pytest.raises(TransportError) as caught:
        await session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER).restore_jobs()

    assert caught.value.request.challenges == 1
    assert caught.value.request.unanswered
    assert "s3cr3t" not in printed(caught.value)


async def test_a_wrong_key_names_its_call_and_every_challenge(connect, server):
    session = connect(DigestAuth("public", "s3cr3t"))
    challenge = 'Digest realm="r", nonce="n", qop="auth"'
    server.serve(
        lambda _: server.answer({"errorCode": "UNEXPECTED_ERROR"}, status=401, headers={"WWW-Authenticate": challenge})
    )

    with pytest.raises(AuthError, match="refused the API key 'public'; check the public and the private key") as caught:
        await session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER).restore_jobs()

    assert caught.value.request.status == 401
    assert caught.value.request.challenges == len(server.sent) == 3
    assert caught.value.request.url == server.last.url
    assert "s3cr3t" not in printed(caught.value)


async def test_another_kind_of_login_is_no_api_of_ours(connect, server):
    session = connect(DigestAuth("public", "s3cr3t"))
    server.will({}, status=401, headers={"WWW-Authenticate": "Negotiate"})

    with pytest.raises(AuthError, match="does not offer HTTP digest") as caught:
        await session.request("GET", "/groups")

    assert caught.value.request.status == 401


async def test_a_server_that_wants_a_login_nobody_has_says_so(session, server):
    document = {"error": 401, "errorCode": "UNEXPECTED_ERROR", "detail": "You are not authorized."}
    server.will(document, status=401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'})

    with pytest.raises(RestoreError, match="DigestAuth") as caught:
        await session.request("GET", "/groups")

    assert isinstance(caught.value, AuthError)


async def test_normal_work_and_its_errors_log_nothing_above_debug(cluster, server, caplog):
    caplog.set_level(logging.DEBUG)
    server.will({"results": []})
    server.will({"error": 500}, status=500)
    server.will_raise(aiohttp.ServerDisconnectedError())
    server.will({"error": 429}, status=429)

    await cluster.restore_jobs()
    for kind in (ServerError, ProtocolError, RateLimited):
        with pytest.raises(kind):
            await cluster.restore_jobs()

    ours = [record for record in caplog.records if record.name.startswith("mongorestore_async")]
    assert ours
    assert {record.levelno for record in ours} == {logging.DEBUG}
    assert all(record.name in record.pathname.replace("/", ".") for record in ours)
