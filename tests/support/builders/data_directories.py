"""A real data directory of WiredTiger, written by SecantusDB, which is killed so that its log has to be played back."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pymongo

from mongorestore_async.drills import DrillServer

__all__ = ["DOCUMENTS", "SERVER", "make_data_directory", "pack_directory"]

#: Documents in it, by namespace.
DOCUMENTS = {"shop.orders": 2000, "shop.users": 30}

_BINARY = str(Path(sys.executable).with_name("secantusd-py"))
_OPTIONS = ("--host", "127.0.0.1", "--standalone", "--log-level", "WARNING", "--cache-size", "64M")

#: How a plan names this server.
SERVER = DrillServer(command=(_BINARY, *_OPTIONS, "--port", "{port}", "--storage-path", "{directory}"), timeout=120)


def make_data_directory(folder: Path) -> Path:
    """Files as a server left them that was killed: some of the documents are in its log only."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen([_BINARY, *_OPTIONS, "--sync-on-commit", "--port", port, "--storage-path", str(folder)])
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


def pack_directory(directory: Path, *left_out: str) -> bytes:
    """Pack a data directory as an archive, without some of its files."""
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz") as tar:
        tar.add(directory, "restore", filter=lambda info: None if Path(info.name).name in left_out else info)
    return found.getvalue()
