"""When a restore job is over, and whether well: the families' own rules ("States and waiting").

The words of all jobs decide (``over``, ``ok`` and ``downloadable``, which the models define): the bad ones come first,
because a failed job may have a finish time. A status word that can only mean an end is one in every family
(``END_WORDS`` in ``models.states``); a word that is not known is never an end, least of all a good one.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from mongorestore_async.errors import ConfigError, Hint, HintKind
from mongorestore_async.models import (
    CloudBackupDeliveryType,
    CloudBackupRestoreJob,
    CollectionRestoreJob,
    DeliveryMethod,
    DeliveryStatus,
    JobState,
    RestoreJob,
    TenantDeliveryType,
    TenantRestoreJob,
)
from mongorestore_async.models.states import BAD_ENDS, known, state_of
from mongorestore_async.protocol.redaction import redact_text

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.models import JobDocument

__all__ = ["Ending", "Goal", "Until", "WaitOutcome", "check_until", "describe", "end_of", "until_told"]

#: What a wait waits for: the restore itself, or the file to be there.
Until: TypeAlias = Literal["finished", "downloadable"]

#: The same for several jobs: ``"told"`` is for each what the job itself tells (:func:`until_told`).
Goal: TypeAlias = Literal["finished", "downloadable", "told"]

#: How much of a server's message is told.
_LONGEST_MESSAGE = 300

_UNTIL = ("finished", "downloadable")
_BAD_DELIVERY = frozenset(
    {
        DeliveryStatus.FAILED,
        DeliveryStatus.INTERRUPTED,
        DeliveryStatus.EXPIRED,
        DeliveryStatus.MAX_DOWNLOADS_EXCEEDED,
    }
)
_DOWNLOADS = frozenset({CloudBackupDeliveryType.DOWNLOAD, TenantDeliveryType.DOWNLOAD})
_RESTORES = frozenset(
    {CloudBackupDeliveryType.AUTOMATED, CloudBackupDeliveryType.POINT_IN_TIME, TenantDeliveryType.RESTORE}
)


class WaitOutcome(Enum):
    """The outcome of a job for a wait."""

    GOING_ON = auto()
    DONE = auto()
    BAD = auto()
    #: It ended well, but not all that it named was restored.
    INCOMPLETE = auto()
    #: It was there and can no longer be found: it may have ended well or badly, or be running.
    LOST = auto()


@attrs.frozen
class Ending:
    """How a job ended, or that it is still running.

    Attributes:
        outcome: Whether it is over, and how.
        words: Its state in the API's own terms, for people.

    """

    outcome: WaitOutcome
    words: str

    @property
    def over(self) -> bool:
        """Whether the job needs no more polls."""
        return self.outcome is not WaitOutcome.GOING_ON


def check_until(until: str, job: JobDocument | None = None) -> None:
    """Check ``until``, and that this job can reach it.

    Whether an Ops Manager job is a download shows only where the server echoes the target of an automated one
    (D13), so not all vain waits are found.

    Raises:
        ConfigError: Unknown value, or a job that restores into a cluster and has no file.

    """
    if until not in _UNTIL:
        raise ConfigError(f"until must be {' or '.join(map(repr, _UNTIL))}, not {until!r}")
    if job is not None and until == "downloadable" and _fills_a_cluster(job):
        raise ConfigError(
            f"restore job {job.id} restores into a cluster and will have no download:",
            hint=Hint(HintKind.WAIT_UNTIL_FINISHED),
        )


def until_told(job: JobDocument) -> Until | None:
    """Tell what to wait for from the kind of a job, None where it does not show.

    On Ops Manager, Cloud Manager and Atlas legacy only a job that shows its target tells, and not all do (D13).
    """
    if _fills_a_cluster(job):
        return "finished"
    return "downloadable" if _kind_of(job) in _DOWNLOADS else None


def end_of(job: JobDocument, until: Until, now: datetime) -> Ending:
    """Decide whether a job is over for a wait for ``until``.

    FINISHED beside an EXPIRED delivery is a restore that is over and a file that is not there any more: done for
    the one, bad for the other. READY does not mean that there is a URL.

    Args:
        job: As it was read last.
        until: What is waited for.
        now: The time, for a file whose URL is missing: it may come, unless its time has passed (D30); aware.

    """
    words = describe(job)
    if job.state in BAD_ENDS or (until == "downloadable" and _has_lost_its_file(job)):
        outcome = WaitOutcome.BAD
    elif until == "downloadable":
        outcome = WaitOutcome.DONE if job.downloadable else WaitOutcome.GOING_ON
    elif job.ok is None:  # it is running, or its collections are still to be read
        outcome = WaitOutcome.GOING_ON
    else:
        outcome = WaitOutcome.DONE if job.ok else WaitOutcome.INCOMPLETE
    if outcome is WaitOutcome.GOING_ON and until == "downloadable" and _is_too_late(job, now):
        return Ending(WaitOutcome.BAD, f"{words}, and its download has expired")
    return Ending(outcome, words)


def describe(job: JobDocument) -> str:
    """Describe the state of a job in the API's own terms; a change of this text is a change of its state."""
    if isinstance(job, RestoreJob):
        delivery = None if job.delivery is None else job.delivery.status_name
        words = f"statusName {_word(job.status_name)}"
        if delivery is not None:
            words += f", delivery {_word(delivery)}"
    elif isinstance(job, TenantRestoreJob):
        words = f"status {_word(job.status)}"
    elif isinstance(job, CollectionRestoreJob):
        words = f"state {_word(job.state_name)}{_about_collections(job)}"
    else:
        words = str(job.state).lower()
    return f"{words}, with a URL" if _has_file(job) else words


