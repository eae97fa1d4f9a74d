"""What the documents of several APIs have in common: links, download URLs, dates, versions, oddities, patches.

It must not know requests or the state of the server: an endpoint passes in :class:`Links` and the present.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, unquote

import attrs

from mongorestore_async.emulator.setting_types import Manager, Oddity
from mongorestore_async.emulator.world.entities import Cluster, ClusterKind, Job, JobOutcome, Project, Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.emulator.download_state import Downloads
    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = [
    "ATLAS_API",
    "ATLAS_V2_API",
    "DEFAULT_HOURS",
    "FOUR_HOURS",
    "MANAGER_API",
    "PULL_PATH",
    "STORAGE_PATH",
    "UNAUTHENTICATED_API",
    "LinkState",
    "Links",
    "add_extra_fields",
    "apply_changes",
    "auth_value",
    "cloud_link",
    "cloud_target",
    "fcv",
    "has_pull_link",
    "hashes",
    "hop_target",
    "is_encrypted",
    "iso",
    "link_end",
    "link_state",
    "master_key",
    "presigned_link",
    "presigned_target",
    "pull_links",
    "pull_target",
    "release",
]

MANAGER_API = "/api/public/v1.0"
ATLAS_API = "/api/atlas/v1.0"
ATLAS_V2_API = "/api/atlas/v2"
#: Where no login is asked for.
UNAUTHENTICATED_API = "/api/private/unauth"
#: Prefixes of relations other than self, next and previous (D21).
_RELATIONS = {ATLAS_V2_API: "https://cloud.mongodb.com/"}
_RELATIONS_V1 = "http://mms.mongodb.com/"
#: The path segment of clusters that are not below ``clusters``.
_COLLECTIONS = {ClusterKind.FLEX: "flexClusters", ClusterKind.SERVERLESS: "serverless"}
#: Where Ops Manager, Cloud Manager and Atlas legacy hand out archives.
PULL_PATH = "/backup/restore"
#: Where the emulator hands out those of the other APIs of Atlas.
STORAGE_PATH = "/downloads"
#: Life of a link when neither an expiry nor hours were asked for; the real default is not known.
DEFAULT_HOURS = 24
_SECONDS_PER_HOUR = 3600
#: Life of the links of M2, M5 and flex clusters, in seconds.
FOUR_HOURS = 4 * 3600


def iso(moment: datetime | float) -> str:
    """A moment as the API writes it: UTC, whole seconds, ``Z``."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


@attrs.frozen
class Links:
    """Writes ``{href, rel}`` objects.

    Attributes:
        root: Scheme, host and path prefix before ``/api``.
        download_root: The same for download URLs.
        downloads: The downloads so far.
        foreign: Play D14 and D20: another scheme and host, clusters by name.
        atlas_api: Which API of Atlas they lead to.

    """

    root: str
    download_root: str
    downloads: Downloads
    foreign: bool = False
    atlas_api: str = ATLAS_API

    @property
    def v2(self) -> bool:
        """Whether they lead to the Atlas Administration API v2."""
        return self.atlas_api == ATLAS_V2_API

    def project(self, project: Project) -> str:
        """URL of a project."""
        api = MANAGER_API if project.side is Side.MANAGER else self.atlas_api
        root = "http://proxy.example.invalid:8080" if self.foreign else self.root
        return f"{root}{api}/groups/{project.id}"

    def cluster(self, cluster: Cluster) -> str:
        """URL of a cluster: by id on Ops Manager and Cloud Manager, by name on Atlas; of a config server by host."""
        if cluster.host:
            return f"{self.project(cluster.project)}/hosts/{cluster.id}"
        by_name = cluster.project.side is Side.ATLAS or self.foreign
        collection = _COLLECTIONS.get(cluster.kind, "clusters")
        return f"{self.project(cluster.project)}/{collection}/{cluster.name if by_name else cluster.id}"

    def link(self, href: str, rel: str = "self") -> dict[str, str]:
        """One link; a ``rel`` other than self, next and previous gets the API's prefix."""
        prefix = "" if rel in {"self", "next", "previous"} else _RELATIONS.get(self.atlas_api, _RELATIONS_V1)
        return {"href": href, "rel": prefix + rel}

    def entity(
        self, cluster: Cluster, path: str, *, parents: bool = True, snapshot: str | None = None
    ) -> list[dict[str, str]]:
        """The links of a job or a snapshot.

        Args:
            cluster: The cluster or config server it belongs to.
            path: Where it is below that.
            parents: Whether there are links to the cluster (or host), the project and the snapshot.
            snapshot: Path of its snapshot below the cluster, or None.

        """
        parent = self.cluster(cluster)
        found = [self.link(f"{parent}/{path}")]
        if parents:
            found.append(self.link(parent, "host" if cluster.host else "cluster"))
            found.append(self.link(self.project(cluster.project), "group"))
            if snapshot is not None:
                found.append(self.link(f"{parent}/{snapshot}", "snapshot"))
        return found


