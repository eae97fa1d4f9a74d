"""Answers made chunk by chunk, for whatever speaks ASGI: FastAPI, Starlette, Litestar, Quart.

Frameworks send the status before the first chunk is made, so an error could not become a status any more; and some
leave a generator open, or hand it to another task, when its client goes away. None of that happens here.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from restores import describe_error

from mongorestore_async import RestoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from restores import Walk

    Receive: TypeAlias = Callable[[], Awaitable[Any]]
    Send: TypeAlias = Callable[[Any], Awaitable[None]]
    App: TypeAlias = Callable[[Any, Receive, Send], Coroutine[Any, Any, None]]

__all__ = ["WalkAnswer", "hold_heads", "send_walk"]


async def send_walk(walk: Walk, headers: Iterable[tuple[bytes, bytes]], receive: Receive, send: Send) -> None:
    """Send the chunks of a walk, and end the walk at once when the client goes away.

    Args:
        walk: Entered and left by one task. If it fails before its first chunk, its error is raised, and nothing sent.
        headers: Headers of the answer, whose status is 200.
        receive: The one of ASGI.
        send: The one of ASGI.

    """
    sending = asyncio.create_task(_send(walk, headers, send))
    leaving = asyncio.create_task(_disconnect(receive))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        gone = leaving.done()
    finally:
        sending.cancel()
        leaving.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
    if not gone:
        sending.result()


async def _send(walk: Walk, headers: Iterable[tuple[bytes, bytes]], send: Send) -> None:
    head = {"type": "http.response.start", "status": 200, "headers": list(headers)}
    started = False
    async with walk as chunks:
        async for chunk in chunks:
            if not started:
                await send(head)
                started = True
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    if not started:
        await send(head)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class WalkAnswer:
    """A walk as an ASGI application, for frameworks that take one for an answer."""

    def __init__(self, walk: Walk, media_type: str) -> None:
        self._walk = walk
        self._headers = [(b"content-type", media_type.encode()), (b"cache-control", b"no-store")]

    async def __call__(self, _scope: Any, receive: Receive, send: Send) -> None:
        """Answer; a walk that fails before its first chunk raises."""
        await send_walk(self._walk, self._headers, receive, send)


def hold_heads(app: App) -> App:
    """Keep the head of each answer back until there is a chunk, so that an error before it still becomes a status.

    For frameworks that send the head of a generator first, and raise what goes wrong in it: Quart.
    """

    async def held(scope: Any, receive: Receive, send: Send) -> None:
        heads: list[Any] = []
        begun = False

        async def send_later(message: Any) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                heads.append(message)
                return
            begun = True
            if heads:
                await send(heads.pop())
            await send(message)

        try:
            await app(scope, receive, send_later)
        except RestoreError as error:
            if begun:
                raise
            status, headers, body = describe_error(error)
            told = {"Content-Type": "application/json"} | headers
            raw = [(name.lower().encode(), value.encode()) for name, value in told.items()]
            await send({"type": "http.response.start", "status": status, "headers": raw})
            await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return held
