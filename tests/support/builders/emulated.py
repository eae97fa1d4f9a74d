"""Plain HTTP calls of an emulator, without a session of ours."""

from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from mongorestore_async.emulator import Emulator, EmulatorSettings


class EmulatorCaller:
    """Calls an emulator; the methods give status and document of an answer."""

    def __init__(self, emulator, client):
        self.emulator = emulator
        self.client = client
        self.world = emulator.world

    async def get(self, target, method="GET", **how):
        url = URL(target if target.startswith("http") else self.emulator.url + target, encoded=True)
        async with self.client.request(method, url, **how) as response:
            return response.status, await response.json(content_type=None)

    async def post(self, target, document):
        return await self.get(target, "POST", json=document)

    async def ok(self, target, method="GET", **how):
        status, document = await self.get(target, method, **how)
        assert status == 200, document
        return document

    async def refused(self, target, method="GET", **how):
        """Expect an error; gives its status and its code."""
        status, document = await self.get(target, method, **how)
        assert document["error"] == status
        return status, document["errorCode"]


@asynccontextmanager
async def call_emulator(caller, **settings):
    """Start an emulator without a login and with its clock stopped, and make a caller of it."""
    settings = {"speed": 0, "auth_enabled": False, **settings}
    async with Emulator(EmulatorSettings(**settings)) as emulator, aiohttp.ClientSession() as client:
        yield caller(emulator, client)
