"""Service accounts over real sockets: the tokens and what was sent with them, counted by the server."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import traceback
import warnings
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from aiohttp import web
from oauthlib.oauth2 import BackendApplicationClient

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    CLOUD_MANAGER,
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    AuthError,
    ConfigError,
    ConnectionBroken,
    DataError,
    DigestAuth,
    Forbidden,
    HttpRestore,
    Options,
    ProtocolError,
    RateLimited,
    RequestTimeout,
    RestoreError,
    ServerError,
    ServiceAccount,
    SessionClosed,
)
from mongorestore_async.auth import authenticators as bearer
from mongorestore_async.emulator import Manager, error_answer

TOKEN = "/api/oauth/token"
REVOKE = "/api/oauth/revoke"


@pytest.fixture
def serve(emulate):
    """Start an emulated Cloud Manager with small clusters."""
    return lambda **settings: emulate(**{"manager": Manager.CLOUD_MANAGER, "jobs_per_cluster": 2, **settings})


def enter(emulator, *, secret=None, revoke=False, **arguments):
    account = ServiceAccount(emulator.client_id, secret or emulator.client_secret, revoke_on_close=revoke)
    return AsyncSession(account, base_url=emulator.url, **arguments)


@asynccontextmanager
async def entered(serve, *, options=None, settings=None, **arguments):
    """An emulator, a session with it, and a cluster of it."""
    arguments["options"] = Options.for_tests() if options is None else options
    async with serve(**(settings or {})) as emulator, enter(emulator, **arguments) as session:
        yield emulator, session, cluster_of(session, emulator)


def cluster_of(session, emulator):
    found = emulator.world.first("replica-set")
    return session.project(found.project_id, CLOUD_MANAGER).cluster(found.id)


def clock_of(session, clock):
    """Make the session's tokens age on a clock of the test's."""
    session._view.transport._authenticator.cache._clock = clock


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def answering(path, make, *, times=None):
    """Answer the first requests to a path (or to all but the token's, for None) otherwise."""
    met = 0

    async def before_answer(record):
        nonlocal met
        here = record.path == path if path is not None else record.path not in {TOKEN, REVOKE}
        if here and (times is None or met < times):
            met += 1
            return make()
        return None

    return before_answer


class Hold:
    """Holds the first request to a path until it is released."""

    def __init__(self, path):
        self._path = path
        self.met = asyncio.Event()
        self.release = asyncio.Event()

    async def __call__(self, record):
        if record.path == self._path and not self.met.is_set():
            self.met.set()
            await self.release.wait()


def refused():
    return error_answer(401, "UNEXPECTED_ERROR", "You are not authorized for this resource.")


def paths(emulator):
    return [record.path for record in emulator.requests]


# --- one token for all


@pytest.mark.parametrize("calls", [1, 50, 200])
@pytest.mark.parametrize("max_in_flight", [1, 32])
async def test_cold_calls_share_one_token(serve, calls, max_in_flight):
    options = Options.for_tests(max_in_flight=max_in_flight)
    async with entered(serve, options=options) as (emulator, session, cluster):
        pages = await asyncio.gather(*(cluster.restore_jobs() for _ in range(calls)))

        assert all(len(page) == 2 for page in pages)
        assert emulator.tokens.counts.issued == 1
        assert emulator.tokens.counts.dead_calls == 0
        assert emulator.counts.requests == session.stats.requests == calls + 1
        assert emulator.counts.challenges == session.stats.challenges == 0


async def test_views_share_the_token(serve):
    async with entered(serve) as (emulator, session, cluster):
        await cluster.restore_jobs()
        await cluster_of(session.with_options(timeout=5), emulator).restore_jobs()

        assert emulator.tokens.counts.issued == 1


async def test_atlas_takes_the_same_token(serve):
    async with entered(serve) as (emulator, session, cluster):
        await cluster.restore_jobs()
        projects = await session.projects(ATLAS_CLOUD_BACKUP_V1)

        assert len(projects) == 2
        assert emulator.tokens.counts.issued == 1


async def test_a_prefix_stands_before_the_token_endpoint_too(serve):
    async with entered(serve, settings={"base_path": "/mdb/cloud"}) as (emulator, _, cluster):
        await cluster.restore_jobs()

        assert paths(emulator)[0] == "/mdb/cloud/api/oauth/token"


async def test_the_token_request_is_the_documented_one(serve):
    async with entered(serve) as (emulator, session, cluster):
        await cluster.restore_jobs()
        asked, used = emulator.requests

        assert (asked.method, asked.path) == ("POST", TOKEN)
        assert asked.headers["Authorization"] == "Basic"
        assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert asked.headers["Accept"] == "application/json"
        assert asked.headers["User-Agent"] == session.options.user_agent_header
        assert used.headers["Authorization"] == "Bearer"


# --- renewal


async def test_tokens_are_renewed_under_load_and_no_dead_one_is_used(serve):
    async with entered(serve, settings={"token_seconds": 600, "speed": 0}) as (emulator, session, cluster):
        clock_of(session, lambda: emulator.clock.elapsed)
        calls = 0

        async def work():
            nonlocal calls
            while emulator.clock.elapsed < 1500:
                await cluster.restore_jobs()
                calls += 1

        workers = [asyncio.create_task(work()) for _ in range(8)]
        while emulator.clock.elapsed < 1500:
            await asyncio.sleep(0.005)
            emulator.clock.advance(10)
        await asyncio.gather(*workers)

        assert emulator.tokens.counts.dead_calls == 0
        assert emulator.counts.refusals == 0
        # Every 480 s, four fifths of a life.
        assert 3 <= emulator.tokens.counts.issued <= 4
        assert emulator.tokens.counts.calls == calls


async def test_nobody_waits_for_the_renewal_of_a_living_token(serve):
    async with entered(serve) as (emulator, session, cluster):
        clock = Clock()
        clock_of(session, clock)
        await cluster.restore_jobs()
        clock.now = 3000
        hold = emulator.before_answer = Hold(TOKEN)
        renewing = asyncio.create_task(cluster.restore_jobs().page())
        await hold.met.wait()

        pages = await asyncio.gather(*(cluster.restore_jobs() for _ in range(10)))
        assert len(pages) == 10
        assert not renewing.done()
        hold.release.set()
        await renewing

        assert emulator.tokens.counts.issued == 2
        assert emulator.tokens.counts.dead_calls == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: error_answer(503, "SERVICE_UNAVAILABLE"),
        lambda: web.Response(text="<html>log in</html>"),
        lambda: web.json_response({"error": "access_denied"}, status=403),
        lambda: "drop",
    ],
    ids=["503", "login page", "access denied", "drop"],
)
async def test_a_renewal_that_fails_is_nobodys_failure(serve, make):
    async with entered(serve, options=Options(retry=NO_RETRY)) as (emulator, session, cluster):
        clock = Clock()
        clock_of(session, clock)
        await cluster.restore_jobs()
        clock.now = 3000
        emulator.before_answer = answering(TOKEN, make)
        for _ in range(10):
            assert len(await cluster.restore_jobs()) == 2
        assert emulator.tokens.counts.requests == 2

        emulator.before_answer = None
        clock.now = 3200
        await cluster.restore_jobs()

        assert emulator.tokens.counts.requests == 3


