"""The state of the downloads: requests seen, bytes sent, archives made, and which range of which version is asked for.

Nothing here sends anything; ``download_server`` does.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from email.utils import format_datetime
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.downloads.download_play import DownloadPlay, Validators
from mongorestore_async.emulator.downloads.generated_archive import Archive
from mongorestore_async.emulator.downloads.given_archive import GivenArchive

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aiohttp import web

    from mongorestore_async.emulator.world.entities import Job

__all__ = ["ArchiveVersion", "Archives", "ByteRange", "DownloadRecord", "Downloads", "Offer", "requested_range"]

#: How many archives are cached for their SHA-1; each takes a quarter of a MiB.
_KEPT = 32
#: A single range. A server may ignore several in one header; this one does.
_SINGLE_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


@attrs.define(kw_only=True)
class DownloadRecord:
    """One request for an archive; ``status`` and ``sent`` are updated while it is served.

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
        credentials: Which credentials it carries: ``download-token`` (the one of ``urlV2``), ``digest``, ``basic``,
            ``api-token`` (of a service account), ``other``, ``cookie``. Only the first belongs here.
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
    """The downloads of one archive of one job so far.

    Attributes:
        requests: Requests with the right URL, refused ones included.
        downloads: Those that were accepted.
        covered: Which bytes have been sent, as sorted (start, stop) pairs that do not touch.
        completed: When all of it had been sent for the first time, seconds since 1970; None before.
        sha1: Its hash, once it is known.
        tag: The tag of that archive.

    """

    requests: int = 0
    downloads: int = 0
    covered: list[tuple[int, int]] = attrs.field(factory=list)
    completed: float | None = None
    sha1: str | None = None
    tag: str = ""

    def begin(self, tag: str) -> None:
        """Note which archive is sent. A regenerated archive starts again from nothing sent."""
        if tag != self.tag:
            self.covered, self.completed, self.sha1, self.tag = [], None, None, tag

    def cover(self, start: int, stop: int) -> None:
        """Note that these bytes are sent.

        Args:
            start: Offset of the first byte, from 0.
            stop: Offset behind the last byte.

        """
        apart = [pair for pair in self.covered if pair[1] < start or pair[0] > stop]
        touched = [pair for pair in self.covered if pair not in apart]
        start = min([start, *(pair[0] for pair in touched)])
        stop = max([stop, *(pair[1] for pair in touched)])
        self.covered = sorted([*apart, (start, stop)])

    def covers(self, size: int, start: int = 0, stop: int = 0) -> bool:
        """Whether all bytes have been sent, those from ``start`` up to ``stop`` included.

        Args:
            size: Bytes of the whole archive.
            start: Offset of the first byte sent last, from 0.
            stop: Offset behind the last byte sent last.

        Returns:
            Whether they have.

        """
        imagined = Offer(covered=list(self.covered))
        imagined.cover(start, stop)
        return imagined.covered[0][0] == 0 and imagined.covered[0][1] >= size


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
        """The downloads of an archive so far. Reading it stores nothing."""
        return self._offers.get((job.id, member)) or Offer()

    def own_offer(self, job: Job, member: str | None = None) -> Offer:
        """The same, stored so that it can be changed."""
        return self._offers.setdefault((job.id, member), Offer())

    def used_up(self, job: Job) -> bool:
        """Whether the job has been downloaded as often as was asked for."""
        most = job.order.max_downloads
        return most is not None and self.offer(job).downloads >= most


