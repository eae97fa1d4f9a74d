"""The emulator as an application, and as a server on the caller's event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mongorestore_async.emulator.documents import ATLAS_API, MANAGER_API
from mongorestore_async.emulator.handlers import atlas, manager, projects
from mongorestore_async.emulator.handlers.answers import tidy
from mongorestore_async.emulator.handlers.pipeline import abandon, pipeline
from mongorestore_async.emulator.listener import Listener
from mongorestore_async.emulator.oauth_endpoints import OAUTH_API, revoke_token, token
from mongorestore_async.emulator.stage import STAGE, Stage

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import TracebackType
    from typing import Self

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["Emulator", "create_app"]

_CLUSTER = "/groups/{group}/clusters/{cluster}"

_ROUTES = (
    ("POST", OAUTH_API + "/token", token),
    ("POST", OAUTH_API + "/revoke", revoke_token),
    ("GET", MANAGER_API + "/groups", projects.list_projects),
    ("GET", MANAGER_API + "/groups/{group}", projects.one_project),
    ("GET", MANAGER_API + "/clusters", projects.all_clusters),
    ("GET", MANAGER_API + "/groups/{group}/clusters", manager.list_clusters),
    ("GET", MANAGER_API + _CLUSTER, manager.one_cluster),
    ("GET", MANAGER_API + _CLUSTER + "/restoreJobs", manager.list_jobs),
    ("POST", MANAGER_API + _CLUSTER + "/restoreJobs", manager.create_job),
    ("GET", MANAGER_API + _CLUSTER + "/restoreJobs/{job}", manager.one_job),
    ("GET", ATLAS_API + "/groups", projects.list_projects),
    ("GET", ATLAS_API + "/groups/{group}", projects.one_project),
    ("GET", ATLAS_API + "/clusters", projects.all_clusters),
    ("GET", ATLAS_API + "/groups/{group}/clusters", atlas.list_clusters),
    ("GET", ATLAS_API + _CLUSTER, atlas.one_cluster),
    ("GET", ATLAS_API + _CLUSTER + "/backup/restoreJobs", atlas.list_cloud_backup_jobs),
    ("GET", ATLAS_API + _CLUSTER + "/backup/restoreJobs/{job}", atlas.one_cloud_backup_job),
    ("GET", ATLAS_API + _CLUSTER + "/backup/tenant/restores", atlas.list_tenant_jobs),
    ("GET", ATLAS_API + _CLUSTER + "/backup/tenant/restores/{job}", atlas.one_tenant_job),
)


def create_app(settings: EmulatorSettings | None = None, *, stage: Stage | None = None) -> web.Application:
    """The emulator as an application, for those who host it themselves.

    Its state is ``app[STAGE]``: keys, counts, world, clock, hooks.

    Args:
        settings: What kind of server to play.
        stage: A state to serve, instead of a new one made from the settings.

    """
    played = Stage(settings) if stage is None else stage
    app = web.Application(middlewares=[pipeline], client_max_size=played.settings.body_limit)
    app[STAGE] = played
    for method, path, handler in _ROUTES:
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
