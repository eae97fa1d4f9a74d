"""May this snapshot, or this checkpoint, be restored? (``protocol`` section 6, 404 and 409)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.world.snapshots import SnapshotState

if TYPE_CHECKING:
    from mongorestore_async.emulator.stage import Stage
    from mongorestore_async.emulator.world import Cluster

__all__ = ["missing_snapshot", "require_checkpoint", "require_earlier_snapshot", "require_snapshot"]


def missing_snapshot(cluster: Cluster) -> str:
    """The code of the 404 for a snapshot this cluster does not have."""
    if cluster.host:
        return "CONFIG_SNAPSHOT_NOT_FOUND"
    return "TENANT_SNAPSHOT_NOT_FOUND" if cluster.kind.shared else "SNAPSHOT_NOT_FOUND"


def require_snapshot(
    stage: Stage, cluster: Cluster, snapshot_id: str, *, download: bool, link_ends: float | None = None
) -> None:
    """Check the snapshot of a create; without ``EmulatorSettings.check_snapshots`` every id will do.

    Args:
        stage: The server.
        cluster: Whose snapshot it has to be.
        snapshot_id: The id that was sent.
        download: Whether a download is wanted, rather than an automated restore.
        link_ends: When the download link ends, seconds since 1970; None when there is none or nobody said.

    Raises:
        Refusal: 404 for an unknown one; 409 for one that is incomplete, expired, or gone before the link ends.

    """
    if not stage.settings.check_snapshots:
        return
    snapshot = stage.world.snapshots.find(cluster, snapshot_id)
    if snapshot is None:
        raise Refusal(missing_snapshot(cluster), snapshot_id)
    if snapshot.state is not SnapshotState.COMPLETE:
        incomplete = "CANNOT_START_RESTORE_JOB_FOR_INCOMPLETE_CLUSTER_SNAPSHOT"
        raise Refusal("CANNOT_DOWNLOAD_INCOMPLETE_SNAPSHOT" if download else incomplete, snapshot_id)
    if snapshot.expired(stage.clock.now().timestamp()):
        what = "CLUSTER_SNAPSHOT" if cluster.kind.sharded else "SNAPSHOT"
        raise Refusal(f"CANNOT_START_RESTORE_JOB_FOR_DELETED_{what}", snapshot_id)
    if link_ends is not None and snapshot.expires is not None and link_ends > snapshot.expires:
        raise Refusal("LINK_EXPIRATION_AFTER_SNAPSHOT_DELETION", snapshot_id)


def require_earlier_snapshot(stage: Stage, cluster: Cluster, moment: float) -> None:
    """Check that a restore to a moment (seconds since 1970) has a snapshot to start from, likewise.

    Raises:
        Refusal: 404, every snapshot is newer.

    """
    if stage.settings.check_snapshots and stage.world.snapshots.before(cluster, moment)[1] is None:
        raise Refusal("UNABLE_T0_FIND_SNAPSHOT_PRIOR_TO_PIT_RESTORE_OPTIME")


def require_checkpoint(stage: Stage, cluster: Cluster, checkpoint_id: str) -> None:
    """Check the checkpoint of a create; without ``EmulatorSettings.check_snapshots`` every id will do.

    Raises:
        Refusal: 404 for an unknown one, 409 for one that is not restorable.

    """
    if not stage.settings.check_snapshots:
        return
    checkpoint = stage.world.checkpoints.find(cluster, checkpoint_id)
    if checkpoint is None:
        raise Refusal("CHECKPOINT_NOT_FOUND", checkpoint_id)
    if not checkpoint.restorable:
        # Which code a server gives for one that is not restorable is not established.
        raise Refusal("NO_CHECKPOINT_FOR_PIT_RESTORE", checkpoint_id)
