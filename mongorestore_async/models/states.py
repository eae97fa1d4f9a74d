"""States and kinds of restore jobs.

The words of the API are open enumerations: releases add words, and old answers hold words no page lists any
more (``OPEN`` in 2014). A field is therefore typed ``JobStatus | str``: a known word is a member, in whatever
case it came, and an unknown one stays the text it was.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

__all__ = [
    "BAD_ENDS",
    "END_WORDS",
    "OVER",
    "CloudBackupDeliveryType",
    "CloudBackupSnapshotStatus",
    "DeliveryMethod",
    "DeliveryStatus",
    "JobState",
    "JobStatus",
    "TenantDeliveryType",
    "TenantStatus",
    "known",
    "state_of",
    "words",
]

WordT = TypeVar("WordT", bound=StrEnum)


class JobState(StrEnum):
    """The states that all families are mapped to; never sent or received.

    ``UNKNOWN`` is a state that this version does not know. It is never success: keep waiting, or check the
    job's own status field.
    """

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


#: States in which a job has ended badly, and those in which it has ended. UNKNOWN is none of them.
BAD_ENDS = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})
OVER = BAD_ENDS | {JobState.FINISHED}

#: Words that can only mean an end, in whatever family they are met. Good ends are the exact words of three families
#: (Ops Manager, M2/M5 and flex, collection-level restores) and no others: a bad end that is not known costs time, a
#: good end that is none costs data. So ``SUCCEEDED`` and ``DONE`` stay unknown. So do ``ERROR``, ``INTERRUPTED`` and
#: ``STOPPED``, after which a job may go on, and ``CLOSED``, which does not tell how it ended (M2/M5 documents it).
END_WORDS: Mapping[str, JobState] = MappingProxyType(
    {
        "FINISHED": JobState.FINISHED,
        "COMPLETED": JobState.FINISHED,
        "SUCCESSFUL": JobState.FINISHED,
        "FAILED": JobState.FAILED,
        "BROKEN": JobState.FAILED,
        "ABORTED": JobState.FAILED,
        "KILLED": JobState.CANCELLED,
        "CANCELLED": JobState.CANCELLED,
        "CANCELED": JobState.CANCELLED,
        "EXPIRED": JobState.EXPIRED,
    }
)


class JobStatus(StrEnum):
    """``statusName`` of an Ops Manager or Cloud Manager job."""

    FINISHED = "FINISHED"
    IN_PROGRESS = "IN_PROGRESS"
    BROKEN = "BROKEN"
    KILLED = "KILLED"


class DeliveryStatus(StrEnum):
    """``delivery.statusName`` of an Ops Manager or Cloud Manager job.

    ``READY`` does not mean that there is a URL: the vendor's create examples show it without.
    """

    NOT_STARTED = "NOT_STARTED"
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    EXPIRED = "EXPIRED"
    MAX_DOWNLOADS_EXCEEDED = "MAX_DOWNLOADS_EXCEEDED"


class DeliveryMethod(StrEnum):
    """``delivery.methodName``.

    An automated job comes back as ``HTTP``, because the archive reaches the target host by HTTP: never infer
    the kind of a job from this word alone. ``SCP`` was removed on 2018-03-27 and is only read.
    """

    HTTP = "HTTP"
    AUTOMATED_RESTORE = "AUTOMATED_RESTORE"
    QUERY = "QUERY"
    SCP = "SCP"
    CLIENT_PIT_HTTP = "CLIENT_PIT_HTTP"
    CLIENT_PIT_SCP = "CLIENT_PIT_SCP"
    THIRD_PARTY_COPY = "THIRD_PARTY_COPY"


class CloudBackupDeliveryType(StrEnum):
    """``deliveryType`` of an Atlas cloud backup job."""

    AUTOMATED = "automated"
    DOWNLOAD = "download"
    POINT_IN_TIME = "pointInTime"


class CloudBackupSnapshotStatus(StrEnum):
    """``status`` of an Atlas cloud backup snapshot."""

    QUEUED = "queued"
    IN_PROGRESS = "inProgress"
    COMPLETED = "completed"
    FAILED = "failed"


class TenantDeliveryType(StrEnum):
    """``deliveryType`` of an Atlas M2/M5 or flex job."""

    RESTORE = "RESTORE"
    DOWNLOAD = "DOWNLOAD"


class TenantStatus(StrEnum):
    """``status`` of an Atlas M2/M5 or flex job or snapshot. ``CLOSED`` (a used-up download) stands in prose only."""

    PENDING = "PENDING"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    COMPLETED = "COMPLETED"
    CLOSED = "CLOSED"


@functools.cache
def words(enumeration: type[WordT]) -> Mapping[str, WordT]:
    """Members of an open enumeration by their case-folded word."""
    return MappingProxyType({member.value.casefold(): member for member in enumeration})


def known(enumeration: type[WordT], text: str | None) -> WordT | str | None:
    """Return the member ``text`` names, in whatever case; anything else comes back as it is."""
    return text if text is None else words(enumeration).get(text.casefold(), text)


def state_of(word: str | None, documented: Mapping[str, JobState]) -> JobState:
    """Tell the state that a status word means, in whatever case it came; UNKNOWN unless it is certain.

    Args:
        word: The word as received, None where there was none.
        documented: What the family documents, by upper-case word. It comes before :data:`END_WORDS`.

    """
    key = (word or "").strip().upper()
    return documented.get(key) or END_WORDS.get(key, JobState.UNKNOWN)