async def test_a_renewal_that_hangs_is_given_up_and_the_call_goes_on(serve, monkeypatch):
    monkeypatch.setattr(bearer, "_RENEWAL_SECONDS", 0.1)
    async with entered(serve) as (emulator, session, cluster):
        clock = Clock()
        clock_of(session, clock)
        await cluster.restore_jobs()
        clock.now = 3000
        hold = emulator.before_answer = Hold(TOKEN)

        assert len(await cluster.restore_jobs()) == 2

        assert hold.met.is_set()
        hold.release.set()
        assert emulator.tokens.counts.calls == 2


# --- tokens that die


@pytest.mark.parametrize("calls", [1, 20])
async def test_a_token_that_expired_by_surprise_is_replaced_once(serve, calls):
    async with entered(serve) as (emulator, session, cluster):
        await cluster.restore_jobs()
        for jump in range(1, 6):
            emulator.clock.advance(4000)
            pages = await asyncio.gather(*(cluster.restore_jobs() for _ in range(calls)))

            assert all(len(page) == 2 for page in pages)
            assert emulator.tokens.counts.issued == 1 + jump
            assert emulator.tokens.counts.dead_calls <= jump * calls
        if calls == 1:
            assert emulator.tokens.counts.dead_calls == 5
            assert session.stats.requests == 2 + 5 * 3


