"""Creates whose outcome is open after their caller is gone: ``session.open_creates``."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from builders.constants import PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    BadRequest,
    ConfigError,
    HttpRestore,
    MaybeCreated,
    Options,
    RestoreError,
    ServerError,
    SessionClosed,
    Verdict,
)
from mongorestore_async.transport.open_creates import OpenCreates

REQUEST = HttpRestore("s", 1, expiration_hours=1)
OLD = {"id": "old", "snapshotId": "s", "created": "2026-01-01T00:00:00Z"}


def job(name, snapshot="s"):
    return {"id": name, "snapshotId": snapshot, "created": "2099-01-01T00:00:00Z"}


def cluster_of(session):
    return session.project(PROJECT, OPS_MANAGER).cluster("c")


class Api:
    """Answers lists with what there is; takes creates, and then answers as told."""

    def __init__(self, server):
        self.jobs = [OLD]
        self.before_list = self.before_create = None
        self.answer = self.lose
        self.posted = asyncio.Event()
        self._server = server
        server.serve(self.serve)

    async def serve(self, sent):
        if sent.method == "GET":
            if self.before_list is not None:
                await self.before_list()
            return self._server.answer({"results": self.jobs, "totalCount": len(self.jobs)})
        self.posted.set()
        return await self.answer()

    def take(self, name="new", snapshot="s"):
        self.jobs = [job(name, snapshot), *self.jobs]

    async def lose(self):
        """Take the create; its answer never comes."""
        self.take()
        await asyncio.Event().wait()

    async def lose_and_take_nothing(self):
        await asyncio.Event().wait()

    async def fail(self):
        self.take()
        return self._server.answer(status=502)

    async def refuse(self):
        return self._server.answer({"error": 400, "errorCode": "INVALID_ATTRIBUTE"}, status=400)

    async def accept(self):
        self.take("mine")
        return self._server.answer(job("mine"))


@pytest.fixture
def api(server):
    return Api(server)


async def cancelled(api, cluster):
    task = asyncio.create_task(cluster.create_restore_job(REQUEST))
    await api.posted.wait()
    api.posted.clear()
    task.cancel("the client went away")
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return caught.value


async def test_a_cancelled_create_can_be_reconciled(connect, api):
    session = connect()
    end = await cancelled(api, cluster_of(session))

    assert type(end) is asyncio.CancelledError
    assert end.args == ("the client went away",)
    (error,) = session.open_creates
    assert type(error) is MaybeCreated
    assert "CancelledError" in str(error)
    assert "before you send it again" in str(error)
    assert (error.request.method, error.request.unanswered) == ("POST", True)
    assert error.__traceback__ is error.__cause__ is error.__context__ is None
    assert session.open_creates[0] is error

    found = await error.reconcile()

    assert found.verdict is Verdict.TAKEN
    assert [job.id for job in found.batch] == ["new"]
    assert session.open_creates == ()
    assert (await error.reconcile()).verdict is Verdict.TAKEN


async def test_a_create_that_timed_out_outside_is_open(connect, api):
    session = connect()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await cluster_of(session).create_restore_job(REQUEST)

    assert [type(error) for error in session.open_creates] == [MaybeCreated]


async def test_a_create_that_nothing_shows_stays_open(connect, api):
    api.answer = api.lose_and_take_nothing
    session = connect()
    await cancelled(api, cluster_of(session))
    (error,) = session.open_creates

    assert (await error.reconcile()).verdict is Verdict.CANNOT_TELL
    assert session.open_creates == (error,)
    api.take()
    assert (await error.reconcile()).verdict is Verdict.TAKEN
    assert session.open_creates == ()


async def test_views_share_the_open_creates(connect, api):
    session = connect()
    await cancelled(api, cluster_of(session.with_options(timeout=5, envelope=True)))

    assert session.with_options(timeout=7).open_creates == session.open_creates
    assert len(session.open_creates) == 1


async def test_a_raised_one_stays_until_it_is_reconciled(connect, api):
    api.answer = api.fail
    session = connect()

    with pytest.raises(MaybeCreated) as caught:
        await cluster_of(session).create_restore_job(REQUEST)

    assert isinstance(caught.value.__cause__, ServerError)
    (kept,) = session.open_creates
    assert kept.message == caught.value.message
    assert kept.request.url == caught.value.request.url
    assert kept.__traceback__ is kept.__cause__ is kept.__context__ is None  # or it would keep the caller's frames
    await caught.value.reconcile()
    assert session.open_creates == ()


@pytest.mark.parametrize("way", ["refuse", "accept"])
async def test_a_certain_outcome_leaves_nothing(connect, api, way):
    api.answer = getattr(api, way)
    session = connect()

    try:
        await cluster_of(session).create_restore_job(REQUEST)
    except BadRequest:
        assert way == "refuse"

    assert session.open_creates == ()


async def test_a_cancel_before_the_create_leaves_nothing(connect, api):
    reading = asyncio.Event()

    async def hang():
        reading.set()
        await asyncio.Event().wait()

    api.before_list = hang
    session = connect()
    task = asyncio.create_task(cluster_of(session).create_restore_job(REQUEST))
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert session.open_creates == ()


async def test_a_cancel_while_waiting_for_a_slot_leaves_nothing(connect, api):
    session = connect(options=Options(max_in_flight=1))
    first = asyncio.create_task(cluster_of(session).create_restore_job(REQUEST))
    await api.posted.wait()
    second = asyncio.create_task(session.request("POST", "/x", json={}))
    third = asyncio.create_task(cluster_of(session).create_restore_job(REQUEST))
    await asyncio.sleep(1)
    for task in (second, third, first):
        task.cancel()
        await asyncio.wait([task])

    assert len(session.open_creates) == 1


async def test_a_cancel_while_a_429_is_waited_for_leaves_nothing(connect, api, server):
    async def limited():
        return server.answer(status=429, headers={"Retry-After": "30"})

    api.answer = limited
    session = connect(options=Options(rate_limits=None))
    task = asyncio.create_task(cluster_of(session).create_restore_job(REQUEST))
    await asyncio.sleep(10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(server.posts) == 1
    assert session.open_creates == ()


class Stop(BaseException):
    """As an interpreter or a framework ends things."""


async def drive(coroutine):
    """Run a coroutine by hand: a task would let such an end out of the test."""
    while True:
        coroutine.send(None)
        await asyncio.sleep(0)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Stop, GeneratorExit])
async def test_any_end_of_the_caller_leaves_one(connect, server, kind):
    server.will_read({"results": [OLD]})
    server.will_raise(kind())
    session = connect()
    create = cluster_of(session).create_restore_job(REQUEST)

    with pytest.raises(kind):
        await drive(create)

    assert [kind.__name__ in str(error) for error in session.open_creates] == [True]


async def test_a_create_whose_session_is_closed_is_open(connect, api):
    session = connect()
    task = asyncio.create_task(cluster_of(session).create_restore_job(REQUEST))
    await api.posted.wait()
    await session.close()

    with pytest.raises(MaybeCreated):
        await task
    (error,) = session.open_creates
    with pytest.raises(SessionClosed):
        await error.reconcile()
    assert session.open_creates == (error,)


async def test_a_hook_that_ends_the_program_leaves_one(connect, api):
    def stop(record):
        if record.method == "POST":
            raise Stop

    api.answer = api.accept
    session = connect(options=Options(on_exchange=stop))

    with pytest.raises(Stop):
        await cluster_of(session).create_restore_job(REQUEST)

    (error,) = session.open_creates
    assert [job.id for job in (await error.reconcile()).batch] == ["mine"]


async def test_a_later_create_is_no_evidence_for_an_open_one(connect, api):
    api.answer = api.lose_and_take_nothing
    session = connect()
    await cancelled(api, cluster_of(session))
    api.answer = api.accept
    await cluster_of(session).create_restore_job(REQUEST)
    (error,) = session.open_creates

    found = await error.reconcile()

    assert (found.verdict, found.candidates) == (Verdict.CANNOT_TELL, ())
    api.take("late")
    assert [job.id for job in (await error.reconcile()).batch] == ["late"]


async def test_one_job_answers_for_one_open_create(connect, api):
    session = connect()
    api.answer = api.lose_and_take_nothing
    await cancelled(api, cluster_of(session))
    await cancelled(api, cluster_of(session))
    api.take()
    first, second = session.open_creates

    assert (await first.reconcile()).verdict is Verdict.TAKEN
    assert (await second.reconcile()).verdict is Verdict.CANNOT_TELL
    assert session.open_creates == (second,)


async def test_a_list_that_cannot_be_read_settles_nothing(connect, api, server):
    session = connect()
    await cancelled(api, cluster_of(session))
    (error,) = session.open_creates
    server.serve(lambda _: server.answer(status=403, body="<html>"))

    with pytest.raises(RestoreError):
        await error.reconcile()
    assert session.open_creates == (error,)


async def test_an_open_create_travels_as_any_error(connect, api):
    session = connect()
    await cancelled(api, cluster_of(session))
    (error,) = session.open_creates

    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_the_last_hundred_are_kept():
    kept = OpenCreates()
    errors = [MaybeCreated(str(number)) for number in range(150)]
    for error in errors:
        kept.add(object(), error)

    assert list(kept) == errors[50:]


def test_ids_are_kept_only_while_a_create_is_open():
    kept, first, second = OpenCreates(), object(), object()
    kept.settle(first, ["a"])
    assert not kept.belongs_to_another(second, "a")
    kept.add(second, MaybeCreated())
    kept.settle(first, [str(number) for number in range(20_000)])

    assert kept.belongs_to_another(second, "19999")
    assert not kept.belongs_to_another(first, "19999")
    assert not kept.belongs_to_another(second, "0")  # the oldest ids are dropped
    kept.settle(second, [])
    assert not kept.belongs_to_another(second, "19999")


async def test_a_dismissed_create_can_still_be_reconciled(connect, api):
    session = connect()
    await cancelled(api, cluster_of(session))
    (error,) = session.open_creates

    error.dismiss()

    assert session.open_creates == ()
    assert (await error.reconcile()).verdict is Verdict.TAKEN


async def test_a_create_is_dismissed_in_its_own_process(connect, api):
    session = connect()
    await cancelled(api, cluster_of(session))
    elsewhere = pickle.loads(pickle.dumps(session.open_creates[0]))  # noqa: S301 - made here  # noqa: S301

    with pytest.raises(ConfigError, match="another process"):
        elsewhere.dismiss()
    assert len(session.open_creates) == 1
