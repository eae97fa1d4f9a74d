"""Values: what is received, what is asked for, and the settings a user hands over. All frozen, no I/O.

Documents come in from ``codec`` and keep what was received in ``raw``; requests go out through it. Importing this room
costs neither an HTTP library nor cattrs.

- Received, one file per dialect: ``restore_job`` and ``snapshot`` (Ops Manager, Cloud Manager, Atlas legacy),
  ``cloud_backup``, ``tenant``, ``collections`` (with what is asked for); ``inventory`` for projects, clusters and
  hosts. A new member of a document is a field there; ``wire()`` names the JSON member where camel case does not.
- ``document``: what all of them share; ``states``: the open enums and the states that all families share;
  ``job``: what the jobs of all families answer, and their addresses; ``values``: links, times, versions; ``headers``.
- Asked for: ``requests``, which check themselves when they are made; ``policies``: the guard, and how to poll.
- ``secret``: values that no repr, log or serializer shows, and the one redaction of documents.
- ``validators``: every check of a value that a caller passes, with the one wording of its refusal.
"""

from mongorestore_async.models.cloud_backup import (
    CloudBackupRestoreJob,
    CloudBackupSnapshot,
    Component,
    PrivateDownloadUrl,
    SnapshotMember,
)
from mongorestore_async.models.collections import (
    CollectionRestore,
    CollectionRestoreJob,
    CollectionRestoreState,
    CollectionsOutcome,
    FailedIndex,
    IndexState,
    IndexStatus,
    IndexStrategy,
    Renamed,
    RequestedNamespace,
    RestoredCollection,
    RestoredCollectionState,
    RestoreRequest,
    SnapshotCollection,
    SnapshotDatabase,
    WriteStrategy,
    overwritten_by,
)
from mongorestore_async.models.document import (
    Document,
    RawDocument,
    RawList,
    wire,
    wire_names,
)
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.inventory import (
    ClusterOverview,
    ClusterSummary,
    HostSummary,
    ProjectClusters,
    ProjectSummary,
)
from mongorestore_async.models.job import JobDocument, JobRef, JobT, JobT_co
from mongorestore_async.models.policies import PollPolicy, RestoreGuard
from mongorestore_async.models.requests import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    ServerDefault,
    Snapshot,
    Target,
)
from mongorestore_async.models.restore_job import CheckpointPart, ClusterCheckpoint, Delivery, FileHash, RestoreJob
from mongorestore_async.models.secret import Secret, redact
from mongorestore_async.models.snapshot import (
    ClusterSnapshot,
    MissingShard,
    NamespaceFilterList,
    SnapshotDocument,
    SnapshotPart,
)
from mongorestore_async.models.states import (
    CloudBackupDeliveryType,
    CloudBackupSnapshotStatus,
    DeliveryMethod,
    DeliveryStatus,
    JobState,
    JobStatus,
    TenantDeliveryType,
    TenantStatus,
)
from mongorestore_async.models.tenant import TenantRestoreJob, TenantSnapshot
from mongorestore_async.models.values import Link, OplogTimestamp, ServiceVersion, TimeRange, find_link

__all__ = [
    "SERVER_DEFAULT",
    "AutomatedRestore",
    "Checkpoint",
    "CheckpointPart",
    "CloudBackupDeliveryType",
    "CloudBackupRestoreJob",
    "CloudBackupSnapshot",
    "CloudBackupSnapshotStatus",
    "ClusterCheckpoint",
    "ClusterOverview",
    "ClusterSnapshot",
    "ClusterSummary",
    "CollectionRestore",
    "CollectionRestoreJob",
    "CollectionRestoreState",
    "CollectionsOutcome",
    "Component",
    "Delivery",
    "DeliveryMethod",
    "DeliveryStatus",
    "Document",
    "FailedIndex",
    "FileHash",
    "Headers",
    "HostSummary",
    "HttpRestore",
    "IndexState",
    "IndexStatus",
    "IndexStrategy",
    "JobDocument",
    "JobRef",
    "JobState",
    "JobStatus",
    "JobT",
    "JobT_co",
    "Link",
    "MissingShard",
    "NamespaceFilterList",
    "OplogTime",
    "OplogTimestamp",
    "PointInTime",
    "PollPolicy",
    "PrivateDownloadUrl",
    "ProjectClusters",
    "ProjectSummary",
    "RawDocument",
    "RawList",
    "Renamed",
    "RequestedNamespace",
    "RestoreGuard",
    "RestoreJob",
    "RestoreRequest",
    "RestoredCollection",
    "RestoredCollectionState",
    "Secret",
    "ServerDefault",
    "ServiceVersion",
    "Snapshot",
    "SnapshotCollection",
    "SnapshotDatabase",
    "SnapshotDocument",
    "SnapshotMember",
    "SnapshotPart",
    "Target",
    "TenantDeliveryType",
    "TenantRestoreJob",
    "TenantSnapshot",
    "TenantStatus",
    "TimeRange",
    "WriteStrategy",
    "find_link",
    "overwritten_by",
    "redact",
    "wire",
    "wire_names",
]
