"""When modules of this package are loaded: none in a running loop once a session was made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import mongorestore_async

OURS = Path(mongorestore_async.__file__).parent

# In a process of its own: a server that wants a login and has one job, a session, one list.
PROGRAM = """
import asyncio, json, sys

from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, RestoreJob

def ours():
    return {name.partition(".")[2] for name in sys.modules if name.startswith("mongorestore_async.")}

JOB = {"id": "j", "statusName": "FINISHED", "created": "2026-01-01T00:00:00Z",
       "timestamp": {"date": "2026-01-01T00:00:00Z", "increment": 1},
       "delivery": {"methodName": "HTTP", "statusName": "READY", "url": "https://x.example.com/a"},
       "hashes": [{"typeName": "SHA1", "fileName": "a", "hash": "0" * 40}],
       "links": [{"rel": "self", "href": "https://x.example.com"}]}
BODY = json.dumps({"results": [JOB] * 600, "totalCount": 600, "links": []}, separators=(",", ":")).encode()
CHALLENGE = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5'

async def answer(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            logged_in = b"authorization" in head.lower()
            status, extra, body = ("200 OK", "A: b", BODY) if logged_in else ("401 Unauthorized", CHALLENGE, b"")
            writer.write(
                f"HTTP/1.1 {status}\\r\\n{extra}\\r\\nContent-Type: application/json\\r\\n"
                f"Content-Length: {len(body)}\\r\\n\\r\\n".encode() + body
            )
    except asyncio.IncompleteReadError:
        writer.close()

async def main():
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with AsyncSession(DigestAuth("public", "private"), base_url=f"http://127.0.0.1:{port}") as session:
            opened = ours()
            jobs = await session.project("p", CLOUD_MANAGER).cluster("c").restore_jobs()
            assert len(jobs) == 600 and isinstance(jobs[0], RestoreJob) and jobs[0].ref
            print(json.dumps([sorted(opened), sorted(ours() - opened)]))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def loaded():
    """Names of our modules in an open session, and of those that a list loaded beside them."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=OURS.parent)
    opened, later = json.loads(done.stdout)
    return set(opened), set(later)


def test_nothing_is_loaded_in_the_middle_of_a_list(loaded):
    opened, later = loaded

    assert "listing.page_reader" in opened
    assert later == set()
