"""The emulator as an application, and as a server on the caller's event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mongorestore_async.emulator.handlers.answers import tidy
from mongorestore_async.emulator.handlers.atlas_routes import ATLAS_ROUTES
from mongorestore_async.emulator.handlers.atlas_snapshot_routes import ATLAS_SNAPSHOT_ROUTES
from mongorestore_async.emulator.handlers.downloads import DOWNLOAD_ROUTES
from mongorestore_async.emulator.handlers.manager_routes import MANAGER_ROUTES
from mongorestore_async.emulator.handlers.pipeline import TASKS, abandon, pipeline
from mongorestore_async.emulator.listener import Listener
from mongorestore_async.emulator.oauth_endpoints import OAUTH_API, revoke_token, token
from mongorestore_async.emulator.stage import STAGE, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ssl import SSLContext
    from types import TracebackType
    from typing import Self

    from aiohttp.typedefs import Handler

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["Emulator", "create_app", "create_download_app"]

_ROUTES = (
    ("POST", OAUTH_API + "/token", token),
    ("POST", OAUTH_API + "/revoke", revoke_token),
    *MANAGER_ROUTES,
    *ATLAS_ROUTES,
    *ATLAS_SNAPSHOT_ROUTES,
    *DOWNLOAD_ROUTES,
)


def create_app(settings: EmulatorSettings | None = None, *, stage: Stage | None = None) -> web.Application:
    """The emulator as an application, for those who host it themselves.

    Its state is ``app[STAGE]``: keys, counts, world, clock, hooks.

    Args:
        settings: What kind of server to play.
        stage: A state to serve, instead of a new one made from the settings.

    """
    return _app(Stage(settings) if stage is None else stage, _ROUTES)


def create_download_app(stage: Stage) -> web.Application:
    """A server of its own for the downloads of an emulator, without any API; see :class:`DownloadHost`.

    Args:
        stage: The emulator whose archives it hands out.

    """
    return _app(stage, DOWNLOAD_ROUTES)


def _app(played: Stage, routes: Sequence[tuple[str, str, Handler]]) -> web.Application:
    app = web.Application(middlewares=[pipeline], client_max_size=played.settings.body_limit)
    app[STAGE] = played
    app[TASKS] = set()
    for method, path, handler in routes:
        app.router.add_route(method, played.settings.base_path + path, handler)
    app.on_response_prepare.append(tidy)
    app.on_cleanup.append(abandon)
    return app


class Emulator(Stage):
    """An emulated server on the caller's event loop.

    Example::

        async with Emulator(EmulatorSettings(jobs_per_cluster=1000)) as emulator:
            cluster = emulator.world.first("replica-set")
            ...  # emulator.url, emulator.public_key, emulator.private_key, cluster.project_id, cluster.id

    For code that blocks its loop, use :class:`ThreadedEmulator`. See :class:`Stage` for the rest of the attributes.

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

    @property
    def url(self) -> str:
        """Scheme, host, port and path prefix, without the path of an API.

        Raises:
            ConfigError: It is not running.

        """
        return self._listener.origin + self.settings.base_path

    async def start(self) -> None:
        """Listen; ``async with`` does it.

        Raises:
            ConfigError: It is running already.
            OSError: The port is taken.

        """
        await self._listener.start()

    async def close(self) -> None:
        """Stop listening and cut what is still open; ``async with`` does it. Doing so twice does no harm."""
        self.gate.open()
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
