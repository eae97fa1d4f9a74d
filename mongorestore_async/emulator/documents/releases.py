"""Versions of MongoDB that the emulated clusters run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.world import ClusterKind, Side

if TYPE_CHECKING:
    from mongorestore_async.emulator.world import Cluster

__all__ = ["fcv", "release"]


def fcv(cluster: Cluster) -> str:
    """Feature compatibility version."""
    if cluster.kind in {ClusterKind.SHARDED_FCV_40, ClusterKind.LEGACY_SHARDED}:
        return "4.0"
    legacy = cluster.project.side is Side.MANAGER or cluster.kind is ClusterKind.LEGACY
    return "4.4" if legacy else "7.0"


def release(cluster: Cluster) -> str:
    """The version of its ``mongod``."""
    return {"4.0": "4.0.28", "4.4": "4.4.29", "7.0": "7.0.24"}[fcv(cluster)]
