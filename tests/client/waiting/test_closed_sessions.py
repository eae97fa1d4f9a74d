"""``close()`` ends what is under way or asleep, at once: waits, watches, pauses between tries and for rate limits."""

import asyncio

import pytest

from builders.constants import PROJECT
from mongorestore_async import NO_RETRY, OPS_MANAGER, AsyncSession, Options, RetryPolicy, SessionClosed
from mongorestore_async.families import RateLimit
from mongorestore_async.models import PollPolicy

#: Looks an hour apart.
HOURLY = PollPolicy(shortest=3600, longest=3600, grace=3600, patience=3600, budget_share=None)
REF = f"{OPS_MANAGER.name}/{PROJECT}/c/j"


async def ends_with_the_session(session, work, seconds=5):
    """Close a session that works; gives the seconds that ending took."""
    clock = asyncio.get_running_loop().time
    task = asyncio.create_task(work)
    await asyncio.sleep(seconds)
    assert not task.done()
    closed_at = clock()
    await session.close()
    assert task.done()  # close() itself waits for it
    with pytest.raises(SessionClosed):
        await task
    return clock() - closed_at


async def next_of(watch):
    return await anext(watch)


@pytest.mark.parametrize("way", ["wait", "watch", "watch_restore_job", "of a view"])
async def test_a_wait_that_sleeps_ends_with_its_session(backups, connect, way):
    backups.put("c", "j")
    session = connect(options=Options(retry=NO_RETRY, poll=HOURLY))
    view = session.with_options(timeout=7) if way == "of a view" else session
    batch = await view.batch([REF], until="finished")
    watch = batch.watch()
    if way == "watch_restore_job":
        watch = session.project(PROJECT, OPS_MANAGER).cluster("c").watch_restore_job("j")
    if way.startswith("watch"):
        await anext(watch)

    ending = next_of(watch) if way.startswith("watch") else batch.wait(timeout=None)
    assert await ends_with_the_session(session, ending) == 0


async def test_a_search_for_a_job_that_is_not_there_ends_with_its_session(backups, connect):
    backups.put("c", "other")
    session = connect(options=Options(retry=NO_RETRY, poll=HOURLY))

    assert await ends_with_the_session(session, session.batch([REF], until="finished")) == 0


async def test_a_wait_on_a_closed_session_does_not_begin(backups, connect):
    backups.put("c", "j")
    session = connect(options=Options(retry=NO_RETRY, poll=HOURLY))
    batch = await session.batch([REF], until="finished")
    await session.close()

    with pytest.raises(SessionClosed):
        await batch.wait(timeout=None)


async def test_a_wait_goes_on_when_a_view_is_closed(backups, connect):
    backups.put("c", "j")
    session = connect(options=Options(retry=NO_RETRY, poll=HOURLY))
    batch = await session.batch([REF], until="finished")
    waiting = asyncio.create_task(batch.wait(timeout=None))
    await asyncio.sleep(5)
    await session.with_options(timeout=7).close()
    backups.end("j")

    assert (await waiting)[0].id == "j"


async def test_the_time_of_a_wait_is_up_before_its_session_closes(backups, connect):
    """A time-out of the caller stays one, though the session ends the same way."""
    backups.put("c", "j")
    session = connect(options=Options(retry=NO_RETRY, poll=HOURLY))
    batch = await session.batch([REF], until="finished")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await batch.wait(timeout=None)


async def test_a_pause_between_tries_ends_with_the_session(server, connect):
    server.serve(lambda _: server.answer({"error": 503}, status=503, headers={"Retry-After": "30"}))
    session = connect(options=Options(retry=RetryPolicy(tries=9)))

    assert await ends_with_the_session(session, session.request("GET", "/groups", family=OPS_MANAGER)) == 0


async def test_a_pause_for_a_rate_limit_ends_with_the_session(server, connect):
    server.will_read({"results": [], "totalCount": 0})
    session = connect(options=Options(retry=NO_RETRY, rate_limits=RateLimit(capacity=1, refill=1, per_seconds=50)))
    pager = session.project(PROJECT, OPS_MANAGER).cluster("c").restore_jobs()
    await pager.page()

    assert await ends_with_the_session(session, pager.page()) == 0


async def test_a_slot_that_is_waited_for_is_given_up_with_the_session(server, connect):
    async def hang(_):
        await asyncio.Event().wait()

    server.serve(hang)
    session = connect(options=Options(retry=NO_RETRY, max_in_flight=1))
    calls = [asyncio.create_task(session.request("GET", "/groups", family=OPS_MANAGER)) for _ in range(3)]
    await asyncio.sleep(5)
    await session.close()

    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [SessionClosed] * 3


async def test_a_close_that_is_cancelled_again_and_again_closes_all(server, connect):
    """Each ``await`` in it fails, as in a cancel scope of anyio."""

    async def hang(_):
        await asyncio.Event().wait()

    server.serve(hang)
    session: AsyncSession = connect(options=Options(retry=NO_RETRY))
    call = asyncio.create_task(session.request("GET", "/groups", family=OPS_MANAGER))
    await asyncio.sleep(1)
    connection = session._view.transport._connection.session
    closing = asyncio.create_task(session.close())
    await asyncio.sleep(0)
    while not closing.done():
        closing.cancel()
        await asyncio.sleep(0)

    assert closing.cancelled()
    assert connection.closed
    with pytest.raises(SessionClosed):
        await call
