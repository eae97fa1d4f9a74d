"""Every family there is, and a cluster of it in the emulator's world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async import FAMILIES
from mongorestore_async.emulator import Manager

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, ClusterBase
    from mongorestore_async.emulator import Emulator

__all__ = ["PLACES", "Place"]


@attrs.frozen
class Place:
    """A family, and how to get at something of it.

    Attributes:
        title: As the tables of the documentation call it.
        family: Its name.
        kind: Kind of cluster in the emulator's world; None for a config server.
        sharded: Kind of sharded cluster whose version has checkpoints or snapshots of their own, or None.

    """

    title: str
    family: str
    kind: str | None
    sharded: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of an emulator that has it."""
        manager = Manager.OPS_MANAGER if self.family == "ops-manager" else Manager.CLOUD_MANAGER
        return {"manager": manager, "clusters_per_project": 7, "projects": 1}

    def of(self, session: AsyncSession, emulator: Emulator, *, sharded: bool = False) -> ClusterBase[Any]:
        """The first cluster of the kind, or the first config server."""
        family = FAMILIES[self.family]
        if self.kind is None:
            host = emulator.world.config_server()
            return session.project(host.backup.project_id, family).config_server(host.id)
        cluster = emulator.world.first(self.sharded if sharded and self.sharded else self.kind)
        return session.project(cluster.project_id, family).cluster(
            cluster.id if family.cluster_key == "id" else cluster.name
        )


PLACES = (
    Place("Ops Manager", "ops-manager", "replica-set", "sharded-fcv-4.0"),
    Place("Ops Manager, config server", "ops-manager", None),
    Place("Cloud Manager", "cloud-manager", "replica-set", "sharded-fcv-4.0"),
    Place("Cloud Manager, config server", "cloud-manager", None),
    Place("Atlas legacy v1.0", "atlas-legacy-v1", "legacy"),
    Place("Atlas legacy v2", "atlas-legacy", "legacy"),
    Place("Atlas cloud backup v1.0", "atlas-cloud-backup-v1", "cloud-backup", "cloud-backup-sharded"),
    Place("Atlas cloud backup v2", "atlas-cloud-backup", "cloud-backup", "cloud-backup-sharded"),
    Place("Atlas collection restore v2", "atlas-collection-restore", "cloud-backup", "cloud-backup-sharded"),
    Place("Atlas M2/M5 v1.0", "atlas-tenant-v1", "tenant"),
    Place("Atlas M2/M5 v2", "atlas-tenant", "tenant"),
    Place("Atlas flex v2", "atlas-flex", "flex"),
    Place("Atlas serverless v1.0", "atlas-serverless-v1", "serverless"),
    Place("Atlas serverless v2", "atlas-serverless", "serverless"),
)
