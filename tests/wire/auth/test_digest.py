"""The digest login over real sockets, counted by the server."""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import partial

import attrs
import pytest
from aiohttp import web

from builders.restores import KEY
from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    AuthError,
    Forbidden,
    Options,
    RequestTimeout,
    RestoreError,
    ServerError,
)
from mongorestore_async.emulator import ChallengeForm, NoncePolicy, QopForm
from mongorestore_async.emulator.digest_server import DigestServer

_md5 = partial(hashlib.md5, usedforsecurity=False)


async def test_listing_twenty_pages_costs_twenty_one_requests(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=200) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)

        jobs = [job async for job in cluster.restore_jobs(items_per_page=10)]

        assert len({job.id for job in jobs}) == 200
        assert emulator.counts.requests == 21
        assert emulator.counts.challenges == 1
        assert session.stats.requests == 21
        assert session.stats.challenges == 1


@pytest.mark.parametrize("calls", [32, 200])
async def test_a_cold_burst_costs_one_challenge(emulate, connect, first_cluster, calls):
    async with emulate(jobs_per_cluster=3) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)

        pages = await asyncio.gather(*(cluster.restore_jobs() for _ in range(calls)))

        assert all(len(page) == 3 for page in pages)
        assert emulator.counts.requests == calls + 1
        assert emulator.counts.challenges == 1
        assert emulator.counts.refusals == emulator.counts.stale == 0


@pytest.mark.parametrize("calls", [1, 32, 200])
async def test_a_wrong_key_is_refused_twice_for_any_number_of_waiters(emulate, connect, first_cluster, calls):
    async with emulate() as emulator, connect(emulator, private_key="wrong") as session:
        cluster = first_cluster(session, emulator)

        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(calls)), return_exceptions=True)
        later = await asyncio.gather(*(cluster.restore_jobs() for _ in range(5)), return_exceptions=True)

        assert all(isinstance(outcome, AuthError) for outcome in outcomes + later)
        assert emulator.counts.refusals == 2
        assert emulator.counts.requests == 3
        assert "wrong" not in "".join(map(repr, outcomes)).replace("wrong key", "")


async def test_a_key_revoked_during_calls_is_probed_three_times(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=3) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        emulator.guard = DigestServer(attrs.evolve(emulator.settings, private_key="replaced"))

        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(32)), return_exceptions=True)

        assert all(isinstance(outcome, AuthError) for outcome in outcomes)
        assert emulator.counts.refusals <= 32 + 3


POLICIES = {
    "reusable": {"nonce_policy": NoncePolicy.REUSABLE},
    "rising, stale": {"nonce_policy": NoncePolicy.RISING, "stale_on_replay": True},
    "rising, not stale": {"nonce_policy": NoncePolicy.RISING},
    "one use, stale": {"nonce_policy": NoncePolicy.ONE_USE},
    "one use, not stale": {"nonce_policy": NoncePolicy.ONE_USE, "stale_flag": False},
    "one use, nextnonce": {"nonce_policy": NoncePolicy.ONE_USE, "nextnonce": True},
    "limited, stale": {"nonce_policy": NoncePolicy.LIMITED, "nonce_life_uses": 7},
    "limited, not stale": {"nonce_policy": NoncePolicy.LIMITED, "nonce_life_uses": 7, "stale_flag": False},
    "spurious": {"nonce_policy": NoncePolicy.SPURIOUS, "spurious_every": 7},
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("concurrency", [1, 16])
async def test_a_right_key_is_never_refused_to_the_caller(emulate, connect, first_cluster, policy, concurrency):
    async with emulate(jobs_per_cluster=2, **policy) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        slots = asyncio.Semaphore(concurrency)

        async def call():
            async with slots:
                return await cluster.restore_jobs()

        pages = await asyncio.gather(*(call() for _ in range(100)))

        assert all(len(page) == 2 for page in pages)
        assert emulator.counts.repeated_nc == 0
        # Each call meets at most a refusal and a challenge of its own beside its success.
        assert emulator.counts.requests <= 300


async def test_a_nonce_that_dies_after_k_uses_is_renewed_early(emulate, connect, first_cluster):
    async with (
        emulate(jobs_per_cluster=2, nonce_policy=NoncePolicy.LIMITED, nonce_life_uses=10) as emulator,
        connect(emulator) as session,
    ):
        cluster = first_cluster(session, emulator)
        for _ in range(100):
            await cluster.restore_jobs()

        # The first two nonces are seen to die; from then on nothing is refused any more.
        assert emulator.counts.stale == 2
        assert emulator.counts.requests <= 100 + 10


FORMS = {
    "MD5": (ChallengeForm(),),
    "MD5-sess": (ChallengeForm("MD5-sess"),),
    "SHA-256": (ChallengeForm("SHA-256"),),
    "SHA-256-sess": (ChallengeForm("SHA-256-sess"),),
    "auth-int": (ChallengeForm(protections="auth-int"),),
    "auth and auth-int": (ChallengeForm(protections="auth-int,auth"),),
    "no qop": (ChallengeForm(qop=QopForm.NONE),),
    "op read as qop": (ChallengeForm(qop=QopForm.OP_AS_QOP),),
    "op meant literally": (ChallengeForm(qop=QopForm.OP_AS_RFC2069),),
    "strongest wins": (ChallengeForm(), ChallengeForm("SHA-256"), ChallengeForm("TOP-SECRET")),
}


@pytest.mark.parametrize("challenges", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("one_header", [False, True])
@pytest.mark.parametrize("userhash", [False, True])
async def test_every_form_of_challenge_is_answered(emulate, connect, first_cluster, challenges, one_header, userhash):
    settings = {"challenges": challenges, "challenges_in_one_header": one_header, "userhash": userhash}
    async with emulate(jobs_per_cluster=2, **settings) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)

        for _ in range(5):
            assert len(await cluster.restore_jobs(query={"a b": "ü/%2F&="})) == 2

        assert emulator.counts.accepted == 5
        assert emulator.counts.requests <= 7


async def test_a_literal_reading_that_worked_is_used_from_the_start(emulate, connect, first_cluster):
    forms = (ChallengeForm(qop=QopForm.OP_AS_RFC2069),)
    settings = {"challenges": forms, "nonce_policy": NoncePolicy.ONE_USE}
    async with emulate(jobs_per_cluster=2, **settings) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        for _ in range(4):
            await cluster.restore_jobs()

        assert emulator.counts.refusals == 1


def fail_first(kind, times):
    """Treat the first requests of a kind specially."""
    met = 0

    async def before_answer(record):
        nonlocal met
        if record.outcome == kind and met < times:
            met += 1
            return web.json_response({"error": 503}, status=503)
        return None

    return before_answer


@pytest.mark.parametrize("kind", ["challenged", "accepted"])
async def test_a_leader_answered_503_leaves_the_others_unharmed(emulate, connect, first_cluster, kind):
    async with emulate(jobs_per_cluster=2) as emulator, connect(emulator, options=Options(retry=NO_RETRY)) as session:
        cluster = first_cluster(session, emulator)
        emulator.before_answer = fail_first(kind, 1)

        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(10)), return_exceptions=True)

        assert sum(isinstance(outcome, ServerError) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, RestoreError) for outcome in outcomes) == 1
        # A 503 in place of the challenge makes the next call ask again; an answer that met a 503 was taken by the
        # login, so its nonce is shared. Either way one request more than there are calls.
        assert emulator.counts.requests == 11


