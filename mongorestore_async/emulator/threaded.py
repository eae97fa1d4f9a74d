"""The emulator on a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from mongorestore_async.emulator.listener import Listener
from mongorestore_async.emulator.server import create_app
from mongorestore_async.emulator.stage import Stage
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import TracebackType
    from typing import Self

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["ThreadedEmulator"]


class ThreadedEmulator(Stage):
    """An emulated server for code that blocks, or that has an event loop of its own.

    Example::

        with ThreadedEmulator(EmulatorSettings(projects=3)) as emulator:
            cluster = emulator.world.first("replica-set")
            ...  # emulator.url, emulator.public_key, emulator.private_key

    It has the attributes of :class:`Emulator`. They may be read from any thread, and so may hooks be set, jobs and
    the clock be changed, and the gate be moved. Hooks run on the server's thread.

    Args:
        settings: What kind of server to play.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        ssl: Makes it HTTPS.

    """

    def __init__(
        self,
        settings: EmulatorSettings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: SSLContext | None = None,
    ) -> None:
        super().__init__(settings)
        self._listener = Listener(lambda: create_app(stage=self), host, port, ssl)
        self._thread: threading.Thread | None = None
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    @property
    def url(self) -> str:
        """Scheme, host, port and path prefix, without the path of an API.

        Raises:
            ConfigError: It is not running.

        """
        return self._listener.origin + self.settings.base_path

    def start(self) -> None:
        """Listen; ``with`` does it. Returns when the server answers.

        Raises:
            ConfigError: It is running already.
            OSError: The port is taken.

        """
        if self._thread is not None:
            raise ConfigError("The emulator is running already; make another one for a second server.")
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="mongorestore-emulator", daemon=True)
        self._thread.start()
        try:
            ready.result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the server and its thread; ``with`` does it. Doing so twice does no harm."""
        thread, self._thread = self._thread, None
        stop, self._stop = self._stop, None
        self.gate.open()
        if stop is not None:
            stop[0].call_soon_threadsafe(stop[1].set)
        if thread is not None:
            thread.join()

    def _run(self, ready: Future[None]) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: Future[None]) -> None:
        try:
            await self._listener.start()
        except BaseException as failure:  # noqa: BLE001 - raised again by start(), on the caller's thread
            ready.set_exception(failure)
            return
        stop = asyncio.Event()
        self._stop = asyncio.get_running_loop(), stop
        ready.set_result(None)
        try:
            await stop.wait()
        finally:
            await self._listener.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
