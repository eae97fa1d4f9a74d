"""Answers no API gives: each ends in a typed error that names the call, or is read for what it is."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.restores import KEY, REQUEST
from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    ApiError,
    AsyncSession,
    AuthError,
    ConnectFailed,
    ConnectionBroken,
    DataError,
    MaybeCreated,
    NotFound,
    Options,
    ProtocolError,
    ProxyFailed,
    RestoreError,
    ServerError,
)

PAGE = {"results": [{"id": "1", "delivery": {"methodName": "HTTP"}}], "totalCount": 1}
TEXT = json.dumps(PAGE).encode()
CHALLENGE = b'WWW-Authenticate: Digest realm="r", nonce="%s", qop="auth"%s\r\n'


def answer(body=TEXT, *, status=b"200 OK", version=b"1.1", headers=(b"Content-Type: application/json",), length=None):
    fields = [*headers, b"Content-Length: %d" % (len(body) if length is None else length), b"Connection: close"]
    return b"HTTP/%b %b\r\n%b\r\n\r\n%b" % (version, status, b"\r\n".join(fields), body)


def bare(head, body=TEXT):
    return head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body


def twice(member):
    return TEXT[:-1] + b", " + member + b"}"


def encoded(name, body):
    return answer(body, headers=(b"Content-Encoding: " + name,))


def closing(play):
    async def play_and_close(writer):
        writer.write(play)
        await writer.drain()
        writer.close()

    return play_and_close


@pytest.fixture
async def call(play_raw):
    """List jobs from a server that answers with the bytes given, then hangs up."""

    async def run(play, **options):
        async with (
            play_raw(closing(play) if isinstance(play, bytes) else play) as server,
            AsyncSession(KEY, base_url=server.url, options=Options(retry=NO_RETRY, timeout=50, **options)) as session,
        ):
            page = await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
            return [job.id for job in page]

    return run


READ_FOR_WHAT_THEY_ARE = {
    "plain": answer(),
    "wrong content type": answer(headers=(b"Content-Type: text/html",)),
    "no content type": answer(headers=()),
    "broken content type": answer(headers=(b"Content-Type: ;;;=/\xff; charset",)),
    "unknown charset": answer(headers=(b"Content-Type: application/json; charset=klingon",)),
    "misleading charset": answer(headers=(b"Content-Type: application/json; charset=utf-16",)),
    "a codec that is none of text": answer(headers=(b"Content-Type: application/json; charset=zlib",)),
    "byte order mark": answer(b"\xef\xbb\xbf" + TEXT),
    "HTTP/1.0": answer(version=b"1.0"),
    "HTTP/1.0 without a length": bare(b"HTTP/1.0 200 OK\nServer: old"),
    "no reason": answer(status=b"200"),
    "blank reason": answer(status=b"200 "),
    "reason in Latin-1": answer(status=b"200 tr\xe8s bien"),
    "other success": answer(status=b"203 Non-Authoritative Information"),
    "interim answers before it": b"HTTP/1.1 100 Continue\r\n\r\n" * 3
    + b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
    + answer(),
    "gzip": encoded(b"gzip", gzip.compress(TEXT)),
    "gzip in capitals": encoded(b"GZIP", gzip.compress(TEXT)),
    "deflate": encoded(b"deflate", zlib.compress(TEXT)),
    "deflate without its header": encoded(b"deflate", zlib.compress(TEXT, wbits=-15)),
    "identity": encoded(b"identity", TEXT),
    "cookies of garbage": answer(
        headers=(b"Set-Cookie: \xff=;;=\xfe; Path", b"Set-Cookie: =", b"Set-Cookie: a=b; Domain=")
    ),
    "version of garbage": answer(headers=(b"X-MongoDB-Service-Version: \xff;;=;version",)),
    "limits of garbage": answer(headers=(b"RateLimit-Limit: \xb2", b"RateLimit-Remaining: -1e9", b"Retry-After: \xff")),
    "login news of garbage": answer(headers=(b'Authentication-Info: nextnonce="\xff', b"Authentication-Info: =,=")),
    "a hundred headers": answer(headers=tuple(b"X-%d: %b" % (n, b"v" * 50) for n in range(100))),
    "bare line feed": answer(headers=(b"X-A: a\nX-B: b",)),
    "unknown members": answer(twice(b'"__class__": {"__proto__": []}, "": null')),
}


@pytest.mark.parametrize("play", READ_FOR_WHAT_THEY_ARE.values(), ids=READ_FOR_WHAT_THEY_ARE)
async def test_odd_answers_are_read_for_what_they_are(call, play):
    assert await call(play) == ["1"]


REFUSED = {
    # JSON that is none, or means two things
    "results twice, compact": (DataError, answer(b'{"results":[{"id":"1"}],"results":[]}')),
    "results twice, compact and escaped": (DataError, answer(b'{"results":[{"id":"1"}],"\\u0072esults":[]}')),
    "id of a job twice, compact": (DataError, answer(b'{"results":[{"id":"2","id":"1"}]}')),
    "deep in an item": (DataError, answer(b'{"results":[{"id":"1","x":' + b"[" * 400 + b"]" * 400 + b"}]}")),
    "NaN in an item": (DataError, answer(b'{"results":[{"id":"1","x":NaN}]}')),
    "invalid UTF-8 in an item": (DataError, answer(b'{"results":[{"id":"1","x":"\xff"}]}')),
    "very deep in an item": (DataError, answer(b'{"results":[{"id":"1","x":' + b"[" * 9000 + b"]" * 9000 + b"}]}")),
    "invalid UTF-8": (DataError, answer(twice(b'"x": "\xff"'))),
    "results twice": (DataError, answer(twice(b'"results": []'))),
    "results twice, escaped": (DataError, answer(twice(b'"\\u0072esults": []'))),
    "id of a job twice": (DataError, answer(b'{"results": [{"id": "1", "id": "2"}]}')),
    "deep arrays": (DataError, answer(twice(b'"x": ' + b"[" * 200_000))),
    "deep objects": (DataError, answer(twice(b'"x": ' + b'{"a": ' * 200_000))),
    "deep and well-formed": (DataError, answer(b'{"results": ' + b"[" * 500 + b"]" * 500 + b"}")),
    "NaN": (DataError, answer(twice(b'"x": NaN'))),
    "Infinity": (DataError, answer(twice(b'"x": -Infinity'))),
    "endless integer": (DataError, answer(twice(b'"x": ' + b"9" * 100_000))),
    "count beyond reason": (DataError, answer(b'{"results": [], "totalCount": 1e999}')),
    "count that is text": (DataError, answer(b'{"results": [], "totalCount": "many"}')),
    "HTML": (DataError, answer(b"<html>Sign in</html>", headers=(b"Content-Type: text/html",))),
    "empty": (DataError, answer(b"")),
    "blank": (DataError, answer(b" \r\n\t ")),
    "no content": (DataError, answer(b"", status=b"204 No Content")),
    "null": (DataError, answer(b"null")),
    "number": (DataError, answer(b"5")),
    "array": (DataError, answer(b"[]")),
    "two documents": (DataError, answer(TEXT * 2)),
    "form feed": (DataError, answer(b"\x0c" + TEXT)),
    # no HTTP, or a broken one
    "HTTP/0.9": (ProtocolError, TEXT),
    "HTTP/2": (ProtocolError, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "TLS alert": (ProtocolError, b"\x15\x03\x01\x00\x02\x02\x28"),
    "SSH": (ProtocolError, b"SSH-2.0-OpenSSH_9.9\r\n"),
    "nothing": (ConnectionBroken, b""),
    "half a status line": (ProtocolError, b"HTTP/1.1 20"),
    "half a header": (ProtocolError, b"HTTP/1.1 200 OK\r\nContent-Le"),
    "too short": (ConnectionBroken, answer(length=len(TEXT) + 10)),
    "half a chunk": (ConnectionBroken, bare(b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"ff\r\n" + TEXT)),
    "negative chunk": (ProtocolError, bare(b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"-5\r\n" + TEXT)),
    "status 99999": (ProtocolError, answer(status=b"99999 Over")),
    "status of words": (ProtocolError, answer(status=b"fine OK")),
    "negative length": (ProtocolError, answer(length=-1)),
    "two lengths": (ProtocolError, answer(headers=(b"Content-Length: 5",))),
    "length and chunks": (ProtocolError, answer(headers=(b"Transfer-Encoding: chunked",))),
    "NUL in a header": (ProtocolError, answer(headers=(b"X-A: a\0b",))),
    "header without colon": (ProtocolError, answer(headers=(b"what is this",))),
    "huge header": (ProtocolError, answer(headers=(b"X-A: " + b"a" * 100_000,))),
    "ten thousand headers": (ProtocolError, answer(headers=(b"X-A: a",) * 10_000)),
    "switching protocols": (RestoreError, bare(b"HTTP/1.1 101 Switching\nUpgrade: websocket\nConnection: Upgrade")),
    # encodings
    "no gzip": (ConnectionBroken, encoded(b"gzip", TEXT)),
    "half a gzip": (RestoreError, encoded(b"gzip", gzip.compress(TEXT * 100)[:-30])),
    "deflate of noise": (ConnectionBroken, encoded(b"deflate", b"\xff\xfe\xfd" * 50)),
    "brotli nobody asked for": (RestoreError, encoded(b"br", b"\x0b\x02\x80{}\x03")),
    "zstd nobody asked for": (RestoreError, encoded(b"zstd", b"\x28\xb5\x2f\xfd")),
    "unknown encoding": (DataError, encoded(b"rot13", b"\x90\x91")),
    "gzip twice": (RestoreError, encoded(b"gzip, gzip", gzip.compress(gzip.compress(TEXT)))),
    # redirects, errors and logins
    "redirect": (ProtocolError, answer(b"", status=b"302 Found", headers=(b"Location: /login",))),
    "redirect to nowhere": (ProtocolError, answer(b"", status=b"301 Moved")),
    "redirect to garbage": (ProtocolError, answer(b"", status=b"308 P", headers=(b"Location: ht!tp://[::\xff",))),
    "not modified": (ProtocolError, answer(b"", status=b"304 Not Modified")),
    "error page of a proxy": (ServerError, answer(b"<html>Bad Gateway", status=b"502 Bad Gateway")),
    "error of garbage": (NotFound, answer(b"\xff\0\x80", status=b"404 Not Found")),
    "error document of wrong types": (
        NotFound,
        answer(b'{"error": [], "errorCode": 5, "detail": {}, "parameters": 7, "reason": []}', status=b"404 N"),
    ),
    "error with wild parameters": (ApiError, answer(b'{"parameters": [[[{}]], null, 1e300]}', status=b"400 B")),
    "407 without a proxy": (ApiError, answer(b"<html>", status=b"407 P", headers=(b"Proxy-Authenticate: Basic",))),
    "499": (ApiError, answer(b"", status=b"499 Client Closed Request")),
    "status 999": (ServerError, answer(b"", status=b"999 Denied")),
    "Retry-After of garbage": (ApiError, answer(b"", status=b"429 T", headers=(b"Retry-After: Thu, 99 Foo 99999",))),
    "Retry-After beyond reason": (ApiError, answer(b"", status=b"429 T", headers=(b"Retry-After: " + b"9" * 400,))),
    "unknown login": (AuthError, answer(b"", status=b"401 U", headers=(b"WWW-Authenticate: Negotiate",))),
    "login of garbage": (AuthError, answer(b"", status=b"401 U", headers=(b'WWW-Authenticate: Digest \xff="',))),
    "nonce of garbage": (AuthError, answer(b"", status=b"401 U", headers=(b'WWW-Authenticate: Digest nonce="\x01"',))),
    "no login asked for": (ApiError, answer(b"", status=b"401 U", headers=())),
}


@pytest.mark.parametrize(("kind", "play"), REFUSED.values(), ids=REFUSED)
async def test_an_answer_that_is_none_is_a_typed_error(call, kind, play):
    with pytest.raises(RestoreError) as caught:
        await call(play)
    assert isinstance(caught.value, kind), repr(caught.value)
    assert caught.value.request is not None
    assert len(str(caught.value).encode()) < 2000


@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("status", [b"301 M", b"302 F", b"303 S", b"307 T", b"308 P"])
@pytest.mark.parametrize("target", ["same origin", "other origin", "other scheme"])
async def test_a_redirect_is_never_followed(play_raw, verb, status, target):
    async with play_raw(answer()) as other, play_raw(answer()) as server:
        location = {"same origin": "/x", "other origin": other.url, "other scheme": "https" + server.url[4:]}[target]
        server.answer = answer(b"", status=status, headers=(b"Location: " + location.encode(),))
        async with AsyncSession(KEY, base_url=server.url, options=Options(retry=NO_RETRY)) as session:
            with pytest.raises(ProtocolError, match="redirects are not followed"):
                await session.request(verb, "/groups", family=OPS_MANAGER, json={} if verb == "POST" else None)
        assert len(server.heads) == 1
        assert other.connections == 0


@pytest.mark.parametrize(("stale", "most"), [(b"", 3), (b", stale=false", 3), (b", stale=true", 12)])
async def test_a_loop_of_challenges_ends(play_raw, stale, most):
    number = 0

    async def challenge(writer):
        nonlocal number
        number += 1
        writer.write(answer(b"", status=b"401 U", headers=(CHALLENGE[:-2] % (b"n%d" % number, stale),)))
        writer.close()

    async with (
        play_raw(challenge) as server,
        AsyncSession(KEY, base_url=server.url, options=Options(retry=NO_RETRY)) as session,
    ):
        for _ in range(3):
            with pytest.raises(AuthError):
                await session.request("GET", "/groups", family=OPS_MANAGER)
            if not stale.endswith(b"true"):
                assert len(server.heads) <= most  # nothing is sent any more for a minute
        assert len(server.heads) <= (3 * most if stale.endswith(b"true") else most)


async def test_a_challenge_that_never_changes_ends_too(play_raw):
    challenge = answer(b"", status=b"401 U", headers=(CHALLENGE[:-2] % (b"same", b", stale=true"),))
    async with play_raw(challenge) as server, AsyncSession(KEY, base_url=server.url) as session:
        with pytest.raises(AuthError):
            await session.request("GET", "/groups", family=OPS_MANAGER)
        assert len(server.heads) <= 12


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
JOB_FIELDS = st.sampled_from(["id", "created", "statusName", "timestamp", "delivery", "links", "hashes", "pointInTime"])
JOBS = st.dictionaries(JOB_FIELDS, JSON, max_size=8)
DOCUMENTS = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {"results": st.lists(JOBS | JSON, max_size=4) | JSON},
        optional={"totalCount": JSON, "links": JSON, "status": JSON, "content": JSON, "envelope": JSON},
    ),
    st.fixed_dictionaries(
        {}, optional={"error": JSON, "errorCode": JSON, "detail": JSON, "reason": JSON, "parameters": JSON}
    ),
    JOBS,
)
BODIES = DOCUMENTS.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)
NAMES = st.sampled_from(
    [
        b"Content-Length", b"Content-Type", b"Content-Encoding", b"Transfer-Encoding", b"Connection", b"Location",
        b"Retry-After", b"Set-Cookie", b"WWW-Authenticate", b"Authentication-Info", b"RateLimit-Limit",
        b"RateLimit-Remaining", b"X-MongoDB-Service-Version", b"X-Error-Code", b"Date", b"Upgrade", b"Trailer",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"gzip", b"deflate", b"br", b"chunked", b"close", b"keep-alive", b"upgrade", b"0", b"1", b"-1",
            b"99999999999",
            b"application/json; charset=utf-16", b'Digest realm="r", nonce="n", qop="auth", stale=true',
            b'Digest nonce="n", algorithm=SHA-256-sess, userhash=true', b'nextnonce="x"', b"UNEXPECTED_ERROR",
            b"RATE_LIMITED_TOKEN_BUCKET", b"Thu, 01 Jan 1970 00:00:00 GMT", b"http://[", b"a=b; Max-Age=x",
        ]
    ),
)  # fmt: skip
FIELDS = st.lists(st.tuples(NAMES | st.binary(max_size=10), VALUES), max_size=6)
STATUSES = st.sampled_from(
    [200, 200, 200, 201, 204, 301, 304, 400, 401, 401, 403, 404, 405, 429, 500, 503, 101, 102, 999]
)


@st.composite
def plays(draw):
    """Bytes that look like an answer, more or less."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    body = draw(BODIES)
    fields = draw(FIELDS)
    if draw(st.booleans()):
        fields.append((b"Content-Length", b"%d" % len(body)))
    head = b"".join(b"%b: %b\r\n" % field for field in fields)
    play = b"HTTP/1.1 %d X\r\n%b\r\n%b" % (draw(STATUSES), head, body)
    cut = draw(st.integers(0, 3 * len(play)))
    return play[:cut] if cut else play


