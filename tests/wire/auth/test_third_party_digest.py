"""Digest servers we did not write: Apache httpd and lighttpd, and the matrix of docs/digest-matrix.rst.

A row is a server, a nonce policy and a number of calls under way at once. No call may be refused to its caller, and the
challenges stay below what the row promises; the figures in the page are those of one run.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth, Options, RestoreError
from mongorestore_async.emulator import ChallengeForm, NoncePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

REALM = "MMS Public API"
KEY = DigestAuth("key", "secret")
CALLS = 1000
CALLS_OF_EMULATOR = 200
AT_ONCE = (1, 16, 100)

HEADER = ("server", "nonces", "at once", "calls", "requests", "challenges", "at most", "refused")


# --- servers ----------------------------------------------------------------------------------------------------------

#: An empty list of projects, as a file.
PROJECTS = json.dumps({"links": [], "results": [], "totalCount": 0})

APACHE = """
ServerRoot @FOLDER@
ServerName localhost
Listen 127.0.0.1:@PORT@
PidFile @FOLDER@/httpd.pid
DefaultRuntimeDir @FOLDER@
Mutex file:@FOLDER@ default
ErrorLog @FOLDER@/error.log
LoadModule mpm_event_module @MODULES@/mod_mpm_event.so
LoadModule authz_core_module @MODULES@/mod_authz_core.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule auth_digest_module @MODULES@/mod_auth_digest.so
StartServers 1
ServerLimit 2
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 256
KeepAlive On
MaxKeepAliveRequests 0
LogFormat "%>s" status
CustomLog @FOLDER@/access.log status
DocumentRoot @FOLDER@/www
@TABLE@
<Location "/">
    AuthType Digest
    AuthName "MMS Public API"
    AuthDigestProvider file
    AuthUserFile @FOLDER@/users
    AuthDigestNonceLifetime @LIFETIME@
    ForceType application/json
    Require valid-user
