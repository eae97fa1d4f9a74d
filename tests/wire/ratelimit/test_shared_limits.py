"""Limits that processes share through a real Redis."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from mongorestore_async import OPS_MANAGER, ConfigError, Options, RateLimit, RateLimited, SharedLimits
from mongorestore_async.emulator import RateLimiting
from mongorestore_async.ratelimit import RateLimiter
from mongorestore_async.ratelimit import shared_limits as shared
from mongorestore_async.ratelimit.limit_queue import LimitQueue
from mongorestore_async.ratelimit.shared_limits import RedisCounters

redis = pytest.importorskip("redis.asyncio", reason="the redis client (extra redis) is not installed")

PROJECT = Path(__file__).parents[3]
LIMITS = [RateLimit(30, 30, 3600, window=True), RateLimit(30, 1, 3600)]
EACH = pytest.mark.parametrize("limit", LIMITS, ids=["window", "bucket"])

#: Calls as fast as it can until the limit is used up, in a process of its own; prints how many were made.
WORKER = """
import asyncio, json, sys
from mongorestore_async import *

async def main(url, public, private, redis, project, cluster, limit):
    options = Options(rate_limits=RateLimit(**limit), shared_limits=SharedLimits(redis, public), timeout=20)
    async with AsyncSession(DigestAuth(public, private), base_url=url, options=options) as session:
        jobs = session.project(project, OPS_MANAGER).cluster(cluster).restore_jobs(items_per_page=1)
        outcomes = await asyncio.gather(*(jobs.page() for _ in range(40)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not (isinstance(outcome, RateLimited) and outcome.status == 0):
            raise outcome
    print(sum(not isinstance(outcome, Exception) for outcome in outcomes))

asyncio.run(main(*json.loads(sys.argv[1])))
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Server:
    """A real redis-server that keeps nothing on disk."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process = None

    def start(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder)]
        self._process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def server(tmp_path):
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server (Debian package redis-server) is not installed")
    found = Server(tmp_path)
    found.start()
    yield found
    found.stop()


@pytest.fixture
async def client(server):
    async with redis.Redis.from_url(server.url) as made:
        yield made


class Process:
    """The queue of one limit as another process would have it."""

    def __init__(self, settings, limit, project="P"):
        self.counters = RedisCounters(settings)
        self.queue = LimitQueue(limit, self.counters.counter(limit, project))

    async def take(self):
        """Make a call if it may be made now: 0, or seconds until it may."""
        self.queue._shared_at = 0.0  # asks Redis, though it knows the answer
        try:
            await self.queue.enter_in_turn(0.0)
        except RateLimited as error:
            return error.retry_after
        self.queue.leave()
        return 0.0

    async def take_all(self, most=100):
        """Make calls until there are no more."""
        for count in range(most):
            if await self.take():
                return count
        return most


@pytest.fixture
async def processes():
    """Make processes."""
    made = []

    def make(settings, limit, count=1, project="P"):
        made.extend(Process(settings, limit, project) for _ in range(count))
        return made[-count:]

    yield make
    for process in made:
        await process.counters.close()


def cluster_of(session, emulator):
    cluster = emulator.world.first("replica-set")
    return session.project(cluster.project_id, OPS_MANAGER).cluster(cluster.id)


# Together


@EACH
async def test_three_processes_together_keep_to_the_limit(server, emulate, limit):
    async with emulate() as emulator:
        cluster = emulator.world.first("replica-set")
        numbers = {name: getattr(limit, name) for name in ("capacity", "refill", "per_seconds", "window")}
        key = [emulator.public_key, emulator.private_key]
        arguments = [emulator.url, *key, server.url, cluster.project_id, cluster.id, numbers]
        command = [sys.executable, "-W", "error", "-c", WORKER, json.dumps(arguments)]
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE, "cwd": PROJECT}
        workers = [await asyncio.create_subprocess_exec(*command, **pipes) for _ in range(3)]
        said = await asyncio.gather(*(worker.communicate() for worker in workers))
        assert [errors.decode() for _, errors in said] == [""] * 3
        assert sum(int(count) for count, _ in said) == 30
        assert sum(record.status == 200 for record in emulator.requests) == 30


@EACH
async def test_what_one_took_is_missing_for_the_others(server, client, processes, limit):
    first, second = processes(SharedLimits(server.url, "key"), limit, 2)
    (other,) = processes(SharedLimits(server.url, "other"), limit)
    (elsewhere,) = processes(SharedLimits(server.url, "key"), limit, project="Q")
    assert [await first.take_all(10), await second.take_all(), await first.take_all()] == [10, 20, 0]
    assert [await other.take_all(), await elsewhere.take_all()] == [30, 30]
    wait = await second.take()
    assert 0 < wait <= 3600
    for key in await client.keys():
        assert key.startswith(b"mongorestore-async:")
        assert await client.pttl(key) > 1_000_000


@EACH
async def test_a_refused_call_costs_nothing_here_either(server, client, processes, limit):
    first, second = processes(SharedLimits(server.url, "key"), limit, 2)
    assert await second.take_all() == 30
    for _ in range(100):
        assert await first.take() > 0
    await client.flushall()
    assert await first.take_all() == 30


async def test_calls_counted_by_a_clock_ahead_still_count(server, client, processes):
    limit = LIMITS[0]
    first, second = processes(SharedLimits(server.url, "key"), limit, 2)
    assert await first.take_all(20) == 20
    (key,) = await client.keys()
    for member, score in await client.zrange(key, 0, -1, withscores=True):
        await client.zadd(key, {member: score + 500_000})
    assert await second.take_all() == 10


async def test_a_client_of_your_own_is_used_and_not_closed(client, processes):
    (process,) = processes(SharedLimits(client, "key"), LIMITS[0])
    assert await process.take_all() == 30
    await process.counters.close()
    assert await client.keys() == [b"mongorestore-async:key:w30-30-3600::P"]


async def test_cancelling_while_redis_is_asked_leaves_it_usable(server, emulate, connect):
    options = Options(rate_limits=RateLimit(10_000, 10_000, 60), shared_limits=SharedLimits(server.url, "key"))
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = cluster_of(session, emulator)
        for steps in range(60):
            task = asyncio.create_task(cluster.restore_jobs().page())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(await cluster.restore_jobs()) == 25
        (queue,) = session._view.transport.limits._queues.values()
        assert (queue.pending, queue.waiting) == (0, 0)


async def test_a_pause_and_a_shared_counter_go_together(server, emulate, connect):
    options = Options(rate_limits=RateLimit(3, 3, 3600), shared_limits=SharedLimits(server.url, "key"), timeout=50)
    async with (
        emulate() as emulator,
        connect(emulator, options=options) as first,
        connect(emulator, options=options) as second,
    ):
        for session in (first, second, first):
            await cluster_of(session, emulator).restore_jobs()
        for session in (first, second):
            with pytest.raises(RateLimited, match="used up"):
                await cluster_of(session, emulator).restore_jobs()
        assert emulator.counts.requests == 5


async def test_the_word_of_the_server_overrides_the_shared_counter(server, emulate, connect):
    told = RateLimiting(limit=RateLimit(3, 3, 3600), headers=True)
    options = Options(rate_limits=LIMITS[1], shared_limits=SharedLimits(server.url, "key"), timeout=50)
    async with emulate(rate_limiting=told) as emulator, connect(emulator, options=options) as session:
        for number in (0, 1):
            project = emulator.world.project("manager", number)
            cluster = session.project(project.id, OPS_MANAGER).cluster(next(iter(emulator.world.clusters(project))).id)
            for _ in range(3):
                await cluster.restore_jobs()
            with pytest.raises(RateLimited) as caught:
                await cluster.restore_jobs()
            assert caught.value.status == 0
        assert emulator.counts.requests == 7


# Without it


def warnings_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_without_redis_calls_follow_the_limits_of_the_process(emulate, connect, caplog):
    address = f"redis://user:hunter2@127.0.0.1:{free_port()}/0"
    options = Options(rate_limits=RateLimit(3, 3, 3600), shared_limits=SharedLimits(address, "key"), timeout=50)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = cluster_of(session, emulator)
        for _ in range(3):
            await cluster.restore_jobs()
        with pytest.raises(RateLimited):
            await cluster.restore_jobs()
        await session.projects(OPS_MANAGER)
    (said,) = warnings_in(caplog)
    assert "this process applies the rate limits locally" in said
    assert "hunter2" not in caplog.text


async def test_an_outage_in_the_middle_is_told_once_and_ends(server, processes, caplog, monkeypatch):
    monkeypatch.setattr(shared, "_OUTAGE", 0.2)
    caplog.set_level(logging.DEBUG, shared.__name__)
    limit = RateLimit(50, 50, 3600)
    first, second = processes(SharedLimits(server.url, "key"), limit, 2)
    assert await first.take_all(10) == 10
    server.stop()
    assert await first.take_all(10) == 10
    await asyncio.sleep(0.3)
    assert await first.take_all(10) == 10
    assert len(warnings_in(caplog)) == 1
    server.start()
    await asyncio.sleep(0.3)
    assert await first.take_all(10) == 10
    assert "Redis responds again" in caplog.text
    # It has forgotten what was taken before; this process has not.
    assert await second.take_all() == 40
    assert await first.take_all() == 0
    assert len(warnings_in(caplog)) == 1


async def test_a_session_closes_though_redis_is_gone(server, emulate, connect):
    options = Options(rate_limits=LIMITS[1], shared_limits=SharedLimits(server.url, "key"))
    async with emulate() as emulator, connect(emulator, options=options) as session:
        await cluster_of(session, emulator).restore_jobs()
        server.stop()
        await session.close()
    assert session._view.transport._connection.session.closed


@EACH
async def test_scripts_that_redis_forgot_are_loaded_again(server, client, processes, monkeypatch, caplog, limit):
    monkeypatch.setattr(shared, "_OUTAGE", 0.0)
    first, second = processes(SharedLimits(server.url, "key"), limit, 2)
    assert await first.take_all(5) == 5
    await client.script_flush()
    assert await first.take_all(15) == 15
    # One call at most was counted by the first process alone.
    assert await second.take_all() <= 11
    assert len(warnings_in(caplog)) <= 1


async def test_a_redis_that_hangs_costs_one_wait(monkeypatch, caplog):
    monkeypatch.setattr(shared, "REPLY_TIMEOUT", 0.5)
    gone = []

    async def say_nothing(reader, writer):
        await reader.read()
        writer.close()
        gone.append(writer)

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        counters = RedisCounters(SharedLimits(f"redis://127.0.0.1:{port}/0", "key"))
        many = [counters.counter(RateLimit(50, 50, 3600), f"P{number}") for number in range(40)]
        started = time.monotonic()
        assert await asyncio.gather(*(take() for take in many)) == [0.0] * 40
        assert await many[0]() == 0
        assert 0.45 <= time.monotonic() - started < 5  # not one after the other: 20 s
        assert len(warnings_in(caplog)) == 1
        await counters.close()
        for _ in range(200):
            if gone:
                break
            await asyncio.sleep(0.01)


# Settings


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(shared, "import_module", missing)
    with pytest.raises(ConfigError, match=r"install mongorestore-async\[redis\]"):
        SharedLimits("redis://localhost", "key")


def test_importing_the_package_imports_no_redis():
    program = "import sys; from mongorestore_async import AsyncSession, SharedLimits; print('redis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("http://localhost", "key"), "not a valid URL"),
        (("localhost:6379", "key"), "not a valid URL"),
        (("redis://localhost:port", "key"), "not a valid URL"),
        ((None, "key"), "redis of SharedLimits must be a URL"),
        ((SimpleNamespace(), "key"), "redis of SharedLimits must be a URL"),
        (("redis://localhost", ""), "key of SharedLimits"),
        (("redis://localhost", "a\nb"), "key of SharedLimits"),
        (("redis://localhost", None), "key of SharedLimits"),
    ],
)
def test_settings_that_are_none_are_refused(arguments, says):
    with pytest.raises(ConfigError, match=says):
        SharedLimits(*arguments)


def test_the_password_is_never_seen():
    settings = SharedLimits("redis://user:hunter2@localhost:6379/0", "key")
    options = Options(shared_limits=settings)
    assert "hunter2" not in repr([settings, options, RateLimiter("documented", settings), settings.redis])
    for refuses in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            refuses(settings)
    with pytest.raises(ConfigError) as caught:
        SharedLimits("redis://user:hunter2@localhost:port/0", "key")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