async def test_a_revoked_token_is_replaced(serve):
    async with entered(serve) as (emulator, _, cluster):
        await cluster.restore_jobs()
        emulator.tokens.revoke()
        await cluster.restore_jobs()

        assert emulator.tokens.counts.issued == 2
        assert emulator.tokens.counts.dead_calls == 1


async def test_a_create_with_a_dead_token_is_retried_and_taken_once(serve):
    async with entered(serve) as (emulator, _, cluster):
        await cluster.restore_jobs()

        async def expire_after_the_read(record):
            if record.method == "GET":
                emulator.tokens.revoke()

        emulator.before_answer = expire_after_the_read
        batch = await cluster.create_restore_job(HttpRestore("5" * 24, 1, expiration_hours=1))

        assert len(batch) == 1
        assert emulator.counts.creates_taken == 1
        assert emulator.tokens.counts.dead_calls == 1


async def test_an_api_that_refuses_for_ever_costs_four_tokens(serve):
    async with entered(serve) as (emulator, session, cluster):
        clock = Clock()
        clock_of(session, clock)
        emulator.before_answer = answering(None, refused)

        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(50)), return_exceptions=True)
        assert all(isinstance(outcome, AuthError) for outcome in outcomes)
        assert emulator.tokens.counts.issued == 2
        assert emulator.counts.requests <= 50 * 2 + 2
        assert emulator.tokens.counts.dead_calls == 0

        before = emulator.counts.requests
        for _ in range(20):
            with pytest.raises(AuthError, match="No request is sent for another"):
                await cluster.restore_jobs()
        assert emulator.counts.requests == before

        for _ in range(59):
            clock.now += 60.5
            with pytest.raises(AuthError, match="deleted or removed"):
                await cluster.restore_jobs()
        assert emulator.tokens.counts.issued == 4


async def test_a_refused_account_that_is_readmitted_works_again(serve):
    async with entered(serve) as (emulator, session, cluster):
        clock = Clock()
        clock_of(session, clock)
        emulator.before_answer = answering(None, refused)
        for _ in range(3):
            with pytest.raises(AuthError):
                await cluster.restore_jobs()
        emulator.before_answer = None
        clock.now += 60

        assert len(await cluster.restore_jobs()) == 2
        assert emulator.tokens.counts.issued == 3


async def test_a_call_tries_two_tokens_at_most(serve):
    async with entered(serve) as (emulator, _, cluster):
        await cluster.restore_jobs()
        emulator.before_answer = answering(None, refused)
        with pytest.raises(AuthError, match="refused two consecutive tokens"):
            await cluster.restore_jobs()

        assert emulator.tokens.counts.issued == 2


@pytest.mark.parametrize("challenge", [None, 'Bearer error="insufficient_scope"', 'Digest realm="x", nonce="y"'])
async def test_a_401_with_a_code_is_forbidden_at_once(serve, challenge):
    async with entered(serve) as (emulator, _, cluster):
        headers = {} if challenge is None else {"WWW-Authenticate": challenge}
        emulator.before_answer = answering(None, lambda: error_answer(401, "NOT_IN_GROUP", "no", headers=headers))
        for _ in range(3):
            with pytest.raises(Forbidden) as caught:
                await cluster.restore_jobs()
            assert caught.value.error_code == "NOT_IN_GROUP"

        assert emulator.tokens.counts.issued == 1
        assert emulator.counts.requests == 4


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer error="invalid_token"',
        'Bearer realm="Cloud Manager", error="invalid_token", error_description="revoked"',
        'Digest realm="x", nonce="y", qop="auth", bearer ERROR=INVALID_TOKEN',
    ],
)
@pytest.mark.parametrize("code", ["NOT_IN_GROUP", "ANY_CODE", None])
async def test_a_revoked_token_is_renewed_whatever_the_code(serve, challenge, code):
    async with entered(serve) as (emulator, _, cluster):
        headers = {"WWW-Authenticate": challenge}
        emulator.before_answer = answering(
            None, lambda: error_answer(401, code or "UNEXPECTED_ERROR", "revoked", headers=headers), times=1
        )

        assert len(await cluster.restore_jobs()) == 2
        assert len(await cluster.restore_jobs()) == 2

        assert emulator.tokens.counts.issued == 2


