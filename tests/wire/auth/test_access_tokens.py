"""Access tokens that somebody else got: sent as they are, never renewed."""

from __future__ import annotations

import base64
import json
import pickle
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from mongorestore_async import (
    CLOUD_MANAGER,
    OPS_MANAGER,
    AccessToken,
    ApiError,
    AsyncSession,
    AuthError,
    ConfigError,
    Forbidden,
    Options,
)
from mongorestore_async.auth.authenticators import make_authenticator
from mongorestore_async.emulator import Manager, error_answer
from mongorestore_async.errors import HintKind


@pytest.fixture
def entered(emulate):
    """An emulator, a token of it, and a session with this token."""

    @asynccontextmanager
    async def enter(**settings):
        settings = {"manager": Manager.CLOUD_MANAGER, "jobs_per_cluster": 2} | settings
        async with emulate(**settings) as emulator:
            pair = f"{emulator.client_id}:{emulator.client_secret}".encode()
            token = emulator.tokens.issue(f"Basic {base64.b64encode(pair).decode()}")
            environ = {"MONGODB_ATLAS_ACCESS_TOKEN": token, "MCLI_OPS_MANAGER_URL": emulator.url}
            async with AsyncSession.from_env(environ, options=Options.for_tests()) as session:
                yield emulator, session

    return enter


async def test_a_token_is_sent_as_it_is(entered):
    async with entered() as (emulator, session):
        assert len(await session.projects(CLOUD_MANAGER)) == 2
        assert len(await session.projects(CLOUD_MANAGER)) == 2
        assert (emulator.counts.requests, emulator.counts.challenges, emulator.tokens.counts.requests) == (2, 0, 1)


async def test_an_expired_token_is_not_renewed(entered):
    async with entered(token_seconds=100, speed=0) as (emulator, session):
        await session.projects(CLOUD_MANAGER)
        emulator.clock.advance(101)
        for _ in range(2):
            with pytest.raises(AuthError, match="access token: it has expired, was revoked or is not valid") as caught:
                await session.projects(CLOUD_MANAGER)
        assert caught.value.hint.kind is HintKind.RENEW_TOKEN
        assert emulator.tokens.counts.requests == 1
        assert emulator.tokens.tokens[0] not in f"{caught.value!r}{caught.value}"


@pytest.mark.parametrize(
    ("status", "code", "headers", "kind"),
    [
        (401, "NOT_IN_GROUP", {}, Forbidden),
        (401, "NOT_IN_GROUP", {"WWW-Authenticate": 'Bearer error="invalid_token"'}, AuthError),
        (401, "NO_CURRENT_USER", {}, AuthError),
        (403, "ACCESS_FORBIDDEN", {}, Forbidden),
    ],
)
async def test_rights_are_told_from_the_token(entered, status, code, headers, kind):
    async def refuse(_record):
        return error_answer(status, code, "no", headers=headers)

    async with entered() as (emulator, session):
        emulator.before_answer = refuse
        with pytest.raises(kind):
            await session.projects(CLOUD_MANAGER)
        assert emulator.counts.requests == 1


async def test_the_page_of_a_gateway_counts_until_the_token_worked(entered):
    async def page(_record):
        return web.Response(status=401, text="<html>log in</html>")

    async with entered() as (emulator, session):
        emulator.before_answer = page
        with pytest.raises(AuthError):
            await session.projects(CLOUD_MANAGER)
        emulator.before_answer = None
        await session.projects(CLOUD_MANAGER)
        emulator.before_answer = page
        with pytest.raises(ApiError) as caught:
            await session.projects(CLOUD_MANAGER)
        assert caught.value.from_gateway


def test_ops_manager_has_no_tokens():
    session = AsyncSession(AccessToken("t0ken"), base_url="https://om.example.com")
    with pytest.raises(ConfigError, match="Ops Manager has no service accounts"):
        session.projects(OPS_MANAGER)


def test_plain_http_over_a_network_warns():
    with pytest.warns(UserWarning, match=r"access token\) are sent unencrypted to http://gate\.example\.com"):
        AsyncSession(AccessToken("t0ken"), base_url="http://gate.example.com")


def test_a_token_is_not_shown_and_not_pickled():
    token = AccessToken("t0ken")
    # As what walks the objects in the frames of an error writes them.
    assert "t0ken" not in json.dumps(vars(make_authenticator(token, URL("https://cloud.example.com"))))
    assert repr(token) == "AccessToken()"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(token)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "non-empty"), (7, "non-empty string"), ("a\n", "line break"), ("Bearer a", "one word"), ("é", "one word")],
)
def test_what_is_no_token_is_refused(text, says):
    with pytest.raises(ConfigError, match=says):
        AccessToken(text)
