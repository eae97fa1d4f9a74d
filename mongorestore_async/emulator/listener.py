"""The socket an emulated server listens on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

__all__ = ["Listener"]

#: Seconds for requests that are being worked off when the server closes; a hook may wait for ever.
_FAREWELL = 0.5


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
        runner = web.AppRunner(self._make_app(), access_log=None, shutdown_timeout=_FAREWELL)
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
        """Stop listening and cut what is still open. Doing so twice does no harm."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
