"""Emulators and plans for drills: one replica set in each project, the first half to be restored into the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async import AsyncSession, DigestAuth, Options, PollPolicy
from mongorestore_async.drills import DrillCluster, DrillPlan, DrillTarget
from mongorestore_async.emulator import EmulatorSettings, Side

if TYPE_CHECKING:
    from mongorestore_async.emulator import ServerState

__all__ = ["drill_plan", "drill_session", "drill_settings", "replica_sets"]


def drill_settings(count: int, **settings: Any) -> EmulatorSettings:
    """Settings of a server for ``count`` restores, each with a target of its own."""
    usual = {
        "projects": 2 * count,
        "clusters_per_project": 1,
        "jobs_per_cluster": 0,
        "snapshots_per_cluster": 1,
        "restore_seconds": 0.3,
        "start": datetime.now(UTC),
    }
    return EmulatorSettings(**(usual | settings))


def replica_sets(state: ServerState) -> list[Any]:
    return [next(iter(state.world.clusters(project))) for project in state.world.projects(Side.MANAGER)]


def drill_plan(state: ServerState, *, downloads: int = 0, **changes: Any) -> DrillPlan:
    """A plan for all of it; the first ``downloads`` restores have no target."""
    clusters = replica_sets(state)
    half = len(clusters) // 2
    entries = tuple(
        DrillCluster(
            name=f"c{number}",
            project=source.project_id,
            cluster=source.id,
            target=None if number < downloads else DrillTarget(target.project_id, target.id),
            archive=False,
        )
        for number, (source, target) in enumerate(zip(clusters[:half], clusters[half:], strict=True))
    )
    plan = DrillPlan(name="weekly", family="cloud-manager", clusters=entries)
    return attrs.evolve(plan, **changes)


def drill_session(state: Any, *, grace: float = 0.5, **options: Any) -> AsyncSession:
    poll = PollPolicy(shortest=0.05, longest=0.05, grace=grace, budget_share=None)
    usual: dict[str, Any] = {"poll": poll, "rate_limits": None}
    auth = DigestAuth(state.public_key, state.private_key)
    return AsyncSession(auth, base_url=state.url, options=Options(**(usual | options)))
