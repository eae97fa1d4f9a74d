"""A thousand orders of ensures, creates and cancels on one session: never two restores where one was meant."""

from __future__ import annotations

import asyncio
import json
import random
from types import SimpleNamespace

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from builders.lists import listed
from builders.restore_server import RestoreServer
from mongorestore_async import OPS_MANAGER, AutomatedRestore, MaybeCreated, NotUnique, RestoreBatch, Snapshot, Target
from mongorestore_async.errors import RequestContext
from mongorestore_async.protocol.replies import RawReply, read_reply
from mongorestore_async.transport.transport import Transport


class CountingServer(RestoreServer):
    """Takes a create although its caller is gone, and notes an ensure that came after another restore was taken."""

    def __init__(self, dice, **how):
        super().__init__(**how)
        self.dice = dice
        self.doubled = []

    async def __call__(self, sent):
        if sent.method != "POST":
            return await super().__call__(sent)
        loop = asyncio.get_running_loop()
        taken = loop.create_future()
        loop.call_later(self.dice.uniform(0, 1), self._take_late, sent.body, taken)
        await asyncio.shield(taken)
        await asyncio.sleep(self.dice.uniform(0, 1))
        return self._answer(listed(taken.result()))

    def _take_late(self, body, taken):
        if self.created and body["snapshotId"] == "s1":
            self.doubled.append(body)
        taken.set_result(self._take(("p", "c"), body))


async def play(session, server, seed):
    """Play one order with a target and a source of its own; gives the server and how every call ended."""
    dice = random.Random(seed)  # noqa: S311 - the order of a test
    restores = CountingServer(dice, echo=dice.random() < 0.5, lag=dice.choice([0, 0, 3]))
    restores.prefix = f"job-{seed}"
    restores.delays = iter(lambda: dice.uniform(0, 1), None)
    server.serve(restores)
    cluster, target = session.project("p", OPS_MANAGER).cluster("c"), Target("p2", f"c{seed}")

    async def call(verb):
        await asyncio.sleep(dice.uniform(0, 2))
        if verb == "ensure":
            return await cluster.ensure_restore(AutomatedRestore(Snapshot("s1"), target))
        # The same restore for the library, told apart by the server.
        return await cluster.create_restore_job(AutomatedRestore(Snapshot("S1"), target))

    verbs = ["ensure", "ensure", *dice.choices(["ensure", "create"], [3, 1], k=dice.randint(0, 3))]
    tasks = [asyncio.create_task(call(verb)) for verb in verbs]
    loop = asyncio.get_running_loop()
    for task in tasks:
        if dice.random() < 0.4:
            loop.call_later(dice.uniform(0, 5), task.cancel)
    await asyncio.wait(tasks)
    await asyncio.sleep(20)  # what was sent is taken, and listed
    last = await asyncio.gather(call("ensure"), return_exceptions=True)
    ends = [asyncio.CancelledError() if task.cancelled() else task.exception() or task.result() for task in tasks]
    return restores, verbs, [*ends, *last]


@pytest.fixture
async def fast(monkeypatch, server):
    """Hand calls to the server without aiohttp and its mock, which would take most of the time."""

    async def exchange(_transport, call, _options):
        context = RequestContext(method=call.method, url=str(call.url))
        if call.state is not None:
            call.state.open, call.state.context = True, context
        body = None if call.body is None else json.loads(call.body)
        answer = await server._serve(SimpleNamespace(method=call.method, url=str(call.url), body=body))
        content = answer.body.encode() if answer.payload is None else json.dumps(answer.payload).encode()
        raw = RawReply(answer.status, "", CIMultiDictProxy(CIMultiDict()), content, context)
        return read_reply(raw, decode_list=call.decode_list)

    monkeypatch.setattr(Transport, "exchange", exchange)
    # Debugging, it keeps a stack for every timer and task.
    asyncio.get_running_loop().set_debug(False)


async def play_all(session, server, seeds):
    started = 0
    for seed in seeds:
        restores, verbs, ends = await play(session, server, seed)

        assert restores.doubled == [], seed
        assert 1 <= len(restores.created) <= 1 + verbs.count("create"), seed
        allowed = (RestoreBatch, asyncio.CancelledError, MaybeCreated, *([NotUnique] if "create" in verbs else []))
        assert all(isinstance(end, allowed) for end in ends), (seed, ends)
        assert not isinstance(ends[-1], (MaybeCreated, asyncio.CancelledError)), (seed, ends[-1])
        assert session._view.transport.restore_locks.held == {}
        started += len(restores.created)
    return started


@pytest.mark.usefixtures("fast")
async def test_never_two_restores_where_one_was_meant(connect, server):
    assert await play_all(connect(), server, range(1000)) >= 1000


async def test_never_two_restores_over_http(connect, server):
    assert await play_all(connect(), server, range(1000, 1030)) >= 30
