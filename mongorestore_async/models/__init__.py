"""Values: jobs, requests, links, states, references. Importing them costs neither an HTTP library nor cattrs."""

from mongorestore_async.models.base import Document, JobDocument, JobT, wire, wire_names
from mongorestore_async.models.cloud_backup_job import CloudBackupRestoreJob, Component, PrivateDownloadUrl
from mongorestore_async.models.cluster import ClusterSummary
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.link import Link, find_link
from mongorestore_async.models.project import ProjectSummary
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
from mongorestore_async.models.states import (
    CloudBackupDeliveryType,
    DeliveryMethod,
    DeliveryStatus,
    JobState,
    JobStatus,
    TenantDeliveryType,
    TenantStatus,
)
from mongorestore_async.models.tenant_job import TenantRestoreJob
from mongorestore_async.models.timestamp import OplogTimestamp
from mongorestore_async.models.version import ServiceVersion

__all__ = [
    "SERVER_DEFAULT",
    "AutomatedRestore",
    "Checkpoint",
    "CloudBackupDeliveryType",
    "CloudBackupRestoreJob",
    "ClusterSummary",
    "Component",
    "Delivery",
    "DeliveryMethod",
    "DeliveryStatus",
    "Document",
    "FileHash",
    "Headers",
    "HttpRestore",
    "JobDocument",
    "JobRef",
    "JobState",
    "JobStatus",
    "JobT",
    "Link",
    "OplogTime",
    "OplogTimestamp",
    "PointInTime",
    "PrivateDownloadUrl",
    "ProjectSummary",
    "RawDocument",
    "RawList",
    "RestoreJob",
    "Secret",
    "ServerDefault",
    "ServiceVersion",
    "Snapshot",
    "Target",
    "TenantDeliveryType",
    "TenantRestoreJob",
    "TenantStatus",
    "find_link",
    "redact",
    "wire",
    "wire_names",
]
