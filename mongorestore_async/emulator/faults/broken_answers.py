"""Answers that break off, come slowly or not at all."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

if TYPE_CHECKING:
    from mongorestore_async.emulator.request_log import RequestLog, RequestRecord

__all__ = ["drip", "drop", "hold", "truncate"]

#: Seconds between two pieces of a slow body, and between two looks whether a waiting client has gone.
_PIECE_SECONDS = 0.05


def drop(request: web.Request, log: RequestLog, record: RequestRecord) -> web.StreamResponse:
    """Cut the connection without an answer."""
    log.counts.dropped += 1
    log.note(attrs.evolve(record, status=None))
    if request.transport is not None:
        request.transport.abort()
    # It is never read: the transport is closed, and aiohttp treats the failed write as a client that has gone.
    return web.Response()


async def truncate(
    request: web.Request, log: RequestLog, record: RequestRecord, response: web.StreamResponse
) -> web.StreamResponse:
    """Cut the connection in the middle of the body."""
    body = _body(response)
    stub = web.StreamResponse(status=response.status, headers=response.headers)
    stub.content_length = len(body)
    await stub.prepare(request)
    await stub.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    log.counts.dropped += 1
    log.note(record)
    return stub


async def hold(request: web.Request, seconds: float) -> None:
    """Wait in real time, but not for a client that has gone."""
    end = monotonic() + seconds
    transport = request.transport
    while monotonic() < end and transport is not None and not transport.is_closing():  # noqa: ASYNC110 - no event
        await asyncio.sleep(min(_PIECE_SECONDS, max(0.0, end - monotonic())))


async def drip(request: web.Request, response: web.Response, bytes_per_second: float) -> web.StreamResponse:
    """Send the body slowly."""
    body = _body(response)
    slow = web.StreamResponse(status=response.status, headers=response.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    size = max(1, int(bytes_per_second * _PIECE_SECONDS))
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        await slow.write(piece)
        await hold(request, len(piece) / bytes_per_second)
    return slow


def _body(response: web.StreamResponse) -> bytes:
    return response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
