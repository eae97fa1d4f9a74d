"""A real data directory of WiredTiger, written by SecantusDB, which is killed so that its log has to be played back."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo
import pytest

from mongorestore_async.drills import DrillServer

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = {"shop.orders": 2000, "shop.users": 30}
BINARY = str(Path(sys.executable).with_name("secantusd-py"))
OPTIONS = ("--host", "127.0.0.1", "--standalone", "--log-level", "WARNING", "--cache-size", "64M")


@pytest.fixture(scope="session")
def documents() -> dict[str, int]:
    return dict(DOCUMENTS)


@pytest.fixture(scope="session")
def server() -> DrillServer:
    return DrillServer(command=(BINARY, *OPTIONS, "--port", "{port}", "--storage-path", "{directory}"), timeout=120)


@pytest.fixture(scope="session")
def data_directory(tmp_path_factory: Any) -> Path:
    """Files as a server left them that was killed: the documents of the last collection are in the log only."""
    folder = tmp_path_factory.mktemp("wiredtiger") / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen([BINARY, *OPTIONS, "--sync-on-commit", "--port", port, "--storage-path", str(folder)])
    try:
        with pymongo.MongoClient(
            "127.0.0.1", int(port), directConnection=True, serverSelectionTimeoutMS=120_000
        ) as client:
            for namespace, count in DOCUMENTS.items():
                database, _, collection = namespace.partition(".")
                client[database][collection].insert_many([{"n": number} for number in range(count)])
    finally:
        process.kill()
        process.wait()
    return folder


@pytest.fixture
def pack(data_directory: Path, tmp_path: Path) -> Any:
    """Pack the data directory as an archive, without some of its files."""

    def packed(*left_out: str) -> bytes:
        found = io.BytesIO()
        with tarfile.open(fileobj=found, mode="w:gz") as tar:
            tar.add(data_directory, "restore", filter=lambda info: None if Path(info.name).name in left_out else info)
        return found.getvalue()

    return packed


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
        children = Path(f"/proc/self/task/{_main_thread()}/children").read_text(encoding="ascii").split()
        names = [Path(f"/proc/{each}/cmdline").read_bytes().replace(b"\0", b" ").decode() for each in children]
        assert [name for name in names if "secantus" in name or "sleep" in name] == []


def _main_thread() -> int:
    import os

    return os.getpid()
