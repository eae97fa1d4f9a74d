"""An answer for Starlette, FastAPI and others of their kind, made line by line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from restores import MEDIA_TYPE
from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from restores import Walk
    from starlette.types import Receive, Scope, Send

__all__ = ["JsonLines"]


class JsonLines(StreamingResponse):
    """Sends the lines of a walk, and ends the walk at once when the client goes away.

    Starlette itself sends the status before the first line is made, so an error could not become a status any more;
    and with some servers it notices a client that is gone at the next line only, which may be many calls later.
    """

    media_type = MEDIA_TYPE

    def __init__(self, walk: Walk, status_code: int = 200) -> None:  # FastAPI's OpenAPI looks for that default
        super().__init__((), status_code)
        self._walk = walk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a walk that fails before its first line raises."""
        del scope
        sending = asyncio.create_task(self.stream_response(send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            gone = leaving.done()
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if not gone:
            sending.result()

    async def stream_response(self, send: Send) -> None:
        """Enter the walk, send its lines and leave it, all in one task."""
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        started = False
        async with self._walk as lines:
            async for line in lines:
                if not started:
                    await send(head)
                    started = True
                await send({"type": "http.response.body", "body": line, "more_body": True})
        if not started:
            await send(head)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
