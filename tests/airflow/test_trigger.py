from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace

import pytest
from airflow.serialization.serialized_objects import BaseSerialization
from airflow.triggers.base import TriggerEvent

from mongorestore_async import ConfigError, Secret
from mongorestore_async.airflow import CreateRestoreOperator, RestoreTrigger
from mongorestore_async.airflow.trigger_texts import WaitResult

REF = "ops-manager/p1/c1/j1"


def started(context, order):
    return CreateRestoreOperator(task_id="create", restores=order).execute(context)


async def events(trigger):
    return [event async for event in trigger.run()]


def test_it_is_made_again_from_what_airflow_stored():
    trigger = RestoreTrigger("conn", [REF], until="finished", poll_interval=5.0, deadline="2026-11-29T10:00:00+00:00")
    path, arguments = trigger.serialize()
    stored = json.dumps(BaseSerialization.serialize(arguments))
    again = RestoreTrigger(**BaseSerialization.deserialize(json.loads(stored)))

    assert path == "mongorestore_async.airflow.restore_trigger.RestoreTrigger"
    assert again.serialize() == trigger.serialize()


@pytest.mark.parametrize("arguments", [("conn", [1]), (1, [REF]), (Secret("conn"), [REF]), ("conn", [REF], None, 1, 5)])
def test_what_is_no_text_is_refused(arguments):
    with pytest.raises(ConfigError):
        RestoreTrigger(*arguments)


def test_one_event_of_plain_text_and_the_end(emulator, connection, context, order, monkeypatch):
    jobs = started(context, order)
    threading.Timer(1, emulator.clock.advance, (3600,)).start()
    trigger = RestoreTrigger("mongorestore_default", jobs, until="finished", poll_interval=0.1)
    said = []
    monkeypatch.setattr(RestoreTrigger, "log", SimpleNamespace(info=lambda text, *values: said.append(text % values)))
    (event,) = asyncio.run(events(trigger))

    assert said == [f"restore jobs: {1 - over} open, {over} over, 0 ended badly" for over in (0, 1)]
    assert isinstance(event, TriggerEvent)
    assert type(event.payload) is str
    assert WaitResult.from_text(event.payload) == WaitResult(states=dict.fromkeys(jobs, "FINISHED"))


def test_an_error_is_an_event_too(emulator, connection):
    place = "ops-manager/000000000000000000000000/000000000000000000000000"
    (event,) = asyncio.run(events(RestoreTrigger("mongorestore_default", [f"{place}/1"], until="never")))
    result = WaitResult.from_text(event.payload)

    assert result.problem is not None
    assert result.states == {}


def test_the_deadline_ends_it(emulator, connection, context, order):
    jobs = started(context, order)
    trigger = RestoreTrigger("mongorestore_default", jobs, until="finished", deadline="2026-01-01T00:00:00+00:00")
    (event,) = asyncio.run(events(trigger))
    result = WaitResult.from_text(event.payload)

    assert (result.kind, result.final) == ("WaitTimeout", False)


def test_killing_it_changes_nothing_on_the_server(emulator, connection, context, order):
    jobs = started(context, order)
    trigger = RestoreTrigger("mongorestore_default", jobs, until="finished")

    async def kill():
        running = asyncio.create_task(anext(trigger.run()))
        await asyncio.sleep(0.3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await trigger.cleanup()
        await trigger.on_kill()

    asyncio.run(kill())

    assert [r.method for r in emulator.requests if r.method != "GET"] == ["POST"]  # the create
    assert emulator.counts.creates_taken == 1


def test_it_shows_no_secret(connection):
    trigger = RestoreTrigger("mongorestore_default", [REF])

    assert connection["password"] not in repr(trigger) + str(trigger.serialize())
