"""Many calls at once, calls that are given up at any point, and sessions that are misused: nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import ssl
import subprocess
import sys
import textwrap
import time
import warnings
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from blockbuster import blockbuster_ctx

from builders.restores import REQUEST
from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    AuthError,
    ConfigError,
    ConnectFailed,
    DigestAuth,
    MaybeCreated,
    Options,
    RestoreError,
    RetryPolicy,
    SessionClosed,
)
from mongorestore_async.emulator import NoncePolicy


@pytest.fixture(autouse=True)
async def nothing_is_complained_about():
    """Fail a test after which the loop had to tell of a task, future or generator that nobody looked after."""
    told = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: told.append(context))
    yield told
    gc.collect()
    await asyncio.sleep(0)
    assert told == []


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def acquired(session):
    """Connections that aiohttp thinks are in use."""
    connection = session._view.transport._connection
    return len(connection.session.connector._acquired) if connection.session else 0


def tasks():
    """Tasks but those of the server in the same loop."""
    servers = ("RequestHandler.", "BaseSelectorEventLoop._accept_connection")
    return {task for task in asyncio.all_tasks() if not task.get_coro().__qualname__.startswith(servers)}


async def until(condition):
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise TimeoutError


class Interrupted:
    """Cancels the task that awaits it at its n-th suspension, as ``Task.cancel`` does it."""

    def __init__(self, call, point):
        self.reached = False
        self._call = call
        self._point = point

    def __await__(self):
        steps = self._call.__await__()
        answer = None
        try:
            for point in range(1, 100_000):
                waited_for = steps.send(answer)
                if point == self._point:
                    self.reached = True
                    asyncio.current_task().cancel()
                try:
                    answer = yield waited_for
                except BaseException as error:  # noqa: BLE001 - passed on as the task gives it
                    waited_for = steps.throw(error)
                    answer = yield waited_for
        except StopIteration as end:
            return end.value


async def at_every_point(make, check, *, most=400):
    """Run a call again and again, cancelled at its 1st, 2nd, 3rd ... suspension, until it gets through."""
    for point in range(1, most):
        interrupted = Interrupted(make(), point)

        async def run(interrupted=interrupted):
            return await interrupted

        task = asyncio.create_task(run())
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        await check(point)
        if not interrupted.reached:
            assert not isinstance(outcome, BaseException), outcome
            return point - 1
        assert isinstance(outcome, asyncio.CancelledError), repr(outcome)
    pytest.fail("the call never got through")


def failing(times):
    """Answer the first reads of each address with 503: counted together, one of two could meet all of them."""
    seen = Counter()

    def fault(record):
        if record.method == "POST":
            return None
        seen[record.path] += 1
        return aiohttp.web.Response(status=503) if seen[record.path] <= times else None

    return fault


VERBS = {
    "list": lambda cluster: cluster.restore_jobs(items_per_page=4).collect(),
    "list ahead": lambda cluster: cluster.restore_jobs(items_per_page=4).collect(concurrency=3),
    "page": lambda cluster: cluster.restore_jobs().page(),
    "first": lambda cluster: cluster.restore_jobs().first(),
    "create": lambda cluster: cluster.create_restore_job(REQUEST),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("where", ["warm", "cold", "retrying"])
async def test_a_call_can_be_cancelled_at_every_await(emulate, connect, first_cluster, verb, where):
    options = Options.for_tests(retry=RetryPolicy(base=0.002, tries=5))
    policy = NoncePolicy.LIMITED if where == "retrying" else NoncePolicy.REUSABLE
    async with (
        emulate(jobs_per_cluster=10, nonce_policy=policy, nonce_life_uses=3) as emulator,
        connect(emulator, options=options) as session,
    ):
        await first_cluster(session, emulator).restore_jobs()
        before = tasks()
        made = 0

        async def call():
            nonlocal made, session
            made += 1
            emulator.fault = failing(1) if where == "retrying" else None
            if where == "cold":
                await session.close()
                session = connect(emulator, options=options)
            await verb(first_cluster(session, emulator))

        async def check(_point):
            assert acquired(session) == 0
            assert tasks() == before

        assert await at_every_point(call, check) >= {"warm": 1, "cold": 3, "retrying": 4}[where]
        await session.close()
        assert emulator.counts.repeated_nc == 0
        assert emulator.counts.creates_taken <= made
        async with connect(emulator) as another:
            emulator.fault = None
            assert await first_cluster(another, emulator).restore_jobs().first() is not None


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
async def test_a_call_can_be_cancelled_while_it_waits_for_a_slot(emulate, connect, first_cluster, verb):
    options = Options(max_in_flight=1)
    async with emulate(jobs_per_cluster=10) as emulator, connect(emulator, options=options) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()

        async def crowded():
            rivals = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(2)]
            try:
                await asyncio.sleep(0)
                await verb(cluster)
            finally:
                for rival in rivals:
                    rival.cancel()
                await asyncio.gather(*rivals, return_exceptions=True)

        async def check(_point):
            assert acquired(session) == 0

        before = tasks()
        assert await at_every_point(crowded, check) >= 3
        assert tasks() == before
        assert await asyncio.wait_for(cluster.restore_jobs().first(), 60) is not None  # the slot was given back
        assert emulator.counts.repeated_nc == 0


async def test_closing_can_be_cancelled_at_every_await_and_done_again(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=3) as emulator:
        calls = []
        session = connect(emulator)

        async def close():
            nonlocal session
            session = connect(emulator)
            await first_cluster(session, emulator).restore_jobs()
            emulator.gate.close()
            calls[:] = [asyncio.create_task(first_cluster(session, emulator).restore_jobs().page()) for _ in range(3)]
            await until(lambda: emulator.gate.waiting == 3)
            await session.close()

        async def check(_point):
            await session.close()
            emulator.gate.open()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(outcome, SessionClosed) for outcome in outcomes)
            calls.clear()

        assert await at_every_point(close, check) >= 5


async def test_cancelling_the_consumer_of_a_walk_leaves_no_task(emulate, connect, first_cluster):
    """Also in its body, where the walk stands between two pages."""
    async with emulate(jobs_per_cluster=10) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()

        async def walk():
            async for _job in cluster.restore_jobs(items_per_page=3):
                await asyncio.sleep(0)

        async def check(_point):
            assert acquired(session) == 0

        assert await at_every_point(walk, check) >= 10


@asynccontextmanager
async def idle_cutter(port, seconds):
    """Pass bytes on to a server, and cut every connection that is idle for so long."""
    cut = []
    tasks = set()

    async def serve(reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        answers = asyncio.ensure_future(copy(far_reader, writer))
        try:
            while True:
                async with asyncio.timeout(seconds):
                    data = await reader.read(65536)
                if not data:
                    break
                far_writer.write(data)
        except TimeoutError:
            cut.append(True)
        finally:
            answers.cancel()
            far_writer.close()
            writer.close()

    async def copy(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)

    def accept(reader, writer):
        tasks.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cut
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def test_a_consumer_slower_than_the_keep_alive_gets_every_job(emulate):
    """The server drops the connection between two pages, also in the moment the next request is on its way."""
    async with emulate(jobs_per_cluster=60) as emulator:
        found = emulator.world.first("replica-set")
        port = int(emulator.url.rpartition(":")[2])
        async with (
            idle_cutter(port, 0.06) as (url, cut),
            AsyncSession(
                DigestAuth(emulator.public_key, emulator.private_key), base_url=url, options=Options.for_tests()
            ) as session,
        ):
            cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)
            seen = []
            async for page in cluster.restore_jobs(items_per_page=2).pages():
                seen += [job.id for job in page]
                await asyncio.sleep(0.03 + 0.002 * len(seen) / 2)  # now before the cut, now at it, now after it
            assert len(seen) == len(set(seen)) == 60
            assert len(cut) > 10
            assert emulator.counts.repeated_nc == 0
            assert emulator.counts.challenges == 1


def test_five_thousand_listings_at_once_on_one_session():
    """Against a server in another process, and without asyncio's debug mode, which takes most of the time."""
    run_in_a_process(
        """
        import asyncio, os, subprocess, sys, time
        from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth
        from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager, ThreadedEmulator

        CALLS = 5_000

        def descriptors():
            return len(os.listdir("/proc/self/fd"))

        async def main(emulator):
            found = emulator.world.first("replica-set")
            key = DigestAuth(emulator.public_key, emulator.private_key)
            told = []
            asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
            before = descriptors()
            async with AsyncSession(key, base_url=emulator.url) as session:
                cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)
                pages = await asyncio.gather(*(cluster.restore_jobs().page() for _ in range(CALLS)))
                assert {len(page) for page in pages} == {1}
                assert session.stats.requests == CALLS + 1, session.stats
                assert session.stats.challenges == emulator.counts.challenges == 1
                assert not session._view.transport._connection.session.connector._acquired
            assert asyncio.all_tasks() == {asyncio.current_task()}
            for _ in range(100):
                if descriptors() - before <= 32 + 3:  # the emulator's ends of them
                    break
                await asyncio.sleep(0.1)
            else:
                raise AssertionError(descriptors() - before)
            assert emulator.counts.repeated_nc == 0
            assert not told

        with ThreadedEmulator(EmulatorSettings(manager=Manager.OPS_MANAGER, jobs_per_cluster=1)) as emulator:
            asyncio.run(main(emulator))
        """,
        seconds=300,
    )


