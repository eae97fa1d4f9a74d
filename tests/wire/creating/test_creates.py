"""Creates whose answer gets lost: never sent twice, and found again where that can be known."""

from __future__ import annotations

import asyncio
import pickle

import pytest
from aiohttp import web

from builders.restores import REQUEST
from mongorestore_async import (
    OPS_MANAGER,
    AutomatedRestore,
    BadRequest,
    ConfigError,
    ConnectFailed,
    HttpRestore,
    MaybeCreated,
    Options,
    RateLimited,
    RequestTimeout,
    RestoreError,
    SessionClosed,
    Snapshot,
    Target,
    Verdict,
)
from mongorestore_async.emulator import ClusterKind, NoncePolicy


def on_creates(fault):
    async def before_answer(record):
        if record.method != "POST":
            return None
        if fault == "login page":
            return web.Response(text="<html>", content_type="text/html")
        if fault == "redirect":
            return web.Response(status=302, headers={"Location": "/login"})
        return web.Response(status=fault, text="<html>") if isinstance(fault, int) else fault

    return before_answer


@pytest.mark.parametrize("fault", ["drop-answer", "truncate", 500, 502, 503, 504, "login page", "redirect"])
@pytest.mark.parametrize("kind", [ClusterKind.REPLICA_SET, ClusterKind.SHARDED])
async def test_a_create_whose_answer_was_lost_is_found(emulate, connect, fault, kind):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests()) as session:
        found = emulator.world.first(kind)
        cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)
        emulator.before_answer = on_creates(fault)

        with pytest.raises(MaybeCreated, match="outcome is unknown") as caught:
            await cluster.create_restore_job(REQUEST)
        result = await caught.value.reconcile()

        assert emulator.counts.creates_received == emulator.counts.creates_taken == 1
        assert caught.value.__cause__ is not None
        assert result.verdict is Verdict.TAKEN
        assert result.batch is not None
        assert len(result.batch) == (3 if kind.sharded else 1)
        newest = await cluster.restore_jobs(limit=len(result.batch)).collect()
        assert {job.id for job in newest} == {job.id for job in result.batch}
        assert result.batch.refs


async def test_the_deadline_of_a_create_leaves_it_open(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        cluster = first_cluster(session.with_options(timeout=1), emulator)
        await cluster.restore_jobs()

        async def stall(record):
            if record.method == "POST":
                await asyncio.sleep(60)

        emulator.before_answer = stall
        with pytest.raises(MaybeCreated) as caught:
            await cluster.create_restore_job(REQUEST)
        assert isinstance(caught.value.__cause__, RequestTimeout)
        assert (await caught.value.reconcile()).verdict is Verdict.TAKEN
        assert emulator.counts.creates_taken == 1


async def test_a_create_that_never_left_is_no_open_question(emulate, connect, first_cluster):
    options = Options(timeout=1, max_in_flight=1)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        blocking = first_cluster(session.with_options(timeout=30), emulator)

        def close_gate_behind_the_list(record):
            emulator.gate.close()

        emulator.fault = close_gate_behind_the_list
        create = asyncio.create_task(cluster.create_restore_job(REQUEST))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(blocking.restore_jobs().page())
        with pytest.raises(RequestTimeout):
            await create
        emulator.fault = None
        emulator.gate.open()
        await waiting
        assert emulator.counts.creates_received == 0


async def test_nothing_new_that_fits_cannot_be_told(emulate, connect, first_cluster):
    async with (
        emulate() as emulator,
        connect(emulator, options=Options.for_tests()) as session,
        connect(emulator, options=Options.for_tests()) as another,
    ):
        cluster = first_cluster(session, emulator)

        def lose_creates(record):
            return "drop" if record.method == "POST" else None

        emulator.fault = lose_creates
        with pytest.raises(MaybeCreated) as caught:
            await cluster.create_restore_job(REQUEST)
        result = await caught.value.reconcile()
        assert result.verdict is Verdict.CANNOT_TELL
        assert result.batch is None
        assert result.candidates == ()

        emulator.fault = None
        # Somebody else starts a restore that does not fit, then two that do.
        elsewhere = first_cluster(another, emulator)
        other = HttpRestore("6" * 24, max_downloads=3, expiration_hours=7)
        await elsewhere.create_restore_job(other)
        assert (await caught.value.reconcile()).candidates == ()
        await elsewhere.create_restore_job(REQUEST)
        assert (await caught.value.reconcile()).verdict is Verdict.TAKEN
        await elsewhere.create_restore_job(REQUEST)
        result = await caught.value.reconcile()
        assert result.verdict is Verdict.CANNOT_TELL
        assert len(result.candidates) == 2


@pytest.mark.parametrize(
    "answer",
    [
        web.json_response({"error": 429, "errorCode": "RATE_LIMITED"}, status=429, headers={"Retry-After": "0"}),
        web.json_response({"error": 400, "errorCode": "RATE_LIMITED_IP"}, status=400),
        web.json_response({"error": 405, "errorCode": "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"}, status=405),
    ],
    ids=["429", "400 RATE_LIMITED_IP", "405 upgrade"],
)
async def test_a_create_refused_for_the_moment_is_sent_again(emulate, connect, first_cluster, answer):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests()) as session:
        cluster = first_cluster(session, emulator)
        refused = 0

        def refuse_once(record):
            nonlocal refused
            if record.method == "POST" and not refused:
                refused += 1
                return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
            return None

        emulator.fault_after_login = refuse_once
        batch = await cluster.create_restore_job(REQUEST)
        assert len(batch) == 1
        assert refused == 1
        assert emulator.counts.creates_taken == 1
        assert session.stats.retries == 1


