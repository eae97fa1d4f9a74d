"""The pages of a stream: who reads lists puts them in, who reads the stream takes them out."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.fleet.cluster_reading import Reading
    from mongorestore_async.models import JobDocument

__all__ = ["PageQueue", "ReadPage"]

#: The wanted jobs of one page, and where they were read.
ReadPage: TypeAlias = "tuple[Reading, Sequence[JobDocument]]"


class PageQueue:
    """Pages in the order they were put; one task at a time takes them.

    Putting never waits, so the order is that in which pages were read. Who has put one waits for room after that,
    with the next call already given to others. So at most ``spare`` pages are kept, and one of each that waits.

    Args:
        spare: Pages that nobody waits for.

    """

    def __init__(self, spare: int) -> None:
        self._pages: deque[ReadPage] = deque()
        self._room = asyncio.Semaphore(spare)
        self._changed = asyncio.Event()
        self._ended = False

    def put(self, reading: Reading, jobs: Sequence[JobDocument]) -> None:
        """Add a page; :meth:`wait_for_room` must follow."""
        self._pages.append((reading, jobs))
        self._changed.set()

    async def wait_for_room(self) -> None:
        """Wait until so many pages were taken that this one is among those that may wait."""
        await self._room.acquire()

    def end(self, *, at_once: bool = False) -> None:
        """Let nobody wait for a page any more.

        Args:
            at_once: Whether the pages that are there are dropped.

        """
        self._ended = True
        if at_once:
            self._pages.clear()
        self._changed.set()

    async def take(self) -> ReadPage | None:
        """Take the next page; None behind the last one. If it is cancelled, the page stays."""
        while not self._pages:
            if self._ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        self._room.release()
        return self._pages.popleft()