async def test_tokens_that_are_all_invalid_end_after_two(serve):
    async with entered(serve) as (emulator, _, cluster):
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        emulator.before_answer = answering(None, lambda: error_answer(401, "NOT_IN_GROUP", "no", headers=headers))
        for _ in range(3):
            with pytest.raises(AuthError):
                await cluster.restore_jobs()

        assert emulator.tokens.counts.issued == 2


# --- no token to be had


@pytest.mark.parametrize("calls", [1, 50])
async def test_a_wrong_secret_is_sent_once_however_many_calls_wait(serve, calls):
    async with entered(serve, secret="mdb_sa_sk_wrong") as (emulator, session, cluster):
        clock = Clock()
        clock_of(session, clock)
        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(calls)), return_exceptions=True)
        for _ in range(5):
            outcomes += await asyncio.gather(cluster.restore_jobs(), return_exceptions=True)

        assert all(isinstance(outcome, AuthError) for outcome in outcomes)
        assert emulator.counts.requests == emulator.tokens.counts.refused == 1
        assert "check the client id and the secret" in str(outcomes[0])
        assert not any("wrong" in f"{outcome} {outcome!r}" for outcome in outcomes)

        clock.now += 60
        with pytest.raises(AuthError):
            await cluster.restore_jobs()
        assert emulator.counts.requests == 2


async def test_the_limit_of_100_tokens_is_explained_until_a_revoke(serve):
    async with serve() as emulator:
        for _ in range(100):
            async with enter(emulator) as session:
                await cluster_of(session, emulator).restore_jobs()
        async with enter(emulator) as session:
            clock = Clock()
            clock_of(session, clock)
            cluster = cluster_of(session, emulator)
            outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(20)), return_exceptions=True)

            assert {type(outcome) for outcome in outcomes} == {Forbidden}
            assert "at most 100 live tokens" in str(outcomes[0])
            assert outcomes[0].error_code == "access_denied"
            assert emulator.tokens.counts.requests == 101

            emulator.tokens.revoke(emulator.tokens.tokens[0])
            clock.now += 60
            assert len(await cluster.restore_jobs()) == 2


async def test_a_rate_limit_beyond_the_deadline_is_raised_at_once(serve):
    settings = {"token_requests_per_minute": 0}
    async with entered(serve, settings=settings) as (emulator, _, cluster):
        emulator.before_answer = answering(
            TOKEN, lambda: web.json_response({"error": "rate_limited"}, status=429, headers={"Retry-After": "3600"})
        )
        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(20)), return_exceptions=True)

        assert {type(outcome) for outcome in outcomes} == {RateLimited}
        assert all(3590 < outcome.retry_after <= 3600 for outcome in outcomes)
        assert emulator.counts.requests == 1


async def test_a_rate_limit_that_ends_in_time_is_waited_for(serve):
    async with entered(serve) as (emulator, session, cluster):
        emulator.before_answer = answering(
            TOKEN,
            lambda: web.json_response({"error": "rate_limited"}, status=429, headers={"Retry-After": "1"}),
            times=1,
        )
        pages = await asyncio.gather(*(cluster.restore_jobs() for _ in range(10)))

        assert len(pages) == 10
        assert emulator.tokens.counts.requests == 2
        assert session.stats.retries >= 1


