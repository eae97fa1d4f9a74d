"""Answers whose end got lost on its way without HTTP noticing: reads are repeated, a create stays open."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from builders.restores import REQUEST
from mongorestore_async import (
    OPS_MANAGER,
    AsyncSession,
    ConnectionBroken,
    DataError,
    MaybeCreated,
    Options,
    RetryPolicy,
)

PAGE = json.dumps({"results": [{"id": f"job-{number}"} for number in range(200)], "totalCount": 200}).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


def whole(body=PAGE):
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def packed(body, coding=b"gzip"):
    return OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding, len(body)) + body


def chunked(body):
    return (
        OK
        + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    )


GZIP = gzip.compress(PAGE)
LOST = {
    "gzip cut": packed(GZIP[:200]),
    "gzip without its trailer and last block": packed(GZIP[:-30]),
    "gzip in chunks": chunked(GZIP[: len(GZIP) // 2]),
    "gzip header only": packed(GZIP[:10]),
    "gzip of a cut document": packed(gzip.compress(PAGE[:1000])),
    "deflate cut": packed(zlib.compress(PAGE)[:200], b"deflate"),
    "up to the end of the connection": OK + b"\r\n" + PAGE[:1000],
    "nothing at all": OK + b"\r\n",
}


def answering(*answers):
    left = list(answers)

    async def play(writer):
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()
        writer.close()

    return play


def session_at(server, *, tries=4):
    return AsyncSession(None, base_url=server.url, options=Options(retry=RetryPolicy(base=0, tries=tries)))


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_a_read_whose_answer_lost_its_end_is_repeated(play_raw, lost):
    async with play_raw(answering(lost, whole())) as server, session_at(server) as session:
        page = await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()

    assert len(page) == 200
    assert len(server.heads) == 2


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
async def test_an_end_that_is_always_lost_is_a_broken_answer(play_raw, lost):
    async with play_raw(answering(lost)) as server, session_at(server, tries=3) as session:
        with pytest.raises(ConnectionBroken) as caught:
            await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()

    assert len(server.heads) == 3
    assert caught.value.request.unanswered
    assert "job-" not in str(caught.value)


async def test_a_create_whose_answer_lost_its_end_is_open(play_raw):
    async def play(writer):
        writer.write(packed(GZIP[:200]) if server.heads[-1].startswith(b"POST") else whole())
        await writer.drain()
        writer.close()

    async with play_raw(play) as server, session_at(server) as session:
        with pytest.raises(MaybeCreated, match="lost its end"):
            await session.project("p", OPS_MANAGER).cluster("c").create_restore_job(REQUEST)

    assert sum(head.startswith(b"POST") for head in server.heads) == 1


async def test_a_document_of_full_length_that_is_cut_is_told(play_raw):
    async with play_raw(answering(whole(PAGE[:1000]))) as server, session_at(server) as session:
        with pytest.raises(DataError, match="not JSON"):
            await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()

    assert len(server.heads) == 1
