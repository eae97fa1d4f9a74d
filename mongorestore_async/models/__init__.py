"""Values: jobs, requests, links, states, references. Importing them costs neither an HTTP library nor cattrs."""

from mongorestore_async.models.cloud_backup import (
    CloudBackupRestoreJob,
    CloudBackupSnapshot,
    Component,
    PrivateDownloadUrl,
    SnapshotMember,
)
from mongorestore_async.models.document import Document, JobDocument, JobT, wire, wire_names
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.inventory import (
    ClusterOverview,
    ClusterSummary,
    HostSummary,
    ProjectClusters,
    ProjectSummary,
)
from mongorestore_async.models.job_ref import JobRef
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
from mongorestore_async.models.secret import RawDocument, RawList, Secret, redact
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
    "Component",
    "Delivery",
    "DeliveryMethod",
    "DeliveryStatus",
    "Document",
    "FileHash",
    "Headers",
    "HostSummary",
    "HttpRestore",
    "JobDocument",
    "JobRef",
    "JobState",
    "JobStatus",
    "JobT",
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
    "RestoreGuard",
    "RestoreJob",
    "Secret",
    "ServerDefault",
    "ServiceVersion",
    "Snapshot",
    "SnapshotDocument",
    "SnapshotMember",
    "SnapshotPart",
    "Target",
    "TenantDeliveryType",
    "TenantRestoreJob",
    "TenantSnapshot",
    "TenantStatus",
    "TimeRange",
    "find_link",
    "redact",
    "wire",
    "wire_names",
]
