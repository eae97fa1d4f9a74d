"""Answers made chunk by chunk, for Starlette and FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_streams import send_walk
from restores import EVENTS, LINES
from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from restores import Walk
    from starlette.types import Receive, Scope, Send

__all__ = ["EventStream", "JsonLines"]


class JsonLines(StreamingResponse):
    """Sends the lines of a walk, and ends the walk at once when the client goes away."""

    media_type = LINES

    def __init__(self, walk: Walk, status_code: int = 200) -> None:  # FastAPI's OpenAPI looks for that default
        super().__init__((), status_code, {"Cache-Control": "no-store"})
        self._walk = walk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a walk that fails before its first chunk raises."""
        del scope
        await send_walk(self._walk, self.raw_headers, receive, send)


class EventStream(JsonLines):
    """The same for server-sent events."""

    media_type = EVENTS