</Location>
"""

LIGHTTPD = """
server.bind = "127.0.0.1"
server.port = @PORT@
server.document-root = "@FOLDER@/www"
server.errorlog = "@FOLDER@/error.log"
server.modules = ("mod_auth", "mod_authn_file", "mod_accesslog")
server.max-keep-alive-requests = 1000000
server.max-connections = 512
accesslog.filename = "@FOLDER@/access.log"
accesslog.format = "%s"
mimetype.assign = ("" => "application/json")
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "@FOLDER@/users"
auth.require = ("/" => (
    "method" => "digest", "algorithm" => "@ALGORITHM@", "realm" => "MMS Public API", "require" => "valid-user",
))
"""

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def site(algorithm):
    """Files of a server that has the list of projects."""
    if HASHES[algorithm] not in hashlib.algorithms_available:
        pytest.skip(f"Python's hashlib has no {algorithm} here")
    secret = hashlib.new(HASHES[algorithm], f"{KEY.public_key}:{REALM}:{KEY.private_key!s}".encode()).hexdigest()
    return {
        "users": f"{KEY.public_key}:{REALM}:{secret}\n",
        "www/api/public/v1.0/groups": PROJECTS,
    }


def apache(workshop, *, lifetime, table=""):
    config = APACHE.replace("@MODULES@", str(workshop.apache_modules()))
    return workshop.start("apache2", config.replace("@LIFETIME@", str(lifetime)).replace("@TABLE@", table), site("MD5"))


def lighttpd(workshop, *, algorithm):
    return workshop.start("lighttpd", LIGHTTPD.replace("@ALGORITHM@", algorithm), site(algorithm))


#: How many challenges a policy may cost, by calls, calls at once and seconds.
Promise = Callable[[int, int, float], float]


def one(calls, at_once, seconds):
    return 1


def one_each(calls, at_once, seconds):
    # What is refused while the policy is being learnt comes on top.
    return calls + 3 * at_once


def one_each_or_next(calls, at_once, seconds):
    # One after the other, each answer brings the next nonce.
    return 1 if at_once == 1 else one_each(calls, at_once, seconds)


def one_a_second(calls, at_once, seconds):
    # All calls under way may meet the end of a nonce's life.
    return 1 + at_once * math.ceil(seconds)


@attrs.frozen
class Policy:
    """A row of the matrix, for every number of calls at once.

    Attributes:
        server: Name of the server.
        title: What it does with nonces.
        start: Starts it.
        promise: Challenges it may cost at most.
        bursts: In how many parts the calls are made, with more than a second between them.

    """

    server: str
    title: str
    start: Callable[[Any], Any]
    promise: Promise
    bursts: int = 1


ONE_TIME = {"lifetime": 0, "table": "AuthDigestShmemSize 1M"}

POLICIES = (
    Policy("Apache httpd", "for ever", lambda w: apache(w, lifetime=-1), one),
    Policy("Apache httpd", "300 s (default)", lambda w: apache(w, lifetime=300), one),
    Policy("Apache httpd", "1 s", lambda w: apache(w, lifetime=1), one_a_second, bursts=3),
    Policy("Apache httpd", "one use, room for thousands", lambda w: apache(w, **ONE_TIME), one_each_or_next),
    Policy("Apache httpd", "one use, room for few (default)", lambda w: apache(w, lifetime=0), one_each_or_next),
    Policy("lighttpd", "600 s, MD5", lambda w: lighttpd(w, algorithm="MD5"), one),
    Policy("lighttpd", "600 s, SHA-256", lambda w: lighttpd(w, algorithm="SHA-256"), one),
    Policy("lighttpd", "600 s, SHA-512-256", lambda w: lighttpd(w, algorithm="SHA-512-256"), one),
)

EMULATED: Mapping[str, tuple[dict[str, Any], Promise]] = {
    "for ever": ({}, one),
    "for ever, SHA-256-sess": ({"challenges": (ChallengeForm("SHA-256-sess"),)}, one),
    "nc must rise, told as stale": ({"nonce_policy": NoncePolicy.RISING, "stale_on_replay": True}, one_each),
    "nc must rise, told as wrong": ({"nonce_policy": NoncePolicy.RISING}, one_each),
    "one use, told as stale": ({"nonce_policy": NoncePolicy.ONE_USE}, one_each),
    "one use, told as wrong": ({"nonce_policy": NoncePolicy.ONE_USE, "stale_flag": False}, one_each),
    "one use, with nextnonce": ({"nonce_policy": NoncePolicy.ONE_USE, "nextnonce": True}, one_each_or_next),
    "7 uses, told as stale": ({"nonce_policy": NoncePolicy.LIMITED, "nonce_life_uses": 7}, one_each),
    "7 uses, told as wrong": (
        {"nonce_policy": NoncePolicy.LIMITED, "nonce_life_uses": 7, "stale_flag": False},
        one_each,
    ),
    "every 7th answer refused": ({"nonce_policy": NoncePolicy.SPURIOUS, "spurious_every": 7}, one_each),
}


# --- calls ------------------------------------------------------------------------------------------------------------


async def call(session, times, *, bursts=1):
    """List the projects many times at once; gives what was refused to the caller, and the time it took."""
    asyncio.get_running_loop().set_debug(False)  # which takes most of the time of such a load
    started = time.monotonic()
    outcomes = []
    for burst in range(bursts):
        await asyncio.sleep(1.2 if burst else 0)
        part = range(burst, times, bursts)
        calls = (session.request("GET", "/groups", family=OPS_MANAGER) for _ in part)
        outcomes += await asyncio.gather(*calls, return_exceptions=True)
    assert len(outcomes) == times
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, RestoreError) for outcome in refused)
    return refused, time.monotonic() - started


@asynccontextmanager
async def session_on(url, key, at_once):
    async with AsyncSession(key, base_url=url, options=Options.for_tests(max_in_flight=at_once, timeout=60)) as session:
        yield session


KEYS = [
    *((policy.server, policy.title, str(at_once)) for policy in POLICIES for at_once in AT_ONCE),
    *(("emulator", title, str(at_once)) for title in EMULATED for at_once in AT_ONCE),
]


@pytest.fixture
def matrix(book):
    """The table; its figures are those of one run, so a test compares only that there is a row for it."""
    table = book.table("digest-matrix.rst", "digest", HEADER, KEYS)

    def note(key, seen):
        if book.write:
            table.check(key, seen)
        assert key in table.rows

    return note


def test_the_page_has_these_rows_and_no_others(book):
    book.table("digest-matrix.rst", "digest", HEADER, KEYS).check_keys()


def judge(stats, refused, calls, most):
    assert [str(error) for error in refused[:3]] == []
    assert stats.challenges <= most
    assert stats.requests == calls + stats.challenges + stats.retries
    return str(calls), str(stats.requests), str(stats.challenges), f"{most:.0f}", str(len(refused))


@pytest.fixture(scope="module", params=POLICIES, ids=lambda policy: f"{policy.server}, {policy.title}")
def served(request, workshop):
    server = request.param.start(workshop)
    yield request.param, server
    server.stop()


@pytest.mark.parametrize("at_once", AT_ONCE)
async def test_a_server_of_others_refuses_no_call(served, at_once, matrix):
    policy, server = served
    async with session_on(server.url, KEY, at_once) as session:
        refused, seconds = await call(session, CALLS, bursts=policy.bursts)
        row = judge(session.stats, refused, CALLS, policy.promise(CALLS, at_once, seconds))
    matrix((policy.server, policy.title, str(at_once)), row)


@pytest.mark.parametrize("at_once", AT_ONCE)
@pytest.mark.parametrize("title", EMULATED)
async def test_the_emulator_refuses_no_call(title, at_once, emulate, matrix):
    settings, promise = EMULATED[title]
    async with emulate(projects=1, **settings) as emulator:
        key = DigestAuth(emulator.public_key, emulator.private_key)
        async with session_on(emulator.url, key, at_once) as session:
            refused, seconds = await call(session, CALLS_OF_EMULATOR)
            most = promise(CALLS_OF_EMULATOR, at_once, seconds)
            row = judge(session.stats, refused, CALLS_OF_EMULATOR, most)
        assert emulator.counts.repeated_nc == 0
    matrix(("emulator", title, str(at_once)), row)


@pytest.mark.parametrize("start", [POLICIES[2].start, POLICIES[3].start, POLICIES[5].start], ids=["1s", "one", "lt"])
async def test_the_server_log_agrees_with_the_session_statistics(workshop, start):
    server = start(workshop)
    async with session_on(server.url, KEY, 16) as session:
        await call(session, 300)
        stats = session.stats
    server.stop()  # lighttpd writes its log late

    statuses = server.lines()
    assert statuses.count("401") == stats.challenges
    assert statuses.count("200") == 300
    assert len(statuses) == stats.requests


@pytest.mark.parametrize("start", [POLICIES[0].start, POLICIES[5].start], ids=["Apache httpd", "lighttpd"])
async def test_a_wrong_key_costs_at_most_two_answers(workshop, start):
    server = start(workshop)
    async with session_on(server.url, DigestAuth(KEY.public_key, "wrong"), 16) as session:
        refused, _ = await call(session, 100)
        stats = session.stats

    assert len(refused) == 100
    assert stats.requests <= 3


@pytest.mark.parametrize("start", [POLICIES[1].start, POLICIES[5].start], ids=["Apache httpd", "lighttpd"])
async def test_a_query_is_signed_as_it_is_sent(workshop, start):
    server = start(workshop)
    async with session_on(server.url, KEY, 1) as session:
        for value in ("a b", "ü", "100%", "a/b?c=d&e", '"quoted"', "+"):
            assert (await session.request("GET", "/groups", family=OPS_MANAGER, query={"q": value})).status == 200
        assert session.stats.challenges == 1