async def test_a_create_refused_for_ever_is_told_as_refused(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests()) as session:
        cluster = first_cluster(session, emulator)

        def refuse(record):
            return web.json_response({"errorCode": "RATE_LIMITED"}, status=429) if record.method == "POST" else None

        emulator.fault_after_login = refuse
        with pytest.raises(RateLimited):
            await cluster.create_restore_job(REQUEST)
        assert emulator.counts.creates_taken == 0


async def test_a_plain_no_of_the_server_is_no_open_question(emulate, connect, first_cluster):
    async with emulate(check_snapshots=True) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        with pytest.raises(RestoreError) as caught:
            await cluster.create_restore_job(AutomatedRestore(Snapshot("5" * 24), Target("5" * 24, "6" * 24)))
        assert not isinstance(caught.value, MaybeCreated)
        emulator.fault_after_login = lambda record: (
            web.json_response({"error": 400, "errorCode": "INVALID_ATTRIBUTE"}, status=400)
            if record.method == "POST"
            else None
        )
        with pytest.raises(BadRequest):
            await cluster.create_restore_job(REQUEST)
        assert emulator.counts.creates_taken == 0


async def test_closing_the_session_under_a_create_leaves_it_open(emulate, connect, first_cluster):
    async with emulate() as emulator:
        session = connect(emulator)
        cluster = first_cluster(session, emulator)
        held = asyncio.Event()

        async def hold(record):
            if record.method == "POST":
                held.set()
                await asyncio.sleep(60)

        emulator.before_answer = hold
        task = asyncio.create_task(cluster.create_restore_job(REQUEST))
        await held.wait()
        await session.close()
        with pytest.raises(MaybeCreated) as caught:
            await task
        assert isinstance(caught.value.__cause__, SessionClosed)
        with pytest.raises(SessionClosed):
            await caught.value.reconcile()


async def test_a_copied_error_says_that_it_cannot_look(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator) as session:
        emulator.before_answer = on_creates("drop-answer")
        with pytest.raises(MaybeCreated) as caught:
            await first_cluster(session, emulator).create_restore_job(REQUEST)
        copied = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
        assert str(copied) == str(caught.value)
        with pytest.raises(ConfigError, match="another process"):
            await copied.reconcile()


async def test_no_connection_means_that_nothing_was_sent(connect, emulate, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests()) as session:
        cluster = first_cluster(session, emulator)
        await emulator.close()
        with pytest.raises(ConnectFailed):
            await cluster.create_restore_job(REQUEST)


@pytest.mark.parametrize("policy", list(NoncePolicy))
async def test_a_create_is_taken_once_under_every_nonce_policy(emulate, connect, first_cluster, policy):
    async with (
        emulate(nonce_policy=policy, spurious_every=3, nonce_life_uses=2) as emulator,
        connect(emulator) as session,
    ):
        cluster = first_cluster(session, emulator)
        for _ in range(10):
            await cluster.create_restore_job(REQUEST)
        assert emulator.counts.creates_taken == emulator.counts.creates_received == 10
