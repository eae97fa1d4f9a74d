"""The errors of the API (``protocol`` section 6)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

__all__ = ["Refusal", "error_document"]

#: Code -> status and text; ``{0}`` and so on are the parameters.
_TEXTS: dict[str, tuple[int, str]] = {
    "ATLAS_GROUP": (404, "Group {0} is an Atlas group; use the Atlas Public API at /api/atlas/v1.0 to access it."),
    "ATTRIBUTE_NEGATIVE_OR_ZERO": (400, "The specified attribute {0} must be greater than zero."),
    "ATTRIBUTE_READ_ONLY": (400, "The specified attribute {0} is read-only."),
    "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED": (400, "Restoring a single shard of a cluster is not allowed."),
    "BACKUP_CONFIG_NOT_FOUND": (404, "No backup configuration exists for cluster {0}."),
    "CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP": (
        400,
        "Checkpoint restores exist for sharded clusters with FCV 4.0 or lower only.",
    ),
    "CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS": (400, "Replica sets cannot be restored from a checkpoint."),
    "CLUSTER_NAME_NOT_FOUND": (404, "No cluster named {0} exists in group {1}."),
    "CLUSTER_NOT_FOUND": (404, "No cluster with ID {0} exists in group {1}."),
    "GROUP_NOT_FOUND": (404, "No group with ID {0} exists."),
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
    "MALFORMED_JSON": (400, "Received JSON is malformed."),
    "METHOD_NOT_ALLOWED": (405, "The method {0} is not allowed here."),
    "MISSING_ATTRIBUTE": (400, "The required attribute {0} was not specified."),
    "MISSING_ATTRIBUTES": (400, "The required attributes {0} and {1} were not specified."),
    "MISSING_ONE_OF_MANY_ATTRIBUTES": (400, "Exactly one of the attributes {0} must be specified."),
    "NOT_ATLAS_GROUP": (404, "Group {0} is not an Atlas group; use the API at /api/public/v1.0 to access it."),
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
    "SNAPSHOT_NOT_FOUND": (404, "No snapshot with ID {0} exists."),
    "TENANT_RESTORE_NOT_FOUND": (404, "No tenant restore with ID {0} exists."),
    "UNEXPECTED_ERROR": (500, "Unexpected error."),
    "UNSUPPORTED_DELIVERY_METHOD": (400, "The delivery method {0} is not supported."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The content type {0} is not supported; send application/json."),
}


class Refusal(Exception):
    """An error answer on its way to the client.

    Args:
        code: The ``errorCode``.
        parameters: The values that fill its text.
        status: HTTP status; None: the one of the code.
        detail: Text instead of the one of the code.

    """

    def __init__(self, code: str, *parameters: Any, status: int | None = None, detail: str | None = None) -> None:
        super().__init__(code)
        usual, text = _TEXTS.get(code, (400, code))
        self.code = code
        self.status = usual if status is None else status
        self.detail = text.format(*parameters) if detail is None else detail
        self.parameters = parameters

    def document(self) -> dict[str, Any]:
        """The body."""
        return error_document(self.status, self.code, self.detail, *self.parameters)


def error_document(status: int, code: str, detail: str, *parameters: Any) -> dict[str, Any]:
    """An error body: ``error``, ``reason``, ``detail``, ``errorCode``, ``parameters``."""
    return {
        "error": status,
        "reason": HTTPStatus(status).phrase,
        "detail": detail,
        "errorCode": code,
        "parameters": list(parameters),
    }
