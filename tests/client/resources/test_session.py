"""The session: making, opening, closing, where it sends to, what it tells and what it hides."""

from __future__ import annotations

import asyncio
import copy
import pickle
import ssl

import aiohttp
import pytest
from yarl import URL

from builders.lists import EMPTY
from mongorestore_async import (
    CLOUD_MANAGER,
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
    DigestAuth,
    SessionClosed,
    Stats,
    WrongLoop,
)


def jobs_of(session):
    return session.project("p", OPS_MANAGER).cluster("c").restore_jobs()


def test_making_a_session_needs_no_loop():
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()

    session = AsyncSession(DigestAuth("public", "s3cr3t"), base_url="http://om.example.com:8080", ca_file="/no/such")
    pager = session.with_options(timeout=5).project("p", OPS_MANAGER).cluster("c").restore_jobs()

    assert "restoreJobs" in repr(pager)
    assert session.stats == Stats()


async def test_a_session_opens_with_its_first_call(connect, server):
    server.will(EMPTY)
    session = connect()

    await jobs_of(session)

    assert session.stats == Stats(requests=1)


async def test_opening_twice_is_opening_once(connect, server):
    server.will(EMPTY)
    session = connect()

    await session.open()
    async with session as entered:
        await asyncio.gather(session.open(), session.open())
        await jobs_of(entered)

    assert entered is session
    assert len(server.sent) == 1


