"""Which clusters have no backup, and how their restores and snapshots are answered then."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from mongorestore_async.emulator.world.things import Cluster

__all__ = ["BackupOff", "Backups", "NoBackup"]


class NoBackup(StrEnum):
    """What the restore jobs of a cluster without backup are answered with (``neighbours`` section 2.2).

    Members:
        CONFIG_NOT_FOUND: 404 ``BACKUP_CONFIG_NOT_FOUND``.
        JOB_NOT_FOUND: 400 ``BACKUP_JOB_NOT_FOUND``.
        EMPTY_LIST: An empty list; everything else as CONFIG_NOT_FOUND.
    """

    CONFIG_NOT_FOUND = "BACKUP_CONFIG_NOT_FOUND"
    JOB_NOT_FOUND = "BACKUP_JOB_NOT_FOUND"
    EMPTY_LIST = "empty-list"


@attrs.frozen
class BackupOff:
    """How a cluster without backup shows it.

    Attributes:
        answer: What its restore jobs are answered with.
        snapshots_left: How many snapshots without ``clusterId`` its list still has.

    """

    answer: NoBackup
    snapshots_left: int = 0


class Backups:
    """Remembers which clusters have no backup; all others have one."""

    def __init__(self) -> None:
        self._off: dict[str, BackupOff] = {}

    def switch_off(self, cluster: Cluster, answer: NoBackup, snapshots_left: int = 0) -> None:
        """Take a cluster's backup away."""
        self._off[cluster.id] = BackupOff(NoBackup(answer), snapshots_left)

    def switch_on(self, cluster: Cluster) -> None:
        """Give it back."""
        self._off.pop(cluster.id, None)

    @property
    def all_off(self) -> frozenset[str]:
        """The ids of the clusters without backup."""
        return frozenset(self._off)

    def off(self, cluster: Cluster) -> BackupOff | None:
        """How a cluster shows that it has no backup; None if it has one."""
        return self._off.get(cluster.id)