@pytest.mark.parametrize(
    "make",
    [lambda: error_answer(503, "SERVICE_UNAVAILABLE"), lambda: web.Response(status=502, text="<html>"), lambda: "drop"],
    ids=["503", "502 page", "drop"],
)
async def test_token_endpoint_failures_are_retried_for_every_verb(serve, make):
    for verb in ("list", "create"):
        async with entered(serve) as (emulator, session, cluster):
            if verb == "create":

                async def revoke_after_the_read(record):
                    if record.method == "GET" and record.status == 200:
                        emulator.tokens.revoke()
                        emulator.before_answer = answering(TOKEN, make, times=3)

                emulator.before_answer = revoke_after_the_read
                assert len(await cluster.create_restore_job(HttpRestore("5" * 24, 1, expiration_hours=1))) == 1
                assert emulator.counts.creates_taken == 1
            else:
                emulator.before_answer = answering(TOKEN, make, times=3)
                assert len(await cluster.restore_jobs()) == 2
            assert session.stats.retries == 3


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: error_answer(503, "SERVICE_UNAVAILABLE"), ServerError),
        (lambda: web.Response(text="<html>log in</html>"), DataError),
        (lambda: "drop", ConnectionBroken),
        (lambda: web.Response(status=302, headers={"Location": "/login"}), ProtocolError),
    ],
    ids=["503", "login page", "drop", "redirect"],
)
async def test_a_create_without_a_token_is_certainly_not_taken(serve, make, kind):
    async with entered(serve, options=Options(retry=NO_RETRY)) as (emulator, _, cluster):

        async def fail_after_the_read(record):
            if record.method == "GET":
                emulator.tokens.revoke()
                emulator.before_answer = answering(TOKEN, make)

        emulator.before_answer = fail_after_the_read
        with pytest.raises(RestoreError) as caught:
            await cluster.create_restore_job(HttpRestore("5" * 24, 1, expiration_hours=1))

        assert type(caught.value) is kind
        assert caught.value.request.logging_in
        assert caught.value.request.method == "POST"
        assert emulator.counts.creates_taken == 0


async def test_an_endless_answer_of_the_token_endpoint_is_cut_off(serve):
    async with entered(serve) as (emulator, _, cluster):
        emulator.before_answer = answering(TOKEN, lambda: web.json_response({"access_token": "x" * 2_000_000}))
        with pytest.raises(ProtocolError, match="larger than 1048576 bytes"):
            await cluster.restore_jobs()


async def test_a_hanging_token_endpoint_ends_with_the_deadline(serve):
    async with entered(serve) as (emulator, session, cluster):
        hold = emulator.before_answer = Hold(TOKEN)
        with pytest.raises(RequestTimeout):
            await cluster_of(session.with_options(timeout=0.3), emulator).restore_jobs()
        hold.release.set()

        assert len(await cluster.restore_jobs()) == 2


@pytest.mark.parametrize("how", ["cancelled", "timed out", "failed"])
async def test_the_next_in_line_asks_when_the_first_is_gone(serve, how):
    async with entered(serve, options=Options(retry=NO_RETRY)) as (emulator, session, cluster):
        hold = emulator.before_answer = Hold(TOKEN)
        quick = cluster_of(session.with_options(timeout=1), emulator)
        first = asyncio.create_task((quick if how == "timed out" else cluster).restore_jobs().page())
        await hold.met.wait()
        others = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(10)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in others)

        if how == "cancelled":
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        elif how == "timed out":
            with pytest.raises(RequestTimeout):
                await first
        else:
            emulator.before_answer = None
            await abort(session)
            with pytest.raises(ConnectionBroken):
                await first
        pages = await asyncio.gather(*others)
        hold.release.set()

        assert all(len(page) == 2 for page in pages)
        assert emulator.tokens.counts.requests == 2
        assert emulator.tokens.counts.dead_calls == 0


async def abort(session):
    """Break every connection in use."""
    connector = session._view.transport._connection.session.connector
    for protocol in list(connector._acquired):
        protocol.transport.abort()
    await asyncio.sleep(0)


async def test_closing_ends_calls_that_wait_for_a_token(serve):
    async with serve() as emulator:
        session = enter(emulator)
        hold = emulator.before_answer = Hold(TOKEN)
        calls = [asyncio.create_task(cluster_of(session, emulator).restore_jobs().page()) for _ in range(10)]
        await hold.met.wait()
        await asyncio.wait_for(session.close(), 20)
        hold.release.set()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)

        assert all(isinstance(outcome, SessionClosed) for outcome in outcomes)


