"""Creates that are cancelled on real sockets: what was written decides whether they are open."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest

from builders.restores import REQUEST
from mongorestore_async import Options, RequestTimeout, Verdict


@pytest.fixture
def silent():
    """A port that takes no connection: its backlog is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.settimeout(0)
        client.connect_ex(listener.getsockname())
        waiting.append(client)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    for one in (*waiting, listener):
        one.close()


@pytest.mark.parametrize("end", ["cancel", "deadline"])
async def test_a_create_that_got_no_connection_is_not_open(emulate, connect, first_cluster, silent, monkeypatch, end):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests(timeout=1)) as session:
        cluster, sender, posting = first_cluster(session, emulator), session._view.transport._sender, asyncio.Event()
        send = sender.send

        async def elsewhere(progress, options, authorization):
            if progress.call.method == "POST":
                progress.call.url = progress.call.url.with_port(int(silent.rpartition(":")[2]))
                posting.set()
            return await send(progress, options, authorization)

        monkeypatch.setattr(sender, "send", elsewhere)
        task = asyncio.create_task(cluster.create_restore_job(REQUEST))
        await posting.wait()
        await asyncio.sleep(0.1)
        if end == "cancel":
            task.cancel()
        await asyncio.wait([task])

        assert task.cancelled() is (end == "cancel")
        assert task.cancelled() or isinstance(task.exception(), RequestTimeout)
        assert session.open_creates == ()
        assert emulator.counts.creates_received == 0


@pytest.mark.parametrize("traced", [False, True])
async def test_a_create_that_was_written_is_open(emulate, connect, first_cluster, traced):
    seen = []

    async def note(_session, context, _parameters):
        seen.append(context.trace_request_ctx)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(note)
    async with (
        emulate() as emulator,
        aiohttp.ClientSession(trace_configs=[trace]) as http,
        connect(emulator, options=Options.for_tests(), http=http if traced else None) as session,
    ):
        cluster, held = first_cluster(session, emulator), asyncio.Event()

        async def hold(record):
            if record.method == "POST":
                held.set()
                await asyncio.Event().wait()

        emulator.before_answer = hold
        task = asyncio.create_task(cluster.create_restore_job(REQUEST))
        await held.wait()
        task.cancel()
        await asyncio.wait([task])

        assert task.cancelled()
        (error,) = session.open_creates
        assert (error.request.method, emulator.counts.creates_taken) == ("POST", 1)
        assert (await error.reconcile()).verdict is Verdict.TAKEN
        assert session.open_creates == ()
        # The challenge, and the lists before and after; the user's traces get nothing of ours.
        assert seen == ([None] * 3 if traced else [])
