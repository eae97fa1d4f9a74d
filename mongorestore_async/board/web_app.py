"""The board as an aiohttp.web application: pages, the stream of events, and who may ask for them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mongorestore_async.board.board_feed import BoardFeed, BoardQuery, as_words
from mongorestore_async.board.board_pages import board_page, project_page
from mongorestore_async.board.board_state import BoardState
from mongorestore_async.board.event_history import ALIVE, RESET, RETRY
from mongorestore_async.board.live_updates import LiveUpdates
from mongorestore_async.board.safeguards import HEADERS, allowed_hosts, is_allowed
from mongorestore_async.errors import ConfigError
from mongorestore_async.models.validators import require_whole
from mongorestore_async.reports.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mongorestore_async.fleet import Fleet

__all__ = ["create_board"]

_SECONDS_ALIVE = 15.0
#: A viewer that takes nothing for so long is cut off.
_SECONDS_STALLED = 60.0
_HERE = Path(__file__).parent
#: Read once, when the module is loaded: nothing blocks the loop later.
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0969da"/>'
    '<path d="M4 8l3 3 5-6" fill="none" stroke="#fff" stroke-width="2"/></svg>'
)
_FILES = {
    "board.css": ("text/css", STYLE + (_HERE / "board.css").read_text(encoding="utf-8")),
    "board.js": ("text/javascript", (_HERE / "board.js").read_text(encoding="utf-8")),
    "icon.svg": ("image/svg+xml", _ICON),
}


def create_board(
    fleet: Fleet[Any],
    *,
    title: str = "Restores",
    hosts: Iterable[str] = (),
    reread: timedelta = timedelta(hours=1),
    max_viewers: int = 100,
    since: datetime | None = None,
    projects: str | Iterable[str] | None = None,
    clusters: str | Iterable[str] | None = None,
    include_deleted: bool = False,
    concurrency: int = 16,
    per_project: int = 4,
) -> web.Application:
    """Make the board of a fleet, an application that is served alone or mounted.

    To mount it: ``app.add_subapp("/board/", create_board(fleet))``. It reads and never writes. It begins to read the
    fleet when the application starts, and ends with it; the session of the fleet stays open. A server that runs it
    should have ``handler_cancellation=True``, as :class:`BoardServer` has: otherwise it learns up to 15 seconds late
    that a viewer left.

    Args:
        fleet: What is shown.
        title: Heading of the page.
        hosts: Names by which browsers may call it, without ports; those of loopback may always. A request with another
            name in its ``Host`` header is refused.
        reread: How often all lists are read anew, for clusters that came or went; changes of running restores are seen
            in between.
        max_viewers: Streams that are open at once; further viewers are told to come back later.
        since: Only restores requested since this moment (aware). A cluster that was restored only before is then one
            that never was. This and all that follows is as for :meth:`mongorestore_async.Fleet.restore_jobs`.
        projects: Only projects with one of these names or ids; globs too.
        clusters: The same for clusters.
        include_deleted: Show deleted clusters whose backups are retained too.
        concurrency: Calls in flight at once.
        per_project: Calls in flight at once for one project.

    Returns:
        The application, to be run or mounted.

    Raises:
        ConfigError: An argument is out of its range.
        Unsupported: ``include_deleted`` for a family that has no such list.

    """
    if reread <= timedelta():
        raise ConfigError("reread must be a timedelta above 0")
    require_whole("max_viewers", max_viewers)
    query = BoardQuery(
        since=since,
        projects=as_words(projects),
        clusters=as_words(clusters),
        include_deleted=include_deleted,
        concurrency=concurrency,
        per_project=per_project,
    )
    query.check(fleet)
    state = BoardState(since)
    updates = LiveUpdates(state)
    feed = BoardFeed(fleet, query, state, updates.touch, reread)
    return _Board(title, allowed_hosts(hosts), max_viewers, state, updates, feed).app


class _Board:
    def __init__(
        self,
        title: str,
        hosts: frozenset[str],
        max_viewers: int,
        state: BoardState,
        updates: LiveUpdates,
        feed: BoardFeed,
    ) -> None:
        self._title = title
        self._hosts = hosts
        self._max_viewers = max_viewers
        self._viewers = 0
        self._state = state
        self._updates = updates
        self._feed = feed
        self._tasks: list[asyncio.Task[None]] = []
        self.app = web.Application(middlewares=[self._check_host])
        self.app.add_routes(
            [
                web.get("", self._page),
                web.get("/", self._page),
                web.get("/project/{number:[0-9]{1,9}}", self._project),
                web.get("/events", self._events, allow_head=False),
                *(web.get(f"/{name}", self._file) for name in _FILES),
            ]
        )
        self.app.on_response_prepare.append(self._add_headers)
        self.app.on_startup.append(self._start)
        self.app.on_shutdown.append(self._end_streams)
        self.app.on_cleanup.append(self._stop)

    async def _start(self, _: web.Application) -> None:
        self._tasks = [asyncio.create_task(self._feed.run()), asyncio.create_task(self._updates.run())]

    async def _end_streams(self, _: web.Application) -> None:
        self._updates.close()

    async def _stop(self, _: web.Application) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @web.middleware
    async def _check_host(self, request: web.Request, handler: Any) -> web.StreamResponse:
        names = request.headers.getall("Host", [])
        if len(names) != 1 or not is_allowed(names[0], self._hosts):
            return web.Response(status=421, text="This name is not one of the board's; the server can allow it.\n")
        response: web.StreamResponse = await handler(request)
        return response

    async def _add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    async def _page(self, request: web.Request) -> web.Response:
        if not request.path.endswith("/"):  # where it is mounted: its links are relative to its folder
            raise web.HTTPPermanentRedirect(f"{request.rel_url.raw_name}/")
        page = board_page(self._title, self._updates.view.fragments(), self._updates.history.last_id)
        return web.Response(text=page, content_type="text/html")

    async def _project(self, request: web.Request) -> web.Response:
        cells = self._state.of_project(int(request.match_info["number"]))
        if not cells:
            return web.Response(status=404, text="There is no such project; the board may have been started anew.\n")
        return web.Response(text=project_page(self._title, cells), content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        content_type, text = _FILES[request.path.rpartition("/")[2]]
        return web.Response(text=text, content_type=content_type)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._viewers >= self._max_viewers or self._updates.is_closed:
            return web.Response(status=503, headers={"Retry-After": "30"}, text="Too many viewers.\n")
        # nginx would keep the stream until it ends.
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.content_type, response.charset = "text/event-stream", "utf-8"
        self._viewers += 1
        try:
            await response.prepare(request)
            last_id = request.headers.get("Last-Event-ID") or request.query.get("after", "")
            await self._send_events(response, last_id)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass  # the viewer left
        finally:
            self._viewers -= 1
        return response

    async def _send_events(self, response: web.StreamResponse, last_id: str) -> None:
        updates = self._updates
        number, data = updates.history.number_of(last_id), RETRY
        while not updates.is_closed:
            events = None if number is None else updates.history.after(number)
            if number is None or events is None:
                await _write(response, data + RESET)
                return
            if events:
                number, data = updates.history.number, data + b"".join(events)
            if data:
                await _write(response, data)
            data = b"" if await updates.news(number, _SECONDS_ALIVE) else ALIVE


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(_SECONDS_STALLED):
        await response.write(data)
