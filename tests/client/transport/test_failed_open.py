"""A session whose opening failed belongs to no event loop: it can be opened on another one."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from builders.network import certificate_authority
from mongorestore_async import AsyncSession, ConfigError, SessionClosed, WrongLoop

URL = "https://om.example.com"


class Moody:
    """A choice of a proxy that fails so often, then there is none."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self, _target):
        self.times -= 1
        if self.times >= 0:
            raise ConfigError("no proxy today")


async def opened(session):
    async with session:
        return True


def test_a_failed_open_binds_to_no_loop():
    session = AsyncSession(None, base_url=URL, proxy=Moody(1))
    with pytest.raises(ConfigError, match="no proxy today"):
        asyncio.run(session.open())

    assert asyncio.run(opened(session))


def test_a_ca_file_that_is_there_later_is_used(tmp_path):
    session = AsyncSession(None, base_url=URL, ca_file=tmp_path / "ca.pem")
    for _ in range(2):
        with pytest.raises(ConfigError, match="CA file"):
            asyncio.run(session.open())
    certificate_authority(tmp_path)("ca", "server")[0].rename(tmp_path / "ca.pem")

    assert asyncio.run(opened(session))


def test_a_call_that_could_not_open_binds_to_no_loop():
    session = AsyncSession(None, base_url=URL, proxy=Moody(2))
    for _ in range(2):
        with pytest.raises(ConfigError, match="no proxy today"):
            asyncio.run(session.request("GET", "/x"))

    assert asyncio.run(opened(session))


def test_a_failed_open_can_be_closed_anywhere():
    session = AsyncSession(None, base_url=URL, proxy=Moody(1))
    with pytest.raises(ConfigError):
        asyncio.run(session.open())
    asyncio.run(session.close())

    with pytest.raises(SessionClosed):
        asyncio.run(session.open())


def test_one_of_two_that_open_at_once_may_fail():
    session = AsyncSession(None, base_url=URL, proxy=Moody(1))

    async def both():
        results = await asyncio.gather(session.open(), session.open(), return_exceptions=True)
        await session.close()
        return results

    first, second = asyncio.run(both())
    assert isinstance(first, ConfigError)
    assert second is None


def test_a_cancelled_open_binds_to_no_loop(monkeypatch):
    session = AsyncSession(None, base_url=URL)

    async def hang(*_):
        await asyncio.sleep(60)

    with monkeypatch.context() as patch:
        patch.setattr("mongorestore_async.transport.connection.Connection.tls_context", hang)

        async def cancelled():
            task = asyncio.ensure_future(session.open())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(cancelled())

    assert asyncio.run(opened(session))


def test_an_opened_session_still_belongs_to_its_loop():
    async def lend():
        session = AsyncSession(None, base_url=URL)
        await session.open()
        return session

    runner, other = asyncio.Runner(), asyncio.Runner()
    with runner, other:
        session = runner.run(lend())
        with pytest.raises(WrongLoop):
            other.run(session.open())
        runner.run(session.close())


async def test_a_closed_borrowed_session_binds_nothing():
    async with aiohttp.ClientSession() as http:
        pass
    session = AsyncSession(None, base_url=URL, http=http)
    with pytest.raises(ConfigError, match="closed"):
        await session.open()
    await asyncio.to_thread(lambda: asyncio.run(session.close()))