@pytest.mark.parametrize("kind", ["challenged", "accepted"])
@pytest.mark.parametrize("how", ["cancelled", "timed out"])
async def test_the_next_in_line_leads_when_the_leader_is_gone(emulate, connect, first_cluster, kind, how):
    async with emulate(jobs_per_cluster=2) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        held = asyncio.Event()
        release = asyncio.Event()

        async def hold_first(record):
            if record.outcome == kind and not held.is_set():
                held.set()
                await release.wait()

        emulator.before_answer = hold_first
        quick = first_cluster(session.with_options(timeout=1), emulator)
        leader = asyncio.create_task((quick if how == "timed out" else cluster).restore_jobs().page())
        await held.wait()
        others = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(10)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in others)

        if how == "cancelled":
            leader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leader
        else:
            with pytest.raises(RequestTimeout):
                await leader
        pages = await asyncio.gather(*others)
        release.set()

        assert all(len(page) == 2 for page in pages)
        assert emulator.counts.repeated_nc == 0
        assert emulator.counts.challenges == 2


async def test_a_coded_401_after_a_right_answer_is_forbidden_at_once(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=2) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)

        async def no_rights(record):
            if record.outcome == "accepted":
                body = {"error": 401, "errorCode": "USER_UNAUTHORIZED", "reason": "Unauthorized", "detail": "no"}
                challenge = 'Digest realm="MMS Public API", nonce="abc", qop="auth", stale=false'
                return web.json_response(body, status=401, headers={"WWW-Authenticate": challenge})
            return None

        emulator.before_answer = no_rights
        with pytest.raises(Forbidden) as caught:
            await cluster.restore_jobs()

        assert caught.value.error_code == "USER_UNAUTHORIZED"
        assert emulator.counts.requests == 2


async def test_only_the_own_origin_is_answered(emulate, connect, first_cluster):
    async with emulate() as stranger, emulate() as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)

        async def redirect(record):
            return web.Response(status=307, headers={"Location": stranger.url + record.path})

        emulator.before_answer = redirect
        with pytest.raises(RestoreError, match="redirect"):
            await cluster.restore_jobs()

        assert stranger.counts.requests == 0


async def test_a_realm_in_iso_8859_1_is_a_login_like_any_other():
    realm = b"Universit\xe4t"
    secret = _md5(b":".join((KEY.public_key.encode(), realm, str(KEY.private_key).encode()))).hexdigest()
    statuses = []

    async def serve(reader, writer):
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            sent = dict(re.findall(r'(\w+)="?([^",\r]+)', head))
            target = _md5(f"GET:{sent.get('uri')}".encode()).hexdigest()
            used = f"{secret}:n:{sent.get('nc')}:{sent.get('cnonce')}:auth:{target}"
            right = sent.get("response") == _md5(used.encode()).hexdigest()
            statuses.append(200 if right else 401)
            body = b'{"results": []}'
            challenge = b'WWW-Authenticate: Digest realm="%b", nonce="n", qop="auth"\r\n' % realm
            writer.write(
                b"HTTP/1.1 %d X\r\n%bContent-Length: %d\r\n\r\n%b" % (statuses[-1], challenge, len(body), body)
            )

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with AsyncSession(KEY, base_url=url, options=Options(retry=NO_RETRY)) as session:
            for _ in range(2):
                await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
    assert statuses == [401, 200, 200]
