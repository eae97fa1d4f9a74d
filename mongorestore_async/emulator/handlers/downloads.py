"""Downloads of archives (``neighbours`` section 5). They know no login: the URL, or the token of ``urlV2``, is the key.

What a real server answers is not established; this one says 404 to what is not (yet) there, 403 to a wrong key or
token and to a link that was used up, and 410 (``DownloadPlay.gone_status``) to one that has expired.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiohttp import web

from mongorestore_async.emulator.documents.download_links import (
    PULLS,
    SHELF,
    LinkState,
    auth_value,
    cloud_target,
    hop_target,
    is_pulled,
    link_state,
    presigned_target,
    pull_target,
)
from mongorestore_async.emulator.downloads import DownloadPlay, DownloadRecord
from mongorestore_async.emulator.handlers.download_bodies import Body
from mongorestore_async.emulator.handlers.download_ranges import Part, Version, part_of
from mongorestore_async.emulator.oauth import Bearer
from mongorestore_async.emulator.stage import STAGE, Stage

if TYPE_CHECKING:
    from mongorestore_async.emulator.downloads import Offer
    from mongorestore_async.emulator.world import Job

__all__ = ["DOWNLOAD_ROUTES", "is_download"]


def is_download(request: web.Request) -> bool:
    """Whether a request is for an archive, and not for an API."""
    prefix = request.app[STAGE].settings.base_path
    return request.path.startswith((f"{prefix}{PULLS}/", f"{prefix}{SHELF}/"))


async def _download(request: web.Request) -> web.StreamResponse:
    stage = request.app[STAGE]
    downloads, job = stage.downloads, stage.world.find_job(request.match_info["job"])
    hop, member = int(request.match_info.get("hop", 0)), request.match_info.get("member", "all")
    record = downloads.note(_record(request, stage, job, None if member == "all" else member, hop))
    if job is None:
        return _noted(record, _refuse(404, "There is no such download."))
    refusal = _wrong_key(request, stage, record, job)
    if refusal is not None:
        return _noted(record, refusal)
    offer, play = downloads.own_offer(job, record.member), downloads.play
    offer.requests += 1
    changed = downloads.fault(record) if downloads.fault is not None else None
    if isinstance(changed, DownloadPlay):
        play = changed
    response = changed if isinstance(changed, web.StreamResponse) else _not_now(stage, record, job, offer, play)
    if response is not None:
        return _noted(record, response)
    return await _handed_out(request, record, job, offer, play)


def _record(request: web.Request, stage: Stage, job: Job | None, member: str | None, hop: int) -> DownloadRecord:
    headers = request.headers
    return DownloadRecord(
        number=stage.downloads.next_number(),
        job_id=request.match_info["job"],
        member=member,
        method=request.method,
        host=headers.get("Host", ""),
        hop=hop,
        range=headers.get("Range"),
        if_range=headers.get("If-Range"),
        headers=frozenset(name.lower() for name in headers),
        credentials=_credentials(request, stage, job),
    )


def _credentials(request: web.Request, stage: Stage, job: Job | None) -> frozenset[str]:
    found = {"cookie"} if "Cookie" in request.headers else set[str]()
    right = None if job is None else f"Bearer {auth_value(job)}"
    for value in request.headers.getall("Authorization", []):
        scheme, _, token = value.partition(" ")
        if value == right:
            found.add("download-token")
        elif stage.tokens.judge(token.strip(), stage.clock.elapsed) is Bearer.LIVING:
            found.add("api-token")
        else:
            found.add(scheme.lower() if scheme.lower() in {"digest", "basic"} else "other")
    if stage.downloads.play.auth_header != "Authorization" and stage.downloads.play.auth_header in request.headers:
        found.add("download-token")
    return frozenset(found)


def _wrong_key(request: web.Request, stage: Stage, record: DownloadRecord, job: Job) -> web.Response | None:
    """The refusal of a URL that is not the one that was given out, byte for byte, or of a wrong token."""
    downloads, target = stage.downloads, request.raw_path.removeprefix(stage.settings.base_path)
    if record.hop:
        rights = [hop_target(job, downloads, record.member, record.hop)]
    elif is_pulled(job):
        rights = [pull_target(job, downloads, version=version) for version in (2, 3)]
        token = request.headers.get(downloads.play.auth_header)
        if target == rights[1] and token != f"Bearer {auth_value(job)}":
            return _refuse(403, "The token of this download is wrong or missing.")
    elif job.cluster.kind.shared:
        rights = [presigned_target(job, downloads)]
    else:
        rights = [cloud_target(job, downloads, record.member)]
    return None if target in rights else _refuse(403, "The key of this download is wrong.")


def _not_now(stage: Stage, record: DownloadRecord, job: Job, offer: Offer, play: DownloadPlay) -> web.Response | None:
    """The answer to a right URL that gets nothing now."""
    state = link_state(job, stage.downloads, stage.clock.now())
    if state is LinkState.NOT_READY:
        return _refuse(404, "This download is not ready.")
    if state is LinkState.EXPIRED:
        return _refuse(play.gone_status, "The link has expired.")
    if state is LinkState.USED_UP:
        return _refuse(403, "The link has been used as often as allowed.")
    if offer.requests <= play.unavailable:
        return _refuse(503, "Come back later.")
    if record.hop < len(play.redirects):
        origin = play.redirects[record.hop]
        where = hop_target(job, stage.downloads, record.member, record.hop + 1)
        return web.Response(status=302, headers={"Location": origin + stage.settings.base_path + where})
    return None


async def _handed_out(
    request: web.Request, record: DownloadRecord, job: Job, offer: Offer, play: DownloadPlay
) -> web.StreamResponse:
    stage = request.app[STAGE]
    archive = stage.archives.of(job, record.member)
    size = max(0, archive.size - play.missing)
    edition = stage.archives.edition(job, record.member)
    made = datetime.fromtimestamp(int(job.finished) + edition, UTC)
    version = Version.of(archive.tag, made, play.validators, record.number)
    asked = record.range if play.ranges and record.method == "GET" else None
    part = part_of(size, asked, record.if_range, version)
    if part is None:
        return _noted(record, _refuse(416, "The range lies beyond the end.", {"Content-Range": f"bytes */{size}"}))
    offer.downloads += play.count_heads or record.method == "GET"
    offer.begin(archive.tag)
    response = _headed(part, size, version, play)
    response.headers["Date"] = format_datetime(stage.clock.now(), usegmt=True)
    await _noted(record, response).prepare(request)
    if record.method == "GET":
        body = Body(
            archive=archive,
            size=size,
            part=part,
            play=play,
            record=record,
            offer=offer,
            hashed=is_pulled(job) and play.hashes,
            now=lambda: stage.clock.now().timestamp(),
        )
        await body.send(request, response)
    return response


def _headed(part: Part, size: int, version: Version, play: DownloadPlay) -> web.StreamResponse:
    response = web.StreamResponse(status=206 if part.partial else 200, headers={"Content-Type": "application/gzip"})
    told = {
        "Accept-Ranges": "bytes" if play.ranges else None,
        "ETag": version.etag,
        "Last-Modified": version.modified,
        "Content-Encoding": "gzip" if play.gzip_label else None,
        "Content-Disposition": play.disposition,
    }
    if part.partial:
        shift = play.content_range_shift
        told["Content-Range"] = f"bytes {part.start + shift}-{part.stop - 1 + shift}/{size}"
    response.headers.update({name: value for name, value in told.items() if value is not None})
    if play.chunked:
        response.enable_chunked_encoding()
    else:
        response.content_length = part.stop - part.start
    return response


def _noted(record: DownloadRecord, response: web.StreamResponse) -> web.StreamResponse:
    record.status = response.status
    return response


def _refuse(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers=headers)


#: Method, path, handler.
DOWNLOAD_ROUTES = tuple(
    (method, path, _download)
    for method in ("GET", "HEAD")
    for path in (
        PULLS + "/{version}/pull/{job}/{tail:.*}",
        SHELF + "/restore/{job}/{member}/{tail:.*}",
        SHELF + "/snapshots/{job}/{tail:.*}",
        SHELF + r"/hops/{hop:[1-9]\d?}/{job}/{member}/{tail:.*}",
    )
)