def _word(word: str | None) -> str:
    return "unknown" if word is None else str(word).upper()


def _has_lost_its_file(job: JobDocument) -> bool:
    if not isinstance(job, RestoreJob) or job.delivery is None:
        return False
    word = job.delivery.status_name
    return known(DeliveryStatus, word) in _BAD_DELIVERY or state_of(word, {}) in BAD_ENDS


def _about_collections(job: CollectionRestoreJob) -> str:
    if job.state in BAD_ENDS:
        return f": {redact_text(job.error_message)[:_LONGEST_MESSAGE]}" if job.error_message else ""
    if job.state is not JobState.FINISHED:
        return ""
    outcome = job.outcome
    if outcome is None:
        return ", its collections not read yet"
    counts = ((len(outcome.incomplete), "not restored as asked"), (len(outcome.missing), "not listed"))
    told = [f"{count} {what}" for count, what in counts if count]
    return "".join(f", {each}" for each in [*told, outcome.problem] if each)


def _has_file(job: JobDocument) -> bool:
    if isinstance(job, RestoreJob):
        return job.delivery is not None and bool(job.delivery.url or job.delivery.url_v2)
    if isinstance(job, CloudBackupRestoreJob):
        every_part = bool(job.components) and all(part.download_url for part in job.components)
        return bool(job.delivery_url) or every_part
    return isinstance(job, TenantRestoreJob) and bool(job.snapshot_url)


def _kind_of(job: JobDocument) -> CloudBackupDeliveryType | TenantDeliveryType | None:
    """Tell the kind of a job; None for a word that its family does not have, be it one of another family."""
    kind: str | None = None
    if isinstance(job, CloudBackupRestoreJob):
        kind = known(CloudBackupDeliveryType, job.delivery_type)
    elif isinstance(job, TenantRestoreJob):
        kind = known(TenantDeliveryType, job.delivery_type)
    return kind if isinstance(kind, (CloudBackupDeliveryType, TenantDeliveryType)) else None


def _fills_a_cluster(job: JobDocument) -> bool:
    if not isinstance(job, RestoreJob):
        return isinstance(job, CollectionRestoreJob) or _kind_of(job) in _RESTORES
    if job.delivery is None or _has_file(job):
        return False
    delivery = job.delivery
    echoed = delivery.target_cluster_id or delivery.target_cluster_name
    return bool(echoed) or known(DeliveryMethod, delivery.method_name) is DeliveryMethod.AUTOMATED_RESTORE


def _is_too_late(job: JobDocument, now: datetime) -> bool:
    """Whether the server is done with a file that has no URL, and its time has passed."""
    if isinstance(job, RestoreJob):
        delivery = job.delivery
        ready = delivery is not None and known(DeliveryStatus, delivery.status_name) is DeliveryStatus.READY
    else:
        ready = isinstance(job, TenantRestoreJob) and job.state is JobState.FINISHED
    ends = job.expires_at if ready else None
    return ends is not None and ends <= now
