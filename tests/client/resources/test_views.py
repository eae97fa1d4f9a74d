"""Views on a session and their options: what they share with it and what is their own."""

from __future__ import annotations

import asyncio

import aiohttp
import attrs
import pytest

from builders.lists import EMPTY
from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
    DigestAuth,
    Options,
    RequestTimeout,
    RetryPolicy,
    ServiceVersion,
    SessionClosed,
    Stats,
    __version__,
)
from mongorestore_async.transport.options import OptionChanges


def jobs_of(session):
    return session.project("p", OPS_MANAGER).cluster("c").restore_jobs()


async def test_closing_a_view_closes_nothing(connect, server):
    server.serve(lambda _: server.answer(EMPTY))
    session = connect()
    view = session.with_options(timeout=5)

    await view.close()
    async with view.with_options(timeout=6) as entered:
        await jobs_of(entered)
    await jobs_of(view)
    await jobs_of(session)

    assert len(server.sent) == 3
    await session.close()
    with pytest.raises(SessionClosed):
        await jobs_of(view)


async def test_views_share_what_the_session_knows(connect, server, seed):
    server.will(EMPTY, headers=seed("headers_200_ops_cloud_manager")["headers"])
    session = connect()
    view = session.with_options(timeout=5)

    await jobs_of(view)

    assert session.stats == view.stats == Stats(requests=1)
    assert session.base_url == view.base_url
    raw = "gitHash={gitHash}; versionString={ApplicationVersion}"
    version = ServiceVersion(git_hash="{gitHash}", version="{ApplicationVersion}", raw=raw)
    assert session.service_version == view.service_version == version


async def test_views_share_the_login(connect, server):
    session = connect(DigestAuth("public", "private"))
    challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'}
    server.will({}, status=401, headers=challenge)
    server.serve(
        lambda sent: (
            server.answer(EMPTY)
            if "Authorization" in sent.headers
            else server.answer({}, status=401, headers=challenge)
        )
    )

    await jobs_of(session)
    await jobs_of(session.with_options(timeout=5))

    assert len(server.sent) == 3
    assert session.stats == Stats(requests=3, challenges=1)


async def test_with_options_takes_every_option(connect):
    session = connect(options=Options())
    changes = {
        "timeout": 5,
        "max_body": 10,
        "user_agent": "x",
        "items_per_page": 7,
        "retry": NO_RETRY,
        "on_exchange": print,
        "observer": print,
    }

    view = session.with_options(**changes)

    assert OptionChanges.__annotations__.keys() == {field.name for field in attrs.fields(Options)}
    assert (
        changes.keys() | {"max_in_flight", "rate_limits", "shared_limits", "guard", "poll"}
        == OptionChanges.__annotations__.keys()
    )
    assert view.options == attrs.evolve(Options(), **changes)
    assert session.options == Options()
    assert view.with_options(timeout=6).options == attrs.evolve(view.options, timeout=6)
    assert type(view) is AsyncSession
    assert repr(view) == "<AsyncSession https://om.example.com:8443 view>"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"max_in_flight": 5}, "max_in_flight is shared by all views of a session; set it on the session"),
        ({"no_such": 5}, "unknown option; options are timeout, max_in_flight, max_body, user_agent, items_per_page"),
        ({"timeout": 0}, "timeout must be a positive number of seconds, not 0"),
        ({"timeout": None}, "timeout must be a positive number of seconds"),
        ({"timeout": float("inf")}, "timeout must be a positive number of seconds"),
        ({"max_body": 0}, "max_body must be a whole number from 1"),
        ({"user_agent": "a\r\nX: y"}, "user_agent must be printable ASCII text or None"),
        ({"user_agent": "ä"}, "user_agent must be printable ASCII text or None"),
        ({"retry": 3}, "retry must be a callable, not int"),
        ({"on_exchange": "log"}, "on_exchange must be a callable, not str"),
        ({"observer": "log"}, "observer must be a callable, not str"),
    ],
)
def test_an_option_out_of_range_is_refused(changes, says):
    with pytest.raises(ConfigError, match=says):
        AsyncSession(None).with_options(**changes)


async def test_a_view_keeps_its_own_deadline(connect, server):
    server.serve(lambda _: asyncio.Event().wait())

    with pytest.raises(RequestTimeout, match=r"no answer within 0.01 s; raise Options.timeout") as caught:
        await jobs_of(connect().with_options(timeout=0.01))

    assert caught.value.request.url == server.last.url


@pytest.mark.parametrize("suffix", [None, "nightly-drill/2"])
async def test_the_user_agent_names_library_and_caller(connect, server, suffix):
    server.will(EMPTY)

    await jobs_of(connect(options=Options(user_agent=suffix)))

    own, _, rest = server.last.headers["User-Agent"].partition(") ")
    assert own.startswith(f"mongorestore-async/{__version__} (python/3.")
    assert f"aiohttp/{aiohttp.__version__}" in own
    assert rest == (suffix or "")


async def test_failed_calls_are_repeated_and_counted(connect, server):
    session = connect(options=Options(retry=RetryPolicy(base=0)))
    server.will(status=503)
    server.will_raise(aiohttp.ServerDisconnectedError())
    server.will(EMPTY)

    await jobs_of(session)

    assert session.stats == Stats(requests=3, retries=2)
    assert len({sent.url for sent in server.sent}) == 1
