"""The checkpoints of sharded clusters with feature compatibility version 4.0 or lower, between their snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.world.identifiers import Identifiers, IdKind, Place
from mongorestore_async.emulator.world.things import Cluster, ClusterKind, Side

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Checkpoint", "Checkpoints"]

_TOTAL = 8
_APART = 15 * 60
_STAMP = 0x50000000
#: Added to the number in the ids of Atlas, whose clusters are numbered like those of the other side.
_OF_ATLAS = 1 << 27
_KINDS = frozenset({ClusterKind.SHARDED_FCV_40, ClusterKind.LEGACY_SHARDED})


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
        """The id of a checkpoint of the cluster, whether it exists or not."""
        index = number | (_OF_ATLAS if cluster.project.side is Side.ATLAS else 0)
        return self._ids.write(Place(IdKind.CHECKPOINT, cluster.project.number, cluster.number, index, _STAMP))

    def of(self, cluster: Cluster) -> list[Checkpoint]:
        """All checkpoints of a cluster, newest first."""
        if cluster.kind not in _KINDS or cluster.member is not None or cluster.host:
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
