"""What is remembered of one download request, and of one archive that is offered."""

from __future__ import annotations

import attrs

__all__ = ["DownloadRecord", "Offer"]


@attrs.define(kw_only=True)
class DownloadRecord:
    """One request for an archive; ``status`` and ``sent`` grow while it is served.

    Attributes:
        number: 1 for the first request for any archive.
        job_id: The job in its path.
        member: The shard in its path (Atlas, sharded), or None.
        method: ``GET`` or ``HEAD``.
        host: Its ``Host``.
        hop: 0, or the number of the redirect it follows.
        range: Its ``Range``, or None.
        if_range: Its ``If-Range``, or None.
        headers: Names of all its headers, lower case.
        credentials: What it proves itself with: ``download-token`` (the one of ``urlV2``), ``digest``, ``basic``,
            ``api-token`` (of a service account), ``other``, ``cookie``. None but the first has a place here.
        status: HTTP status of the answer; None while there is none.
        sent: Bytes of the archive that were sent.

    """

    number: int
    job_id: str
    member: str | None = None
    method: str
    host: str
    hop: int = 0
    range: str | None = None
    if_range: str | None = None
    headers: frozenset[str] = frozenset()
    credentials: frozenset[str] = frozenset()
    status: int | None = None
    sent: int = 0


@attrs.define
class Offer:
    """What became of one archive of one job.

    Attributes:
        requests: Requests with the right URL, whatever came of them.
        downloads: Those that were accepted.
        covered: Which bytes have been sent, as ordered (start, stop) pairs that do not touch.
        completed: When all of it had been sent first, seconds since 1970; None before.
        sha1: Its hash, once it is known.
        tag: Which archive that is.

    """

    requests: int = 0
    downloads: int = 0
    covered: list[tuple[int, int]] = attrs.field(factory=list)
    completed: float | None = None
    sha1: str | None = None
    tag: str = ""

    def begin(self, tag: str) -> None:
        """Note which archive is sent; nothing has been sent of one that was made anew."""
        if tag != self.tag:
            self.covered, self.completed, self.sha1, self.tag = [], None, None, tag

    def cover(self, start: int, stop: int) -> None:
        """Note that these bytes are sent."""
        apart = [pair for pair in self.covered if pair[1] < start or pair[0] > stop]
        touched = [pair for pair in self.covered if pair not in apart]
        start = min([start, *(pair[0] for pair in touched)])
        stop = max([stop, *(pair[1] for pair in touched)])
        self.covered = sorted([*apart, (start, stop)])

    def covers(self, size: int, start: int = 0, stop: int = 0) -> bool:
        """Whether all bytes have been sent, those from ``start`` up to ``stop`` included."""
        imagined = Offer(covered=list(self.covered))
        imagined.cover(start, stop)
        return imagined.covered[0][0] == 0 and imagined.covered[0][1] >= size