async def make_call(session, verb):
    cluster = session.project("p", OPS_MANAGER).cluster("c")
    if verb == "list":
        await cluster.restore_jobs(limit=1000).collect()
    elif verb == "list ahead":
        await cluster.restore_jobs(limit=1000).collect(concurrency=3)
    elif verb == "job":
        await cluster.restore_job("1")
    elif verb == "clusters":
        await session.project("p", OPS_MANAGER).clusters().collect()
    else:
        try:
            await cluster.create_restore_job(REQUEST)
        except MaybeCreated as error:
            await error.reconcile()


def test_any_bytes_raise_only_errors_of_this_package(play_raw):
    """0 bare KeyError, TypeError, ValueError, JSON or aiohttp errors; and each can be shown."""
    with asyncio.Runner(debug=True) as runner:
        playing = play_raw(b"")
        server = runner.run(playing.__aenter__())

        async def meet(verb, sequence, *, envelope):
            left = list(sequence)

            async def play(writer):
                writer.write(left.pop(0) if len(left) > 1 else left[0])
                writer.close()

            server.answer = play
            options = Options.for_tests(retry=NO_RETRY, timeout=3)
            async with AsyncSession(KEY, base_url=server.url, envelope=envelope, options=options) as session:
                shown = ""
                try:
                    await make_call(session, verb)
                except RestoreError as error:
                    shown = f"{error}{error!r}"
                assert len(shown.encode()) < 20_000

        @settings(max_examples=250, suppress_health_check=list(HealthCheck))
        @given(
            st.sampled_from(["list", "list ahead", "job", "clusters", "create"]),
            st.lists(plays(), min_size=1, max_size=3),
            st.booleans(),
        )
        def check(verb, sequence, envelope):
            runner.run(meet(verb, sequence, envelope=envelope))

        try:
            check()
        finally:
            runner.run(playing.__aexit__(None, None, None))