async def test_cancelling_at_any_moment_leaves_the_session_usable(serve):
    async with entered(serve) as (emulator, session, cluster):
        for steps in range(0, 60, 2):
            calls = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(3)]
            for _ in range(steps):
                await asyncio.sleep(0)
            calls[0].cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert all(len(page) == 2 for page in outcomes[1:])
            emulator.tokens.revoke()
        assert emulator.tokens.counts.issued <= 30 * 2
        assert session._view.transport._authenticator._asking is None


# --- revoking


async def test_tokens_are_revoked_on_close_if_asked(serve):
    async with serve() as emulator:
        for revoke in (False, True):
            async with enter(emulator, revoke=revoke) as session:
                await cluster_of(session, emulator).restore_jobs()
            await session.close()

            assert emulator.tokens.counts.revoked == int(revoke)
        assert paths(emulator).count(REVOKE) == 1
        assert session.stats.requests == 3


async def test_a_session_without_a_token_revokes_none(serve):
    async with serve() as emulator:
        async with enter(emulator, revoke=True):
            pass
        await enter(emulator, revoke=True).close()

        assert emulator.counts.requests == 0


@pytest.mark.parametrize("fault", ["503", "drop", "hang"])
async def test_a_failure_to_revoke_never_hides_the_close(serve, fault, monkeypatch):
    monkeypatch.setattr(bearer, "_REVOKE_SECONDS", 0.3)
    async with serve() as emulator:
        session = enter(emulator, revoke=True)
        await cluster_of(session, emulator).restore_jobs()
        hold = Hold(REVOKE)
        answers = {"503": answering(REVOKE, lambda: error_answer(503, "X")), "drop": answering(REVOKE, lambda: "drop")}
        emulator.before_answer = answers.get(fault, hold)

        await asyncio.wait_for(session.close(), 20)
        hold.release.set()

        assert paths(emulator).count(REVOKE) == 1
        with pytest.raises(SessionClosed):
            await session.open()
        assert session._view.transport._connection.session.closed


async def test_a_close_that_is_cancelled_while_revoking_still_closes(serve):
    async with serve() as emulator:
        session = enter(emulator, revoke=True)
        await cluster_of(session, emulator).restore_jobs()
        hold = emulator.before_answer = Hold(REVOKE)
        closing = asyncio.create_task(session.close())
        await hold.met.wait()
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        hold.release.set()

        assert session._view.transport._connection.session.closed


# --- where it must not go


async def test_ops_manager_is_refused_before_any_io(serve):
    async with serve(manager=Manager.OPS_MANAGER) as emulator, enter(emulator) as session:
        for use in (
            lambda: session.project("p", OPS_MANAGER),
            lambda: session.projects(OPS_MANAGER),
            lambda: session.request("GET", "/groups", family=OPS_MANAGER).send(None),
        ):
            with pytest.raises(ConfigError, match="Ops Manager has no service accounts"):
                use()
        assert emulator.counts.requests == 0


async def test_the_emulated_ops_manager_takes_no_tokens(serve):
    async with serve(manager=Manager.OPS_MANAGER) as emulator, enter(emulator) as session:
        with pytest.raises(AuthError):
            await session.request("GET", "/api/public/v1.0/groups")

        assert emulator.tokens.counts.calls == 0


@pytest.mark.parametrize("path", [TOKEN, None])
async def test_neither_secret_nor_token_follows_a_redirect(serve, path):
    async with serve() as stranger, entered(serve) as (emulator, _, cluster):
        emulator.before_answer = answering(
            path, lambda: web.Response(status=307, headers={"Location": stranger.url + "/api/oauth/token"})
        )
        with pytest.raises(ProtocolError, match="redirect"):
            await cluster.restore_jobs()

        assert stranger.counts.requests == 0


def test_plain_http_over_a_network_warns():
    account = ServiceAccount("id", "secret")
    with pytest.warns(UserWarning, match=r"are sent unencrypted to http://gate\.example\.com") as caught:
        session = AsyncSession(account, base_url="http://gate.example.com/api/atlas/v1.0")
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session.with_options(timeout=5)
        for url in ("https://gate.example.com", "http://127.0.0.1:8080", "http://localhost", "http://[::1]"):
            AsyncSession(account, base_url=url)
        AsyncSession(DigestAuth("public", "private"), base_url="http://gate.example.com")


