"""An answer on its way to the part: received, written and synced at the same time, each a little behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from mongorestore_async.downloading.disk.partial_file import Archive
    from mongorestore_async.transport.worker_threads import WorkerThreads

__all__ = ["BLOCK", "PartWriter"]

#: Bytes that go to disk in one step: smaller ones cost more in changing threads than in writing, larger ones memory.
BLOCK = 768 * 1024
#: Bytes after which the part is synced, and those at which the download waits for that: no more is lost in a crash.
_SYNCED = 64 * 1024 * 1024
_MOST_UNSYNCED = 2 * _SYNCED


class PartWriter:
    """Writes to a part in threads: one block while the next one comes in. A sync holds up neither.

    Args:
        archive: Its files, open.
        threads: Call what blocks.

    """

    def __init__(self, archive: Archive, threads: WorkerThreads) -> None:
        self._archive = archive
        self._threads = threads
        self._writing: asyncio.Future[None] | None = None
        self._syncing: asyncio.Future[None] | None = None

    async def ready(self) -> None:
        """Wait until a block may be written.

        Raises:
            DownloadError: One before could not be written, or not be brought to disk.

        """
        if self._writing is not None:
            await self._writing
        if self._syncing is not None and (self._syncing.done() or self._archive.unsynced >= _MOST_UNSYNCED):
            await self._syncing
            self._syncing = None

    def start(self, pieces: Sequence[bytes]) -> None:
        """Have a block written, once :meth:`ready` has returned."""
        if self._syncing is None and self._archive.unsynced >= _SYNCED:
            self._syncing = self._threads.start(self._archive.sync_kept)
        self._writing = self._threads.start(self._archive.write, pieces)

    async def finish(self) -> None:
        """Wait until all is written, and no sync is under way; raises as :meth:`ready`."""
        for begun in (self._writing, self._syncing):
            if begun is not None:
                await begun

    def cancel(self) -> None:
        """Wait for nothing any more: the threads end what they have begun."""
        for begun in (self._writing, self._syncing):
            if begun is not None:
                begun.cancel()
