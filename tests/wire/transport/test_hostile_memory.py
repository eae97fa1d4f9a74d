"""Answers that would fill the memory: each is met in a process of its own, whose memory is watched."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from mongorestore_async import NO_RETRY, OPS_MANAGER, AsyncSession, Options, RestoreError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GZIP = HEAD + b"Content-Encoding: gzip\r\n"
DEFLATE = HEAD + b"Content-Encoding: deflate\r\n"
CLOSE = b"Connection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = 10**9
TEN_MB = bytes(10_000_000)
LIMIT = Options().max_body


def flushed(data):
    """A piece of a deflate stream that can be repeated: nothing in it refers to what is before it."""
    squeeze = zlib.compressobj(9, wbits=-15)
    return squeeze.compress(data) + squeeze.flush(zlib.Z_FULL_FLUSH)


def a_thousand_times(start, piece):
    return start, piece, 1000


def endless(start, piece):
    return start, piece, ENDLESS


def below_the_limit(item):
    """A body that is just not too large, and larger once it is decoded."""
    body = gzip.compress(b"[" + b",".join([item] * ((LIMIT - 2) // (len(item) + 1))) + b"]", 1)
    return GZIP + b"Content-Length: %d\r\n\r\n" % len(body), body, 1


BOMB = flushed(TEN_MB)
MEMBER = gzip.compress(TEN_MB)
CASES = {
    "gzip, 10 MB for 10 GB": lambda: a_thousand_times(GZIP + CLOSE + b"\x1f\x8b\x08\0\0\0\0\0\0\3", BOMB),
    "gzip, announced": lambda: a_thousand_times(
        GZIP + b"Content-Length: %d\r\n\r\n" % (10 + 1000 * len(BOMB)) + b"\x1f\x8b\x08\0\0\0\0\0\0\3", BOMB
    ),
    "gzip of many members": lambda: a_thousand_times(GZIP + CLOSE, MEMBER),
    "gzip in chunks": lambda: a_thousand_times(GZIP + CHUNKED, b"%x\r\n%b\r\n" % (len(MEMBER), MEMBER)),
    "deflate": lambda: a_thousand_times(DEFLATE + CLOSE + b"\x78\x9c", BOMB),
    "deflate without its header": lambda: a_thousand_times(DEFLATE + CLOSE, BOMB),
    "endless": lambda: endless(HEAD + CLOSE, bytes(65536)),
    "endless chunks": lambda: endless(HEAD + CHUNKED, b"10000\r\n" + bytes(65536) + b"\r\n"),
    "announced 10 GB": lambda: endless(HEAD + b"Content-Length: 10000000000\r\n\r\n", bytes(65536)),
    "endless chunks of a byte": lambda: endless(HEAD + CHUNKED, b"1\r\n[\r\n" * 1000),
    "endless deflate of nothing": lambda: endless(DEFLATE + CLOSE, b"\0\0\0\xff\xff" * 10_000),
    "endless gzip header": lambda: endless(GZIP + CLOSE + b"\x1f\x8b\x08\x08\0\0\0\0\0\3", b"a" * 50_000),
    "endless chunk extension": lambda: endless(HEAD + CHUNKED + b"1;", b"b" * 10_000),
    "endless interim answers": lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "endless headers": lambda: endless(HEAD, b"X-A: b\r\n" * 1000),
    "endless header line": lambda: endless(HEAD + b"X-A: ", b"b" * 10_000),
    "endless header name": lambda: endless(HEAD, b"b" * 10_000),
    "endless cookies": lambda: endless(HEAD, b"".join(b"Set-Cookie: a%d=b\r\n" % n for n in range(1000))),
    "endless status line": lambda: endless(b"HTTP/1.1 200 ", b"b" * 10_000),
    "endless trailers": lambda: endless(HEAD + CHUNKED + b"1\r\n[\r\n0\r\n", b"X-A: b\r\n" * 1000),
    "no HTTP at all": lambda: endless(b"", b"\0" * 10_000),
    "array of empty arrays": lambda: below_the_limit(b"[]"),
    "array of small objects": lambda: below_the_limit(b'{"a":0}'),
    "array of numbers": lambda: below_the_limit(b"1.5"),
    "array of emoji": lambda: below_the_limit(json.dumps("\N{GRINNING FACE}" * 1000, ensure_ascii=False).encode()),
    "blanks": lambda: below_the_limit(b" " * 1000),
}


def peak():
    """Most memory this process has had since the mark was last reset, MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def reset_peak():
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


async def main():
    start, piece, times = CASES[sys.argv[1]]()
    fine = True

    async def handle(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            if fine:
                writer.write(HEAD + b'Content-Length: 14\r\n\r\n{"results":[]}')
                return
            writer.write(start)
            for _ in range(times):
                writer.write(piece)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    options = Options(retry=NO_RETRY, timeout=1.5 if times == ENDLESS else 30)
    async with AsyncSession(None, base_url=url, options=options) as session:
        pager = session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
        await pager.page()
        fine = False
        reset_peak()
        before, began = peak(), time.monotonic()
        for _ in range(2):
            try:
                await pager.page()
            except RestoreError as error:
                raised = type(error).__name__
            if times == ENDLESS and raised == "RequestTimeout":
                break
        seen = {"grown": peak() - before, "raised": raised, "seconds": time.monotonic() - began}
    server.close()
    sys.stdout.write(json.dumps(seen))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from Linux's /proc")
@pytest.mark.parametrize("case", CASES)
def test_memory_grows_by_less_than_100_mb(case):
    root = Path(__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, __file__, case],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["raised"] in {"ProtocolError", "DataError", "RequestTimeout", "ConnectionBroken"}
    assert seen["grown"] < 100
    assert seen["seconds"] < 60


if __name__ == "__main__":
    asyncio.run(main())
