"""The errors of the APIs: a code gives status and text (``protocol`` section 6).

An endpoint raises :class:`ServiceError`; ``application`` turns it into the answer. A new code is one line of the table.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ServiceError", "error_document"]

#: Code -> status and text; ``{0}`` and so on are the parameters.
_TEXTS: dict[str, tuple[int, str]] = {
    "ATLAS_BACKUP_CANCEL_SHARD_RESTORE_JOB_NOT_ALLOWED": (
        405,
        "Restore job {0} is part of a sharded restore and cannot be cancelled.",
    ),
    "ATLAS_GROUP": (404, "Group {0} is an Atlas group; use the Atlas Public API at /api/atlas/v1.0 to access it."),
    "ATTRIBUTE_NEGATIVE_OR_ZERO": (400, "The specified attribute {0} must be greater than zero."),
    "ATTRIBUTE_READ_ONLY": (400, "The specified attribute {0} is read-only."),
    "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED": (400, "Restoring a single shard of a cluster is not allowed."),
    "BACKUP_CONFIG_NOT_FOUND": (404, "No backup configuration exists for cluster {0}."),
    "BACKUP_JOB_NOT_FOUND": (400, "No backup job exists for cluster {0}."),
    "CANNOT_CANCEL_AUTOMATED_RESTORE": (400, "Automated restores cannot be cancelled."),
    "CANNOT_DOWNLOAD_INCOMPLETE_SNAPSHOT": (409, "Snapshot {0} is not complete and cannot be downloaded."),
    "CANNOT_DOWNLOAD_SNAPSHOT_CONCURRENTLY": (400, "Snapshot {0} is being downloaded already."),
    "CANNOT_START_RESTORE_JOB_FOR_DELETED_CLUSTER_SNAPSHOT": (409, "Cluster snapshot {0} was deleted."),
    "CANNOT_START_RESTORE_JOB_FOR_DELETED_SNAPSHOT": (409, "Snapshot {0} was deleted."),
    "CANNOT_START_RESTORE_JOB_FOR_INCOMPLETE_CLUSTER_SNAPSHOT": (409, "Snapshot {0} is not complete."),
    "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API": (
        400,
        "Cluster {0} is a flex cluster and cannot be used in the cluster API.",
    ),
    "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API": (
        400,
        "Cluster {0} is no flex cluster and cannot be used in the flex API.",
    ),
    "CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP": (
        400,
        "Checkpoint restores exist for sharded clusters with FCV 4.0 or lower only.",
    ),
    "CHECKPOINT_NOT_FOUND": (404, "No checkpoint with ID {0} exists."),
    "CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS": (400, "Replica sets cannot be restored from a checkpoint."),
    "CLUSTER_NAME_NOT_FOUND": (404, "No cluster named {0} exists in group {1}."),
    "CLUSTER_NOT_FOUND": (404, "No cluster with ID {0} exists in group {1}."),
    # No code of collection restores is documented: these five, and those of what a snapshot holds, are ours.
    "COLLECTION_RESTORE_DISK_SHORT": (400, "The disk of cluster {0} has no room for this restore."),
    "COLLECTION_RESTORE_FALLBACK_SNAPSHOT": (
        400,
        "Snapshot {0} is a fallback snapshot; only whole clusters restore it.",
    ),
    "COLLECTION_RESTORE_IN_PROGRESS": (409, "Collection restore {0} of cluster {1} is in progress."),
    "COLLECTION_RESTORE_NVME": (400, "Cluster {0} has NVMe disks; they have no collection restores."),
    "COLLECTION_STATE_NOT_FOUND": (404, "Collection restore {1} has no collection {0}."),
    "CONFIG_RESTORE_JOB_NOT_FOUND": (404, "No restore job with ID {0} exists for this config server."),
    "CONFIG_SNAPSHOT_NOT_FOUND": (404, "No snapshot with ID {0} exists for this config server."),
    "FRACTIONAL_TIMESTAMP": (400, "The timestamp {0} must be in whole seconds."),
    "GROUP_NAME_NOT_FOUND": (404, "No group named {0} exists."),
    "GROUP_NOT_FOUND": (404, "No group with ID {0} exists."),
    "HOST_NOT_FOUND": (404, "No host with ID {0} exists in group {1}."),
    "INCORRECT_BACKUP_API_ENDPOINT": (400, "Cluster {0} has another kind of backup; use the endpoints of that one."),
    "INVALID_ATTRIBUTE": (400, "Invalid attribute {0} specified."),
    "INVALID_CHECKPOINT_ID": (404, "An invalid checkpoint ID {0} was specified."),
    "INVALID_CLUSTER_ID": (404, "An invalid cluster ID {0} was specified."),
    "INVALID_DATE_FORMAT": (400, "{0} is no date in ISO 8601 format."),
    "INVALID_DELIVERY_SCP": (400, "Delivery by SCP is no longer supported."),
    "INVALID_ENUM_VALUE": (400, "An invalid enumeration value {0} was specified."),
    "INVALID_GROUP_ID": (404, "An invalid group ID {0} was specified."),
    "INVALID_JOB_ID": (404, "An invalid job ID {0} was specified."),
    "INVALID_JSON": (400, "Received JSON is not an object."),
    "INVALID_JSON_ATTRIBUTE": (400, "Received JSON for the {0} attribute does not match expected format."),
    "INVALID_PIT_RESTORE_TIME": (400, "The point in time must lie within the last 24 hours."),
    "INVALID_QUERY_PARAMETER": (400, "An invalid value for query parameter {0} was specified."),
    "INVALID_SNAPSHOT_ID": (404, "An invalid snapshot ID {0} was specified."),
    "INVALID_VERSION_DATE": (
        406,
        "Name a version of this resource in the Accept header: application/vnd.atlas.{0}+json.",
    ),
    "LINK_EXPIRATION_AFTER_SNAPSHOT_DELETION": (409, "The link would outlive snapshot {0}."),
    "MALFORMED_JSON": (400, "Received JSON is malformed."),
    "METHOD_NOT_ALLOWED": (405, "The method {0} is not allowed here."),
    "MISSING_ATTRIBUTE": (400, "The required attribute {0} was not specified."),
    "MISSING_ATTRIBUTES": (400, "The required attributes {0} and {1} were not specified."),
    "MISSING_ONE_OF_ATTRIBUTES": (400, "Either {0} or {1} must be specified."),
    "MISSING_ONE_OF_MANY_ATTRIBUTES": (400, "Exactly one of the attributes {0} must be specified."),
    "MUTUALLY_EXCLUSIVE_QUERY_PARAMETERS": (400, "The query parameters {0} and {1} exclude each other."),
    "NOT_ATLAS_GROUP": (404, "Group {0} is not an Atlas group; use the API at /api/public/v1.0 to access it."),
    "NOT_CONFIG_SERVER": (404, "Host {0} is not a config server."),
    "NO_CHECKPOINT_FOR_PIT_RESTORE": (409, "Checkpoint {0} cannot be restored."),
    "OPLOG_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS": (
        400,
        "Sharded clusters with FCV 4.0 or lower cannot be restored to an oplog time.",
    ),
    "PIT_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS": (
        400,
        "Sharded clusters with FCV 4.0 or lower cannot be restored to a point in time.",
    ),
    "REQUEST_TOO_LARGE": (413, "The request body is larger than {0} bytes."),
    "RESOURCE_NOT_FOUND": (404, "Cannot find resource {0}."),
    "RESTORE_JOB_NOT_FOUND": (404, "No restore job with ID {0} exists."),
    "SERVICE_UNAVAILABLE": (503, "The service is unavailable."),
    "SNAPSHOT_COLLECTION_NOT_FOUND": (404, "Snapshot {1} holds no collection {0}."),
    "SNAPSHOT_DATABASE_NOT_FOUND": (404, "Snapshot {1} holds no database {0}."),
    "SNAPSHOT_INCOMPLETE": (409, "Snapshot {0} is not complete; what it holds is not known."),
    "SNAPSHOT_NOT_FOUND": (404, "No snapshot with ID {0} exists."),
    "TENANT_RESTORE_INCOMPATIBLE_TOPOLOGY": (400, "The destination {0} is sharded."),
    "TENANT_RESTORE_NOT_FOUND": (404, "No tenant restore with ID {0} exists."),
    "TENANT_SNAPSHOT_NOT_FOUND": (404, "No tenant snapshot with ID {0} exists."),
    "TOO_MANY_SNAPSHOT_DOWNLOADS": (400, "No more than {0} snapshots of a project can be downloaded at a time."),
    "TEAM_NOT_FOUND": (404, "No team {0} exists in this organization."),
    "UNABLE_T0_FIND_SNAPSHOT_PRIOR_TO_PIT_RESTORE_OPTIME": (404, "There is no snapshot before that moment."),
    "UNEXPECTED_ERROR": (500, "Unexpected error."),
    "UNSUPPORTED_DELIVERY_METHOD": (400, "The delivery method {0} is not supported."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The content type {0} is not supported; send application/json."),
    "USERNAME_NOT_FOUND": (404, "No user named {0} exists."),
    "USER_CANNOT_ACCESS_ORG": (401, "The key has no access to organization {0}."),
    "USER_NOT_FOUND": (404, "No user with ID {0} exists."),
    "VALIDATION_ERROR": (400, "Validation error."),
    "VERSION_GONE": (410, "Version {0} of this resource has reached its end of life."),
}


class ServiceError(Exception):
    """An error answer: raised by an endpoint, sent to the client.

    Args:
        code: The ``errorCode``.
        parameters: The values that fill its text.
        status: HTTP status; None: the one of the code.
        detail: Text instead of the one of the code.
        fields: What is wrong with which member, for ``badRequestDetail`` (v2).

    """

    def __init__(
        self,
        code: str,
        *parameters: Any,
        status: int | None = None,
        detail: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        usual, text = _TEXTS.get(code, (400, code))
        self.code = code
        self.status: int = usual if status is None else status
        self.detail: str = text.format(*parameters) if detail is None else detail
        self.parameters = parameters
        self.fields = fields

    def document(self) -> dict[str, Any]:
        """The body."""
        document = error_document(self.status, self.code, self.detail, *self.parameters)
        if self.fields is not None:
            fields = [{"field": name, "description": text} for name, text in self.fields.items()]
            document["badRequestDetail"] = {"fields": fields}
        return document


def error_document(status: int, code: str, detail: str, *parameters: Any) -> dict[str, Any]:
    """An error body: ``error``, ``reason``, ``detail``, ``errorCode``, ``parameters``."""
    return {
        "error": status,
        "reason": HTTPStatus(status).phrase,
        "detail": detail,
        "errorCode": code,
        "parameters": list(parameters),
    }
