"""Which archives a job has, their links, and why there may be none (neighbours of the API, section 5)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.downloading.file_names import name_in_url
from mongorestore_async.errors import (
    ApiError,
    DownloadError,
    DownloadExpired,
    DownloadLost,
    DownloadUsedUp,
    Hint,
    HintKind,
    NothingToDownload,
    ProxyFailed,
    RateLimited,
    ServerError,
)
from mongorestore_async.models import (
    CloudBackupDeliveryType,
    CloudBackupRestoreJob,
    DeliveryMethod,
    DeliveryStatus,
    JobState,
    RestoreJob,
    Secret,
    TenantDeliveryType,
    TenantRestoreJob,
)
from mongorestore_async.models.secret import REDACTED
from mongorestore_async.models.states import known
from mongorestore_async.protocol.rate_limit_headers import retry_after
from mongorestore_async.protocol.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mongorestore_async.errors import RequestContext
    from mongorestore_async.models import Headers, JobDocument

__all__ = [
    "DownloadLink",
    "LinkState",
    "downloads_allowed",
    "find_links",
    "link_state",
    "next_step",
    "no_link",
    "refusal",
]

#: The largest 32-bit number stands for no limit.
_UNLIMITED = 2_147_483_647

_WAITING = frozenset({DeliveryStatus.NOT_STARTED, DeliveryStatus.PENDING, DeliveryStatus.IN_PROGRESS})


@attrs.frozen
class DownloadLink:
    """Where one archive is fetched.

    Attributes:
        url: To be used byte for byte: its key is part of it, or it is signed.
        header: Name and value of the header it needs, None for none.

    """

    url: Secret
    header: tuple[str, Secret] | None = None

    @property
    def file_name(self) -> str:
        """What the server calls the file; not yet safe to be used on disk."""
        return name_in_url(self.url)

    def redact(self, page: bytes) -> bytes:
        """Take the link, and whatever else looks like a secret, out of a page that may repeat it."""
        text = page.decode("latin-1").replace(self.url, REDACTED)
        if self.header is not None:
            text = text.replace(self.header[1], REDACTED)
        return redact_text(text).encode("latin-1", errors="replace")


class LinkState(StrEnum):
    """The state of the links of a job."""

    READY = "READY"
    NOT_READY = "NOT_READY"
    EXPIRED = "EXPIRED"
    USED_UP = "USED_UP"
    FAILED = "FAILED"
    NO_ARCHIVE = "NO_ARCHIVE"


_LOST: Mapping[object, LinkState] = {
    DeliveryStatus.EXPIRED: LinkState.EXPIRED,
    DeliveryStatus.MAX_DOWNLOADS_EXCEEDED: LinkState.USED_UP,
    DeliveryStatus.FAILED: LinkState.FAILED,
    DeliveryStatus.INTERRUPTED: LinkState.FAILED,
}
_ENDED: Mapping[JobState, LinkState] = {
    JobState.FAILED: LinkState.FAILED,
    JobState.CANCELLED: LinkState.FAILED,
    JobState.EXPIRED: LinkState.EXPIRED,
}
_KINDS: Mapping[LinkState, type[DownloadError]] = {
    LinkState.READY: DownloadUsedUp,
    LinkState.EXPIRED: DownloadExpired,
    LinkState.USED_UP: DownloadUsedUp,
    LinkState.FAILED: DownloadLost,
    LinkState.NO_ARCHIVE: NothingToDownload,
}
_WORDS: Mapping[LinkState, str] = {
    LinkState.READY: "the link of one archive of the job was used or has expired; create a new restore job",
    LinkState.NOT_READY: "the archive cannot be fetched yet",
    LinkState.EXPIRED: "the download link has expired; create a new restore job",
    LinkState.USED_UP: "the download link has reached its maximum number of downloads; create a new restore job",
    LinkState.FAILED: "the restore job failed or was cancelled, and has no archive; create a new restore job",
    LinkState.NO_ARCHIVE: "the job restores into a cluster and has no archive",
}
_HINTS: Mapping[LinkState, Hint] = {
    LinkState.NOT_READY: Hint(HintKind.WAIT_UNTIL_DOWNLOADABLE),
    LinkState.NO_ARCHIVE: Hint(HintKind.REQUEST_DOWNLOAD),
}


def find_links(job: JobDocument) -> Mapping[str, DownloadLink | None]:
    """Name the archives of a job, by a label that is unique in the job: mostly one, called ``""``.

    A sharded download of Atlas cloud backup has one for each shard and for the config server, labelled with the
    replica set. A link is None before it exists, and again after its use and its expiry.
    """
    if isinstance(job, RestoreJob):
        return {"": _delivered(job)}
    if isinstance(job, TenantRestoreJob):
        return {"": _plain(job.snapshot_url)}
    if isinstance(job, CloudBackupRestoreJob):
        return _components(job) or _single(job) or {"": None}
    return {}


def link_state(job: JobDocument) -> LinkState:
    """Derive the state of a job's links from the job alone, without a clock.

    READY may stand on a job without any link: then it is NOT_READY for us. A link may stand on an expired job. A
    finished job of Ops Manager or Cloud Manager with neither link nor limits of one restored into a cluster (D13).
    """
    if isinstance(job, RestoreJob):
        return _delivery_state(job)
    if isinstance(job, TenantRestoreJob) and job.state is JobState.EXPIRED:
        return LinkState.USED_UP  # CLOSED: a download that was fetched
    if _has_no_archive(job):
        return LinkState.NO_ARCHIVE
    if job.state in _ENDED:
        return _ENDED[job.state]
    return LinkState.READY if any(find_links(job).values()) else LinkState.NOT_READY


def downloads_allowed(job: JobDocument) -> int | None:
    """How often each link of a job may be used (``maxDownloads``); None for no limit, and where none is shown."""
    if not isinstance(job, RestoreJob) or job.delivery is None or job.delivery.max_downloads is None:
        return None
    return None if job.delivery.max_downloads >= _UNLIMITED else job.delivery.max_downloads


def next_step(requests: int, allowed: int | None) -> str:
    """Say how a download that ended early can be completed.

    Args:
        requests: How often its link was used.
        allowed: How often it may be used, None for no limit.

    """
    if allowed is None:
        return "download again to resume"
    if requests < allowed:
        return f"download again to resume: {requests} of {allowed} uses of the link are spent"
    times = "the one time" if allowed == 1 else f"the {allowed} times"
    return (
        f"create a new restore job: the link was used {times} allowed; only if the job is still READY, the same call "
        f"may resume"
    )


def no_link(state: LinkState, *, file_name: str | None = None, received: int = 0) -> DownloadError:
    """Make the error for links in a state that is not READY.

    Args:
        state: Where the links stand.
        file_name: The file concerned, None where none was reached.
        received: Bytes of it that are kept.

    """
    kind = _KINDS.get(state, DownloadError)
    return kind(_WORDS[state], file_name=file_name, received=received, hint=_HINTS.get(state))


def refusal(status: int, headers: Headers, request: RequestContext, now: datetime) -> ApiError | ProxyFailed:
    """Make the error for an answer of a download host that carries no bytes; its body may hold the link.

    Args:
        status: HTTP status.
        headers: Headers of the answer.
        request: The request it answers.
        now: The time (aware), for an answer without a date.

    """
    if status == 407:  # noqa: PLR2004 - of a proxy; over https it would refuse the tunnel
        failure = ProxyFailed("the proxy wants a login (HTTP 407)", request=request, hint=Hint(HintKind.CHECK_PROXY))
        failure.repeatable = False
        return failure
    kind: type[ApiError] = ServerError if status >= 500 else RateLimited if status == 429 else ApiError  # noqa: PLR2004
    return kind(
        f"the download host answered HTTP {status}",
        status=status,
        retry_after=retry_after(headers, None, (), now),
        request=request,
    )


def _has_no_archive(job: JobDocument) -> bool:
    """Whether a job puts its data into a cluster; a kind of its own may be a download."""
    if isinstance(job, CloudBackupRestoreJob):
        kind = known(CloudBackupDeliveryType, job.delivery_type)
        return isinstance(kind, CloudBackupDeliveryType) and kind is not CloudBackupDeliveryType.DOWNLOAD
    if isinstance(job, TenantRestoreJob):
        return known(TenantDeliveryType, job.delivery_type) is TenantDeliveryType.RESTORE
    return True


def _delivery_state(job: RestoreJob) -> LinkState:
    if job.state in _ENDED:
        return _ENDED[job.state]
    status = None if job.delivery is None else known(DeliveryStatus, job.delivery.status_name)
    if status in _LOST:
        return _LOST[status]
    if _fills_a_cluster(job):
        return LinkState.NO_ARCHIVE
    if status in _WAITING or _delivered(job) is None:
        return LinkState.NOT_READY
    return LinkState.READY


def _fills_a_cluster(job: RestoreJob) -> bool:
    delivery = job.delivery
    if delivery is None or _delivered(job) is not None:
        return False
    if delivery.target_cluster_id or delivery.target_cluster_name:
        return True
    if known(DeliveryMethod, delivery.method_name) is DeliveryMethod.AUTOMATED_RESTORE:
        return True
    limits = delivery.max_downloads, delivery.expires, delivery.expiration_hours
    is_ready = known(DeliveryStatus, delivery.status_name) is DeliveryStatus.READY
    return job.state is JobState.FINISHED and is_ready and limits == (None, None, None)


def _delivered(job: RestoreJob) -> DownloadLink | None:
    delivery = job.delivery
    if delivery is None:
        return None
    if delivery.url_v2 and delivery.auth_value:
        scheme = delivery.auth_bearer or "Bearer"
        value = Secret(f"{scheme} {delivery.auth_value}")
        return DownloadLink(delivery.url_v2, (delivery.auth_header or "Authorization", value))
    return _plain(delivery.url)


def _components(job: CloudBackupRestoreJob) -> dict[str, DownloadLink | None]:
    found: dict[str, DownloadLink | None] = {}
    for number, part in enumerate(job.components):
        name = part.replica_set_name or f"part-{number}"
        found[name if name not in found else f"{name}-{number}"] = _plain(part.download_url)
    return found if any(found.values()) or not job.delivery_url else {}


def _single(job: CloudBackupRestoreJob) -> dict[str, DownloadLink | None]:
    # An array of one in every recording, and the first is the one to fetch ("The whole walk").
    first = next(filter(None, job.delivery_url), None)
    return {} if first is None else {"": DownloadLink(first)}


def _plain(url: Secret | None) -> DownloadLink | None:
    return DownloadLink(url) if url else None
