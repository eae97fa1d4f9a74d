"""The data the emulator serves: computed from a seed, plus what was created since."""

from __future__ import annotations

from mongorestore_async.emulator.world.things import Cluster, ClusterKind, Job, Order, Outcome, Project, Side
from mongorestore_async.emulator.world.world import World

__all__ = ["Cluster", "ClusterKind", "Job", "Order", "Outcome", "Project", "Side", "World"]
