"""The desk that hands out archives: who came for what, and what is left."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mongorestore_async.emulator.downloads.records import DownloadRecord, Offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.downloads.play import DownloadPlay
    from mongorestore_async.emulator.world import Job

__all__ = ["Downloads"]


class Downloads:
    """The state of all downloads.

    Args:
        play: What kind of server to play.
        size: How many requests are remembered.

    Attributes:
        play: The same; may be replaced at any time.
        origin: Scheme and host that download URLs have, before ``EmulatorSettings.download_origin``; None: that.
        fault: Called with each request that has the right URL; what it returns is played for this request, or is the
            answer. ``attrs.evolve(emulator.downloads.play, cut_after=1000)`` is such a play.

    """

    def __init__(self, play: DownloadPlay, size: int) -> None:
        self.play = play
        self.origin: str | None = None
        self.fault: Callable[[DownloadRecord], DownloadPlay | web.StreamResponse | None] | None = None
        self._records: deque[DownloadRecord] = deque(maxlen=size)
        self._offers: dict[tuple[str, str | None], Offer] = {}
        self._count = 0

    @property
    def records(self) -> tuple[DownloadRecord, ...]:
        """The last requests for archives in the order they arrived, refused ones included."""
        return tuple(self._records)

    def next_number(self) -> int:
        """The number of a new request."""
        self._count += 1
        return self._count

    def note(self, record: DownloadRecord) -> DownloadRecord:
        """Remember a request."""
        self._records.append(record)
        return record

    def offer(self, job: Job, member: str | None = None) -> Offer:
        """What became of an archive so far; nothing is remembered for looking."""
        return self._offers.get((job.id, member)) or Offer()

    def own_offer(self, job: Job, member: str | None = None) -> Offer:
        """The same, in order to be changed."""
        return self._offers.setdefault((job.id, member), Offer())

    def used_up(self, job: Job) -> bool:
        """Whether the job has been downloaded as often as was asked for."""
        most = job.order.max_downloads
        return most is not None and self.offer(job).downloads >= most
