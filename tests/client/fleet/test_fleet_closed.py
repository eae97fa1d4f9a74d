"""A fleet's stream whose session closes."""

import asyncio

import pytest

from mongorestore_async import OPS_MANAGER, SessionClosed
from mongorestore_async.fleet import Fleet


async def test_a_stream_ends_with_its_session(connect, world):
    begun = asyncio.Event()

    async def hang():
        begun.set()
        await asyncio.Event().wait()

    world.plays["p1/c0"] = hang
    session = connect()
    clock = asyncio.get_running_loop().time
    async with Fleet(session, OPS_MANAGER).restore_jobs() as stream:

        async def read():
            return [found async for found in stream]

        reading = asyncio.create_task(read())
        await begun.wait()
        closed_at = clock()
        await session.close()
        with pytest.raises(SessionClosed):
            await reading
        assert clock() == closed_at
