"""Large bodies do not hold up the event loop: a heartbeat beside the call tells how long it had to wait."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import time
from contextlib import asynccontextmanager

import pytest

from mongorestore_async import OPS_MANAGER, AsyncSession, DataError, Options
from mongorestore_async.codec.documents import read_jobs


@pytest.fixture
async def job(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=3) as emulator, connect(emulator) as session:
        return (await first_cluster(session, emulator).restore_jobs())[0].to_dict(redacted=False)


@pytest.fixture
def no_collections():
    """Keep Python's garbage collector out: its pauses are the whole process's, and longer than what is measured."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def page_of(job, count, **changes):
    results = [job | {"id": str(number)} for number in range(count)]
    return json.dumps({"results": results, "totalCount": count} | changes).encode()


@asynccontextmanager
async def heartbeat():
    """Collect what the loop's thread works between two turns of the loop, seconds: other processes do not count."""
    gaps: list[float] = []

    async def beat() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            gaps.append(now - last)
            last = now

    task = asyncio.create_task(beat())
    await asyncio.sleep(0)
    try:
        yield gaps
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def serving(body, *, squeezed):
    coding = b"Content-Encoding: gzip\r\n" if squeezed else b""
    body = gzip.compress(body, 1) if squeezed else body

    async def play(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n" % (coding, len(body)))
        for start in range(0, len(body), 65536):
            writer.write(body[start : start + 65536])
            await writer.drain()

    return play


@pytest.mark.parametrize("squeezed", [False, True])
async def test_a_usual_page_holds_the_loop_up_for_milliseconds(play_raw, job, no_collections, squeezed):
    async with (
        play_raw(serving(page_of(job, 500), squeezed=squeezed)) as server,
        AsyncSession(None, base_url=server.url) as session,
    ):
        pager = session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
        await pager
        async with heartbeat() as gaps:
            assert len(await pager) == 500
        assert max(gaps) < 0.1  # measured: 4 to 10 ms, most of it the decoding


@pytest.mark.parametrize("squeezed", [False, True])
async def test_a_page_of_20_mb_blocks_the_loop_for_a_small_part(play_raw, job, no_collections, squeezed):
    body = page_of(job, 20_000_000 // len(json.dumps(job)))
    started = time.thread_time()
    jobs = read_jobs(OPS_MANAGER, json.loads(body)["results"], project="p", cluster="c")
    work = time.thread_time() - started
    async with (
        play_raw(serving(body, squeezed=squeezed)) as server,
        AsyncSession(None, base_url=server.url, options=Options(max_body=2**26)) as session,
    ):
        pager = session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
        async with heartbeat() as gaps:
            assert len(await pager) == len(jobs)
    assert work > 0.2
    assert max(gaps) < work / 3  # measured: a thirtieth


async def test_a_misfit_in_a_large_page_is_named_by_its_position(play_raw, job):
    results = [job | {"id": str(number)} for number in range(350)]
    results[234] |= {"created": "yesterday"}
    results[345] |= {"delivery": 7}
    async with (
        play_raw(serving(json.dumps({"results": results}).encode(), squeezed=False)) as server,
        AsyncSession(None, base_url=server.url) as session,
    ):
        with pytest.raises(DataError, match=r"results\[345\]\.delivery") as caught:
            await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
        assert caught.value.path == "$.results[234].created"


async def test_a_call_in_the_middle_of_a_large_page_can_be_cancelled(play_raw, job):
    body = page_of(job, 10_000)
    async with (
        play_raw(serving(body, squeezed=False)) as server,
        AsyncSession(None, base_url=server.url) as session,
    ):
        pager = session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
        for wait in (0.02, 0.05, 0.1, 0.15):
            task = asyncio.create_task(pager.page())
            await asyncio.sleep(wait)
            if task.cancel():  # else it was faster than that
                with pytest.raises(asyncio.CancelledError):
                    await task
        assert len(await pager) == 10_000
