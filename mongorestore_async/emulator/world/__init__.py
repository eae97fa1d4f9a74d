"""The data the emulator serves: computed from a seed, plus what was created since.

``entities`` says what there is, ``world`` finds projects and clusters, ``hosts`` and ``organization`` what belongs to
them; ``job_store`` keeps the restore jobs, ``snapshot_store`` the snapshots they are made from, ``cluster_backups`` who
has a backup, and checkpoints; ``collection_restore_store`` the collection restores. Nothing here knows HTTP or the form
of a document.
"""

from __future__ import annotations

from mongorestore_async.emulator.world.entities import Cluster, ClusterKind, Job, JobOutcome, Order, Project, Side
from mongorestore_async.emulator.world.world import World

__all__ = ["Cluster", "ClusterKind", "Job", "JobOutcome", "Order", "Project", "Side", "World"]
