"""Long pages are worked on one at a time, a piece in each turn of the event loop."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import asynccontextmanager

import attrs
import pytest
from yarl import URL

from mongorestore_async.errors import DataError, RequestContext
from mongorestore_async.listing.materialize import read_in_slices
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.replies import RawReply
from mongorestore_async.transport import decoding
from mongorestore_async.transport.loop_binding import DecodeLocks
from mongorestore_async.transport.sender import Call

CALL = Call(method="GET", url=URL("http://test/api"), headers={})


class Turns:
    """Counts the turns of the loop, and the pieces of work done in each."""

    def __init__(self):
        self.now = 0
        self.pieces = []

    def note(self, name):
        self.pieces.append((self.now, name))

    def read(self, items):
        self.note(items[0])
        return tuple(items)

    @property
    def most(self):
        return max(Counter(turn for turn, _ in self.pieces).values())


@asynccontextmanager
async def counted():
    turns = Turns()

    async def count():
        while True:
            turns.now += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await asyncio.sleep(0)
    yield turns
    counting.cancel()


def page_of(items):
    body = json.dumps({"results": items, "filler": "x" * 100_000}, separators=(",", ":")).encode()
    request = RequestContext(method="GET", url="http://test/api")
    return RawReply(
        status=200, reason="OK", headers=Headers([("Content-Type", "application/json")]), body=body, request=request
    )


async def test_no_two_slices_of_any_pages_share_a_turn():
    async with counted() as turns:
        pages = [[f"{number}-{index}" for index in range(500)] for number in range(16)]
        bench = DecodeLocks()
        read = await asyncio.gather(*(read_in_slices(turns.read, page, bench) for page in pages))
    assert read == [tuple(page) for page in pages]
    assert turns.most == 1
    assert len(turns.pieces) >= 16 * 5


async def test_pages_are_structured_in_the_order_they_came():
    async with counted() as turns:
        bench = DecodeLocks()
        await asyncio.gather(*(read_in_slices(turns.read, [number] * 300, bench) for number in range(4)))
    assert [number for _, number in turns.pieces] == sorted([0, 1, 2, 3] * 15)


async def test_a_short_page_waits_for_nobody():
    async with counted() as turns:
        bench = DecodeLocks()
        async with bench.structure_lock:
            before = turns.now
            assert await read_in_slices(turns.read, list(range(20)), bench) == tuple(range(20))
            assert turns.now == before


async def test_decoding_waits_for_the_structuring_of_earlier_pages(monkeypatch):
    # pages wait as bytes: none is decoded before the one in front of it is structured
    read = decoding.read_in_turns
    async with counted() as turns:

        def decoded(raw, **rest):
            turns.note("decode")
            return read(raw, **rest)

        monkeypatch.setattr(decoding, "read_in_turns", decoded)
        bench = DecodeLocks()

        async def fetch(number):
            reply = await decoding.decode(page_of([number] * 200), CALL, bench)
            return await read_in_slices(turns.read, reply.document["results"], bench)

        await asyncio.gather(*(fetch(number) for number in range(3)))
    steps = [["decode", *[number] * 10] for number in range(3)]
    assert [what for _, what in turns.pieces] == [step for page in steps for step in page]
    assert turns.most == 1


@pytest.mark.parametrize("outcome", ["decoded", None])
async def test_a_page_is_decoded_and_checked_in_two_turns(outcome):
    async with counted() as turns:

        def decode_list(_body):
            turns.note("decode")
            yield None
            turns.note("check")
            yield outcome

        raw, call = page_of([1, 2]), attrs.evolve(CALL, decode_list=decode_list)
        reply = await decoding.decode(raw, call, DecodeLocks())
    assert [what for _, what in turns.pieces] == ["decode", "check"]
    assert turns.most == 1
    assert reply.document == (outcome or json.loads(raw.body))


@pytest.mark.parametrize("after", range(8))
async def test_a_cancelled_page_leaves_the_bench_to_the_others(after):
    bench = DecodeLocks()

    async def fetch():
        reply = await decoding.decode(page_of(list(range(300))), CALL, bench)
        return await read_in_slices(tuple, reply.document["results"], bench)

    tasks = [asyncio.create_task(fetch()) for _ in range(3)]
    for _ in range(after):
        await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[1].cancel()
    async with asyncio.timeout(5):
        assert await tasks[2] == tuple(range(300))
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not bench.decode_lock.locked()
    assert not bench.structure_lock.locked()


async def test_an_item_that_does_not_fit_releases_the_lock():
    def refuse(items):
        raise DataError("no", path="$.results[0]")

    bench = DecodeLocks()
    with pytest.raises(DataError):
        await read_in_slices(refuse, list(range(300)), bench)
    assert await read_in_slices(tuple, list(range(300)), bench) == tuple(range(300))