class Archives:
    """Makes the archives that jobs deliver. May be used from any thread.

    Args:
        seed: Of the world.
        size: Of each archive, in bytes.

    Attributes:
        size_of: Returns the size in bytes of the archive of a job; replace it to choose by job, cluster or shard, as in
            ``state.archives.size_of = lambda job, member: 4 << 30``.
        given: Returns the bytes of the archive of a job, None for one that is computed; replace it to hand out
            archives of your own.

    """

    def __init__(self, seed: int, size: int) -> None:
        self.size_of: Callable[[Job, str | None], int] = lambda _job, _member: size
        self.given: Callable[[Job, str | None], bytes | None] = lambda _job, _member: None
        self._seed = seed
        self._editions: dict[tuple[str, str | None], int] = {}
        self._kept: OrderedDict[tuple[str, int], Archive] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, job: Job, member: str | None = None) -> Archive | GivenArchive:
        """The archive of a job; jobs of the same snapshot have the same.

        Args:
            job: The job.
            member: The shard (or config set), for a job that delivers several archives (Atlas).

        Raises:
            ConfigError: ``size_of`` says a size that is too small.

        """
        given = self.given(job, member)
        if given is not None:
            return GivenArchive(given)
        source, size = _source(job, member), self.size_of(job, member)
        with self._lock:
            key = f"{self._seed} {source[0]} {source[1] or 'all'} {self._editions.get(source, 0)}"
            found = self._kept.pop((key, size), None)
            if found is None:
                found = Archive(key, size)
            self._kept[key, size] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def edition(self, job: Job, member: str | None = None) -> int:
        """How many times the archive was regenerated."""
        return self._editions.get(_source(job, member), 0)

    def regenerate(self, job: Job, member: str | None = None) -> None:
        """Give the archive other bytes and another validator from now on."""
        with self._lock:
            source = _source(job, member)
            self._editions[source] = self._editions.get(source, 0) + 1


def _source(job: Job, member: str | None) -> tuple[str, str | None]:
    return job.snapshot_id, member or job.member


@attrs.frozen
class ByteRange:
    """What is to be sent.

    Attributes:
        start: Its first byte.
        stop: The byte after its last one.
        partial: Whether that is a 206.

    """

    start: int
    stop: int
    partial: bool = False


@attrs.frozen
class ArchiveVersion:
    """The validators of an answer.

    Attributes:
        etag: ``ETag``, or None.
        modified: ``Last-Modified``, or None.

    """

    etag: str | None = None
    modified: str | None = None

    @classmethod
    def of(cls, tag: str, modified: datetime, validators: Validators, number: int) -> ArchiveVersion:
        """The validators of an archive.

        Args:
            tag: The tag of the archive.
            modified: When it was made.
            validators: Which validators there are.
            number: Of the request.

        """
        date = format_datetime(modified.replace(microsecond=0), usegmt=True)
        if validators is Validators.NONE:
            return cls()
        if validators is Validators.DATE:
            return cls(modified=date)
        if validators is Validators.CHANGING:
            return cls(etag=f'"{tag}-{number}"')
        return cls(etag=f'W/"{tag}"' if validators is Validators.WEAK else f'"{tag}"', modified=date)

    def matches(self, if_range: str) -> bool:
        """Whether ``If-Range`` names this version; a weak tag never does (RFC 9110 section 13.1.5)."""
        if if_range.startswith(('"', "W/")):
            return if_range == self.etag and not if_range.startswith("W/")
        return if_range == self.modified


def requested_range(size: int, header: str | None, if_range: str | None, version: ArchiveVersion) -> ByteRange | None:
    """The bytes that a request asks for; None if its range is beyond the end (416).

    Args:
        size: Of the archive.
        header: ``Range``, or None. One that is malformed, or lists several ranges, is ignored.
        if_range: ``If-Range``, or None.
        version: The validators of the archive.

    """
    whole = ByteRange(0, size)
    found = _SINGLE_RANGE.fullmatch(header.replace(" ", "")) if header is not None else None
    if found is None or found.group(1) == found.group(2) == "":
        return whole
    if if_range is not None and not version.matches(if_range):
        return whole
    first, last = found.groups()
    if not first:
        return ByteRange(max(0, size - int(last)), size, partial=True) if int(last) else None
    if last and int(last) < int(first):
        return whole
    if int(first) >= size:
        return None
    return ByteRange(int(first), min(size, int(last) + 1) if last else size, partial=True)
