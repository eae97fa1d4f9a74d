"""What goes wrong in the life of a restore: choosing, creating, waiting, downloading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mongorestore_async.errors.base import ConfigError, RestoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from mongorestore_async.errors.base import RequestContext
    from mongorestore_async.errors.findings import Finding, OpenReconciliation, TakenReconciliation
    from mongorestore_async.errors.hints import Hint

__all__ = [
    "DiskFull",
    "DownloadError",
    "DownloadExpired",
    "DownloadLost",
    "DownloadTruncated",
    "DownloadUsedUp",
    "HashMismatch",
    "JobLike",
    "JobVanished",
    "LinkRefused",
    "MaybeCreated",
    "NotAnArchive",
    "NotRestorable",
    "NothingToDownload",
    "RestoreFailed",
    "RestoreIncomplete",
    "WaitError",
    "WaitTimeout",
]


class MaybeCreated(RestoreError):
    """A create was sent and its outcome is not known: a restore may be running.

    Do not send the create again blindly: call :meth:`reconcile`, or check the job list. The failure that left
    the outcome open is the ``__cause__``.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reconcile: Callable[[], Awaitable[TakenReconciliation[Any] | OpenReconciliation[Any]]] | None = None,
        dismiss: Callable[[], None] | None = None,
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at, hint=hint)
        self._reconcile = reconcile
        self._dismiss = dismiss

    def __reduce__(self) -> tuple[Any, ...]:
        # The session stays in the process that made the call.
        return type(self), self.args, {**self.__dict__, "_reconcile": None, "_dismiss": None}

    async def reconcile(self) -> TakenReconciliation[Any] | OpenReconciliation[Any]:
        """Search the job list for what the create may have started. Can be called again later.

        Returns:
            A :class:`Reconciliation`: ``verdict`` (taken, not taken, cannot tell), ``batch`` when it was taken, and all
            ``candidates``.

        Raises:
            ConfigError: The error comes from another process.
            RestoreError: The list could not be read.

        """
        if self._reconcile is None:
            raise ConfigError("this error comes from another process; list the cluster's restore jobs instead")
        return await self._reconcile()

    def dismiss(self) -> None:
        """Say that you have looked, and that no restore of this create is running, nor will one appear.

        The create leaves ``session.open_creates`` and blocks no ``ensure_restore()`` into its target any more. Nothing
        is sent. Of a create that is not open any more it does nothing. :meth:`reconcile` can be called all the same.

        Raises:
            ConfigError: The error comes from another process.

        """
        if self._dismiss is None:
            raise ConfigError("this error comes from another process: dismiss it in session.open_creates of that one")
        self._dismiss()


class NotRestorable(RestoreError):
    """The restore is not possible: no snapshot fits, the target has no backup, or a pre-check says no.

    Attributes:
        findings: What the pre-check found; empty without one.

    """

    def __init__(
        self,
        message: str = "",
        *,
        findings: Sequence[Finding] = (),
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at, hint=hint)
        self.findings: tuple[Finding, ...] = tuple(findings)


class JobLike(Protocol):
    """The job as errors show it: a :class:`JobDocument` of the family, which this room does not import."""

    @property
    def id(self) -> str:
        """Job id."""
        ...

    @property
    def ref(self) -> Any:
        """Its :class:`JobRef`, or None."""
        ...

    @property
    def state(self) -> str:
        """Its :class:`JobState`."""
        ...

    @property
    def raw(self) -> Mapping[str, Any]:
        """The document as received."""
        ...

    def to_dict(self, *, redacted: bool = True) -> dict[str, Any]:
        """Copy the document into plain dictionaries.

        Args:
            redacted: Whether secrets, such as download links, are replaced by a placeholder.

        Returns:
            The copy.

        """
        ...


class WaitError(RestoreError):
    """A wait ended without success. The restores keep running: waiting never changes them.

    Attributes:
        jobs: All jobs waited for, each as it was read last.

    """

    def __init__(
        self,
        message: str = "",
        *,
        jobs: Sequence[JobLike] = (),
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at, hint=hint)
        self.jobs: tuple[JobLike, ...] = tuple(jobs)

    @property
    def refs(self) -> tuple[Any, ...]:
        """References (:class:`JobRef`) to the jobs, for ``session.batch(error.refs)``, to wait again."""
        return tuple(job.ref for job in self.jobs if job.ref is not None)


class WaitTimeout(WaitError):
    """The time given to a wait passed before all jobs were over."""


class JobVanished(WaitError):
    """A job that was read before can no longer be found, so its outcome is unknown: it may have succeeded.

    Attributes:
        vanished: The jobs that cannot be found, each as it was read last.

    """

    def __init__(
        self,
        message: str = "",
        *,
        jobs: Sequence[JobLike] = (),
        vanished: Sequence[JobLike] = (),
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, jobs=jobs, request=request, resume_at=resume_at, hint=hint)
        self.vanished: tuple[JobLike, ...] = tuple(vanished)


class RestoreFailed(WaitError):
    """At least one restore ended badly: failed, was cancelled, or expired.

    Attributes:
        failed: The jobs that ended badly.

    """

    def __init__(
        self,
        message: str = "",
        *,
        jobs: Sequence[JobLike] = (),
        failed: Sequence[JobLike] = (),
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, jobs=jobs, request=request, resume_at=resume_at, hint=hint)
        self.failed: tuple[JobLike, ...] = tuple(failed)


class RestoreIncomplete(RestoreFailed):
    """A restore ended well by its state, but not all of what it named was restored, or not with its indexes.

    Attributes:
        collections: The collections (:class:`RestoredCollection`) that were not restored as asked.
        missing: Named databases and collections of which the server tells nothing.

    """

    def __init__(
        self,
        message: str = "",
        *,
        jobs: Sequence[JobLike] = (),
        failed: Sequence[JobLike] = (),
        collections: Sequence[Any] = (),
        missing: Sequence[str] = (),
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, jobs=jobs, failed=failed, request=request, resume_at=resume_at, hint=hint)
        self.collections: tuple[Any, ...] = tuple(collections)
        self.missing: tuple[str, ...] = tuple(missing)


class DownloadError(RestoreError):
    """An archive could not be fetched. There is no file under its final name.

    Attributes:
        file_name: Name of the file, None where none was reached.
        received: Bytes of it that are kept on disk, to resume from.

    """

    def __init__(
        self,
        message: str = "",
        *,
        file_name: str | None = None,
        received: int = 0,
        request: RequestContext | None = None,
        resume_at: int | None = None,
        hint: Hint | None = None,
    ) -> None:
        super().__init__(message, request=request, resume_at=resume_at, hint=hint)
        self.file_name = file_name
        self.received = received


class DownloadExpired(DownloadError):
    """The link has expired: create a new restore job."""


class DownloadUsedUp(DownloadError):
    """The link has reached its maximum number of downloads (``maxDownloads``): create a new restore job."""


class DownloadLost(DownloadError):
    """The job failed or was cancelled, so it will never have an archive: create a new restore job."""


class NothingToDownload(DownloadError):
    """The job restores into a cluster: it has no archive, and never will."""


class LinkRefused(DownloadError):
    """The download host refuses a link that the job still publishes: create a new restore job."""


class DownloadTruncated(DownloadError):
    """The server ended the file before its announced end."""


class NotAnArchive(DownloadError):
    """What the link gave is no archive; its bytes are kept beside the file's name."""


class HashMismatch(DownloadError):
    """The bytes received do not match the SHA-1 that the API published."""


class DiskFull(DownloadError):
    """The file does not fit onto the disk."""