@pytest.mark.parametrize("moment", ["opening", "challenged", "login", "answer", "backoff", "waiting for a slot"])
async def test_closing_ends_calls_wherever_they_are(emulate, connect, first_cluster, moment):
    slots = 2 if moment == "waiting for a slot" else 32
    options = Options(max_in_flight=slots, retry=RetryPolicy(base=100, longest=100, jitter=lambda _low, high: high))
    async with emulate(jobs_per_cluster=3) as emulator:
        session = connect(emulator, options=options.__class__(**{**_fields(options), "timeout": 1000}))
        cluster = first_cluster(session, emulator)
        held = []

        async def hold(record):
            held.append(record)
            if moment == "backoff":
                return aiohttp.web.Response(status=503)
            if record.outcome == ("challenged" if moment == "challenged" else "accepted"):
                await asyncio.sleep(30)
            return None

        if moment == "answer":
            await cluster.restore_jobs()
        emulator.before_answer = hold
        calls = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(6)]
        calls.append(asyncio.create_task(cluster.create_restore_job(REQUEST)))
        if moment == "opening":
            await asyncio.sleep(0)
        else:
            await until(lambda: len(held) > (0 if moment == "challenged" else 1))
            await asyncio.sleep(0.02)
        started = time.monotonic()
        await session.close()
        assert time.monotonic() - started < 7  # the server holds them for 30 s
        outcomes = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)
        assert {type(outcome) for outcome in outcomes} == {SessionClosed}
        emulator.before_answer = None


