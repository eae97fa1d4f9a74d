"""The async Python SDK for MongoDB restore jobs on Ops Manager, Cloud Manager and Atlas.

Names are loaded when they are first used (PEP 562), so that the version and the models cost no HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mongorestore_async.homes import HOME_OF

if TYPE_CHECKING:
    from mongorestore_async.errors import (
        ApiError,
        AuthError,
        BadRequest,
        ConfigError,
        Conflict,
        ConnectFailed,
        ConnectionBroken,
        DataError,
        DiskFull,
        DownloadError,
        DownloadExpired,
        DownloadTruncated,
        DownloadUsedUp,
        Forbidden,
        HashMismatch,
        MaybeCreated,
        NotFound,
        NotRestorable,
        NotUnique,
        PaginationError,
        ProtectedTarget,
        ProtocolError,
        RateLimited,
        RequestContext,
        RequestTimeout,
        RestoreError,
        RestoreFailed,
        ServerError,
        SessionClosed,
        TransportError,
        Unsupported,
        WaitError,
        WaitTimeout,
        WrongLoop,
    )
    from mongorestore_async.families import (
        ATLAS_CLOUD_BACKUP,
        ATLAS_CLOUD_BACKUP_V1,
        ATLAS_FLEX,
        ATLAS_LEGACY,
        ATLAS_LEGACY_V1,
        ATLAS_SERVERLESS,
        ATLAS_SERVERLESS_V1,
        ATLAS_TENANT,
        ATLAS_TENANT_V1,
        CLOUD_MANAGER,
        FAMILIES,
        OPS_MANAGER,
        Family,
        RateLimit,
    )
    from mongorestore_async.fleet import (
        ClusterOutcome,
        FailureKind,
        Fleet,
        FleetCluster,
        FleetFailure,
        FleetPlan,
        FleetProgress,
        FleetProject,
        FleetStream,
        Found,
    )
    from mongorestore_async.models import (
        SERVER_DEFAULT,
        AutomatedRestore,
        Checkpoint,
        CloudBackupRestoreJob,
        CloudBackupSnapshot,
        ClusterCheckpoint,
        ClusterSnapshot,
        ClusterSummary,
        Delivery,
        DeliveryStatus,
        HostSummary,
        HttpRestore,
        JobRef,
        JobState,
        JobStatus,
        OplogTime,
        OplogTimestamp,
        PointInTime,
        ProjectClusters,
        ProjectSummary,
        RestoreGuard,
        RestoreJob,
        Secret,
        ServiceVersion,
        Snapshot,
        SnapshotDocument,
        Target,
        TenantRestoreJob,
        TenantSnapshot,
        TimeRange,
    )
    from mongorestore_async.protocol.credentials import DigestAuth, ServiceAccount
    from mongorestore_async.protocol.deprecation import (
        VendorDeprecation,
    )
    from mongorestore_async.protocol.documents import load_job
    from mongorestore_async.protocol.polling import (
        PollPolicy,
    )
    from mongorestore_async.protocol.prechecks import (
        Finding,
        Rule,
    )
    from mongorestore_async.protocol.reconciling import Verdict
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.protocol.retrying import NO_RETRY, Failure, RetryPolicy, RetryRule, is_transient
    from mongorestore_async.protocol.verification import (
        Verification,
    )
    from mongorestore_async.resources import (
        AsyncSession,
        Cluster,
        ConfigServer,
        Page,
        Pager,
        Project,
        Reconciliation,
        RestoreBatch,
        RestoreSource,
        SnapshotPager,
        Until,
    )
    from mongorestore_async.resources.downloaded import (
        DownloadedFile,
        DownloadProgress,
    )
    from mongorestore_async.resources.poll_report import (
        PollFailure,
        PollReport,
    )
    from mongorestore_async.resources.safety import (
        RestorePlan,
    )
    from mongorestore_async.transport import ExchangeRecord, Options, SharedLimits, Stats
    from mongorestore_async.version import __version__

__all__ = [
    "ATLAS_CLOUD_BACKUP",
    "ATLAS_CLOUD_BACKUP_V1",
    "ATLAS_FLEX",
    "ATLAS_LEGACY",
    "ATLAS_LEGACY_V1",
    "ATLAS_SERVERLESS",
    "ATLAS_SERVERLESS_V1",
    "ATLAS_TENANT",
    "ATLAS_TENANT_V1",
    "CLOUD_MANAGER",
    "FAMILIES",
    "NO_RETRY",
    "OPS_MANAGER",
    "SERVER_DEFAULT",
    "ApiError",
    "AsyncSession",
    "AuthError",
    "AutomatedRestore",
    "BadRequest",
    "Checkpoint",
    "CloudBackupRestoreJob",
    "CloudBackupSnapshot",
    "Cluster",
    "ClusterCheckpoint",
    "ClusterOutcome",
    "ClusterSnapshot",
    "ClusterSummary",
    "ConfigError",
    "ConfigServer",
    "Conflict",
    "ConnectFailed",
    "ConnectionBroken",
    "DataError",
    "Delivery",
    "DeliveryStatus",
    "DigestAuth",
    "DiskFull",
    "DownloadError",
    "DownloadExpired",
    "DownloadProgress",
    "DownloadTruncated",
    "DownloadUsedUp",
    "DownloadedFile",
    "ExchangeRecord",
    "Failure",
    "FailureKind",
    "Family",
    "Finding",
    "Fleet",
    "FleetCluster",
    "FleetFailure",
    "FleetPlan",
    "FleetProgress",
    "FleetProject",
    "FleetStream",
    "Forbidden",
    "Found",
    "HashMismatch",
    "HostSummary",
    "HttpRestore",
    "JobRef",
    "JobState",
    "JobStatus",
    "MaybeCreated",
    "NotFound",
    "NotRestorable",
    "NotUnique",
    "OplogTime",
    "OplogTimestamp",
    "Options",
    "Page",
    "Pager",
    "PaginationError",
    "PointInTime",
    "PollFailure",
    "PollPolicy",
    "PollReport",
    "Project",
    "ProjectClusters",
    "ProjectSummary",
    "ProtectedTarget",
    "ProtocolError",
    "RateLimit",
    "RateLimited",
    "Reconciliation",
    "Reply",
    "RequestContext",
    "RequestTimeout",
    "RestoreBatch",
    "RestoreError",
    "RestoreFailed",
    "RestoreGuard",
    "RestoreJob",
    "RestorePlan",
    "RestoreSource",
    "RetryPolicy",
    "RetryRule",
    "Rule",
    "Secret",
    "ServerError",
    "ServiceAccount",
    "ServiceVersion",
    "SessionClosed",
    "SharedLimits",
    "Snapshot",
    "SnapshotDocument",
    "SnapshotPager",
    "Stats",
    "Target",
    "TenantRestoreJob",
    "TenantSnapshot",
    "TimeRange",
    "TransportError",
    "Unsupported",
    "Until",
    "VendorDeprecation",
    "Verdict",
    "Verification",
    "WaitError",
    "WaitTimeout",
    "WrongLoop",
    "__version__",
    "is_transient",
    "load_job",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # What stands in no table is an error.
    value = getattr(import_module(HOME_OF.get(name, "mongorestore_async.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
