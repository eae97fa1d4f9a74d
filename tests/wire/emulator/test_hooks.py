"""Hooks, gate and log: how a test makes the emulator misbehave, and how it sees what happened."""

import asyncio
import contextlib

import aiohttp
import attrs
import pytest
from aiohttp import web

from builders.constants import GROUPS
from mongorestore_async.emulator import Emulator, EmulatorSettings, Outcome, error_answer


@contextlib.asynccontextmanager
async def calling(**settings):
    settings = {"auth_enabled": False, **settings}
    async with Emulator(EmulatorSettings(**settings)) as emulator, aiohttp.ClientSession() as client:
        yield emulator, client


async def until(condition):
    while not condition():  # noqa: ASYNC110 - the emulator has no event for each thing a test may wait for
        await asyncio.sleep(0.001)


async def test_a_fault_answers_in_place_of_the_login():
    async with calling(auth_enabled=True) as (emulator, client):
        emulator.fault = lambda record: error_answer(503, "SERVICE_UNAVAILABLE") if record.number == 1 else None
        async with client.get(emulator.url + GROUPS) as response:
            assert (response.status, (await response.json())["errorCode"]) == (503, "SERVICE_UNAVAILABLE")
        async with client.get(emulator.url + GROUPS) as response:
            assert response.status == 401

    assert [(record.outcome, record.status) for record in emulator.requests] == [(None, 503), (Outcome.CHALLENGED, 401)]


async def test_a_fault_after_login_sees_the_user_and_stops_the_call():
    async with calling() as (emulator, client):
        cluster = emulator.world.first("replica-set")
        path = f"{GROUPS}/{cluster.project_id}/clusters/{cluster.id}/restoreJobs"
        seen = []

        def fault(record):
            seen.append(record.outcome)
            return web.Response(status=502, text="<html>", content_type="text/html")

        emulator.fault_after_login = fault
        async with client.post(emulator.url + path, json={}) as response:
            assert (response.status, await response.text()) == (502, "<html>")
        assert (seen, emulator.counts.creates_received) == ([Outcome.ACCEPTED], 0)


@pytest.mark.parametrize(("word", "made"), [("drop", 0), ("drop-answer", 1)])
@pytest.mark.parametrize("hook", ["fault", "fault_after_login"])
async def test_a_connection_can_be_dropped_before_or_after_the_work(hook, word, made):
    async with calling() as (emulator, client):
        cluster = emulator.world.first("replica-set")
        setattr(emulator, hook, lambda _: word)
        document = {
            "delivery": {"methodName": "HTTP"},
            "snapshotId": emulator.world.jobs.snapshot_id(cluster),
        }
        path = f"{GROUPS}/{cluster.project_id}/clusters/{cluster.id}/restoreJobs"
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post(emulator.url + path, json=document)
        assert emulator.counts.creates_taken == made
        assert emulator.counts.dropped == 1
        assert emulator.requests[0].status is None


@pytest.mark.parametrize("hook", ["fault", "fault_after_login", "before_answer"])
async def test_a_body_can_be_cut_in_the_middle(hook):
    async def later(_):
        return "truncate"

    async with calling() as (emulator, client):
        setattr(emulator, hook, later if hook == "before_answer" else lambda _: "truncate")
        async with client.get(emulator.url + GROUPS) as response:
            assert response.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()
        assert emulator.counts.dropped == 1


async def test_a_ready_answer_can_be_delayed_replaced_or_dropped():
    async with calling() as (emulator, client):
        go = asyncio.Event()

        async def before_answer(record):
            if record.number == 1:
                await go.wait()
            # aiohttp repeats a GET by itself when its connection breaks, so the fourth request is dropped too.
            return {2: error_answer(500, "UNEXPECTED_ERROR"), 3: "drop", 4: "drop"}.get(record.number)

        emulator.before_answer = before_answer

        async def get():
            async with client.get(emulator.url + GROUPS) as response:
                return response.status

        first = asyncio.create_task(get())
        await until(lambda: emulator.requests and emulator.requests[0].status)
        assert await get() == 500
        with pytest.raises(aiohttp.ClientConnectionError):
            await get()
        assert not first.done()
        go.set()
        assert await first == 200

    assert [record.status for record in emulator.requests] == [200, 500, None, None]


async def test_the_gate_holds_requests_back_until_it_is_opened():
    async with calling() as (emulator, client):
        emulator.gate.close()

        async def get():
            async with client.get(emulator.url + GROUPS) as response:
                return response.status

        calls = [asyncio.create_task(get()) for _ in range(5)]
        await until(lambda: emulator.gate.waiting == 5)
        assert emulator.counts.requests == 5
        assert [record.outcome for record in emulator.requests] == [None] * 5
        emulator.gate.open()
        assert await asyncio.gather(*calls) == [200] * 5
        assert emulator.gate.waiting == 0
        assert await get() == 200


async def test_closing_the_server_lets_held_requests_go():
    async with aiohttp.ClientSession() as client:
        emulator = Emulator(EmulatorSettings(auth_enabled=False))
        async with emulator:
            emulator.gate.close()
            call = asyncio.create_task(client.get(emulator.url + GROUPS))
            await until(lambda: emulator.gate.waiting)
        response = await call
        assert response.status == 200
        response.release()


async def test_closing_the_server_does_not_wait_for_a_hook_that_hangs():
    async with aiohttp.ClientSession() as client:
        async with Emulator(EmulatorSettings(auth_enabled=False)) as emulator:
            stuck = asyncio.Event()

            async def before_answer(_):
                stuck.set()
                await asyncio.Event().wait()

            emulator.before_answer = before_answer
            call = asyncio.create_task(client.get(emulator.url + GROUPS))
            await stuck.wait()
        with pytest.raises(aiohttp.ClientConnectionError):
            await call


async def test_a_call_given_up_during_a_hook_ends_with_the_server():
    async def before_answer(_):
        await asyncio.Event().wait()

    async with calling() as (emulator, client):
        emulator.before_answer = before_answer
        call = asyncio.create_task(client.get(emulator.url + GROUPS))
        await until(lambda: emulator.working)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert len(emulator.working) == 1
    assert emulator.working == set()


async def test_a_call_that_was_given_up_is_no_problem_at_the_gate():
    async with calling() as (emulator, client):
        emulator.gate.close()
        call = asyncio.create_task(client.get(emulator.url + GROUPS))
        await until(lambda: emulator.gate.waiting)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        emulator.gate.open()
        async with client.get(emulator.url + GROUPS) as response:
            assert response.status == 200


async def test_the_log_is_bounded_and_its_records_are_frozen():
    async with calling(request_log_size=3) as (emulator, client):
        for number in range(5):
            async with client.get(f"{emulator.url}{GROUPS}?n={number}"):
                pass

    assert [record.path for record in emulator.requests] == [f"{GROUPS}?n={number}" for number in (2, 3, 4)]
    assert [record.number for record in emulator.requests] == [3, 4, 5]
    assert emulator.counts.requests == 5
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        emulator.requests[0].status = 200
    assert emulator.requests[0].headers["user-agent"].startswith("Python/")


async def test_a_mistake_of_the_emulator_is_answered_500_and_logged(monkeypatch, caplog):
    async with calling() as (emulator, client):
        monkeypatch.setattr(emulator.world, "project", lambda *_: 1 / 0)
        async with client.get(emulator.url + GROUPS) as response:
            assert (response.status, (await response.json())["errorCode"]) == (500, "UNEXPECTED_ERROR")

    assert "ZeroDivisionError" in caplog.text
