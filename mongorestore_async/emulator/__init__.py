"""A server to test against: plays Ops Manager, Cloud Manager and Atlas for restore jobs, projects and clusters.

Three ways to run it: :class:`Emulator` on the caller's event loop, :class:`ThreadedEmulator` on a loop and thread of
its own, and ``python -m mongorestore_async.emulator`` stand-alone. :func:`create_app` is for those who host it.
"""

from __future__ import annotations

from mongorestore_async.emulator.archives import Archive
from mongorestore_async.emulator.choices import (
    ChallengeForm,
    EnvelopeStyle,
    Manager,
    NoncePolicy,
    Oddity,
    OverMax,
    QopForm,
)
from mongorestore_async.emulator.clock import Clock
from mongorestore_async.emulator.download_host import DownloadHost
from mongorestore_async.emulator.downloads import DownloadPlay, DownloadRecord, Downloads, Offer, Validators
from mongorestore_async.emulator.gate import Gate
from mongorestore_async.emulator.handlers.answers import error_answer
from mongorestore_async.emulator.limits import RateCode, RateLimiting, WaitForm
from mongorestore_async.emulator.login import Outcome
from mongorestore_async.emulator.records import Counts, RequestRecord
from mongorestore_async.emulator.server import Emulator, create_app, create_download_app
from mongorestore_async.emulator.settings import EmulatorSettings
from mongorestore_async.emulator.stage import STAGE, BeforeAnswer, Fault, FaultHook, Stage
from mongorestore_async.emulator.threaded import ThreadedEmulator
from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, Project, Side, World
from mongorestore_async.emulator.world import Outcome as JobOutcome
from mongorestore_async.emulator.world.backups import Backups, NoBackup
from mongorestore_async.emulator.world.checkpoints import Checkpoint, Checkpoints
from mongorestore_async.emulator.world.hosts import Host, Hosts
from mongorestore_async.emulator.world.snapshots import Snapshot, Snapshots, SnapshotState

__all__ = [
    "STAGE",
    "Archive",
    "Backups",
    "BeforeAnswer",
    "ChallengeForm",
    "Checkpoint",
    "Checkpoints",
    "Clock",
    "Cluster",
    "ClusterKind",
    "Counts",
    "DownloadHost",
    "DownloadPlay",
    "DownloadRecord",
    "Downloads",
    "Emulator",
    "EmulatorSettings",
    "EnvelopeStyle",
    "Fault",
    "FaultHook",
    "Gate",
    "Host",
    "Hosts",
    "Job",
    "JobOutcome",
    "Manager",
    "NoBackup",
    "NoncePolicy",
    "Oddity",
    "Offer",
    "Outcome",
    "OverMax",
    "Project",
    "QopForm",
    "RateCode",
    "RateLimiting",
    "RequestRecord",
    "Side",
    "Snapshot",
    "SnapshotState",
    "Snapshots",
    "Stage",
    "ThreadedEmulator",
    "Validators",
    "WaitForm",
    "World",
    "create_app",
    "create_download_app",
    "error_answer",
]
