"""The table of faults: a function for each, whose name is the name of the fault and whose parameters are its own.

The first line of a docstring says what the client meets. ``reached`` is whether the server had processed the call: a
create whose answer is lost in this way was taken.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs
from aiohttp import web

from mongorestore_async.emulator.faults.fault_plan import FaultParts, FaultPlan, Strikes
from mongorestore_async.emulator.service_errors import error_document
from mongorestore_async.emulator.world import JobOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async.emulator.download_state import DownloadRecord
    from mongorestore_async.emulator.request_log import RequestRecord
    from mongorestore_async.emulator.world import Job

__all__ = [
    "FAULTS",
    "blocked_address",
    "broken_json",
    "cancelled_restore",
    "changed_archive",
    "corrupt_archive",
    "cut_download",
    "drift",
    "dropped_connection",
    "empty_body",
    "expired_link",
    "expired_nonce",
    "expired_token",
    "failed_restore",
    "forbidden",
    "gateway_408",
    "gateway_502",
    "gateway_503",
    "gateway_504",
    "html_page",
    "lost_answer",
    "missing_job",
    "no_answer",
    "no_ranges",
    "rate_limited",
    "revoked_key",
    "server_error",
    "service_unavailable",
    "sign_in_redirect",
    "slow_answer",
    "slow_body",
    "stalled_download",
    "truncated_answer",
    "truncated_archive",
    "upgrade",
    "used_link",
]

_PAGE = "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


def _page(status: int, title: str = "", headers: Mapping[str, str] | None = None) -> Callable[[], web.StreamResponse]:
    text = _PAGE.format(title=title or f"{status} {HTTPStatus(status).phrase}")
    return lambda: web.Response(status=status, text=text, content_type="text/html", headers=headers)


def _error(
    status: int, code: str, detail: str, retry_after: float | None = None, *parameters: Any
) -> Callable[[], web.StreamResponse]:
    document, headers = error_document(status, code, detail, *parameters), _retry_after(retry_after)
    return lambda: web.json_response(document, status=status, headers=headers)


def _retry_after(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}


def _played(**changes: Any) -> Callable[[FaultParts, DownloadRecord, Job], Any]:
    return lambda parts, _record, _job: attrs.evolve(parts.downloads.play, **changes)


# --- in front of the API ----------------------------------------------------------------------------------------------


def gateway_408(*, reached: bool = False) -> FaultPlan:
    """A gateway in front gives up on the request: 408 and an HTML page."""
    return FaultPlan(answer=_page(408), reached=reached)


def gateway_502(*, reached: bool = False) -> FaultPlan:
    """A gateway in front has no server behind it: 502 and an HTML page."""
    return FaultPlan(answer=_page(502), reached=reached)


def gateway_503(*, retry_after: float | None = None, reached: bool = False) -> FaultPlan:
    """A gateway in front is busy: 503 and an HTML page; ``retry_after`` in seconds."""
    return FaultPlan(answer=_page(503, headers=_retry_after(retry_after)), reached=reached)


def gateway_504(*, reached: bool = True) -> FaultPlan:
    """A gateway in front waited too long for the server: 504 and an HTML page."""
    return FaultPlan(answer=_page(504), reached=reached)


def html_page(*, reached: bool = False) -> FaultPlan:
    """Something in between answers 200 with an HTML page, as sign-in pages and captive portals do."""
    return FaultPlan(answer=_page(200, "Sign in"), reached=reached)


def sign_in_redirect(*, location: str = "https://sign-in.example.com/") -> FaultPlan:
    """Something in between answers 302 and leads to another host."""
    return FaultPlan(answer=_page(302, headers={"Location": location}))


# --- the API refuses --------------------------------------------------------------------------------------------------


def rate_limited(*, retry_after: float | None = 0) -> FaultPlan:
    """The rate limit is exceeded: 429 ``RATE_LIMITED``; ``retry_after`` in real seconds, None for no such header."""
    return FaultPlan(answer=_error(429, "RATE_LIMITED", "Too many requests.", retry_after))


def server_error(*, reached: bool = False) -> FaultPlan:
    """The API fails: 500 ``UNEXPECTED_ERROR``."""
    return FaultPlan(answer=_error(500, "UNEXPECTED_ERROR", "Unexpected error."), reached=reached)


def service_unavailable(*, retry_after: float | None = None) -> FaultPlan:
    """The API is down: 503 ``SERVICE_UNAVAILABLE``; ``retry_after`` in seconds."""
    return FaultPlan(answer=_error(503, "SERVICE_UNAVAILABLE", "Service unavailable.", retry_after))


def upgrade() -> FaultPlan:
    """Ops Manager is being upgraded: 405 ``WRITES_NOT_ALLOWED_DURING_APP_UPGRADES`` to creates."""
    text = "Writes are not allowed during an upgrade."
    answer = _error(405, "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES", text)
    return FaultPlan(strikes=Strikes.CREATE, answer=answer)


def forbidden() -> FaultPlan:
    """The key lacks the role: 403 ``USER_UNAUTHORIZED``."""
    return FaultPlan(answer=_error(403, "USER_UNAUTHORIZED", "The key lacks the role for this."), times=math.inf)


def blocked_address(*, address: str = "203.0.113.7") -> FaultPlan:
    """The address of the client is not on the access list of the key: 403 ``IP_ADDRESS_NOT_ON_ACCESS_LIST``."""
    text = f"IP address {address} is not allowed to access this resource."
    return FaultPlan(answer=_error(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", text, None, address), times=math.inf)


def revoked_key() -> FaultPlan:
    """The API key was revoked: 401 whatever the client answers to the challenge."""
    return FaultPlan(challenge="refused", times=math.inf)


def expired_nonce() -> FaultPlan:
    """The nonce of the digest login has expired: 401 with a new challenge and ``stale=true``."""
    return FaultPlan(challenge="stale")


def expired_token() -> FaultPlan:
    """The tokens of the service account have expired: 401, until the client requests a new one."""

    def revoke(parts: FaultParts, _record: RequestRecord) -> None:
        parts.tokens.revoke()

    return FaultPlan(act=revoke, answer=_error(401, "UNEXPECTED_ERROR", "You are not authorized for this resource."))


# --- the connection ---------------------------------------------------------------------------------------------------


def dropped_connection() -> FaultPlan:
    """The connection is cut before the server has processed the call."""
    return FaultPlan(cut="drop")


def lost_answer() -> FaultPlan:
    """The server starts the restore, and the connection is cut before the answer to the create is sent."""
    return FaultPlan(strikes=Strikes.CREATE, cut="drop-answer")


def truncated_answer() -> FaultPlan:
    """The connection is cut in the middle of the answer's body."""
    return FaultPlan(cut="truncate")


