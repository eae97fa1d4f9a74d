"""A second server that hands out an emulator's archives, as storage elsewhere does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.listener import Listener
from mongorestore_async.emulator.server import create_download_app

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import TracebackType
    from typing import Self

    from mongorestore_async.emulator.stage import Stage

__all__ = ["DownloadHost"]


class DownloadHost:
    """Another origin for downloads, on the caller's event loop; it serves no API.

    Its requests are among those of the emulator: in ``emulator.requests`` and ``emulator.downloads.records``.

    Example::

        async with Emulator() as emulator, DownloadHost(emulator) as host:
            ...  # download URLs point to host.origin

    Args:
        stage: The emulator.
        linked: Whether the emulator's download URLs point here while it runs; if not, name it in
            ``DownloadPlay.redirects``.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        ssl: Makes it HTTPS.

    """

    def __init__(
        self,
        stage: Stage,
        *,
        linked: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: SSLContext | None = None,
    ) -> None:
        self._stage = stage
        self._linked = linked
        self._listener = Listener(lambda: create_download_app(stage), host, port, ssl)

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
            self._stage.downloads.origin = self.origin

    async def close(self) -> None:
        """Stop listening and cut what is still open; ``async with`` does it. Doing so twice does no harm."""
        if self._linked:
            self._stage.downloads.origin = None
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
