"""Settings, progress and results of downloads."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.downloading.published_hashes import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mongorestore_async.models import JobRef
    from mongorestore_async.transport.observers import Observer
    from mongorestore_async.transport.retrying import RetryRule
    from mongorestore_async.transport.worker_threads import WorkerThreads

__all__ = ["DownloadProgress", "DownloadRules", "DownloadedFile", "Verification", "utc_now"]


_logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the current time (UTC)."""
    return datetime.now(UTC)


@attrs.frozen(kw_only=True)
class DownloadedFile:
    """An archive that is whole on disk.

    Attributes:
        path: The file.
        size: Bytes.
        sha1: Hexadecimal SHA-1 of the file.
        verification: The result of comparing it with the published one.
        ref: The job it belongs to, None for a job of unknown origin.
        seconds: How long this call worked on it.
        resumed_from: Bytes that were there already when the last answer came; all, where none was needed.
        requests: How often its link was used for it, earlier calls included.
        reason: Why it is not verified, in words; None where it is.

    """

    path: Path
    size: int
    sha1: str
    verification: Verification
    ref: JobRef | None
    seconds: float
    resumed_from: int
    requests: int
    reason: str | None = None


@attrs.frozen(kw_only=True)
class DownloadProgress:
    """How far one archive is.

    Attributes:
        file_name: Name of the file.
        received: Bytes that are there.
        total: Bytes of the whole file, None while unknown.
        resumed_from: How many of them were there before the current answer; 0 for a start from the beginning,
            also where the server did not resume.
        seconds: Time since this call began with the file.

    """

    file_name: str
    received: int
    total: int | None
    resumed_from: int
    seconds: float


@attrs.frozen(kw_only=True)
class DownloadRules:
    """How downloads are made; see :func:`download_batch`."""

    retry: RetryRule
    threads: WorkerThreads
    on_progress: Callable[[DownloadProgress], None] | None = None
    overwrite: bool = False
    check_gzip: bool = False
    verify_tries: int = 5
    verify_pause: float = 2.0
    now: Callable[[], datetime] = utc_now
    observer: Observer | None = None

    def notify(self, progress: DownloadProgress) -> None:
        """Call the hook, if there is one."""
        if self.on_progress is None:
            return
        try:
            self.on_progress(progress)
        except Exception:
            _logger.exception("the on_progress hook failed; the download continues")
