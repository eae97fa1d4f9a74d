"""A server opens a copy of what an archive holds, and its documents are counted over the wire protocol.

A copy, for every open changes files. That the server starts proves nothing: the counts are what is compared.
"""

from __future__ import annotations

import asyncio
import importlib
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mongorestore_async.drills.checks.own_thread import in_own_thread
from mongorestore_async.drills.checks.user_checks import stop_process
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.drills.plan import DrillServer

__all__ = ["ServedCopy", "ServerError", "count_documents", "load_driver"]

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
        return await in_own_thread(importlib.import_module, "pymongo")
    except ImportError:
        raise ConfigError(
            "the plan names a server, and counting its documents needs a package that is not installed:"
            " pip install 'mongorestore-async[drills]'"
        ) from None


class ServedCopy:
    """A server on a copy of a data directory, for ``async with``; it is stopped at the end.

    Args:
        server: How it is started.
        directory: The data directory; only read.
        folder: Where the copy and the log of the server go; must not exist.

    """

    def __init__(self, server: DrillServer, directory: Path, folder: Path) -> None:
        self._server = server
        self._directory = directory
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> str:
        """Start it; returns its address, ``mongodb://127.0.0.1:PORT``.

        Raises:
            ServerError: It ended, or did not answer in time; with the end of what it wrote.
            OSError: It cannot be started, or the copy cannot be made.

        """
        copy, log = self._folder / "data", self._folder / "server.log"
        await in_own_thread(_copy, self._directory, copy)
        port = _free_port()  # not before the copy, which may take hours
        command = await in_own_thread(_filled_in, self._server.command, copy, port)
        with log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                start_new_session=True,
            )
        try:
            await _answering(self._process, port, self._server.timeout, log)
        except BaseException:
            await self._stop()
            raise
        return f"mongodb://127.0.0.1:{port}"

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _stop(self) -> None:
        if self._process is not None:
            await stop_process(self._process, self._server.timeout)


async def count_documents(address: str) -> dict[str, int]:
    """Count the documents of all collections but the server's own, by namespace.

    Args:
        address: Of the server.

    Raises:
        ServerError: It does not answer.

    """
    driver = await load_driver()
    try:
        return await in_own_thread(_count, driver, address)
    except driver.errors.PyMongoError as error:
        raise ServerError(f"it could not be asked: {error}") from None


def _count(driver: Any, address: str) -> dict[str, int]:
    # Not with the driver's asynchronous client: that leaves sockets open when it is closed while it connects.
    counted: dict[str, int] = {}
    with _client(driver, address) as client:
        for database in sorted(set(client.list_database_names()) - _OWN_DATABASES):
            for found in client[database].list_collections():
                name = found["name"]
                if found.get("type", "collection") != "view" and not name.startswith("system."):
                    counted[f"{database}.{name}"] = client[database][name].count_documents({})
    return dict(sorted(counted.items()))


async def _answering(process: asyncio.subprocess.Process, port: int, seconds: float, log: Path) -> None:
    driver, address = await load_driver(), f"mongodb://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(seconds):
            while True:
                if process.returncode is not None:
                    raise ServerError(f"it ended with exit code {process.returncode}: {await _tail(log)}")
                if await _listens(port) and await in_own_thread(_answers, driver, address):
                    return
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        raise ServerError(f"it did not answer within {seconds:g} s: {await _tail(log)}") from None


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _answers(driver: Any, address: str) -> bool:
    try:
        with _client(driver, address) as client:
            client.admin.command("ping")
    except driver.errors.PyMongoError:
        return False
    return True


def _client(driver: Any, address: str) -> Any:
    return driver.MongoClient(address, directConnection=True, serverSelectionTimeoutMS=_SELECTION)


async def _tail(log: Path) -> str:
    data = await in_own_thread(log.read_bytes)
    return " ".join(data[-_TAIL:].decode("utf-8", "replace").split())


def _filled_in(command: Sequence[str], copy: Path, port: int) -> list[str]:
    binary, *arguments = [part.replace("{directory}", str(copy)).replace("{port}", str(port)) for part in command]
    found = shutil.which(binary)  # it is started in another folder, where a relative path would mean something else
    return [binary if found is None else str(Path(found).absolute()), *arguments]


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
