"""The emulator as a running server: on the caller's event loop, on a thread of its own; and a host for downloads."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Self

from aiohttp import web

from mongorestore_async.emulator.application import create_app, create_download_app
from mongorestore_async.emulator.server_state import ServerState
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext
    from types import TracebackType

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = ["DownloadHost", "Emulator", "Listener", "ThreadedEmulator"]


#: Seconds that requests in progress have to finish when the server closes; a hook may hang.
_SHUTDOWN_SECONDS = 0.5


class Listener:
    """Serves an application on an address, on the running event loop.

    Args:
        make_app: Makes the application; called at each start.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        ssl: Makes it HTTPS.

    """

    def __init__(
        self, make_app: Callable[[], web.Application], host: str, port: int, ssl: SSLContext | None = None
    ) -> None:
        self._make_app = make_app
        self._host = host
        self._port = port
        self._ssl = ssl
        self._runner: web.AppRunner | None = None
        self._origin = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port.

        Raises:
            ConfigError: It is not listening.

        """
        if self._runner is None:
            raise ConfigError("The emulator is not running; enter it with 'with' or 'async with' first.")
        return self._origin

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: It listens already.
            OSError: The port is taken.

        """
        if self._runner is not None:
            raise ConfigError("The emulator is running already; make another one for a second server.")
        runner = web.AppRunner(self._make_app(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port, ssl_context=self._ssl).start()
        except BaseException:
            await runner.cleanup()
            raise
        host, port = runner.addresses[0][:2]
        scheme = "http" if self._ssl is None else "https"
        self._origin = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        self._runner = runner

    async def close(self) -> None:
        """Stop listening and cut what is still open. May be called twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()


class _ListeningState(ServerState):
    """A state that is served on an address: what :class:`Emulator` and :class:`ThreadedEmulator` have in common."""

    def __init__(
        self,
        settings: EmulatorSettings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: SSLContext | None = None,
    ) -> None:
        super().__init__(settings)
        self._listener = Listener(lambda: create_app(state=self), host, port, ssl)

    @property
    def url(self) -> str:
        """Scheme, host, port and path prefix, without the path of an API.

        Raises:
            ConfigError: It is not running.

        """
        return self._listener.origin + self.settings.base_path


class Emulator(_ListeningState):
    """An emulated server on the caller's event loop.

    Example::

        async with Emulator(EmulatorSettings(jobs_per_cluster=1000)) as emulator:
            cluster = emulator.world.first("replica-set")
            ...  # emulator.url, emulator.public_key, emulator.private_key, cluster.project_id, cluster.id

    For code that blocks its loop, use :class:`ThreadedEmulator`.
    See :class:`ServerState` for the rest of the attributes.

    Args:
        settings: What kind of server to play.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        ssl: Makes it HTTPS.

    """

    async def start(self) -> None:
        """Listen; ``async with`` does it.

        Raises:
            ConfigError: It is running already.
            OSError: The port is taken.

        """
        await self._listener.start()

    async def close(self) -> None:
        """Stop listening and cut what is still open; ``async with`` does it. May be called twice."""
        self.gate.open()
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class ThreadedEmulator(_ListeningState):
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
        super().__init__(settings, host=host, port=port, ssl=ssl)
        self._thread: threading.Thread | None = None
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

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
        """Stop the server and its thread; ``with`` does it. May be called twice."""
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


class DownloadHost:
    """Another origin for downloads, on the caller's event loop; it serves no API.

    Its requests are among those of the emulator: in ``emulator.requests`` and ``emulator.downloads.records``.

    Example::

        async with Emulator() as emulator, DownloadHost(emulator) as host:
            ...  # download URLs point to host.origin

    Args:
        state: The emulator.
        linked: Whether the emulator's download URLs point here while it runs; if not, name it in
            ``DownloadPlay.redirects``.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        ssl: Makes it HTTPS.

    """

    def __init__(
        self,
        state: ServerState,
        *,
        linked: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: SSLContext | None = None,
    ) -> None:
        self._state = state
        self._linked = linked
        self._listener = Listener(lambda: create_download_app(state), host, port, ssl)

    @property
    def origin(self) -> str:
        """Scheme, host and port.

        Raises:
            ConfigError: It is not running.

        """
        return self._listener.origin

    async def start(self) -> None:
        """Listen; ``async with`` does it.

        Raises:
            ConfigError: It is running already.
            OSError: The port is taken.

        """
        await self._listener.start()
        if self._linked:
            self._state.downloads.origin = self.origin

    async def close(self) -> None:
        """Stop listening and cut what is still open; ``async with`` does it. May be called twice."""
        if self._linked:
            self._state.downloads.origin = None
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
