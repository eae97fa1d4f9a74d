"""Fixtures of drills: a real data directory, a server that opens it, and a look at what is left running."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builders.data_directories import DOCUMENTS, SERVER, make_data_directory, pack_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.drills import DrillServer


@pytest.fixture
def documents() -> dict[str, int]:
    return dict(DOCUMENTS)


@pytest.fixture
def server() -> DrillServer:
    return SERVER


@pytest.fixture(scope="session")
def data_directory(tmp_path_factory: Any) -> Path:
    return make_data_directory(tmp_path_factory.mktemp("wiredtiger") / "data")


@pytest.fixture
def pack(data_directory: Path) -> Any:
    """Pack the data directory as an archive, without some of its files."""
    return partial(pack_directory, data_directory)


@pytest.fixture
def copy_directory(data_directory: Path, tmp_path: Path) -> Any:
    def copied(*left_out: str) -> Path:
        folder = tmp_path / "copied"
        shutil.copytree(data_directory, folder, ignore=shutil.ignore_patterns(*left_out))
        return folder

    return copied


@pytest.fixture(autouse=True)
def no_process_left_behind() -> Iterator[None]:
    """Fail a test that leaves a server or a command of a check running."""
    yield
    if sys.platform == "linux":
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
        names = [Path(f"/proc/{each}/cmdline").read_bytes().replace(b"\0", b" ").decode() for each in children]
        assert [name for name in names if "secantus" in name or "sleep" in name] == []
