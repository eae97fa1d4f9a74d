"""Values: jobs, requests, links, states, references. Importing them costs neither an HTTP library nor cattrs."""

from typing import TYPE_CHECKING

from mongorestore_async.late import late

if TYPE_CHECKING:
    from mongorestore_async.models.base import Document, JobDocument, JobT, wire, wire_names
    from mongorestore_async.models.checkpoint import CheckpointPart, ClusterCheckpoint
    from mongorestore_async.models.cloud_backup_job import CloudBackupRestoreJob, Component, PrivateDownloadUrl
    from mongorestore_async.models.cloud_backup_snapshot import CloudBackupSnapshot, SnapshotMember
    from mongorestore_async.models.cluster import ClusterSummary
    from mongorestore_async.models.guard import RestoreGuard
    from mongorestore_async.models.headers import Headers
    from mongorestore_async.models.host import HostSummary
    from mongorestore_async.models.link import Link, find_link
    from mongorestore_async.models.project import ProjectSummary
    from mongorestore_async.models.project_clusters import ClusterOverview, ProjectClusters
    from mongorestore_async.models.ref import JobRef
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
    from mongorestore_async.models.restore_job import Delivery, FileHash, RestoreJob
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
    from mongorestore_async.models.tenant_job import TenantRestoreJob
    from mongorestore_async.models.tenant_snapshot import TenantSnapshot
    from mongorestore_async.models.time_range import TimeRange
    from mongorestore_async.models.timestamp import OplogTimestamp
    from mongorestore_async.models.version import ServiceVersion
else:
    __getattr__, __dir__ = late(
        __name__,
        {
            "base": (
                "Document",
                "JobDocument",
                "JobT",
                "wire",
                "wire_names",
            ),
            "checkpoint": (
                "CheckpointPart",
                "ClusterCheckpoint",
            ),
            "cloud_backup_job": (
                "CloudBackupRestoreJob",
                "Component",
                "PrivateDownloadUrl",
            ),
            "cloud_backup_snapshot": (
                "CloudBackupSnapshot",
                "SnapshotMember",
            ),
            "cluster": ("ClusterSummary",),
            "guard": ("RestoreGuard",),
            "headers": ("Headers",),
            "host": ("HostSummary",),
            "link": (
                "Link",
                "find_link",
            ),
            "project": ("ProjectSummary",),
            "project_clusters": (
                "ClusterOverview",
                "ProjectClusters",
            ),
            "ref": ("JobRef",),
            "requests": (
                "SERVER_DEFAULT",
                "AutomatedRestore",
                "Checkpoint",
                "HttpRestore",
                "OplogTime",
                "PointInTime",
                "ServerDefault",
                "Snapshot",
                "Target",
            ),
            "restore_job": (
                "Delivery",
                "FileHash",
                "RestoreJob",
            ),
            "secret": (
                "RawDocument",
                "RawList",
                "Secret",
                "redact",
            ),
            "snapshot": (
                "ClusterSnapshot",
                "MissingShard",
                "NamespaceFilterList",
                "SnapshotDocument",
                "SnapshotPart",
            ),
            "states": (
                "CloudBackupDeliveryType",
                "CloudBackupSnapshotStatus",
                "DeliveryMethod",
                "DeliveryStatus",
                "JobState",
                "JobStatus",
                "TenantDeliveryType",
                "TenantStatus",
            ),
            "tenant_job": ("TenantRestoreJob",),
            "tenant_snapshot": ("TenantSnapshot",),
            "time_range": ("TimeRange",),
            "timestamp": ("OplogTimestamp",),
            "version": ("ServiceVersion",),
        },
    )

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
