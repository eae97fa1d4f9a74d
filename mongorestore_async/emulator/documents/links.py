"""Links and times as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from mongorestore_async.emulator.downloads import Downloads  # noqa: TC001 - a field type
from mongorestore_async.emulator.world import Cluster, ClusterKind, Project, Side

__all__ = ["ATLAS_API", "ATLAS_V2_API", "MANAGER_API", "Links", "iso"]

MANAGER_API = "/api/public/v1.0"
ATLAS_API = "/api/atlas/v1.0"
ATLAS_V2_API = "/api/atlas/v2"

#: Relations other than self, next and previous (D21).
_RELATIONS = {ATLAS_V2_API: "https://cloud.mongodb.com/"}
_RELATIONS_V1 = "http://mms.mongodb.com/"
#: Where clusters of a project stand, if not below ``clusters``.
_COLLECTIONS = {ClusterKind.FLEX: "flexClusters", ClusterKind.SERVERLESS: "serverless"}


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
        downloads: What became of them so far.
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
