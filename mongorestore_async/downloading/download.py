"""The archives of a batch, all of them: planned before the first request, fetched a few at a time."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.downloading.disk.partial_file import Archive
from mongorestore_async.downloading.disk.resume_record import PartRecord, read_records
from mongorestore_async.downloading.download_types import (
    DownloadedFile,
    DownloadProgress,
    DownloadRules,
    Verification,
    utc_now,
)
from mongorestore_async.downloading.file_names import safe_name, unique_name
from mongorestore_async.downloading.links import LinkState, downloads_allowed, find_links, link_state, no_link
from mongorestore_async.downloading.published_hashes import compare, published_name, published_sha1
from mongorestore_async.downloading.transfer import Transfer
from mongorestore_async.errors import ConfigError, DownloadError, Hint, HintKind, RestoreError
from mongorestore_async.models.validators import require_flag, require_seconds, require_whole
from mongorestore_async.transport.observers import Operation, observe
from mongorestore_async.transport.retrying import RetryPolicy
from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
    from mongorestore_async.models import JobDocument
    from mongorestore_async.transport.observers import Observer
    from mongorestore_async.transport.retrying import RetryRule

__all__ = ["DownloadSource", "download_batch"]


#: Files with threads of their own, one that writes and one that syncs; one more closes them all.
_MOST_FILES = 16


@attrs.frozen
class DownloadSource:
    """A job to download from.

    Attributes:
        job: The job, as read last.
        refresh: Reads it again.

    """

    job: JobDocument
    refresh: Callable[[], Awaitable[JobDocument]] = attrs.field(repr=False)


async def download_batch(
    sources: Sequence[DownloadSource],
    directory: str | Path,
    *,
    fetcher: ArchiveFetcher,
    retry: RetryRule | None = None,
    concurrency: int = 2,
    on_progress: Callable[[DownloadProgress], None] | None = None,
    overwrite: bool = False,
    check_gzip: bool = False,
    verify_tries: int = 5,
    verify_pause: float = 2.0,
    now: Callable[[], datetime] = utc_now,
    observer: Observer | None = None,
) -> tuple[DownloadedFile, ...]:
    """Fetch all archives of some jobs. Call it again after any failure, also in another process: it resumes.

    Nothing is fetched before every file has its place. A file that fails does not stop the others: their links may
    not give them a second time. Under its name a file stands only when it is whole, and not known to be wrong.

    Args:
        sources: The jobs, each once.
        directory: Where the files are to be; made if need be.
        fetcher: Sends the requests.
        retry: Decides about going on after a failure, within what the link allows (``maxDownloads``).
        concurrency: Files fetched at once, from 1.
        on_progress: Called with the progress of each file, at most four times a second. It must not block; an
            exception in it is logged and does not affect the download.
        overwrite: Replace finished files and parts that stand under the same names and are not known to be these.
        check_gzip: Unpack the whole archive once, into nothing, to see whether it is whole: for families without
            hashes. A file whose published hash agrees needs none. An encrypted one may be no gzip file.
        verify_tries: How often a job is read again for the hash, which servers publish once the file was served.
        verify_pause: Seconds between two of these.
        now: Tells the time (aware), to know an expired link.
        observer: Told of the download and of each request; see :class:`Observer`.

    Returns:
        The files in the order of the jobs, those included that earlier calls had finished.

    Raises:
        ConfigError: Bad input, before any I/O.
        DownloadExpired: A link has expired.
        DownloadUsedUp: A link was used as often as it may be.
        DownloadLost: A job failed or was cancelled.
        NothingToDownload: A job restores into a cluster.
        DownloadTruncated: A file broke off and cannot be resumed in this call.
        HashMismatch: A file is not the one its job publishes the hash of.
        DiskFull: A file does not fit.
        DownloadError: A job has no archive yet, a file cannot be written, a host refuses or gives one archive twice.
        RestoreError: A job could not be read.

    """
    concurrency = require_whole("concurrency", concurrency)
    rules = DownloadRules(
        retry=RetryPolicy() if retry is None else retry,
        on_progress=on_progress,
        overwrite=require_flag("overwrite", overwrite),
        check_gzip=require_flag("check_gzip", check_gzip),
        verify_tries=require_whole("verify_tries", verify_tries, least=0),
        verify_pause=require_seconds("verify_pause", verify_pause, zero=True),
        now=now,
        threads=WorkerThreads("files", 2 * min(concurrency, _MOST_FILES) + 1),
        observer=observer,
    )
    if on_progress is not None and not callable(on_progress):
        raise ConfigError(f"on_progress must be a callable, not {type(on_progress).__name__}")
    with observe(observer, lambda: _describe(sources)):
        async with _Batch(_directory(directory), fetcher, rules, concurrency) as batch:
            await batch.plan(sources)
            return await batch.run()


class _Batch:
    """The downloads of one call."""

    def __init__(self, directory: Path, fetcher: ArchiveFetcher, rules: DownloadRules, concurrency: int) -> None:
        self._directory = directory
        self._fetcher = fetcher
        self._rules = rules
        self._slots = asyncio.Semaphore(concurrency)
        self._transfers: list[Transfer] = []
        self._archives: dict[tuple[str, str], Archive] = {}
        self._fetching: set[Archive] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close all files; a download that was cancelled does not wait for that, and what it received is not synced."""
        try:
            if kind is None or issubclass(kind, Exception):
                await self._rules.threads.run(self._close, sync=True)
        finally:
            # No step of this can be cancelled. A thread may still write: the next download waits for it, off the loop.
            for archive in self._archives.values():
                archive.leave()
            self._rules.threads.submit(self._close, sync=False)
            self._rules.threads.close()

    async def plan(self, sources: Sequence[DownloadSource]) -> None:
        """Find out what is to be fetched, give every file a name, and lock it.

        Raises:
            DownloadError: A file has no link and is not whole, or its place is taken.
            RestoreError: A job could not be read.

        """
        there = await self._rules.threads.run(self._read_directory)
        jobs: list[tuple[DownloadSource, JobDocument]] = []
        for source in sources:
            job = source.job
            begun = any(key[0] == _identity(job) for key in there)
            if begun or link_state(job) is not LinkState.READY:
                job = await source.refresh()
            jobs.append((source, job))
        taken = {name.casefold() for key, name in there.items() if key[0] in {_identity(job) for _, job in jobs}}
        for source, job in jobs:
            for archive in self._name(job, there, taken):
                key = archive.record.key
                if key not in there:
                    archive = await self._recognize(archive, job)  # noqa: PLW2901 - the same one, open
                if key not in there and not archive.finished and link_state(job) is not LinkState.READY:
                    raise no_link(link_state(job), file_name=archive.name)
                await self._rules.threads.run(archive.open, overwrite=self._rules.overwrite)
                if not archive.whole and link_state(job) is not LinkState.READY:
                    raise no_link(link_state(job), file_name=archive.name, received=archive.kept)
                if not archive.whole and find_links(job).get(archive.record.label) is None:
                    raise no_link(LinkState.READY, file_name=archive.name, received=archive.kept)
                self._transfers.append(
                    Transfer(
                        archive,
                        job,
                        refresh=source.refresh,
                        fetcher=self._fetcher,
                        rules=self._rules,
                        reserved=functools.partial(self._reserved, archive),
                    )
                )

    async def run(self) -> tuple[DownloadedFile, ...]:
        """Fetch and check all files.

        Raises:
            RestoreError: The first failure, by the order of the files; notes in it tell of the others.

        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._fetch_one(transfer)) for transfer in self._transfers]
        outcomes = [task.result() for task in tasks]
        files = [outcome for outcome in outcomes if isinstance(outcome, DownloadedFile)]
        failures = [outcome for outcome in outcomes if not isinstance(outcome, DownloadedFile)]
        if failures:
            first, *others = failures
            for other in others:
                first.add_note(f"also failed: {type(other).__name__}: {other}")
            raise first
        self._refuse_twins(files)
        if all(file.verification is not Verification.NOT_YET for file in files):
            await self._rules.threads.run(self._forget)
        return tuple(files)

    def _refuse_twins(self, files: Sequence[DownloadedFile]) -> None:
        """Refuse archives of one job that have the same bytes, for then one of them is another shard's.

        Where no hash is published nothing else tells: two links that give each other's file are not seen.

        Raises:
            DownloadError: There are some.

        """
        seen: dict[tuple[str, str], DownloadedFile] = {}
        for transfer, file in zip(self._transfers, files, strict=True):
            twin = seen.setdefault((transfer.archive.record.job, file.sha1), file)
            if twin is not file and file.verification is not Verification.VERIFIED:
                raise DownloadError(
                    f"{twin.path.name} and {file.path.name} have the same bytes, so the download host gave the archive "
                    f"of one shard for that of another; remove both from {self._directory}, then download again if the "
                    "links allow it, or create a new restore job",
                    file_name=file.path.name,
                    received=file.size,
                )

    def _close(self, *, sync: bool) -> None:
        for archive in self._archives.values():
            archive.close(sync=sync)

    async def _fetch_one(self, transfer: Transfer) -> DownloadedFile | RestoreError:
        try:
            async with self._slots:
                self._fetching.add(transfer.archive)
                try:
                    await transfer.fetch()
                finally:
                    self._fetching.discard(transfer.archive)
            return await transfer.finish()
        except RestoreError as error:
            return error

    async def _recognize(self, archive: Archive, job: JobDocument) -> Archive:
        """Take the file that is there for the finished archive if its hash is published; it is hashed only here.

        The records go when a batch is complete and compared. The same download again must not need the link, which
        may be used up by then.
        """
        if not published_sha1(job):
            return archive
        found = Archive(self._directory, archive.name, archive.record, archive.allowed)
        self._archives[archive.record.key] = found
        if await self._rules.threads.run(found.adopt):
            # One step in a thread: an archive has terabytes, and a cancelled download must not go on reading.
            while not await self._rules.threads.run(found.rehash):
                pass
            if compare(job, (found.record.source_name, found.name), found.sha1).result is Verification.VERIFIED:
                return found
        await self._rules.threads.run(found.close)
        self._archives[archive.record.key] = archive
        return archive

    def _read_directory(self) -> dict[tuple[str, str], str]:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            return read_records(self._directory)
        except OSError as error:
            raise DownloadError(
                f"{self._directory} cannot be used: {error.strerror or error}", hint=Hint(HintKind.CHOOSE_DIRECTORY)
            ) from error
        except ValueError as error:
            raise DownloadError(
                f"{str(self._directory)!r} cannot be used: not a valid directory name",
                hint=Hint(HintKind.CHOOSE_DIRECTORY),
            ) from error

    def _name(self, job: JobDocument, there: dict[tuple[str, str], str], taken: set[str]) -> Iterator[Archive]:
        identity = _identity(job)
        links = find_links(job)
        labels = [label for label, link in links.items() if link is not None]
        labels += [label for who, label in there if who == identity and label not in labels]
        # A link that is not there, of a file that was not begun: nothing of the batch is begun either. A job without
        # any link may not name its archives any more.
        published = None if labels else published_name(job)
        labels += [] if published is None else [""]
        missing = [label for label in links if label not in labels and (label or len(links) > 1)]
        if missing or not labels:
            raise no_link(link_state(job))
        for label in labels:
            key = (identity, label)
            if key in self._archives:
                continue
            link = links.get(label)
            told = published or "" if link is None else link.file_name
            name = there.get(key)
            if name is None:
                name = unique_name(safe_name(told, default=f"{job.id}.tar.gz"), label, taken)
                taken.add(name.casefold())
            record = PartRecord(job=identity, label=label, source_name=told)
            self._archives[key] = Archive(self._directory, name, record, downloads_allowed(job))
            yield self._archives[key]

    def _reserved(self, asking: Archive) -> int:
        others = self._fetching - {asking}
        return sum(max(0, (archive.record.size or 0) - archive.kept) for archive in others)

    def _forget(self) -> None:
        for archive in self._archives.values():
            archive.forget()


def _describe(sources: Sequence[DownloadSource]) -> Operation:
    refs = tuple(source.job.ref for source in sources if source.job.ref is not None)
    families = {ref.family for ref in refs}
    return Operation(kind="download", family=families.pop() if len(families) == 1 else None, refs=refs)


def _identity(job: JobDocument) -> str:
    return job.id if job.ref is None else str(job.ref)


def _directory(value: Any) -> Path:
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise ConfigError(f"directory must be a str or Path, not {value!r}")
    return Path(value)
