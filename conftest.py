"""Runs the Python blocks of the README and of the documentation as tests, against the emulator."""

from __future__ import annotations

import os
import warnings
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from sybil import Sybil
from sybil.parsers.rest import PythonCodeBlockParser

from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["collect_ignore", "pytest_collect_file", "running_emulator", "server"]

#: Pages whose blocks need what only ``nox -s tools`` installs.
collect_ignore = [] if all(map(find_spec, ("pandas", "polars", "pyarrow"))) else ["docs/data.rst"]


@pytest.fixture(scope="module")
def running_emulator() -> Iterator[ThreadedEmulator]:
    """What ``mongorestore-async emulator`` starts: the same sizes and seed, so the same ids, and today's clock.

    Each page has one of its own: pages push its clock, and others compare it with their own.
    """
    with ThreadedEmulator(EmulatorSettings(start=datetime.now(UTC))) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples of a page work: archives of two emulators may have one name."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture
def server(
    running_emulator: ThreadedEmulator, page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ThreadedEmulator]:
    """The emulator, in the environment of the example and under this name in its hidden checks."""
    monkeypatch.chdir(page_folder)
    for name in os.environ:
        if name.startswith(("MONGODB_ATLAS_", "MCLI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MONGODB_ATLAS_BASE_URL", running_emulator.url)
    monkeypatch.setenv("MONGODB_ATLAS_PUBLIC_API_KEY", running_emulator.public_key)
    monkeypatch.setenv("MONGODB_ATLAS_PRIVATE_API_KEY", running_emulator.private_key)
    with warnings.catch_warnings():
        # The quick start says that the tenant family gives this warning.
        warnings.filterwarnings("ignore", message=".* is deprecated and will be removed", category=DeprecationWarning)
        yield running_emulator


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["*.rst"],
    # Its blocks are the files of a project; tests/wire/testing/test_guide.py runs that.
    excludes=["**/testing.rst"],
    fixtures=["server"],
).pytest()