HTML = b"<html><h1>Your company's proxy</h1></html>"
PROXY_ANSWERS = {
    "plain, wants a login": ("http", answer(HTML, status=b"407 Proxy Authentication Required"), ApiError, "407"),
    "plain, shows its own page": ("http", answer(HTML), DataError, "Your company"),
    "plain, cannot reach the server": ("http", answer(HTML, status=b"502 Bad Gateway"), ServerError, "502"),
    "tunnel, wants a login": ("https", answer(HTML, status=b"407 Proxy Authentication Required"), ProxyFailed, "407"),
    "tunnel, forbids it": ("https", answer(HTML, status=b"403 Forbidden"), ProxyFailed, "403"),
    "tunnel, cannot reach the server": ("https", answer(HTML, status=b"502 Bad Gateway"), ConnectFailed, "502"),
    "tunnel, shows its own page": ("https", answer(HTML), ConnectFailed, "(?i)ssl|tls"),
    "tunnel, no HTTP": ("https", HTML, ProtocolError, "not valid HTTP"),
    "tunnel, hangs up": ("https", b"", ConnectionBroken, "broke"),
}


@pytest.mark.parametrize(("scheme", "play", "kind", "said"), PROXY_ANSWERS.values(), ids=PROXY_ANSWERS)
async def test_an_answer_of_a_proxy_is_reported_as_such(play_raw, scheme, play, kind, said):
    async with play_raw(closing(play)) as proxy:
        settings = {"base_url": f"{scheme}://om.invalid", "proxy": proxy.url, "options": Options(retry=NO_RETRY)}
        async with AsyncSession(KEY, **settings) as session:
            cluster = session.project("p", OPS_MANAGER).cluster("c")
            with pytest.raises(kind, match=said) as caught:
                await cluster.restore_jobs()
            assert caught.value.request is not None
            with pytest.raises(RestoreError) as caught:
                await cluster.create_restore_job(REQUEST)
            assert not isinstance(caught.value, MaybeCreated)
        assert not any(head.startswith(b"POST") for head in proxy.heads)
