"""Sessions over real sockets: lifecycle, borrowed sessions, deadlines, leaks."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from mongorestore_async import (
    CLOUD_MANAGER,
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
    ConnectFailed,
    DigestAuth,
    NotFound,
    Options,
    ProtocolError,
    RequestTimeout,
    ServerError,
    SessionClosed,
    WrongLoop,
)
from mongorestore_async.emulator import EnvelopeStyle, Manager


def open_sockets() -> int:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(str(link.readlink()).startswith("socket:") for link in links)


def acquired(session: AsyncSession) -> int:
    """Connections that aiohttp thinks are in use."""
    connector = session._view.transport._connection.session.connector
    return len(connector._acquired)


async def until(condition):
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


async def test_a_session_opens_on_the_first_call_and_needs_no_context(emulate, connect, first_cluster):
    async with emulate() as emulator:
        session = connect(emulator)
        assert len(await first_cluster(session, emulator).restore_jobs()) == 25
        await session.close()
        with pytest.raises(SessionClosed, match="create a new"):
            await first_cluster(session, emulator).restore_jobs()
        with pytest.raises(SessionClosed):
            await session.open()
        await session.close()


def test_a_session_made_without_a_loop_is_used_inside_one(emulate, connect, first_cluster):
    session = AsyncSession(DigestAuth("emulator", "x"), base_url="http://127.0.0.1:1")

    async def main():
        async with session:
            with pytest.raises(ConnectFailed, match="base_url"):
                await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()

    asyncio.run(main())


def test_another_loop_is_told_plainly():
    session = AsyncSession(None, base_url="http://127.0.0.1:1")
    with asyncio.Runner() as own, asyncio.Runner() as other:
        own.run(session.open())
        for use in (session.open, session.close, session.project("p", OPS_MANAGER).cluster("c").restore_jobs().page):
            with pytest.raises(WrongLoop, match="one AsyncSession per loop"):
                other.run(use())
        own.run(session.close())


async def test_another_threads_loop_is_told_plainly(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        met = []

        def elsewhere():
            try:
                asyncio.run(session.request("GET", "/groups", family=OPS_MANAGER))
            except WrongLoop as error:
                met.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert len(met) == 1


async def test_closing_ends_calls_under_way(emulate, connect, first_cluster):
    async with emulate() as emulator:
        session = connect(emulator, options=Options(max_in_flight=4))
        await session.open()
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        emulator.gate.close()
        calls = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(10)]
        await until(lambda: emulator.gate.waiting == 4)

        await asyncio.wait_for(session.close(), 20)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        emulator.gate.open()

        assert all(isinstance(outcome, SessionClosed) for outcome in outcomes)


async def test_closing_a_view_closes_nothing(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        async with session.with_options(timeout=5) as view:
            await first_cluster(view, emulator).restore_jobs()
        await view.close()
        assert len(await first_cluster(session, emulator).restore_jobs()) == 25
        assert emulator.counts.challenges == 1


async def test_the_deadline_covers_waiting_for_a_slot(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options(max_in_flight=1)) as session:
        await first_cluster(session, emulator).restore_jobs()
        emulator.gate.close()
        blocking = asyncio.create_task(first_cluster(session, emulator).restore_jobs().page())
        await until(lambda: emulator.gate.waiting)
        started = asyncio.get_running_loop().time()
        with pytest.raises(RequestTimeout, match=r"within 0\.2 s"):
            await first_cluster(session.with_options(timeout=0.2), emulator).restore_jobs()
        assert asyncio.get_running_loop().time() - started < 10
        emulator.gate.open()
        assert len(await blocking) == 25
        assert emulator.counts.requests == 3


async def test_never_more_calls_in_flight_than_allowed(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options(max_in_flight=3)) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        emulator.gate.close()
        calls = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(12)]
        await until(lambda: emulator.gate.waiting == 3)
        await asyncio.sleep(0.2)
        assert emulator.gate.waiting == 3
        emulator.gate.open()
        await asyncio.gather(*calls)


async def test_a_borrowed_connectors_limit_bounds_calls_in_flight(emulate, connect, first_cluster):
    async with (
        emulate() as emulator,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2)) as http,
        connect(emulator, http=http) as session,
    ):
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        emulator.gate.close()
        calls = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(8)]
        await until(lambda: emulator.gate.waiting == 2)
        await asyncio.sleep(0.2)
        assert emulator.gate.waiting == 2
        emulator.gate.open()
        await asyncio.gather(*calls)


async def test_a_borrowed_session_leaks_nothing_and_stays_unchanged(
    emulate, connect, first_cluster, monkeypatch, tmp_path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login netrc-user password netrc-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    middleware_calls = []

    async def middleware(request, handler):
        middleware_calls.append(request)
        return await handler(request)

    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        emulate() as emulator,
        aiohttp.ClientSession(
            base_url="http://elsewhere.invalid/",
            headers={"X-Foreign": "1", "Authorization": "Bearer foreign", "User-Agent": "foreign"},
            cookie_jar=jar,
            middlewares=(middleware,),
            raise_for_status=True,
            trust_env=True,
            timeout=aiohttp.ClientTimeout(total=0.001),
        ) as http,
    ):
        jar.update_cookies({"foreign": "cookie"}, response_url=http._base_url.with_host("127.0.0.1"))
        before = {name: repr(value) for name, value in vars(http).items()}
        async with connect(emulator, http=http) as session:
            with pytest.raises(NotFound):
                await session.project("5" * 24, OPS_MANAGER).cluster("6" * 24).restore_jobs()
            await first_cluster(session, emulator).restore_jobs()

        assert {name: repr(value) for name, value in vars(http).items()} == before
        assert not http.closed
        assert not middleware_calls
        for record in emulator.requests:
            assert "X-Foreign" not in record.headers
            assert "Cookie" not in record.headers
            assert record.headers.get("Authorization", "Digest") == "Digest"
            assert record.headers["User-Agent"].startswith("mongorestore-async/")


async def test_public_trace_configs_of_a_borrowed_session_see_calls(emulate, connect, first_cluster):
    seen = []
    trace = aiohttp.TraceConfig()

    async def on_start(http, context, parameters):
        seen.append(parameters.url.path)

    trace.on_request_start.append(on_start)
    async with (
        emulate() as emulator,
        aiohttp.ClientSession(trace_configs=[trace]) as http,
        connect(emulator, http=http) as session,
    ):
        await first_cluster(session, emulator).restore_jobs()
    assert len(seen) == 2


async def test_a_closed_borrowed_session_is_told_plainly():
    http = aiohttp.ClientSession()
    await http.close()
    session = AsyncSession(None, base_url="http://127.0.0.1:1", http=http)
    with pytest.raises(ConfigError, match="closed"):
        await session.open()


async def test_aiohttp_does_not_retry_on_a_dropped_connection(emulate, connect, first_cluster):
    """Otherwise aiohttp would send GET again by itself, with the same nc. Pins the private switch."""
    options = Options(retry=NO_RETRY)
    async with emulate(jobs_per_cluster=3) as emulator, connect(emulator, options=options) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        http = session._view.transport._connection.session
        assert http._retry_connection is False
        emulator.fault = lambda _record: "drop"
        with pytest.raises(ProtocolError, match="broke"):
            await cluster.restore_jobs()
        emulator.fault = None
        assert emulator.counts.requests == 3
        assert len(await cluster.restore_jobs()) == 3
        assert emulator.counts.repeated_nc == 0


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "n0+Zz/9a==",
        "a,b",
        "a b",
        "",
        '"quoted by the server"',
        '"quoted, with; a semicolon"',
        '"octal \\054"',
        'half"quoted',
        "back\\slash",
        '{"json": [1, 2]}',
        "caf\u00e9",
        "%2F%3d",
    ],
)
async def test_sticky_cookies_go_back_byte_for_byte(emulate, connect, first_cluster, value):
    async with emulate() as emulator, connect(emulator) as session:
        app_cookies = []

        def look(record):
            app_cookies.append(record.headers.get("Cookie"))

        emulator.fault = look

        async def set_cookie(record):
            if len(app_cookies) == 1:
                return web.Response(
                    status=401,
                    headers={
                        "Set-Cookie": f"node={value}; Path=/",
                        "WWW-Authenticate": emulator.guard.challenges(0.0, stale=False)[0],
                    },
                )
            return None

        emulator.before_answer = set_cookie
        await first_cluster(session, emulator).restore_jobs()
        assert app_cookies == [None, f"node={value}"]


async def test_cookies_are_replaced_and_deleted_one_by_one(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        sent, answers = [], [['a="1,2"', "b=x/=="], ["b=", "b=y+=="], ['a="1,2"; Max-Age=0']]
        emulator.fault = lambda record: sent.append(record.headers.get("Cookie"))

        async def set_cookies(record):
            response = web.Response(status=502)
            response.headers.extend(("Set-Cookie", text) for text in (answers.pop(0) if answers else []))
            return response

        emulator.before_answer = set_cookies
        with pytest.raises(ServerError):
            await first_cluster(session, emulator).restore_jobs()
        assert sent == [None, 'a="1,2"; b=x/==', 'a="1,2"; b=y+==', "b=y+=="]


@pytest.mark.parametrize("prefix", ["", "/ops/manager", "/ops/manager/api/public/v1.0", "/api/public/v1.0/"])
async def test_base_urls_with_and_without_the_api_path(emulate, connect, first_cluster, prefix):
    plain = prefix.removesuffix("/").removesuffix("/api/public/v1.0")
    async with emulate(base_path=plain) as emulator:
        url = emulator.url.removesuffix(plain) + prefix
        auth = DigestAuth(emulator.public_key, emulator.private_key)
        async with AsyncSession(auth, base_url=url) as session:
            assert len(await first_cluster(session, emulator).restore_jobs()) == 25


@pytest.mark.parametrize("style", list(EnvelopeStyle))
@pytest.mark.parametrize("pretty", [False, True])
async def test_envelopes_and_pretty_answers_read_the_same(emulate, connect, first_cluster, style, pretty):
    async with emulate(envelope_style=style) as emulator, connect(emulator) as plain:
        expected = [job.raw for job in await first_cluster(plain, emulator).restore_jobs().collect()]
        async with connect(emulator, envelope=True, pretty=pretty) as session:
            cluster = first_cluster(session, emulator)
            jobs = await cluster.restore_jobs().collect()
            assert (await cluster.restore_job(jobs[0].id)).id == jobs[0].id
            with pytest.raises(NotFound) as caught:
                await cluster.restore_job("0" * 24)
        assert [_without_links(job.raw) for job in jobs] == [_without_links(raw) for raw in expected]
        assert caught.value.error_code == "RESTORE_JOB_NOT_FOUND"
        assert "envelope=true" in emulator.requests[-1].path
        assert ("pretty=true" in emulator.requests[-1].path) is pretty


def _without_links(raw):
    return {name: value for name, value in raw.to_dict(redacted=False).items() if name != "links"}


async def test_service_version_headers_and_request_context(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        assert session.service_version is None
        page = await first_cluster(session, emulator).restore_jobs()
        assert session.service_version is not None
        assert session.service_version.version
        assert page.service_version == session.service_version
        assert page.headers["Strict-Transport-Security"] == "max-age=300"
        assert page.status == 200
        with pytest.raises(NotFound) as caught:
            await first_cluster(session, emulator).restore_job("0" * 24)
        context = caught.value.request
        assert context is not None
        assert (context.method, context.family, context.status) == ("GET", "ops-manager", 404)
        assert context.url.endswith(f"/restoreJobs/{'0' * 24}")
        assert caught.value.service_version


async def test_the_escape_hatch_logs_in_and_raises_our_errors(emulate, connect):
    async with emulate(manager=Manager.CLOUD_MANAGER) as emulator, connect(emulator) as session:
        reply = await session.request("GET", "/groups", family=CLOUD_MANAGER, query={"itemsPerPage": 1})
        assert reply.status == 200
        assert len(reply.document["results"]) == 1
        project = reply.document["results"][0]["id"]
        with pytest.raises(NotFound):
            await session.request("GET", f"/groups/{project}/nothing", family=CLOUD_MANAGER)


async def test_leaving_a_walk_leaves_no_connection_acquired(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=50) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        pager = cluster.restore_jobs(items_per_page=10)

        async for _job in pager:
            break
        assert acquired(session) == 0
        assert emulator.counts.requests == 2

        async def raise_inside() -> None:
            async for _job in pager:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await raise_inside()
        assert acquired(session) == 0

        async with aclosing(pager.pages()) as pages:
            async for _page in pages:
                break
        assert acquired(session) == 0


@pytest.mark.parametrize("verb", ["iterate", "collect", "page", "job", "create"])
async def test_cancellation_at_every_await_leaves_nothing_behind(emulate, connect, first_cluster, verb):
    """Cancel after 1, 2, 3 ... steps of the loop until the call gets through."""
    async with emulate(jobs_per_cluster=30) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        job_id = (await cluster.restore_jobs())[0].id

        async def call():
            if verb == "iterate":
                return [job async for job in cluster.restore_jobs(items_per_page=10)]
            if verb == "collect":
                return await cluster.restore_jobs(items_per_page=10).collect(concurrency=3)
            if verb == "page":
                return await cluster.restore_jobs()
            if verb == "job":
                return await cluster.restore_job(job_id)
            return await session.request("POST", f"/groups/{cluster.project}/nothing", family=OPS_MANAGER, json={})

        cancelled = 0
        for steps in range(400):
            task = asyncio.create_task(call())
            for _ in range(steps):
                await asyncio.sleep(0)
            if task.done():
                break
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert acquired(session) == 0
            cancelled += 1
        assert cancelled > 3
        assert len(asyncio.all_tasks()) <= 40
        assert len(await cluster.restore_jobs()) == 30
        assert emulator.counts.repeated_nc == 0


async def test_a_cancelled_cold_start_admits_the_next_call(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=3) as emulator:
        for steps in range(0, 60, 2):
            async with connect(emulator) as session:
                cluster = first_cluster(session, emulator)
                leader = asyncio.create_task(cluster.restore_jobs().page())
                follower = asyncio.create_task(cluster.restore_jobs().page())
                for _ in range(steps):
                    await asyncio.sleep(0)
                leader.cancel()
                assert len(await asyncio.wait_for(follower, 60)) == 3
                await asyncio.gather(leader, return_exceptions=True)
        assert emulator.counts.repeated_nc == 0


async def test_two_hundred_sessions_leave_no_socket(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=3) as emulator:
        async with connect(emulator) as session:
            await first_cluster(session, emulator).restore_jobs()
        gc.collect()
        await asyncio.sleep(0.1)
        before = open_sockets()
        for number in range(200):
            async with connect(emulator) as session:
                cluster = first_cluster(session, emulator)
                if number % 2:
                    await cluster.restore_jobs()
                else:
                    task = asyncio.create_task(cluster.restore_jobs().page())
                    await asyncio.sleep(0)
                    task.cancel()
        gc.collect()
        await until(lambda: open_sockets() <= before)


async def test_an_oversize_answer_is_refused(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=100) as emulator, connect(emulator, options=Options(max_body=5000)) as session:
        with pytest.raises(ProtocolError, match="max_body"):
            await first_cluster(session, emulator).restore_jobs()
        assert acquired(session) == 0


async def test_a_login_page_is_not_an_empty_list(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:

        async def page(record):
            if record.outcome == "accepted":
                return web.Response(text="<html><title>Sign in</title></html>", content_type="text/html")
            return None

        emulator.before_answer = page
        with pytest.raises(Exception, match="not JSON") as caught:
            await first_cluster(session, emulator).restore_jobs()
        assert type(caught.value).__name__ == "DataError"
        assert caught.value.status == 200
        assert "Sign in" in caught.value.excerpt


async def test_secrets_reach_no_error_of_a_broken_connection(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        emulator.before_answer = None
        emulator.fault = lambda _record: "drop"
        with pytest.raises(ProtocolError) as caught:
            await cluster.restore_jobs()
        chain = [caught.value, caught.value.__cause__, caught.value.__context__]
        text = " ".join(map(repr, chain)) + json.dumps([str(error) for error in chain])
        assert emulator.private_key not in text
        assert "response=" not in text
        assert caught.value.__cause__ is not None
        assert caught.value.__cause__.__traceback__ is None
