"""Download links of jobs, as documents show them and as they must come back (``neighbours`` section 5)."""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from mongorestore_async.emulator.choices import Manager
from mongorestore_async.emulator.world import Job, Outcome, Side

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.emulator.documents.links import Links
    from mongorestore_async.emulator.downloads import Downloads
    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = [
    "DEFAULT_HOURS",
    "PULLS",
    "SHELF",
    "LinkState",
    "auth_value",
    "cloud_link",
    "cloud_target",
    "hashes",
    "hop_target",
    "is_pulled",
    "link_end",
    "link_state",
    "presigned_link",
    "presigned_target",
    "pull_links",
    "pull_target",
]

#: Where Ops Manager, Cloud Manager and Atlas legacy hand out archives.
PULLS = "/backup/restore"
#: Where the emulator hands out those of the rest of Atlas.
SHELF = "/downloads"

#: Life of a link when neither an expiry nor hours were asked for; the real default is not established.
DEFAULT_HOURS = 24
_HOUR = 3600


class LinkState(StrEnum):
    """What stands between a client and an archive; the words are those of ``delivery.statusName``."""

    READY = "READY"
    NOT_READY = "NOT_READY"
    EXPIRED = "EXPIRED"
    USED_UP = "MAX_DOWNLOADS_EXCEEDED"


def is_pulled(job: Job) -> bool:
    """Whether its archive is pulled (Ops Manager, Cloud Manager, Atlas legacy): with a count, and hashes."""
    return job.cluster.project.side is Side.MANAGER or job.cluster.kind.startswith("legacy")


def link_end(job: Job) -> float:
    """When its links end, seconds since 1970."""
    if is_pulled(job):
        if job.order.expires is not None:
            return job.order.expires.timestamp()
        return job.finished + _HOUR * (job.order.expiration_hours or DEFAULT_HOURS)
    return job.created + 4 * _HOUR if job.cluster.kind.shared else job.finished + _HOUR


def link_state(job: Job, downloads: Downloads, now: datetime) -> LinkState:
    """What stands between a client and the archive of a job."""
    if not job.order.over_http or job.outcome is not Outcome.DONE or job.progress(now) < 1:
        return LinkState.NOT_READY
    if now.timestamp() >= link_end(job):
        return LinkState.EXPIRED
    return LinkState.USED_UP if is_pulled(job) and downloads.used_up(job) else LinkState.READY


def pull_links(job: Job, links: Links, settings: EmulatorSettings) -> dict[str, Any]:
    """The members of ``delivery`` that lead to the archive: ``url``, and on newer servers ``urlV2`` with its header."""
    managed = job.cluster.project.side is Side.MANAGER
    usual = settings.manager is Manager.OPS_MANAGER if managed else links.v2
    found = {"url": links.download_root + pull_target(job, links.downloads, version=2)}
    if usual if settings.url_v2 is None else settings.url_v2:
        found["urlV2"] = links.download_root + pull_target(job, links.downloads, version=3)
        found["authHeader"] = links.downloads.play.auth_header
        found["authValue"] = auth_value(job)
        if managed:
            found["authBearer"] = "Bearer"
    return found


def auth_value(job: Job) -> str:
    """The token that ``urlV2`` wants."""
    return _secret("token", job, 20)


def pull_target(job: Job, downloads: Downloads, *, version: int) -> str:
    """Path of ``url`` (2) or ``urlV2`` (3)."""
    key = base64.b64encode(_secret("key", job, 16).encode()).decode() + "/" if version == 2 else ""  # noqa: PLR2004
    return f"{PULLS}/v{version}/pull/{job.id}/{key}{_file(job, downloads)}"


def hashes(job: Job, downloads: Downloads, settings: EmulatorSettings, now: datetime) -> list[dict[str, str]]:
    """``hashes`` of a job: there is one once the archive was sent completely."""
    offer, play = downloads.offer(job), downloads.play
    sent_before = job.dice % 4 == 0 and job.order.over_http and job.outcome is Outcome.DONE
    if sent_before and link_end(job) < settings.start.timestamp():
        # Nobody can download it any more to find out that the hash is made up.
        return [_hash(job, downloads, _secret("sha1", job, 20))]
    if not play.hashes or offer.sha1 is None or offer.completed is None:
        return []
    if now.timestamp() < offer.completed + play.hash_delay:
        return []
    return [_hash(job, downloads, offer.sha1[::-1] if play.wrong_hash else offer.sha1)]


def _hash(job: Job, downloads: Downloads, told: str) -> dict[str, str]:
    return {"fileName": unquote(_file(job, downloads)), "hash": told, "typeName": "SHA1"}


def cloud_link(job: Job, links: Links, member: str | None = None) -> str | None:
    """``deliveryUrl``, or ``downloadUrl`` of a shard; None once it was used, on a server that gives it once."""
    if links.downloads.play.once and links.downloads.offer(job, member).completed is not None:
        return None
    return links.download_root + cloud_target(job, links.downloads, member)


def cloud_target(job: Job, downloads: Downloads, member: str | None = None) -> str:
    """Path of the same."""
    token = _secret(member or "all", job, 16)
    return f"{SHELF}/restore/{job.id}/{member or 'all'}/{token}/{_file(job, downloads)}"


def presigned_link(job: Job, links: Links) -> str:
    """``snapshotUrl``."""
    return links.download_root + presigned_target(job, links.downloads)


def presigned_target(job: Job, downloads: Downloads) -> str:
    """Path and query of the same; the query is full of what an eager client would encode otherwise."""
    signature = base64.b64encode(hashlib.blake2b(f"presigned {job.dice}".encode(), digest_size=20).digest()).decode()
    return (
        f"{SHELF}/snapshots/{job.id}/{_file(job, downloads)}?Expires={int(link_end(job))}&Key-Pair-Id=AK%2Femulator~1"
        f"&response-content-disposition=attachment%3B+filename%3Drestore.tgz&Signature={quote(signature, safe='')}"
    )


def hop_target(job: Job, downloads: Downloads, member: str | None, hop: int) -> str:
    """Path that redirect number ``hop`` leads to; it needs no header, as a storage behind a service needs none."""
    token = _secret(f"hop {hop} {member}", job, 16)
    return f"{SHELF}/hops/{hop}/{job.id}/{member or 'all'}/{token}/{_file(job, downloads)}"


def _secret(what: str, job: Job, size: int) -> str:
    return hashlib.blake2b(f"{what} {job.dice}".encode(), digest_size=size).hexdigest()


def _file(job: Job, downloads: Downloads) -> str:
    if downloads.play.file_name is not None:
        return downloads.play.file_name
    if job.cluster.kind.shared:
        return f"{job.id}.tgz"
    if not is_pulled(job):
        return f"restore-{job.id}.tar.gz"
    name = job.cluster.name if job.member is None else f"{job.cluster.name}-{job.member}"
    return f"{name}-{int(job.snapshot_taken.timestamp())}-{job.id}.tar.gz"
