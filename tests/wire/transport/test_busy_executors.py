"""The application's blocking work in the default executor of the loop holds up nothing of ours."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from builders.constants import CLUSTER, PROJECT
from mongorestore_async import NO_RETRY, OPS_MANAGER, AsyncSession, Options
from mongorestore_async.errors import ConfigError, DataError

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


def page(count, **broken):
    jobs = [{"id": f"job-{number}", "statusName": "FINISHED", "text": "x" * 5000} for number in range(count)]
    jobs[-1] |= broken
    body = json.dumps({"results": jobs, "totalCount": count}).encode()
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def read(url, **arguments):
    async with AsyncSession(None, base_url=url, options=Options(retry=NO_RETRY, timeout=8), **arguments) as session:
        return await session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER).restore_jobs().page()


async def test_a_large_answer_that_arrived_is_decoded(play_raw, busy_executor):
    busy_executor()
    async with play_raw(page(400)) as raw:  # 2 MB
        assert len(await read(raw.url)) == 400


async def test_a_large_answer_that_does_not_fit_is_told(play_raw, busy_executor):
    busy_executor()
    async with play_raw(page(400, statusName=5)) as raw:
        with pytest.raises(DataError, match=r"results\[399\]"):
            await read(raw.url)


async def test_a_host_name_is_looked_up(play_raw, busy_executor):
    busy_executor()
    async with play_raw(page(1)) as raw:
        assert len(await read(raw.url.replace("127.0.0.1", "localhost"))) == 1


async def test_a_ca_file_is_read(busy_executor, tmp_path):
    busy_executor()
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    async with asyncio.timeout(20):
        with pytest.raises(ConfigError, match=r"ca\.pem"):
            await read("https://127.0.0.1:1", ca_file=path)


async def test_threads_end_with_the_session(play_raw):
    before = set(threading.enumerate())
    async with play_raw(page(400)) as raw:
        await read(raw.url.replace("127.0.0.1", "localhost"))
    ours = [each for each in threading.enumerate() if each not in before]
    for thread in ours:
        await asyncio.to_thread(thread.join, 20)

    assert [each.name for each in ours if each.is_alive() and each.name.startswith("mongorestore_async")] == []