class LinkState(StrEnum):
    """Whether a download link works; the words are those of ``delivery.statusName``."""

    READY = "READY"
    NOT_READY = "NOT_READY"
    EXPIRED = "EXPIRED"
    USED_UP = "MAX_DOWNLOADS_EXCEEDED"


def has_pull_link(job: Job) -> bool:
    """Whether its archive is pulled (Ops Manager, Cloud Manager, Atlas legacy): with a count, and hashes."""
    return job.cluster.project.side is Side.MANAGER or job.cluster.kind.startswith("legacy")


def link_end(job: Job) -> float:
    """When its links end, seconds since 1970."""
    if has_pull_link(job):
        if job.order.expires is not None:
            return job.order.expires.timestamp()
        return job.finished + _SECONDS_PER_HOUR * (job.order.expiration_hours or DEFAULT_HOURS)
    return job.created + FOUR_HOURS if job.cluster.kind.shared else job.finished + _SECONDS_PER_HOUR


def link_state(job: Job, downloads: Downloads, now: datetime) -> LinkState:
    """Whether the download links of a job work now."""
    if not job.order.over_http or job.outcome is not JobOutcome.DONE or job.progress(now) < 1:
        return LinkState.NOT_READY
    if now.timestamp() >= link_end(job):
        return LinkState.EXPIRED
    return LinkState.USED_UP if has_pull_link(job) and downloads.used_up(job) else LinkState.READY


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
    return f"{PULL_PATH}/v{version}/pull/{job.id}/{key}{_file_name(job, downloads)}"


def hashes(job: Job, downloads: Downloads, settings: EmulatorSettings, now: datetime) -> list[dict[str, str]]:
    """``hashes`` of a job: there is one once the archive was sent completely."""
    offer, play = downloads.offer(job), downloads.play
    sent_before = job.dice % 4 == 0 and job.order.over_http and job.outcome is JobOutcome.DONE
    if sent_before and link_end(job) < settings.start.timestamp():
        # The link has expired, so the made-up hash cannot be compared with the archive.
        return [_hash_document(job, downloads, _secret("sha1", job, 20))]
    if not play.hashes or offer.sha1 is None or offer.completed is None:
        return []
    if now.timestamp() < offer.completed + play.hash_delay:
        return []
    return [_hash_document(job, downloads, offer.sha1[::-1] if play.wrong_hash else offer.sha1)]


def _hash_document(job: Job, downloads: Downloads, value: str) -> dict[str, str]:
    return {"fileName": unquote(_file_name(job, downloads)), "hash": value, "typeName": "SHA1"}


def cloud_link(job: Job, links: Links, member: str | None = None) -> str | None:
    """``deliveryUrl``, or ``downloadUrl`` of a shard; None after its use, if the server gives it once."""
    if links.downloads.play.once and links.downloads.offer(job, member).completed is not None:
        return None
    return links.download_root + cloud_target(job, links.downloads, member)


