"""Fixtures for all layers."""

from __future__ import annotations

import asyncio
import json
import os
import traceback
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import aiohttp
import coverage
import pytest
from aiohttp.client_proto import ResponseHandler
from aiohttp.streams import StreamReader
from hypothesis import HealthCheck, settings

FIXTURES = Path(__file__).parent / "fixtures"

# asyncio's debug mode notes where each callback, task and future was made: here by three frames in place of ten.
# The accelerated tasks and futures take the whole stack whatever the constant says, 70 frames below pytest: they call
# this function without a limit. Without these two lines a test with a loop takes up to twice the time.
asyncio.constants.DEBUG_STACK_DEPTH = 3
traceback.extract_stack.__defaults__ = (None, 3)

# In CI property tests are repeatable and have no deadlines: the machines are slow at times.
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# Without it a busy machine is a failed health check.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For an answer within a minute.
settings.register_profile("quick", settings.get_profile("dev"), max_examples=20)
# Thousands of runs, one for each mutant: examples enough to meet a mistake, not to search for a rare one.
settings.register_profile(
    "mutation", settings.get_profile("ci"), max_examples=15, suppress_health_check=list(HealthCheck)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_sessionfinish() -> None:
    """Keep what coverage counted: xdist kills a worker that takes more than ten seconds to exit."""
    if (counting := coverage.Coverage.current()) is not None:
        counting.save()


@pytest.fixture(scope="session")
def seed() -> Any:
    """Read a seed fixture by its name without ``.json``."""

    def read(name: str) -> Any:
        return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))

    return read


class MockedClientResponse(aiohttp.ClientResponse):
    """aioresponses 0.7.9 does not pass ``stream_writer``, which aiohttp demands since 3.14 (aioresponses#289)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


def _unbounded_reader(loop: Any = None) -> StreamReader:
    # The mocked stream has no parser that could be paused at the high-water mark.
    return StreamReader(ResponseHandler(loop=loop), limit=2**40, loop=loop)


@pytest.fixture(autouse=True)
def aioresponses_on_aiohttp_314(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repair aioresponses for aiohttp 3.14 and newer, in this one place."""
    monkeypatch.setattr("aioresponses.core.ClientResponse", MockedClientResponse)
    monkeypatch.setattr("aioresponses.core.stream_reader_factory", _unbounded_reader)