# --- the environment


ID, SECRET = "MONGODB_ATLAS_CLIENT_ID", "MONGODB_ATLAS_CLIENT_SECRET"
PUBLIC, PRIVATE = "MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY"


async def test_a_service_account_in_the_environment_wins_over_a_key(serve):
    async with serve() as emulator:
        environ = {"MONGODB_ATLAS_BASE_URL": emulator.url, ID: emulator.client_id, SECRET: emulator.client_secret}
        for more in ({}, {PUBLIC: emulator.public_key, PRIVATE: emulator.private_key}):
            async with AsyncSession.from_env(environ | more) as session:
                await cluster_of(session, emulator).restore_jobs()
        assert emulator.tokens.counts.issued == 2
        assert emulator.counts.challenges == 0


async def test_half_a_service_account_leaves_a_whole_key_alone(serve):
    async with serve() as emulator:
        environ = {
            "MONGODB_ATLAS_BASE_URL": emulator.url,
            ID: emulator.client_id,
            SECRET: "",
            PUBLIC: emulator.public_key,
            PRIVATE: emulator.private_key,
        }
        async with AsyncSession.from_env(environ) as session:
            await cluster_of(session, emulator).restore_jobs()
        assert emulator.tokens.counts.requests == 0


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({ID: "id"}, f"incomplete service account.*set {SECRET} as well"),
        ({SECRET: "s"}, f"incomplete service account.*set {ID} as well"),
        ({}, f"set {PUBLIC} and {PRIVATE} \\(or {ID} and {SECRET} for a service account, "),
        ({ID: "id", PUBLIC: "p"}, f"no API key.*set {PRIVATE} "),
        ({PUBLIC: "p"}, "or MONGODB_ATLAS_ACCESS_TOKEN"),
    ],
)
def test_half_a_login_in_the_environment_is_told(environ, told):
    with pytest.raises(ConfigError, match=told):
        AsyncSession.from_env(environ)


# --- secrets


async def test_no_secret_is_seen_anywhere(serve, caplog):
    caplog.set_level(logging.DEBUG)
    records = []
    options = Options.for_tests(on_exchange=records.append, timeout=2)
    seen = []
    async with serve() as emulator:
        secrets = {emulator.client_secret, "mdb_sa_sk_wrong-but-secret"}

        async def use(session, *answers):
            cluster = cluster_of(session, emulator)
            for make in (None, *answers):
                emulator.before_answer = make
                try:
                    seen.append(repr(await cluster.restore_jobs()))
                except RestoreError as error:
                    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
                    seen.extend([repr(error), str(error), repr(vars(error)), "".join(shown.format())])
            seen.extend([repr(session), repr(vars(session)), repr(vars(session._view.transport))])
            gate = session._view.transport._authenticator
            seen.extend([repr(vars(gate)), repr(vars(gate.cache))])

        async def echo(record):
            if record.path not in {TOKEN, REVOKE}:
                return web.json_response({"detail": f"Bearer {emulator.tokens.tokens[-1]} is no good"}, status=409)
            return None

        async def misfit(record):
            if record.path == TOKEN:
                return web.json_response({"access_token": emulator.tokens.tokens[-1], "expires_in": "soon"})
            return web.Response(status=401)

        async with enter(emulator, options=options, revoke=True) as session:
            await use(session, echo, answering(None, refused), misfit)
        async with enter(emulator, secret="mdb_sa_sk_wrong-but-secret", options=options) as session:
            await use(session)
        async with enter(emulator, options=options) as session:
            await use(session, misfit)
        secrets |= set(emulator.tokens.tokens)
        pair = base64.b64encode(f"{emulator.client_id}:{emulator.client_secret}".encode()).decode()

    assert len(records) == 7
    assert emulator.tokens.counts.issued >= 3
    for hidden in (*secrets, pair):
        assert hidden not in caplog.text
        assert hidden not in "\n".join(seen)
        assert hidden not in repr(records)


