"""The board on a real socket, fed by a fleet that tests play."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from builders.board_fleet import Job, PlayedFleet, cluster_of
from mongorestore_async.board import BoardServer, create_board

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENCE = 20


class Events:
    """A stream of events as a browser parses it: ``next`` gives kind, data and id."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self, *, alive: bool = False) -> tuple[str, Any, str | None]:
        """Give the next event; those that only say that the stream is alive are left out unless asked for."""
        async with asyncio.timeout(PATIENCE):
            while True:
                fields: dict[str, str] = {}
                while line := (await self.response.content.readline()).decode().rstrip("\n"):
                    name, _, value = line.partition(":")
                    fields[name or "comment"] = value.strip()
                if "event" not in fields:
                    if self.response.content.at_eof():
                        raise EOFError
                    continue
                if fields["event"] != "alive" or alive:
                    data = fields["data"]
                    return fields["event"], json.loads(data) if data else None, fields.get("id")

    async def end(self) -> None:
        """Read to the end, which must be a good one."""
        with pytest.raises(EOFError):
            await self.until("nothing")

    async def until(self, fragment: str) -> Any:
        """Give the fragment with this id from the next event that has it."""
        while True:
            _, data, _ = await self.next()
            if fragment in (data or ()):
                return data[fragment]


@pytest.fixture
def fleet() -> PlayedFleet:
    return PlayedFleet({cluster_of("a"): [Job("1")], cluster_of("b", "p2"): []})


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def serve(fleet: PlayedFleet, client: aiohttp.ClientSession) -> Any:
    """Serve a board, and wait until it has read the fleet."""

    @asynccontextmanager
    async def start(port: int = 0, *, of: Any = None, **settings: Any) -> AsyncIterator[BoardServer]:
        async with BoardServer(create_board(of or fleet, **settings), port=port) as server:
            await is_read(client, server.url)
            yield server

    return start


async def is_read(client: aiohttp.ClientSession, url: str) -> None:
    """Wait until the board has read its fleet."""
    async with asyncio.timeout(PATIENCE):
        while "was last read" not in await page_of(client, url):  # noqa: ASYNC110 - a server is asked
            await asyncio.sleep(0.05)


async def page_of(client: aiohttp.ClientSession, url: str) -> str:
    async with client.get(url) as response:
        assert response.status == 200
        return await response.text()


@pytest.fixture(name="is_read")
def wait_until_read(client: aiohttp.ClientSession) -> Any:
    """Wait until the board at an address has read its fleet."""
    return lambda url: is_read(client, url)


@pytest.fixture
def look(client: aiohttp.ClientSession) -> Any:
    """Open the stream of a page that was just loaded, or with an id."""

    @asynccontextmanager
    async def start(server: BoardServer, after: str | None = None, **headers: str) -> AsyncIterator[Events]:
        if after is None:
            page = await page_of(client, server.url)
            after = page.partition('data-after="')[2].partition('"')[0]
        async with client.get(f"{server.url}events", params={"after": after}, headers=headers) as response:
            assert response.status == 200
            yield Events(response)

    return start
