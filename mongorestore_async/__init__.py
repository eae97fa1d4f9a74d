"""The async Python SDK for MongoDB restore jobs on Ops Manager, Cloud Manager and Atlas.

Names are loaded when they are first used (PEP 562), so that the version and the models cost no HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
        Forbidden,
        MaybeCreated,
        NotFound,
        NotUnique,
        PaginationError,
        ProtocolError,
        RateLimited,
        RequestContext,
        RequestTimeout,
        RestoreError,
        ServerError,
        SessionClosed,
        TransportError,
        Unsupported,
        WrongLoop,
    )
    from mongorestore_async.families import (
        ATLAS_CLOUD_BACKUP_V1,
        ATLAS_TENANT_V1,
        CLOUD_MANAGER,
        FAMILIES,
        OPS_MANAGER,
        Family,
        RateLimit,
    )
    from mongorestore_async.models import (
        SERVER_DEFAULT,
        AutomatedRestore,
        Checkpoint,
        CloudBackupRestoreJob,
        ClusterSummary,
        Delivery,
        DeliveryStatus,
        HttpRestore,
        JobRef,
        JobState,
        JobStatus,
        OplogTime,
        OplogTimestamp,
        PointInTime,
        ProjectSummary,
        RestoreJob,
        Secret,
        ServiceVersion,
        Snapshot,
        Target,
        TenantRestoreJob,
    )
    from mongorestore_async.protocol.credentials import DigestAuth, ServiceAccount
    from mongorestore_async.protocol.documents import load_job
    from mongorestore_async.protocol.reconciling import Verdict
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.protocol.retrying import NO_RETRY, Failure, RetryPolicy, RetryRule, is_transient
    from mongorestore_async.resources import (
        AsyncSession,
        Cluster,
        Page,
        Pager,
        Project,
        Reconciliation,
        RestoreBatch,
    )
    from mongorestore_async.transport import ExchangeRecord, Options, SharedLimits, Stats
    from mongorestore_async.version import __version__

__all__ = [
    "ATLAS_CLOUD_BACKUP_V1",
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
    "Cluster",
    "ClusterSummary",
    "ConfigError",
    "Conflict",
    "ConnectFailed",
    "ConnectionBroken",
    "DataError",
    "Delivery",
    "DeliveryStatus",
    "DigestAuth",
    "ExchangeRecord",
    "Failure",
    "Family",
    "Forbidden",
    "HttpRestore",
    "JobRef",
    "JobState",
    "JobStatus",
    "MaybeCreated",
    "NotFound",
    "NotUnique",
    "OplogTime",
    "OplogTimestamp",
    "Options",
    "Page",
    "Pager",
    "PaginationError",
    "PointInTime",
    "Project",
    "ProjectSummary",
    "ProtocolError",
    "RateLimit",
    "RateLimited",
    "Reconciliation",
    "Reply",
    "RequestContext",
    "RequestTimeout",
    "RestoreBatch",
    "RestoreError",
    "RestoreJob",
    "RetryPolicy",
    "RetryRule",
    "Secret",
    "ServerError",
    "ServiceAccount",
    "ServiceVersion",
    "SessionClosed",
    "SharedLimits",
    "Snapshot",
    "Stats",
    "Target",
    "TenantRestoreJob",
    "TransportError",
    "Unsupported",
    "Verdict",
    "WrongLoop",
    "__version__",
    "is_transient",
    "load_job",
]

_HOMES = {
    "mongorestore_async.version": ("__version__",),
    "mongorestore_async.protocol.credentials": ("DigestAuth", "ServiceAccount"),
    "mongorestore_async.protocol.documents": ("load_job",),
    "mongorestore_async.protocol.replies": ("Reply",),
    "mongorestore_async.protocol.retrying": ("NO_RETRY", "Failure", "RetryPolicy", "RetryRule", "is_transient"),
    "mongorestore_async.transport": ("ExchangeRecord", "Options", "SharedLimits", "Stats"),
    "mongorestore_async.resources": (
        "AsyncSession",
        "Cluster",
        "Page",
        "Pager",
        "Project",
        "Reconciliation",
        "RestoreBatch",
    ),
    "mongorestore_async.protocol.reconciling": ("Verdict",),
    "mongorestore_async.families": (
        "ATLAS_CLOUD_BACKUP_V1",
        "ATLAS_TENANT_V1",
        "CLOUD_MANAGER",
        "FAMILIES",
        "OPS_MANAGER",
        "Family",
        "RateLimit",
    ),
    "mongorestore_async.models": (
        "SERVER_DEFAULT",
        "AutomatedRestore",
        "Checkpoint",
        "CloudBackupRestoreJob",
        "ClusterSummary",
        "Delivery",
        "DeliveryStatus",
        "HttpRestore",
        "JobRef",
        "JobState",
        "JobStatus",
        "OplogTime",
        "OplogTimestamp",
        "PointInTime",
        "ProjectSummary",
        "RestoreJob",
        "Secret",
        "ServiceVersion",
        "Snapshot",
        "Target",
        "TenantRestoreJob",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # What stands in no table is an error.
    value = getattr(import_module(_HOME_OF.get(name, "mongorestore_async.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