# --- the emulated endpoints


async def ask(emulator, path=TOKEN, *, data="grant_type=client_credentials", pair=None, **headers):
    client = emulator.client_id, emulator.client_secret
    auth = "Basic " + base64.b64encode(":".join(pair or client).encode()).decode()
    sent = {"Authorization": auth, "Content-Type": "application/x-www-form-urlencoded", **headers}
    async with (
        aiohttp.ClientSession() as http,
        http.post(emulator.url + path, data=data, headers=sent) as response,
    ):
        return response.status, response.headers, await response.text()


async def test_another_client_reads_the_emulators_tokens(serve):
    async with serve(token_seconds=1800) as emulator:
        _, headers, body = await ask(emulator)
        token = BackendApplicationClient(emulator.client_id).parse_request_body_response(body)

        assert token["expires_in"] == 1800
        assert token["token_type"] == "Bearer"
        assert headers["Content-Type"].startswith("application/json")
        assert emulator.client_id.startswith("mdb_sa_id_")
        assert len(bytes.fromhex(emulator.client_id.removeprefix("mdb_sa_id_"))) == 12
        assert emulator.client_secret.startswith("mdb_sa_sk_")

        async with aiohttp.ClientSession(headers={"Authorization": f"bearer {token['access_token']}"}) as http:
            for age, status in ((0, 200), (1799, 200), (1801, 401)):
                emulator.clock.advance(max(0, age - emulator.clock.elapsed))
                async with http.get(emulator.url + "/api/public/v1.0/groups") as response:
                    assert response.status == status
            async with http.get(emulator.url + "/api/public/v1.0/groups", headers={"Authorization": "Bearer x"}) as no:
                assert no.status == 401
                assert "WWW-Authenticate" not in no.headers
                assert (await no.json())["errorCode"] == "UNEXPECTED_ERROR"
        assert [record.why for record in emulator.requests][-2:] == ["expired token", "unknown token"]


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"data": ""}, 400, "invalid_request"),
        ({"data": "grant_type=password"}, 400, "unsupported_grant_type"),
        ({"Content-Type": "application/json"}, 400, "invalid_request"),
        ({"pair": ("someone", "else")}, 401, "invalid_client"),
        ({"Authorization": "Basic !"}, 401, "invalid_client"),
        ({"Authorization": "Bearer x"}, 401, "invalid_client"),
        ({"path": REVOKE, "data": "a=b"}, 400, "invalid_request"),
        ({"path": REVOKE, "data": "token=t", "pair": ("someone", "else")}, 401, "invalid_client"),
    ],
)
async def test_the_emulators_errors_have_the_shape_of_these_endpoints(serve, change, status, word):
    async with serve() as emulator:
        got, _, body = await ask(emulator, **change)
        document = json.loads(body)

        assert (got, document["error"]) == (status, word)
        assert set(document) == {"error", "error_description"}
        assert emulator.tokens.counts.issued == 0


async def test_the_emulator_limits_live_tokens_and_requests_a_minute(serve):
    async with serve(max_live_tokens=2, token_requests_per_minute=4, speed=0) as emulator:
        assert [(await ask(emulator))[0] for _ in range(6)] == [200, 200, 403, 403, 429, 429]
        _, headers, body = await ask(emulator)
        assert headers["Retry-After"] == "61"
        assert json.loads(body)["error"] == "rate_limited"

        emulator.clock.advance(60)
        assert (await ask(emulator, REVOKE, data=f"token={emulator.tokens.tokens[0]}"))[0] == 200
        assert (await ask(emulator, REVOKE, data="token=unknown"))[0] == 200
        assert [(await ask(emulator))[0] for _ in range(2)] == [200, 403]
        assert emulator.tokens.counts.revoked == 1


async def test_the_emulator_takes_any_token_when_it_wants_no_login(serve):
    async with serve(auth_enabled=False) as emulator, enter(emulator) as session:
        with suppress(RestoreError):
            await cluster_of(session, emulator).restore_jobs()

        assert emulator.tokens.counts.issued == 1
        assert emulator.counts.refusals == 0
