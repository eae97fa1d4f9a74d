"""A server opens a copy of what an archive holds, and its documents are counted over the wire protocol.

A copy, for every open changes files. That the server starts proves nothing: the counts are what is compared.
"""

from __future__ import annotations

import asyncio
import importlib
import shutil
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mongorestore_async.drills.checks.user_checks import stop_process
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from mongorestore_async.drills.plan import DrillServer

__all__ = ["ServerError", "count_documents", "load_driver", "serve_copy"]

_OWN_DATABASES = {"admin", "config", "local"}
_PAUSE = 0.1
#: Milliseconds that the driver looks for the server, which has answered by then.
_SELECTION = 10_000
_TAIL = 400


class ServerError(Exception):
    """A server that did not open the files."""


async def load_driver() -> Any:
    """Load pymongo, which only this check needs.

    Raises:
        ConfigError: It is not installed.

    """
    try:
        return await asyncio.to_thread(importlib.import_module, "pymongo")
    except ImportError:
        raise ConfigError(
            "the plan names a server, and counting its documents needs a package that is not installed:"
            " pip install 'mongorestore-async[drills]'"
        ) from None


@asynccontextmanager
async def serve_copy(server: DrillServer, directory: Path, folder: Path) -> AsyncGenerator[str]:
    """Start a server on a copy of a data directory, and stop it afterwards.

    Args:
        server: How it is started.
        directory: The data directory; only read.
        folder: Where the copy and the log of the server go; must not exist.

    Yields:
        Its address, ``mongodb://127.0.0.1:PORT``.

    Raises:
        ServerError: It ended, or did not answer in time; with the end of what it wrote.
        OSError: It cannot be started, or the copy cannot be made.

    """
    copy, log = folder / "data", folder / "server.log"
    await asyncio.to_thread(_copy, directory, copy)
    port = _free_port()
    command = [part.replace("{directory}", str(copy)).replace("{port}", str(port)) for part in server.command]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True
        )
    address = f"mongodb://127.0.0.1:{port}"
    try:
        await _answering(process, address, server.timeout, log)
        yield address
    finally:
        await stop_process(process, server.timeout)


async def count_documents(address: str) -> dict[str, int]:
    """Count the documents of all collections but the server's own, by namespace.

    Args:
        address: Of the server.

    Raises:
        ServerError: It does not answer.

    """
    driver = await load_driver()
    counted: dict[str, int] = {}
    try:
        async with _client(driver, address) as client:
            for database in sorted(set(await client.list_database_names()) - _OWN_DATABASES):
                for found in await (await client[database].list_collections()).to_list():
                    name = found["name"]
                    if found.get("type", "collection") != "view" and not name.startswith("system."):
                        counted[f"{database}.{name}"] = await client[database][name].count_documents({})
    except driver.errors.PyMongoError as error:
        raise ServerError(f"it could not be asked: {error}") from None
    return dict(sorted(counted.items()))


async def _answering(process: asyncio.subprocess.Process, address: str, seconds: float, log: Path) -> None:
    driver = await load_driver()
    try:
        async with asyncio.timeout(seconds), _client(driver, address, _PAUSE * 1000) as client:
            while True:
                if process.returncode is not None:
                    raise ServerError(f"it ended with exit code {process.returncode}: {await _tail(log)}")
                try:
                    await client.admin.command("ping")
                except driver.errors.PyMongoError:
                    await asyncio.sleep(_PAUSE)
                else:
                    return
    except TimeoutError:
        raise ServerError(f"it did not answer within {seconds:g} s: {await _tail(log)}") from None


def _client(driver: Any, address: str, selection: float = _SELECTION) -> Any:
    return driver.AsyncMongoClient(
        address, directConnection=True, serverSelectionTimeoutMS=max(500, int(selection)), retryReads=True
    )


async def _tail(log: Path) -> str:
    data = await asyncio.to_thread(log.read_bytes)
    return " ".join(data[-_TAIL:].decode("utf-8", "replace").split())


def _copy(directory: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o700)
    shutil.copytree(directory, copy, symlinks=True)
    for own in ("WiredTiger.lock", "mongod.lock"):  # of the process that wrote them
        (copy / own).unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
