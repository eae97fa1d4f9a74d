"""Links and times as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from mongorestore_async.emulator.world import Cluster, Project, Side

__all__ = ["ATLAS_API", "MANAGER_API", "Links", "iso"]

MANAGER_API = "/api/public/v1.0"
ATLAS_API = "/api/atlas/v1.0"

#: Relations of the v1.0 APIs other than self, next and previous.
_RELATIONS = "http://mms.mongodb.com/"


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
        foreign: Play D14 and D20: another scheme and host, clusters by name.

    """

    root: str
    download_root: str
    foreign: bool = False

    def project(self, project: Project) -> str:
        """URL of a project."""
        api = MANAGER_API if project.side is Side.MANAGER else ATLAS_API
        root = "http://proxy.example.invalid:8080" if self.foreign else self.root
        return f"{root}{api}/groups/{project.id}"

    def cluster(self, cluster: Cluster) -> str:
        """URL of a cluster: by id on Ops Manager and Cloud Manager, by name on Atlas."""
        by_name = cluster.project.side is Side.ATLAS or self.foreign
        return f"{self.project(cluster.project)}/clusters/{cluster.name if by_name else cluster.id}"

    @staticmethod
    def link(href: str, rel: str = "self") -> dict[str, str]:
        """One link; a ``rel`` other than self, next and previous gets the API's prefix."""
        return {"href": href, "rel": rel if rel in {"self", "next", "previous"} else _RELATIONS + rel}
