"""A server to test against: plays Ops Manager, Cloud Manager and Atlas for restore jobs, projects and clusters.

Three ways to run it: :class:`Emulator` on the caller's event loop, :class:`ThreadedEmulator` on a loop and thread of
its own, and ``python -m mongorestore_async.emulator``. :func:`create_app` is for those who host it themselves.

In comes HTTP; out go documents, errors and archives as the real services send them. ``application`` logs a request,
holds it at the gate, asks the hooks, checks login (``digest_server``, ``token_server``) and rate limit
(``flow_control``), and calls the handler that an API in ``apis/`` has registered. The handler looks up in ``world/``
what the path names and writes a document. ``download_server`` sends the archives. All act on one ``ServerState``.

The world is a function of the seed: jobs, snapshots and archives are computed when asked for, and only changes are
stored. The state of a job follows from the clock, which a test can stop and advance. Nothing is shared with the client
but errors, families and the version, so that the two cannot make the same mistake.

Faults by name are in ``faults/``, the log of requests and creates in ``request_log``.

To change a setting open ``emulator_settings`` (types: ``setting_types``, ``downloads/``); an error code:
``service_errors``; a field or rule of one API: its file in ``apis/``; links and download URLs: ``document_parts``;
data: ``world/``. A new API is one file below ``apis/`` with ``ROUTES``, named in ``application``; its clusters are a
``ClusterKind``, listed in ``world/world.py``.
"""

from __future__ import annotations

from mongorestore_async.emulator.apis.answers import error_answer
from mongorestore_async.emulator.application import create_app, create_download_app
from mongorestore_async.emulator.digest_server import Outcome
from mongorestore_async.emulator.download_state import DownloadRecord, Downloads, Offer
from mongorestore_async.emulator.downloads.download_play import DownloadPlay, Validators
from mongorestore_async.emulator.downloads.generated_archive import Archive
from mongorestore_async.emulator.emulator_settings import EmulatorSettings
from mongorestore_async.emulator.faults import FAULTS, Faults, PlayedFault, Strikes
from mongorestore_async.emulator.flow_control import Clock, Gate
from mongorestore_async.emulator.request_log import (
    BeforeAnswer,
    Counts,
    CreateRecord,
    Fault,
    FaultHook,
    RequestLog,
    RequestRecord,
)
from mongorestore_async.emulator.server_state import SERVER_STATE, ServerState
from mongorestore_async.emulator.servers import DownloadHost, Emulator, ThreadedEmulator
from mongorestore_async.emulator.setting_types import (
    ChallengeForm,
    CollectionLimit,
    CreateFault,
    EnvelopeStyle,
    Manager,
    NoncePolicy,
    Oddity,
    OverMax,
    QopForm,
    RateCode,
    RateLimiting,
    WaitForm,
)
from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, JobOutcome, Project, Side, World
from mongorestore_async.emulator.world.cluster_backups import Backups, Checkpoint, Checkpoints, NoBackup
from mongorestore_async.emulator.world.collection_restore_store import CollectionRestores
from mongorestore_async.emulator.world.collection_restores import (
    CollectionOrder,
    CollectionRestore,
    PlannedCollection,
)
from mongorestore_async.emulator.world.collection_words import CollectionKind, CollectionOutcome
from mongorestore_async.emulator.world.hosts import Host, Hosts
from mongorestore_async.emulator.world.namespaces import Collection, Index, Namespaces
from mongorestore_async.emulator.world.snapshot_store import Snapshot, Snapshots, SnapshotState

__all__ = [
    "FAULTS",
    "SERVER_STATE",
    "Archive",
    "Backups",
    "BeforeAnswer",
    "ChallengeForm",
    "Checkpoint",
    "Checkpoints",
    "Clock",
    "Cluster",
    "ClusterKind",
    "Collection",
    "CollectionKind",
    "CollectionLimit",
    "CollectionOrder",
    "CollectionOutcome",
    "CollectionRestore",
    "CollectionRestores",
    "Counts",
    "CreateFault",
    "CreateRecord",
    "DownloadHost",
    "DownloadPlay",
    "DownloadRecord",
    "Downloads",
    "Emulator",
    "EmulatorSettings",
    "EnvelopeStyle",
    "Fault",
    "FaultHook",
    "Faults",
    "Gate",
    "Host",
    "Hosts",
    "Index",
    "Job",
    "JobOutcome",
    "Manager",
    "Namespaces",
    "NoBackup",
    "NoncePolicy",
    "Oddity",
    "Offer",
    "Outcome",
    "OverMax",
    "PlannedCollection",
    "PlayedFault",
    "Project",
    "QopForm",
    "RateCode",
    "RateLimiting",
    "RequestLog",
    "RequestRecord",
    "ServerState",
    "Side",
    "Snapshot",
    "SnapshotState",
    "Snapshots",
    "Strikes",
    "ThreadedEmulator",
    "Validators",
    "WaitForm",
    "World",
    "create_app",
    "create_download_app",
    "error_answer",
]
