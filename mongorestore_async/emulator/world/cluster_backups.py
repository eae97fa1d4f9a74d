"""Whether a cluster has a backup, and its checkpoints; its snapshots are in ``snapshot_store``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.world.entities import (
    Cluster,
    ClusterKind,
    Identifiers,
    IdFields,
    IdKind,
    Side,
)
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["BackupOff", "Backups", "Checkpoint", "Checkpoints", "NoBackup"]

_TOTAL = 8
_APART = 15 * 60
_CHECKPOINT_STAMP = 0x50000000
#: Added to the number in the ids of Atlas, whose clusters are numbered like those of the other side.
_ATLAS_CHECKPOINTS = 1 << 27
_CHECKPOINT_KINDS = frozenset({ClusterKind.SHARDED_FCV_40, ClusterKind.LEGACY_SHARDED})


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
    """How the API reports a cluster without backup.

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
        """Switch the backup of a cluster off.

        Args:
            cluster: The cluster.
            answer: How calls about its backup are answered from now on.
            snapshots_left: How many of its snapshots stay, the newest first.

        Raises:
            ConfigError: ``answer`` is no :class:`NoBackup`.

        """
        try:
            word = NoBackup(answer)
        except ValueError:
            raise ConfigError(f"{answer!r} is no NoBackup; choose from {', '.join(NoBackup)}.") from None
        self._off[cluster.id] = BackupOff(word, snapshots_left)

    def switch_on(self, cluster: Cluster) -> None:
        """Switch it on again."""
        self._off.pop(cluster.id, None)

    @property
    def all_off(self) -> frozenset[str]:
        """The ids of the clusters without backup."""
        return frozenset(self._off)

    def off(self, cluster: Cluster) -> BackupOff | None:
        """How its missing backup is reported; None if it has a backup."""
        return self._off.get(cluster.id)


@attrs.frozen(kw_only=True)
class Checkpoint:
    """A checkpoint.

    Attributes:
        id: 24 hexadecimal characters.
        number: Its number in the cluster; 0 is the newest that can be restored, 1, newer, cannot.
        cluster: Whose it is.
        started: Seconds since 1970.
        restorable: Whether a restore may use it: every fourth cannot.

    """

    id: str
    number: int
    cluster: Cluster
    started: float
    restorable: bool


class Checkpoints:
    """Computes checkpoints: eight for a cluster that has them, a quarter of an hour apart."""

    def __init__(self, start: datetime, ids: Identifiers) -> None:
        self._start = start.timestamp()
        self._ids = ids

    def id(self, cluster: Cluster, number: int = 0) -> str:
        """The id of a checkpoint of the cluster, whether it exists or not.

        Args:
            cluster: The cluster.
            number: Its number, from 0.

        Returns:
            The id.

        """
        index = number | (_ATLAS_CHECKPOINTS if cluster.project.side is Side.ATLAS else 0)
        return self._ids.write(
            IdFields(IdKind.CHECKPOINT, cluster.project.number, cluster.number, index, _CHECKPOINT_STAMP)
        )

    def of(self, cluster: Cluster) -> list[Checkpoint]:
        """All checkpoints of a cluster, newest first."""
        if cluster.kind not in _CHECKPOINT_KINDS or cluster.member is not None or cluster.host:
            return []
        return [
            Checkpoint(
                id=self.id(cluster, number),
                number=number,
                cluster=cluster,
                started=self._start - _APART * (rank + 1),
                restorable=number % 4 != 1,
            )
            for rank, number in enumerate((1, 0, *range(2, _TOTAL)))
        ]

    def find(self, cluster: Cluster, checkpoint_id: str) -> Checkpoint | None:
        """The checkpoint of an id in a cluster."""
        return next((one for one in self.of(cluster) if one.id == checkpoint_id), None)
