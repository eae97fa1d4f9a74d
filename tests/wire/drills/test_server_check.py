from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from mongorestore_async.drills import DrillServer
from mongorestore_async.drills.checks import server_check
from mongorestore_async.drills.checks.archive_check import look_at
from mongorestore_async.drills.checks.server_check import ServedCopy, ServerError, count_documents
from mongorestore_async.errors import ConfigError


def digest(folder):
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


async def counts_of(server, directory, folder):
    async with ServedCopy(server, directory, folder) as address:
        return await count_documents(address)


async def test_documents_are_counted_in_a_copy(server, data_directory, documents, tmp_path):
    before = digest(data_directory)

    assert await counts_of(server, data_directory, tmp_path / "a") == documents
    assert digest(data_directory) == before
    assert look_at(data_directory).problems == ()


async def test_a_server_opens_silently_without_the_log(server, copy_directory, documents, tmp_path):
    """Neither the layout nor the server tells that documents are gone: the counts do."""
    directory = copy_directory("WiredTigerLog.*")

    assert look_at(directory).problems == ()
    counted = await counts_of(server, directory, tmp_path / "a")
    assert counted != documents
    assert sum(counted.values()) < sum(documents.values())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit('cannot open')", "it ended with exit code 1: cannot open"),
        ("import time; print('waiting', flush=True); time.sleep(600)", "it did not answer within 1 s: waiting"),
    ],
)
async def test_a_server_that_does_not_serve_is_told(code, told, tmp_path):
    (tmp_path / "data").mkdir()
    command = (sys.executable, "-c", code, "{directory}", "{port}")
    with pytest.raises(ServerError, match=told):
        await counts_of(DrillServer(command=command, timeout=1), tmp_path / "data", tmp_path / "a")


async def test_a_binary_that_is_not_there_is_an_error_of_the_system(tmp_path):
    (tmp_path / "data").mkdir()
    server = DrillServer(command=(str(tmp_path / "mongod"), "{directory}", "{port}"))
    with pytest.raises(FileNotFoundError):
        await counts_of(server, tmp_path / "data", tmp_path / "a")


async def test_a_server_that_is_gone_cannot_be_asked(monkeypatch):
    monkeypatch.setattr(server_check, "_SELECTION", 500)
    with pytest.raises(ServerError, match="it could not be asked"):
        await count_documents("mongodb://127.0.0.1:9")


async def test_without_the_driver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(ConfigError, match=r"mongorestore-async\[drills\]"):
        await server_check.load_driver()


def test_the_binary_of_the_tests_is_there(server):
    assert Path(server.command[0]).exists()