def cloud_target(job: Job, downloads: Downloads, member: str | None = None) -> str:
    """Path of the same."""
    token = _secret(member or "all", job, 16)
    return f"{STORAGE_PATH}/restore/{job.id}/{member or 'all'}/{token}/{_file_name(job, downloads)}"


def presigned_link(job: Job, links: Links) -> str:
    """``snapshotUrl``."""
    return links.download_root + presigned_target(job, links.downloads)


def presigned_target(job: Job, downloads: Downloads) -> str:
    """Path and query of the same. The query holds characters that a client must not encode again."""
    signature = base64.b64encode(hashlib.blake2b(f"presigned {job.dice}".encode(), digest_size=20).digest()).decode()
    return (
        f"{STORAGE_PATH}/snapshots/{job.id}/{_file_name(job, downloads)}"
        f"?Expires={int(link_end(job))}&Key-Pair-Id=AK%2Femulator~1"
        f"&response-content-disposition=attachment%3B+filename%3Drestore.tgz&Signature={quote(signature, safe='')}"
    )


def hop_target(job: Job, downloads: Downloads, member: str | None, hop: int) -> str:
    """Path that redirect number ``hop`` leads to; like storage behind a service, it needs no header."""
    token = _secret(f"hop {hop} {member}", job, 16)
    return f"{STORAGE_PATH}/hops/{hop}/{job.id}/{member or 'all'}/{token}/{_file_name(job, downloads)}"


def _secret(what: str, job: Job, size: int) -> str:
    return hashlib.blake2b(f"{what} {job.dice}".encode(), digest_size=size).hexdigest()


def _file_name(job: Job, downloads: Downloads) -> str:
    if downloads.play.file_name is not None:
        return downloads.play.file_name
    if job.cluster.kind.shared:
        return f"{job.id}.tgz"
    if not has_pull_link(job):
        return f"restore-{job.id}.tar.gz"
    name = job.cluster.name if job.member is None else f"{job.cluster.name}-{job.member}"
    return f"{name}-{int(job.snapshot_taken.timestamp())}-{job.id}.tar.gz"


def fcv(cluster: Cluster) -> str:
    """Feature compatibility version."""
    if cluster.kind in {ClusterKind.SHARDED_FCV_40, ClusterKind.LEGACY_SHARDED}:
        return "4.0"
    legacy = cluster.project.side is Side.MANAGER or cluster.kind is ClusterKind.LEGACY
    return "4.4" if legacy else "7.0"


def release(cluster: Cluster) -> str:
    """The version of its ``mongod``."""
    return {"4.0": "4.0.28", "4.4": "4.4.29", "7.0": "7.0.24"}[fcv(cluster)]


def apply_changes(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A document with members replaced, objects merged, and members given as ``...`` removed."""
    if not changes:
        return document
    result = dict(document)
    for name, value in changes.items():
        before: Any = result.get(name)
        if value is ...:
            result.pop(name, None)
        elif isinstance(value, dict) and isinstance(before, dict):
            result[name] = apply_changes(cast("dict[str, Any]", before), cast("dict[str, Any]", value))
        else:
            result[name] = value
    return result


def add_extra_fields(document: dict[str, Any], oddities: frozenset[Oddity]) -> None:
    """Play ``Oddity.EXTRA_FIELDS``, the same in the jobs of every API."""
    if Oddity.EXTRA_FIELDS in oddities:
        document["weather"] = {"outlook": ["sunny", None, 21.5]}


def is_encrypted(dice: int) -> bool:
    """Whether a job or snapshot with these random bits is encrypted."""
    return dice % 16 == 0


def master_key(dice: int) -> dict[str, str]:
    """``masterKeyUUID``, if it is encrypted."""
    return {"masterKeyUUID": f"{dice % 10**12:012d}"} if is_encrypted(dice) else {}