def slow_answer(*, seconds: float = 0.2) -> FaultPlan:
    """The server processes the call and answers after so many seconds of real time."""
    return FaultPlan(wait=seconds)


def no_answer() -> FaultPlan:
    """The server processes the call and never answers; the connection stays open."""
    return FaultPlan(wait=math.inf)


def slow_body(*, bytes_per_second: float = 20_000) -> FaultPlan:
    """The body of the answer, or of a download, is sent slowly."""
    play = _played(bytes_per_second=bytes_per_second)
    return FaultPlan(strikes=Strikes.ANY, bytes_per_second=bytes_per_second, play=play)


# --- the content of an answer -----------------------------------------------------------------------------------------


def broken_json() -> FaultPlan:
    """The JSON of the body is incomplete; ``Content-Length`` agrees with what is sent."""
    return FaultPlan(change=lambda body: body[: len(body) // 2])


def empty_body() -> FaultPlan:
    """The status is right and the body is empty."""
    return FaultPlan(change=lambda _: b"")


# --- lists and jobs ---------------------------------------------------------------------------------------------------


def drift(*, jobs: int = 1) -> FaultPlan:
    """The list changes while it is read: before its next page, jobs are added in front, or removed (negative)."""

    def change(parts: FaultParts, record: RequestRecord) -> None:
        cluster = parts.world.cluster_in(record.path)
        if cluster is None:
            return
        if jobs >= 0:
            parts.world.jobs.create(cluster, restores=jobs)
        else:
            parts.world.jobs.remove(cluster, -jobs, at=0)

    return FaultPlan(strikes=Strikes.LATER_PAGE, act=change)


def missing_job() -> FaultPlan:
    """A job cannot be read yet, as right after its create: 404 ``RESTORE_JOB_NOT_FOUND``."""
    return FaultPlan(strikes=Strikes.JOB, answer=_error(404, "RESTORE_JOB_NOT_FOUND", "There is no such restore job."))


def failed_restore() -> FaultPlan:
    """The next restore that is created fails."""
    return _ending(JobOutcome.FAILED)


def cancelled_restore() -> FaultPlan:
    """The next restore that is created is cancelled on the server."""
    return _ending(JobOutcome.CANCELLED)


def _ending(outcome: JobOutcome) -> FaultPlan:
    def choose(parts: FaultParts, _record: RequestRecord) -> None:
        parts.world.jobs.end_next([outcome])

    return FaultPlan(strikes=Strikes.CREATE, act=choose)


# --- downloads --------------------------------------------------------------------------------------------------------


def cut_download(*, after: int = 10_000) -> FaultPlan:
    """The connection is cut after so many bytes of the archive; the rest can be fetched by a range."""
    return FaultPlan(strikes=Strikes.DOWNLOAD, play=_played(cut_after=after))


def stalled_download(*, after: int = 10_000) -> FaultPlan:
    """After so many bytes of the archive nothing more comes; the connection stays open."""
    return FaultPlan(strikes=Strikes.DOWNLOAD, play=_played(stall_after=after))


def truncated_archive(*, missing: int = 1000) -> FaultPlan:
    """The archive lacks so many bytes at its end, and ``Content-Length`` agrees with what is left."""
    return FaultPlan(strikes=Strikes.DOWNLOAD, play=_played(missing=missing), times=math.inf)


def corrupt_archive(*, at: int = 1000) -> FaultPlan:
    """The byte at this position of the archive is another one."""
    return FaultPlan(strikes=Strikes.DOWNLOAD, play=_played(wrong_byte_at=at), times=math.inf)


def changed_archive() -> FaultPlan:
    """The server builds the archive again, with other bytes: earlier parts of a download no longer match."""

    def regenerate(parts: FaultParts, record: DownloadRecord, job: Job) -> None:
        parts.archives.regenerate(job, record.member)

    return FaultPlan(strikes=Strikes.DOWNLOAD, play=regenerate)


def no_ranges() -> FaultPlan:
    """The server does not understand ranges: each answer is a 200 with the whole archive."""
    return FaultPlan(strikes=Strikes.DOWNLOAD, play=_played(ranges=False), times=math.inf)


def expired_link(*, status: int = 410) -> FaultPlan:
    """The link has expired: 410, or 403 as stores of objects say it."""
    return _refused_link(status, "The link has expired.")


def used_link() -> FaultPlan:
    """The link was used as often as allowed: 403."""
    return _refused_link(403, "The link has been used as often as allowed.")


def _refused_link(status: int, text: str) -> FaultPlan:
    def refuse(_parts: FaultParts, _record: DownloadRecord, _job: Job) -> web.StreamResponse:
        return web.Response(status=status, text=text + "\n")

    return FaultPlan(strikes=Strikes.DOWNLOAD, play=refuse, times=math.inf)


#: Name of the fault -> what plans it.
FAULTS: Mapping[str, Callable[..., FaultPlan]] = {
    plan.__name__: plan
    for plan in (
        *(gateway_408, gateway_502, gateway_503, gateway_504, html_page, sign_in_redirect),
        *(rate_limited, server_error, service_unavailable, upgrade),
        *(forbidden, blocked_address, revoked_key, expired_nonce, expired_token),
        *(dropped_connection, lost_answer, truncated_answer, slow_answer, no_answer, slow_body),
        *(broken_json, empty_body),
        *(drift, missing_job, failed_restore, cancelled_restore),
        *(cut_download, stalled_download, truncated_archive, corrupt_archive, changed_archive, no_ranges),
        *(expired_link, used_link),
    )
}