def _fields(options):
    return {name: getattr(options, name) for name in ("max_in_flight", "retry")}


@pytest.mark.parametrize("turns", range(6))
async def test_a_session_closed_while_it_opens_leaves_nothing_open(tmp_path, turns):
    """Reading the CA file takes its time."""
    (tmp_path / "ca.pem").write_text(
        ssl.DER_cert_to_PEM_cert(ssl.create_default_context().get_ca_certs(binary_form=True)[0])
    )
    session = AsyncSession(
        None, base_url="https://127.0.0.1:1", ca_file=tmp_path / "ca.pem", options=Options(retry=NO_RETRY)
    )
    calls = [
        asyncio.create_task(use) for use in (session.request("GET", "/x"), session.open(), session.request("GET", "/y"))
    ]
    for _ in range(turns):
        await asyncio.sleep(0)
    await session.close()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, (SessionClosed, ConnectFailed)) for outcome in outcomes), outcomes
    connection = session._view.transport._connection
    assert connection.session is None or connection.session.closed


async def test_a_create_pending_when_the_session_closes_is_unknown(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=3) as emulator:
        session = connect(emulator)

        async def hold(record):
            if record.method == "POST":
                await asyncio.sleep(30)

        emulator.before_answer = hold
        create = asyncio.create_task(first_cluster(session, emulator).create_restore_job(REQUEST))
        await until(lambda: emulator.counts.creates_received)
        await session.close()
        with pytest.raises(MaybeCreated) as caught:
            await create
        assert isinstance(caught.value.__cause__, SessionClosed)
        emulator.before_answer = None


