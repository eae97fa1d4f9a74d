"""Serves the board alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from aiohttp import web

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["BoardServer"]

#: Seconds that requests in progress have when the server closes.
_SHUTDOWN_SECONDS = 2.0


class BoardServer:
    """Serves a board on an address: ``async with BoardServer(create_board(fleet)) as server``.

    Args:
        app: From :func:`create_board`.
        host: Address to listen on; by default only this machine can reach it. There is no login: put a proxy with one
            before an address that others can reach.
        port: Port to listen on; 0 takes a free one.

    """

    def __init__(self, app: web.Application, *, host: str = "127.0.0.1", port: int = 8090) -> None:
        self._host = host
        self._port = port
        # Without it, a handler that waits for news would not learn that its viewer left.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )

    @property
    def url(self) -> str:
        """Where browsers find it.

        Raises:
            ConfigError: It is not running.

        """
        if not self._runner.addresses:
            raise ConfigError("the board is not running; enter it with 'async with' first")
        host, port = self._runner.addresses[0][:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except BaseException:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
