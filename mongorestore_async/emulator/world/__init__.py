"""The data the emulator serves: computed from a seed, plus what was created since.

``entities`` says what there is, ``world`` finds projects, clusters and hosts, ``job_store`` keeps the restore jobs,
``cluster_backups`` what they are restored from. Nothing here knows HTTP or the form of a document.
"""

from __future__ import annotations

from mongorestore_async.emulator.world.entities import Cluster, ClusterKind, Job, JobOutcome, Order, Project, Side
from mongorestore_async.emulator.world.world import World

__all__ = ["Cluster", "ClusterKind", "Job", "JobOutcome", "Order", "Project", "Side", "World"]