def run_in_a_process(script, *, seconds=120, flags=()):
    root = str(Path(__file__).parents[3])
    ran = subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(script)],
        env={"PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout, ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.parametrize("how", ["a loop of its own", "the parent's coroutine"])
def test_a_forked_child_is_told_and_the_parent_goes_on(how):
    """The server runs in the parent; a child that used its connection would break the parent's next call."""
    run_in_a_process(
        f"""
        import asyncio, os, sys
        from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth, WrongLoop
        from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager

        async def misuse(session):
            told = 0
            for use in (session.open, session.close, lambda: session.request("GET", "/groups", family=OPS_MANAGER)):
                try:
                    await use()
                except WrongLoop as error:
                    told += "forked" in str(error) and "new AsyncSession" in str(error)
            return told

        async def main():
            async with Emulator(EmulatorSettings(manager=Manager.OPS_MANAGER)) as emulator:
                key = DigestAuth(emulator.public_key, emulator.private_key)
                async with AsyncSession(key, base_url=emulator.url) as session:
                    await session.request("GET", "/groups", family=OPS_MANAGER)
                    child = os.fork()
                    if child == 0:
                        told = 0
                        try:
                            if {how == "a loop of its own"}:
                                told = asyncio.run(misuse(session))
                            else:
                                told = await misuse(session)
                        finally:
                            os._exit(100 + told)
                    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 103
                    for _ in range(3):
                        await session.request("GET", "/groups", family=OPS_MANAGER)
                    assert emulator.counts.requests == 5
                    assert emulator.counts.challenges == 1

        asyncio.run(main())
        """
    )


def test_a_session_opened_after_the_fork_works_in_the_child():
    run_in_a_process(
        """
        import asyncio, os
        from mongorestore_async import AsyncSession, ConnectFailed, NO_RETRY, Options

        session = AsyncSession(None, base_url="http://127.0.0.1:1", options=Options(retry=NO_RETRY))

        async def use():
            async with session:
                try:
                    await session.request("GET", "/x")
                except ConnectFailed:
                    return 7

        child = os.fork()
        if child == 0:
            os._exit(asyncio.run(use()) or 0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert asyncio.run(use()) == 7
        """
    )


def test_an_unclosed_session_warns_and_does_nothing_else():
    _, said = run_in_a_process(
        """
        import asyncio, gc, logging, sys, warnings
        from mongorestore_async import AsyncSession, NO_RETRY, Options, RestoreError

        async def main():
            told = []
            asyncio.get_running_loop().slow_callback_duration = 60  # on a busy machine it writes to stderr
            asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context["message"]))
            session = AsyncSession(None, base_url="http://127.0.0.1:1", options=Options(retry=NO_RETRY))
            try:
                await session.request("GET", "/x")
            except RestoreError:
                pass
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                del session
                gc.collect()
                await asyncio.sleep(0.01)
            assert {warning.category for warning in warned} == {ResourceWarning}, warned
            assert set(told) <= {"Unclosed client session", "Unclosed connector"}, told
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(main(), debug=True)
        """,
        flags=("-W", "error"),
    )
    assert said == ""


async def test_a_session_that_was_never_used_needs_no_closing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AsyncSession(None, base_url="http://127.0.0.1:1")
        gc.collect()


@pytest.mark.parametrize("borrowed", [False, True])
async def test_two_hundred_sessions_leave_no_descriptor_and_no_task(emulate, connect, first_cluster, borrowed):
    """Opened, used, cancelled, timed out, refused, closed while calls are under way; closed twice."""
    async with emulate(jobs_per_cluster=3) as emulator, aiohttp.ClientSession() as http:
        arguments = {"http": http} if borrowed else {}

        async def one(number):
            wrong = {"private_key": "wrong"} if number % 5 == 4 else {}
            options = Options.for_tests(timeout=0.001 if number % 5 == 3 else 60)
            session = connect(emulator, options=options, **wrong, **arguments)
            cluster = first_cluster(session, emulator)
            calls = [asyncio.create_task(cluster.restore_jobs().collect()) for _ in range(2)]
            if number % 5 == 1:
                for _ in range(number // 5):
                    await asyncio.sleep(0)
                calls[0].cancel()
            if number % 5 != 2:
                await asyncio.gather(*calls, return_exceptions=True)
            await session.close()
            await session.close()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            kinds = (list, asyncio.CancelledError, RestoreError)
            assert all(isinstance(outcome, kinds) for outcome in outcomes), outcomes

        await one(0)
        await settled(http)
        running, files = tasks(), descriptors()
        for number in range(200):
            await one(number)
        await settled(http)
        await until(lambda: tasks() == running and descriptors() <= files)


async def settled(http):
    """Let the server notice closed connections, and drop those that wait in a borrowed pool."""
    await http.connector.close()
    http._connector = aiohttp.TCPConnector()
    gc.collect()
    await asyncio.sleep(0.2)


async def test_a_listing_a_create_and_a_close_do_not_block_the_loop(emulate, connect, first_cluster):
    """No file is read, no name looked up and no thread waited for on the loop, by us or by what we use."""
    async with emulate(jobs_per_cluster=30) as emulator:
        with blockbuster_ctx():
            async with connect(emulator) as session:
                cluster = first_cluster(session, emulator)
                assert len(await cluster.restore_jobs(items_per_page=7).collect(concurrency=3)) == 30
                assert len(await cluster.create_restore_job(REQUEST)) == 1
                assert await cluster.restore_jobs().first() is not None
            async with connect(emulator, private_key="wrong", options=Options(retry=NO_RETRY)) as session:
                with pytest.raises(AuthError):
                    await first_cluster(session, emulator).restore_jobs()


async def test_opening_with_a_ca_file_does_not_block_the_loop(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    with blockbuster_ctx():
        session = AsyncSession(None, base_url="https://127.0.0.1:1", ca_file=tmp_path / "ca.pem")
        with pytest.raises(ConfigError, match="CA file"):
            await session.open()
        await session.close()
