"""The download server: who may fetch an archive, and the bytes it is answered with (``neighbours`` section 5).

Downloads know no login: the URL, or the token of ``urlV2``, is the key. What a real server answers is not established;
this one says 404 to what is not (yet) there, 403 to a wrong key or token and to a link that was used up, and 410
(``DownloadPlay.gone_status``) to one that has expired.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from mongorestore_async.emulator.document_parts import (
    PULL_PATH,
    STORAGE_PATH,
    LinkState,
    auth_value,
    cloud_target,
    has_pull_link,
    hop_target,
    link_state,
    presigned_target,
    pull_target,
)
from mongorestore_async.emulator.download_state import (
    ArchiveVersion,
    ByteRange,
    DownloadRecord,
    Offer,
    requested_range,
)
from mongorestore_async.emulator.downloads.download_play import DownloadPlay
from mongorestore_async.emulator.faults.fault_plan import PLAYED_FAULT
from mongorestore_async.emulator.server_state import SERVER_STATE, ServerState
from mongorestore_async.emulator.token_server import TokenStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.emulator.downloads.generated_archive import Archive
    from mongorestore_async.emulator.downloads.given_archive import GivenArchive
    from mongorestore_async.emulator.world.entities import Job

__all__ = ["DOWNLOAD_ROUTES", "ArchiveBody", "is_download"]

#: Slow bodies are sent in this many pieces a second.
_PIECES_PER_SECOND = 20
#: Seconds between two checks whether the client of a stalled body is still connected.
_POLL_SECONDS = 0.05


@attrs.frozen(kw_only=True)
class ArchiveBody:
    """Sends an archive.

    Attributes:
        archive: The archive.
        size: How many bytes of it are available.
        part: What is to be sent.
        play: How.
        record: Counts the bytes sent.
        offer: Notes which bytes were sent.
        hashed: Whether the hash is computed when everything was sent.
        now: The present, seconds since 1970.

    """

    archive: Archive | GivenArchive
    size: int
    part: ByteRange
    play: DownloadPlay
    record: DownloadRecord
    offer: Offer
    hashed: bool
    now: Callable[[], float]

    async def send(self, request: web.Request, response: web.StreamResponse) -> None:
        """Send it. Returns when it is sent, the client has gone, or the play ends it."""
        hashing = None
        if self.hashed and self.offer.sha1 is None and self.offer.covers(self.size, self.part.start, self._end()):
            # On a thread, meanwhile: the hash must be known before the client has all bytes and asks for it.
            hashing = asyncio.create_task(asyncio.to_thread(self.archive.sha1))
        try:
            await self._send(request, response, hashing)
        except ConnectionError:
            pass  # the client has gone
        finally:
            if hashing is not None:
                hashing.cancel()
                await asyncio.gather(hashing, return_exceptions=True)

    async def _send(
        self, request: web.Request, response: web.StreamResponse, hashing: asyncio.Task[str] | None
    ) -> None:
        play, position = self.play, self.part.start
        block = play.block
        if play.bytes_per_second is not None:
            block = max(1, min(block, int(play.bytes_per_second / _PIECES_PER_SECOND)))
        while position < self._end():
            stop = min(position + block, self._end())
            if hashing is not None and stop == self._end():
                self.offer.sha1 = await hashing
            await self._write(response, position, stop)
            position = stop
            if play.bytes_per_second is not None:
                await asyncio.sleep(block / play.bytes_per_second)
        if position == self.part.stop:
            return
        if play.stall_after is not None and position == self.part.start + play.stall_after:
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - no event
                await asyncio.sleep(_POLL_SECONDS)
        elif request.transport is not None:
            request.transport.close()

    async def _write(self, response: web.StreamResponse, start: int, stop: int) -> None:
        data = self.archive.read(start, stop)
        wrong = self.play.wrong_byte_at
        if wrong is not None and start <= wrong < stop:
            data = data[: wrong - start] + bytes([data[wrong - start] ^ 1]) + data[wrong - start + 1 :]
        self.offer.cover(start, stop)
        if self.offer.completed is None and self.offer.covers(self.size):
            self.offer.completed = self.now()
        await response.write(data)
        self.record.sent += len(data)

    def _end(self) -> int:
        limits = [limit for limit in (self.play.cut_after, self.play.stall_after) if limit is not None]
        return min([self.part.stop, *(self.part.start + limit for limit in limits)])


def is_download(request: web.Request) -> bool:
    """Whether a request is for an archive, and not for an API."""
    prefix = request.app[SERVER_STATE].settings.base_path
    return request.path.startswith((f"{prefix}{PULL_PATH}/", f"{prefix}{STORAGE_PATH}/"))


async def _download(request: web.Request) -> web.StreamResponse:
    state = request.app[SERVER_STATE]
    downloads, job = state.downloads, state.world.find_job(request.match_info["job"])
    hop, member = int(request.match_info.get("hop", 0)), request.match_info.get("member", "all")
    record = downloads.note(_new_record(request, state, job, None if member == "all" else member, hop))
    if job is None:
        return _with_status(record, _plain_error(404, "There is no such download."))
    refused = _check_key(request, state, record, job)
    if refused is not None:
        return _with_status(record, refused)
    offer, play = downloads.own_offer(job, record.member), downloads.play
    offer.requests += 1
    changed = downloads.fault(record) if downloads.fault is not None else None
    plan = request.get(PLAYED_FAULT)
    if changed is None and plan is not None and plan.play is not None:
        changed = plan.play(state.faults.parts, record, job)
    if isinstance(changed, DownloadPlay):
        play = changed
    if isinstance(changed, web.StreamResponse):
        return _with_status(record, changed)
    response = _answer_without_archive(state, record, job, offer, play)
    if response is not None:
        return _with_status(record, response)
    return await _send_archive(request, record, job, offer, play)


def _new_record(
    request: web.Request, state: ServerState, job: Job | None, member: str | None, hop: int
) -> DownloadRecord:
    headers = request.headers
    return DownloadRecord(
        number=state.downloads.next_number(),
        job_id=request.match_info["job"],
        member=member,
        method=request.method,
        host=headers.get("Host", ""),
        hop=hop,
        range=headers.get("Range"),
        if_range=headers.get("If-Range"),
        headers=frozenset(name.lower() for name in headers),
        credentials=_credentials(request, state, job),
    )


def _credentials(request: web.Request, state: ServerState, job: Job | None) -> frozenset[str]:
    found = {"cookie"} if "Cookie" in request.headers else set[str]()
    right = None if job is None else f"Bearer {auth_value(job)}"
    for value in request.headers.getall("Authorization", []):
        scheme, _, token = value.partition(" ")
        if value == right:
            found.add("download-token")
        elif state.tokens.check(token.strip()) is TokenStatus.LIVING:
            found.add("api-token")
        else:
            found.add(scheme.lower() if scheme.lower() in {"digest", "basic"} else "other")
    if state.downloads.play.auth_header != "Authorization" and state.downloads.play.auth_header in request.headers:
        found.add("download-token")
    return frozenset(found)


def _check_key(request: web.Request, state: ServerState, record: DownloadRecord, job: Job) -> web.Response | None:
    """The error for a URL that is not the issued one, byte for byte, or for a wrong token; None if it is right."""
    downloads, target = state.downloads, request.raw_path.removeprefix(state.settings.base_path)
    if record.hop:
        allowed = [hop_target(job, downloads, record.member, record.hop)]
    elif has_pull_link(job):
        allowed = [pull_target(job, downloads, version=version) for version in (2, 3)]
        token = request.headers.get(downloads.play.auth_header)
        if target == allowed[1] and token != f"Bearer {auth_value(job)}":
            return _plain_error(403, "The token of this download is wrong or missing.")
    elif job.cluster.kind.shared:
        allowed = [presigned_target(job, downloads)]
    else:
        allowed = [cloud_target(job, downloads, record.member)]
    return None if target in allowed else _plain_error(403, "The key of this download is wrong.")


def _answer_without_archive(
    state: ServerState, record: DownloadRecord, job: Job, offer: Offer, play: DownloadPlay
) -> web.Response | None:
    """The answer to a right URL when no archive is sent: an error or a redirect; None when it is sent."""
    link = link_state(job, state.downloads, state.clock.now())
    if link is LinkState.NOT_READY:
        return _plain_error(404, "This download is not ready.")
    if link is LinkState.EXPIRED:
        return _plain_error(play.gone_status, "The link has expired.")
    if link is LinkState.USED_UP:
        return _plain_error(403, "The link has been used as often as allowed.")
    if offer.requests <= play.unavailable:
        return _plain_error(503, "Come back later.")
    if record.hop < len(play.redirects):
        origin = play.redirects[record.hop]
        where = hop_target(job, state.downloads, record.member, record.hop + 1)
        return web.Response(status=302, headers={"Location": origin + state.settings.base_path + where})
    return None


async def _send_archive(
    request: web.Request, record: DownloadRecord, job: Job, offer: Offer, play: DownloadPlay
) -> web.StreamResponse:
    state = request.app[SERVER_STATE]
    archive = state.archives.of(job, record.member)
    size = max(0, archive.size - play.missing)
    edition = state.archives.edition(job, record.member)
    made = datetime.fromtimestamp(int(job.finished) + edition, UTC)
    version = ArchiveVersion.of(archive.tag, made, play.validators, record.number)
    asked = record.range if play.ranges and record.method == "GET" else None
    part = requested_range(size, asked, record.if_range, version)
    if part is None:
        return _with_status(
            record, _plain_error(416, "The range lies beyond the end.", {"Content-Range": f"bytes */{size}"})
        )
    offer.downloads += play.count_heads or record.method == "GET"
    offer.begin(archive.tag)
    response = _start_response(part, size, version, play)
    response.headers["Date"] = format_datetime(state.clock.now(), usegmt=True)
    await _with_status(record, response).prepare(request)
    if record.method == "GET":
        body = ArchiveBody(
            archive=archive,
            size=size,
            part=part,
            play=play,
            record=record,
            offer=offer,
            hashed=has_pull_link(job) and play.hashes,
            now=lambda: state.clock.now().timestamp(),
        )
        await body.send(request, response)
    return response


def _start_response(part: ByteRange, size: int, version: ArchiveVersion, play: DownloadPlay) -> web.StreamResponse:
    response = web.StreamResponse(status=206 if part.partial else 200, headers={"Content-Type": "application/gzip"})
    headers = {
        "Accept-Ranges": "bytes" if play.ranges else None,
        "ETag": version.etag,
        "Last-Modified": version.modified,
        "Content-Encoding": "gzip" if play.gzip_label else None,
        "Content-Disposition": play.disposition,
    }
    if part.partial:
        shift = play.content_range_shift
        headers["Content-Range"] = f"bytes {part.start + shift}-{part.stop - 1 + shift}/{size}"
    response.headers.update({name: value for name, value in headers.items() if value is not None})
    if play.chunked:
        response.enable_chunked_encoding()
    else:
        response.content_length = part.stop - part.start
    return response


def _with_status(record: DownloadRecord, response: web.StreamResponse) -> web.StreamResponse:
    record.status = response.status
    return response


def _plain_error(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers=headers)


#: Method, path, handler.
DOWNLOAD_ROUTES = tuple(
    (method, path, _download)
    for method in ("GET", "HEAD")
    for path in (
        PULL_PATH + "/{version}/pull/{job}/{tail:.*}",
        STORAGE_PATH + "/restore/{job}/{member}/{tail:.*}",
        STORAGE_PATH + "/snapshots/{job}/{tail:.*}",
        STORAGE_PATH + r"/hops/{hop:[1-9]\d?}/{job}/{member}/{tail:.*}",
    )
)
