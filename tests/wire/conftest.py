"""Fixtures of the wire layer: real sockets against the emulator."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth
from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def serve(**settings: Any) -> AsyncIterator[Emulator]:
    settings.setdefault("manager", Manager.OPS_MANAGER)
    async with Emulator(EmulatorSettings(**settings)) as emulator:
        yield emulator


@pytest.fixture
def emulate() -> Any:
    """Start emulators, as in ``async with emulate(jobs_per_cluster=100) as emulator``."""
    return serve


@pytest.fixture
def connect() -> Any:
    """Make a session with an emulator's key, or with another one."""

    def make(emulator: Emulator, *, private_key: str | None = None, **arguments: Any) -> AsyncSession:
        auth = DigestAuth(emulator.public_key, private_key or emulator.private_key)
        return AsyncSession(auth, base_url=emulator.url, **arguments)

    return make


@pytest.fixture
def first_cluster() -> Any:
    """Name the first replica set of an emulator through a session."""

    def name(session: AsyncSession, emulator: Emulator) -> Any:
        cluster = emulator.world.first("replica-set")
        return session.project(cluster.project_id, OPS_MANAGER).cluster(cluster.id)

    return name


@pytest.fixture(autouse=True)
async def no_task_left_behind() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
