"""The body of a download: whole or in part, fast, slow, cut short or wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.archives import Archive
    from mongorestore_async.emulator.downloads import DownloadPlay, DownloadRecord, Offer
    from mongorestore_async.emulator.handlers.download_ranges import Part

__all__ = ["Body"]

#: Slow bodies are sent in so many pieces a second.
_BEATS = 20
#: Seconds between two looks whether the client of a stalled body is still there.
_GLANCE = 0.05


@attrs.frozen(kw_only=True)
class Body:
    """Sends an archive.

    Attributes:
        archive: The archive.
        size: How much of it there is to be had.
        part: What is to be sent.
        play: How.
        record: Where to count what was sent.
        offer: Where to note it.
        hashed: Whether a hash is to be known when everything was sent.
        now: Tells the time, seconds since 1970.

    """

    archive: Archive
    size: int
    part: Part
    play: DownloadPlay
    record: DownloadRecord
    offer: Offer
    hashed: bool
    now: Callable[[], float]

    async def send(self, request: web.Request, response: web.StreamResponse) -> None:
        """Send it; returns when it was sent, or the client went away, or the play says so."""
        hashing = None
        if self.hashed and self.offer.sha1 is None and self.offer.covers(self.size, self.part.start, self._end()):
            # Meanwhile, on a thread: it has to be known before the client has all bytes and asks for it.
            hashing = asyncio.create_task(asyncio.to_thread(self.archive.sha1))
        try:
            await self._send(request, response, hashing)
        except ConnectionError:
            pass  # the client went away, which is its right
        finally:
            if hashing is not None:
                hashing.cancel()
                await asyncio.gather(hashing, return_exceptions=True)

    async def _send(
        self, request: web.Request, response: web.StreamResponse, hashing: asyncio.Task[str] | None
    ) -> None:
        play, position = self.play, self.part.start
        block = play.block
        if play.bytes_per_second is not None:
            block = max(1, min(block, int(play.bytes_per_second / _BEATS)))
        while position < self._end():
            stop = min(position + block, self._end())
            if hashing is not None and stop == self._end():
                self.offer.sha1 = await hashing
            await self._write(response, position, stop)
            position = stop
            if play.bytes_per_second is not None:
                await asyncio.sleep(block / play.bytes_per_second)
        if position == self.part.stop:
            return
        if play.stall_after is not None and position == self.part.start + play.stall_after:
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - no event
                await asyncio.sleep(_GLANCE)
        elif request.transport is not None:
            request.transport.close()

    async def _write(self, response: web.StreamResponse, start: int, stop: int) -> None:
        data = self.archive.read(start, stop)
        wrong = self.play.wrong_byte_at
        if wrong is not None and start <= wrong < stop:
            data = data[: wrong - start] + bytes([data[wrong - start] ^ 1]) + data[wrong - start + 1 :]
        self.offer.cover(start, stop)
        if self.offer.completed is None and self.offer.covers(self.size):
            self.offer.completed = self.now()
        await response.write(data)
        self.record.sent += len(data)

    def _end(self) -> int:
        limits = [limit for limit in (self.play.cut_after, self.play.stall_after) if limit is not None]
        return min([self.part.stop, *(self.part.start + limit for limit in limits)])
