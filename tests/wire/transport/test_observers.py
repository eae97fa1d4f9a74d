"""What an observer is told, without OpenTelemetry: from the beginning of an operation to its end."""

from __future__ import annotations

from contextlib import contextmanager, suppress

import pytest

from builders.restores import REQUEST
from mongorestore_async import MaybeCreated, NotFound, Options, Verdict
from mongorestore_async.transport.observers import default_observer, set_default_observer


@pytest.fixture
def told():
    return []


@pytest.fixture
def observer(told):
    @contextmanager
    def observe(operation):
        told.append(("begin", operation.kind))
        try:
            yield lambda event: told.append((event.kind, operation.kind))
        except Exception as error:
            told.append((type(error).__name__, operation.kind))
            raise
        told.append(("end", operation.kind))

    return observe


async def test_operations_are_told_from_beginning_to_end(emulate, connect, first_cluster, told, observer):
    options = Options.for_tests(observer=observer)
    async with emulate(speed=0.0) as emulator, connect(emulator, options=options) as session:
        cluster = first_cluster(session, emulator)
        await cluster.create_restore_job(REQUEST)
        with pytest.raises(NotFound):
            await cluster.restore_job("7" * 24)

    call = [("begin", "call"), ("request", "call"), ("end", "call")]
    assert (
        told
        == [
            ("begin", "create"),
            *(call[0], call[1], *call[1:]),  # the first one meets the challenge
            *call,
            ("job", "create"),
            ("end", "create"),
            *call[:2],
            ("NotFound", "call"),
        ]
    )


@pytest.mark.parametrize("place", ["call", "enter", "notify", "exit"])
async def test_an_observer_that_fails_affects_no_call(emulate, connect, first_cluster, caplog, place):
    class Broken:
        def __init__(self, _operation):
            self.check("call")

        def check(self, here):
            if here == place:
                raise RuntimeError("of the observer")

        def __enter__(self):
            self.check("enter")
            return lambda _event: self.check("notify")

        def __exit__(self, *_):
            self.check("exit")

    async with emulate() as emulator, connect(emulator, options=Options(observer=Broken)) as session:
        assert await first_cluster(session, emulator).restore_jobs()
    failed = [record for record in caplog.records if "the observer failed; the call is not affected" in record.message]
    assert len(failed) == 1


async def test_an_observer_cannot_suppress_an_error(emulate, connect, first_cluster):
    @contextmanager
    def forgiving(_operation):
        with suppress(NotFound):
            yield lambda _event: None

    async with emulate() as emulator, connect(emulator, options=Options(observer=forgiving)) as session:
        with pytest.raises(NotFound):
            await first_cluster(session, emulator).restore_job("7" * 24)


async def test_nothing_is_told_after_the_end(emulate, connect, first_cluster, told, observer):
    options = Options.for_tests(observer=observer)
    async with emulate(speed=0.0) as emulator, connect(emulator, options=options) as session:
        emulator.faults.play("lost_answer", strikes="create")
        with pytest.raises(MaybeCreated) as caught:
            await first_cluster(session, emulator).create_restore_job(REQUEST)
        assert told[-1] == ("MaybeCreated", "create")
        found = await caught.value.reconcile()

    assert found.verdict is Verdict.TAKEN
    assert {kind for _, kind in told[told.index(("MaybeCreated", "create")) + 1 :]} == {"call"}


def test_the_default_holds_for_options_made_from_then_on(observer):
    before = Options()
    set_default_observer(observer)
    try:
        assert Options().observer is default_observer() is observer
        assert Options(observer=None).observer is None
    finally:
        set_default_observer(None)
    assert before.observer is Options().observer is None
