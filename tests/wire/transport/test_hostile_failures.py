"""What the HTTP library raises, and what is made of it; and sizes to the byte."""

from __future__ import annotations

import asyncio
import gzip
import pickle
import zlib

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
    ConnectFailed,
    ConnectionBroken,
    Options,
    ProtocolError,
    ProxyFailed,
    RequestTimeout,
    TLSFailed,
)
from mongorestore_async.transport.failures import scrub, translate, was_never_sent

SECRET = "hush-this-is-secret"
URL_WITH_SECRET = URL(f"http://user:{SECRET}@host/x?token={SECRET}")
KEY = ConnectionKey("host", 1, False, True, URL_WITH_SECRET, aiohttp.helpers._basic_auth_no_warn("user", SECRET), 5)  # noqa: FBT003
HEADERS = CIMultiDictProxy(CIMultiDict({"Authorization": SECRET, "Set-Cookie": SECRET}))
INFO = RequestInfo(URL_WITH_SECRET, "GET", HEADERS, URL_WITH_SECRET)
REFUSED = ConnectionRefusedError(111, "refused")


def with_headers(kind, status):
    return kind(INFO, (), status=status, message="No", headers=HEADERS)


FAILURES = {
    "refused": (ConnectFailed, aiohttp.ClientConnectorError(KEY, REFUSED)),
    "no such host": (ConnectFailed, aiohttp.ClientConnectorDNSError(KEY, OSError("name unknown"))),
    "proxy away": (ProxyFailed, aiohttp.ClientProxyConnectionError(KEY, REFUSED)),
    "proxy busy": (ProxyFailed, with_headers(aiohttp.ClientHttpProxyError, 503)),
    "proxy refuses": (ProxyFailed, with_headers(aiohttp.ClientHttpProxyError, 407)),
    "bad certificate": (TLSFailed, aiohttp.ClientConnectorCertificateError(KEY, ValueError("bad"))),
    "bad TLS": (TLSFailed, aiohttp.ClientConnectorSSLError(KEY, OSError(1, "bad"))),
    "no HTTP": (ProtocolError, with_headers(aiohttp.ClientResponseError, 400)),
    "hung up": (ConnectionBroken, aiohttp.ServerDisconnectedError()),
    "hung up in the headers": (ConnectionBroken, aiohttp.ServerDisconnectedError((b"HTTP/1.1", HEADERS))),
    "broken body": (ConnectionBroken, aiohttp.ClientPayloadError("not completed")),
    "reset": (ConnectionBroken, aiohttp.ClientOSError(104, "reset")),
    "alert": (ConnectionBroken, aiohttp.ClientOSError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]")),
    "timed out": (RequestTimeout, TimeoutError(110, "timed out")),
    "timed out reading": (RequestTimeout, aiohttp.SocketTimeoutError()),
    "bare": (ConnectionBroken, OSError()),
}


@pytest.mark.parametrize(("kind", "error"), FAILURES.values(), ids=FAILURES)
def test_an_http_library_error_is_translated_without_secrets(kind, error):
    try:
        raise error from ValueError(SECRET)
    except type(error) as caught:
        made, kept = translate(caught), scrub(caught)
    assert type(made) is kind
    assert was_never_sent(kept) is issubclass(kind, ConnectFailed)
    assert kept is error
    pictures = [f"{each!r} {each} {vars(each)} {each.args}" for each in (made, kept)]
    assert SECRET not in "".join(pictures)
    assert kept.__cause__ is kept.__context__ is kept.__traceback__ is None
    for inner in kept.args:
        assert getattr(inner, "__traceback__", None) is None


def test_a_hint_at_client_certificates_where_tls_failed_late():
    assert "client certificate" in str(translate(FAILURES["alert"][1]))
    assert "client certificate" not in str(translate(FAILURES["reset"][1]))


@pytest.mark.parametrize("where", ["argument", "borrowed"])
async def test_an_unsendable_proxy_user_name_is_refused_before_any_io(where):
    proxy = "http://us%3Aer:word@127.0.0.1:1"
    async with aiohttp.ClientSession(proxy=proxy) as http:
        settings = {"proxy": proxy} if where == "argument" else {"http": http}
        session = AsyncSession(None, base_url="http://127.0.0.1:1", **settings)
        with pytest.raises(ConfigError, match="colon"):
            await session.request("GET", "/x")
        await session.close()


TEXT = b'{"results": []}' + b" " * 985
STORED = zlib.compressobj(0, wbits=-15)
EMPTY_BLOCK = b"\0\0\0\xff\xff"

SIZES = {
    "announced, as large as allowed": (True, b"Content-Length: 1000", TEXT),
    "announced, a byte too large": (False, b"Content-Length: 1001", TEXT + b" "),
    "not announced, as large as allowed": (True, b"X: y", TEXT),
    "not announced, a byte too large": (False, b"X: y", TEXT + b" "),
    "in chunks, as large as allowed": (True, b"Transfer-Encoding: chunked", b"3e8\r\n%b\r\n0\r\n\r\n" % TEXT),
    "in chunks, a byte too large": (False, b"Transfer-Encoding: chunked", b"3e9\r\n%b \r\n0\r\n\r\n" % TEXT),
    "compressed, as large as allowed": (True, b"Content-Encoding: gzip", gzip.compress(TEXT)),
    "compressed, a byte too large": (False, b"Content-Encoding: gzip", gzip.compress(TEXT + b" ")),
    "small, but too large on its way": (
        False,
        b"Content-Encoding: deflate",
        EMPTY_BLOCK * 300 + STORED.compress(b"{}") + STORED.flush(),
    ),
}


@pytest.mark.parametrize(("fits", "field", "body"), SIZES.values(), ids=SIZES)
async def test_the_size_of_a_body_is_bounded_to_the_byte(play_raw, fits, field, body):
    """Before and after decompression."""

    async def play(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n%b\r\nConnection: close\r\n\r\n%b" % (field, body))
        await writer.drain()
        writer.close()

    options = Options(max_body=1000, retry=NO_RETRY)
    async with play_raw(play) as server, AsyncSession(None, base_url=server.url, options=options) as session:
        call = session.request("GET", "/x", family=OPS_MANAGER)
        if fits:
            assert (await call).document == {"results": []}
        else:
            with pytest.raises(ProtocolError, match=r"larger than 1000 bytes.*max_body") as caught:
                await call
            assert caught.value.request.unanswered
        connector = session._view.transport._connection.session.connector
        await asyncio.sleep(0)
        assert not connector._acquired


async def test_errors_of_the_transport_can_be_pickled(play_raw):
    async with play_raw(b"no HTTP\r\n\r\n") as server, AsyncSession(None, base_url=server.url) as session:
        with pytest.raises(ProtocolError) as caught:
            await session.request("GET", "/x")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (str(again), again.request) == (str(caught.value), caught.value.request)