async def test_a_ca_file_that_cannot_be_read_is_told_on_opening(connect, server, tmp_path):
    with pytest.raises(ConfigError, match="no-such"):
        await connect(ca_file=tmp_path / "no-such.pem").open()

    assert server.sent == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"ssl": ssl.create_default_context(), "ca_file": "ca.pem"}, "pass either ssl or ca_file"),
        ({"proxy": "proxy.example.com:3128"}, "proxy must be an HTTP proxy's URL"),
        ({"proxy": "socks5://user:s3cr3t@proxy"}, "proxy must be an HTTP proxy's URL"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(arguments, says):
    with pytest.raises(ConfigError, match=says) as caught:
        AsyncSession(None, **arguments)

    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("use", ["list", "one", "request", "open", "enter", "page of a pager made before"])
async def test_a_closed_session_refuses_every_use(connect, server, use):
    session = connect()
    pager = jobs_of(session)
    await session.close()
    uses = {
        "list": lambda: jobs_of(session).collect(concurrency=3),
        "one": lambda: session.project("p", OPS_MANAGER).cluster("c").restore_job("a"),
        "request": lambda: session.request("GET", "/x"),
        "open": session.open,
        "enter": session.__aenter__,
        "page of a pager made before": pager.page,
    }

    with pytest.raises(SessionClosed, match="the session is closed; create a new AsyncSession"):
        await uses[use]()

    assert server.sent == []
    assert repr(session) == "<AsyncSession https://om.example.com:8443 closed>"
    await session.close()  # again, and nothing happens


async def test_closing_ends_calls_under_way(connect, server):
    session = connect()
    started = asyncio.Event()

    async def hang(_):
        started.set()
        await asyncio.Event().wait()

    server.serve(hang)
    calls = [asyncio.create_task(jobs_of(each).page()) for each in (session, session.with_options(timeout=9))]
    await started.wait()
    await session.close()

    for call in calls:
        with pytest.raises(SessionClosed) as caught:
            await call
        assert caught.value.request.method == "GET"


async def test_the_release_of_the_server_is_what_it_said_last(connect, server):
    session = connect()
    server.will(EMPTY)
    server.will(EMPTY, headers={"X-MongoDB-Service-Version": "gitHash=a; versionString=7.0.1.500"})
    server.will(EMPTY)

    seen = [session.service_version]
    for _ in range(3):
        await jobs_of(session)
        seen.append(session.service_version and session.service_version.version)

    assert seen == [None, None, "7.0.1.500", "7.0.1.500"]


@pytest.mark.parametrize(
    ("base_url", "sent_to"),
    [
        ("http://om.example.com:8080", "http://om.example.com:8080/api/public/v1.0/"),
        ("https://om.example.com/", "https://om.example.com/api/public/v1.0/"),
        ("https://om.example.com/mms/x/", "https://om.example.com/mms/x/api/public/v1.0/"),
        ("https://om.example.com/mms/api/public/v1.0/", "https://om.example.com/mms/api/public/v1.0/"),
        ("https://om.example.com/api/atlas/v1.0", "https://om.example.com/api/public/v1.0/"),
        ("https://OM.Example.com", "https://om.example.com/api/public/v1.0/"),
        ("http://[::1]:8080", "http://[::1]:8080/api/public/v1.0/"),
        (URL("https://om.example.com:8443/a%2Fb"), "https://om.example.com:8443/a%2Fb/api/public/v1.0/"),
    ],
)
async def test_the_base_url_may_have_any_port_and_prefix(connect, server, base_url, sent_to):
    server.will(EMPTY)

    await jobs_of(connect(base_url=base_url))

    assert server.last.url == f"{sent_to}groups/p/clusters/c/restoreJobs?pageNum=1&itemsPerPage=500"


def test_another_loop_is_told_what_to_do(server):
    server.serve(lambda _: server.answer(EMPTY))
    session = AsyncSession(None, base_url="http://om.example.com")

    async def use():
        await jobs_of(session)

    with asyncio.Runner() as first:
        first.run(use())
        with asyncio.Runner() as second, pytest.raises(WrongLoop, match="create one AsyncSession per loop"):
            second.run(use())
        with asyncio.Runner() as second, pytest.raises(WrongLoop):
            second.run(session.close())
        first.run(session.close())


async def test_a_closed_borrowed_session_is_an_error_on_first_use(connect, server):
    http = aiohttp.ClientSession()
    await http.close()

    with pytest.raises(ConfigError, match="the aiohttp session passed as http is closed; pass an open one"):
        await jobs_of(connect(http=http))

    assert server.sent == []


async def test_a_borrowed_session_that_is_closed_meanwhile_is_told(connect, server):
    server.will(EMPTY)
    http = aiohttp.ClientSession()
    session = connect(http=http)
    await jobs_of(session)
    await http.close()

    with pytest.raises(ConfigError, match="the aiohttp session passed as http was closed") as caught:
        await jobs_of(session)

    assert not caught.value.request.unanswered
    assert len(server.sent) == 1


@pytest.mark.parametrize("use", [jobs_of, AsyncSession.open])
async def test_closing_while_it_opens_refuses_the_first_call(connect, server, use, monkeypatch):
    async def slow(_connection, _target):
        await asyncio.sleep(1)

    monkeypatch.setattr("mongorestore_async.transport.connection.Connection.choose_proxy", slow)
    session = connect()

    async def first():
        await use(session)

    opening = asyncio.create_task(first())
    await asyncio.sleep(0.5)
    await session.close()

    with pytest.raises(SessionClosed):
        await opening
    assert server.sent == []


async def test_a_borrowed_session_stays_open(connect, server):
    server.will(EMPTY)
    async with aiohttp.ClientSession(headers={"X-Own": "1"}, base_url="https://elsewhere.example.com") as http:
        async with connect(http=http) as session:
            await jobs_of(session)

        assert not http.closed
        assert "X-Own" not in server.last.headers
        assert server.last.url.startswith("https://om.example.com:8443/")


@pytest.mark.parametrize("what", [pickle.dumps, copy.copy, copy.deepcopy])
async def test_a_session_cannot_be_copied(connect, what):
    session = connect(DigestAuth("public", "s3cr3t"))
    cluster = session.project("p", OPS_MANAGER).cluster("c")

    for thing in (session, session.with_options(timeout=5)):
        with pytest.raises(TypeError, match="cannot be pickled; create one in each process"):
            what(thing)
    if what is pickle.dumps:
        for thing in (cluster, cluster.restore_jobs(), session.project("p", OPS_MANAGER)):
            with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
                what(thing)


async def test_no_secret_is_in_any_repr(connect):
    session = connect(DigestAuth("public", "s3cr3t"), proxy="http://user:s3cr3t@proxy.example.com:3128")
    project = session.project("p", CLOUD_MANAGER)
    cluster = project.cluster("c")
    things = [session, session.options, session.stats, project, cluster, cluster.restore_jobs(batch_id="b")]

    assert "s3cr3t" not in "".join(f"{thing!r}{thing}" for thing in things)
    assert repr(session) == "<AsyncSession https://om.example.com:8443 session>"
    assert repr(project) == "<Project cloud-manager p>"
    assert repr(cluster) == "<Cluster cloud-manager p/c>"
