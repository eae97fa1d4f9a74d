"""Servers that take their time: a call ends when its deadline says, wherever it is held up."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from contextlib import asynccontextmanager

import pytest

from builders.restores import KEY, REQUEST
from mongorestore_async import (
    OPS_MANAGER,
    AsyncSession,
    MaybeCreated,
    Options,
    RequestTimeout,
    SessionClosed,
)

#: What a deadline may be overrun by, seconds.
OVERRUN = 15  # a server that pours keeps a core busy, and others may want it too; without a deadline it never ends
TIMEOUT = 0.6
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHALLENGE = b'HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Length: '


def dripping(start, drop):
    """Send a start at once, and then a drop a second for ever."""

    async def play(writer):
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(1)

    return play


def pouring(start, drop):
    """Send as fast as the client reads, for ever, what never makes an answer."""

    async def play(writer):
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()

    return play


async def silent(_writer):
    await asyncio.Event().wait()


SLOW = {
    "nothing at all": silent,
    "a status line, a byte a second": dripping(b"", b"H"),
    "headers, a line a second": dripping(HEAD, b"X-A: b\r\n"),
    "a header, a byte a second": dripping(HEAD + b"X-A: ", b"b"),
    "interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body, a byte a second": dripping(HEAD + b"Content-Length: 1000\r\n\r\n", b" "),
    "a body without end, a byte a second": dripping(HEAD + b"Connection: close\r\n\r\n", b" "),
    "chunks, one a second": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "gzip, a byte a second": dripping(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" ")[:10], b"\0"),
    "an error, a byte a second": dripping(b"HTTP/1.1 500 E\r\nContent-Length: 1000\r\n\r\n", b" "),
    "a challenge, a byte a second": dripping(CHALLENGE + b"1000\r\n\r\n", b" "),
    "chunks of a byte without end": pouring(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 1000),
    "deflate of nothing without end": pouring(
        HEAD + b"Content-Encoding: deflate\r\nConnection: close\r\n\r\n", b"\0\0\0\xff\xff" * 10_000
    ),
    "interim answers without end": pouring(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
}


async def overrun(call, kind=RequestTimeout):
    """Seconds by which a call that is held up outlives its deadline."""
    started = time.monotonic()
    with pytest.raises(kind):
        await call
    return time.monotonic() - started - TIMEOUT


@pytest.mark.parametrize("play", SLOW.values(), ids=SLOW)
async def test_the_deadline_holds_against_a_server_that_drips(play_raw, play):
    options = Options.for_tests(timeout=TIMEOUT)
    async with play_raw(play) as server, AsyncSession(KEY, base_url=server.url, options=options) as session:
        cluster = session.project("p", OPS_MANAGER).cluster("c")
        # One leads the login, the others wait for it: all end at the same time.
        overruns = await asyncio.gather(
            overrun(cluster.restore_jobs().collect()),
            overrun(cluster.restore_jobs().collect(concurrency=4)),
            overrun(cluster.restore_job("1")),
            overrun(cluster.create_restore_job(REQUEST)),
        )
        assert max(overruns) <= OVERRUN
        closing = time.monotonic()
        await session.close()
        assert time.monotonic() - closing < OVERRUN


async def test_the_deadline_of_a_create_holds_when_its_answer_drips(play_raw):
    drip = dripping(HEAD + b"Content-Length: 1000\r\n\r\n", b" ")
    answered = []

    async def play(writer):
        answered.append(True)
        if len(answered) > 1:
            await drip(writer)
        writer.write(HEAD + b'Content-Length: 14\r\n\r\n{"results":[]}')

    options = Options.for_tests(timeout=2 * TIMEOUT)  # time enough to get to the answer
    async with play_raw(play) as server, AsyncSession(None, base_url=server.url, options=options) as session:
        cluster = session.project("p", OPS_MANAGER).cluster("c")
        assert await overrun(cluster.create_restore_job(REQUEST), MaybeCreated) <= OVERRUN


async def test_the_deadline_holds_when_no_request_body_is_read():
    async with listening(backlog=5) as address:
        options = Options.for_tests(timeout=TIMEOUT)
        async with AsyncSession(None, base_url=f"http://{address}", options=options) as session:
            call = session.request("POST", "/x", json={"x": "y" * 1_000_000})
            assert await overrun(call) <= OVERRUN


@asynccontextmanager
async def listening(*, backlog: int):
    """A port that takes connections as far as its backlog goes, and serves none."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("proxied", [False, True])
async def test_the_deadline_holds_when_nobody_accepts(scheme, proxied):
    """Also in the middle of the TLS handshake, and of opening a tunnel."""
    async with listening(backlog=5) as address:
        settings = {"proxy": f"http://{address}"} if proxied else {}
        url = f"{scheme}://{'om.invalid' if proxied else address}"
        async with AsyncSession(None, base_url=url, options=Options.for_tests(timeout=TIMEOUT), **settings) as session:
            assert await overrun(session.request("GET", "/x")) <= OVERRUN


async def test_the_deadline_holds_when_the_backlog_is_full():
    async with listening(backlog=0) as address:
        host, _, port = address.partition(":")
        crowd = [socket.socket() for _ in range(4)]
        for each in crowd:
            each.setblocking(False)  # noqa: FBT003
            each.connect_ex((host, int(port)))
        options = Options.for_tests(timeout=TIMEOUT)
        async with AsyncSession(None, base_url=f"http://{address}", options=options) as session:
            assert await overrun(session.request("GET", "/x")) <= OVERRUN
        for each in crowd:
            each.close()


async def test_the_deadline_covers_waits_between_tries(play_raw):
    """No wait is begun that cannot end in time."""
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    async with play_raw(busy) as server:
        options = Options(timeout=TIMEOUT)
        async with AsyncSession(None, base_url=server.url, options=options) as session:
            started = time.monotonic()
            with pytest.raises(Exception, match="503"):
                await session.request("GET", "/x")
            assert time.monotonic() - started < TIMEOUT + OVERRUN


@pytest.mark.parametrize("play", SLOW.values(), ids=SLOW)
async def test_closing_does_not_wait_for_a_server_that_drips(play_raw, play):
    async with play_raw(play) as server:
        session = AsyncSession(KEY, base_url=server.url)
        calls = [asyncio.create_task(session.request("GET", "/x")) for _ in range(3)]
        while not server.heads:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        started = time.monotonic()
        await session.close()
        assert time.monotonic() - started < OVERRUN
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(outcome, SessionClosed) for outcome in outcomes)
