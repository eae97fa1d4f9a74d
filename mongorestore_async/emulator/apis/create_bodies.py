"""The bodies of creates: reading their fields, and the rules that several APIs have in common.

A rule of one API is in the file of that API.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, cast

from mongorestore_async.emulator.apis.lookups import (
    cluster_by_id,
    cluster_by_name,
    missing_snapshot,
    project_of,
    require_id,
)
from mongorestore_async.emulator.apis.request_info import is_v2, side_of
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.world import Side
from mongorestore_async.emulator.world.snapshot_store import SnapshotState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mongorestore_async.emulator.server_state import ServerState
    from mongorestore_async.emulator.world import Cluster

__all__ = [
    "DELIVERY_READ_ONLY",
    "JOB_READ_ONLY",
    "LINK_FIELDS",
    "OLDEST_SECONDS",
    "SELECTORS",
    "BodyFields",
    "read_body",
    "read_expiry",
    "read_recent_millis",
    "read_snapshot",
    "require_checkpoint",
    "require_earlier_snapshot",
    "require_one_selector",
    "require_snapshot",
    "target_by_id",
    "target_by_name",
    "target_fields",
]

#: Fields that Ops Manager, Cloud Manager and Atlas legacy have in common: what to restore, ...
SELECTORS = ("snapshotId", "oplogTs", "oplogInc", "pointInTimeUTCMillis", "checkpointId")
#: ... the download link, ...
LINK_FIELDS = ("expires", "expirationHours", "maxDownloads")
#: ... and what only answers have.
JOB_READ_ONLY = frozenset({
    "batchId", "clusterId", "clusterName", "created", "encryptionEnabled", "groupId", "hashes", "hostId", "id",
    "links", "masterKeyUUID", "pointInTime", "statusName", "timestamp",
})  # fmt: skip
DELIVERY_READ_ONLY = frozenset({"authBearer", "authHeader", "authValue", "statusName", "url", "urlV2"})
_DAY = timedelta(hours=24)
#: 2008-01-01: no moment in a body of v2 may be older (``restore-jobs`` section 8.2).
OLDEST_SECONDS = 1_199_145_600
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def _parse_object(body: bytes) -> dict[str, Any]:
    """Parse a body that must be a JSON object.

    Raises:
        ServiceError: It is none.

    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ServiceError("MALFORMED_JSON") from None
    if not isinstance(document, dict):
        raise ServiceError("INVALID_JSON")
    return cast("dict[str, Any]", document)


class BodyFields:
    """Reads the fields of one JSON object by name. Numbers may be numbers or strings of digits (D9).

    Args:
        document: The object.
        known: Names it may have.
        read_only: Names that exist in answers only.
        prefix: Prefix of the field names in errors.

    Raises:
        ServiceError: It has other names, or nulls: unset fields must be left out.

    """

    def __init__(
        self, document: Mapping[str, Any], *, known: frozenset[str], read_only: frozenset[str], prefix: str = ""
    ) -> None:
        self._document = document
        self._prefix = prefix
        for name, value in document.items():
            if name in read_only:
                raise ServiceError("ATTRIBUTE_READ_ONLY", prefix + name)
            if name not in known or value is None:
                raise ServiceError("INVALID_ATTRIBUTE", prefix + name)

    def __contains__(self, name: str) -> bool:
        return name in self._document

    def require(self, *names: str) -> None:
        """Refuse a body in which a field is missing."""
        missing = [self._prefix + name for name in names if name not in self._document]
        if missing:
            raise ServiceError("MISSING_ATTRIBUTE" if len(missing) == 1 else "MISSING_ATTRIBUTES", *missing)

    def refuse(self, *names: str, because: str) -> None:
        """Refuse fields that do not belong in this kind of request."""
        for name in names:
            if name in self._document:
                full = self._prefix + name
                raise ServiceError("INVALID_ATTRIBUTE", full, detail=f"{full} is not allowed here: {because}.")

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object."""
        value = self._required(name)
        if not isinstance(value, dict):
            self._mismatch(name)
        return cast("dict[str, Any]", value)

    def text(self, name: str) -> str:
        """A string."""
        value = self._required(name)
        if not isinstance(value, str):
            self._mismatch(name)
        return value

    def identifier(self, name: str, code: str) -> str:
        """A string of 24 hexadecimal characters; otherwise an error with this code."""
        value = self.text(name)
        require_id(value, code)
        return value

    def count(self, name: str, least: int = 1) -> int:
        """A whole number from 1 up; from ``least`` up where a schema says so (v2)."""
        value = self._required(name)
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self._mismatch(name)
        if value < 1:
            raise ServiceError("ATTRIBUTE_NEGATIVE_OR_ZERO", self._prefix + name)
        if value < least:
            raise ServiceError(
                "VALIDATION_ERROR", fields={self._prefix + name: f"must be greater than or equal to {least}"}
            )
        return value

    def optional_count(self, name: str) -> int | None:
        """The same, or None without it."""
        return self.count(name) if name in self else None

    def moment(self, name: str) -> datetime:
        """A date in ISO 8601; without a zone it is UTC."""
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise ServiceError("INVALID_DATE_FORMAT", self._document[name]) from None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found

    def _required(self, name: str) -> Any:
        self.require(name)
        return self._document[name]

    def _mismatch(self, name: str) -> NoReturn:
        raise ServiceError("INVALID_JSON_ATTRIBUTE", self._prefix + name)


async def read_body(request: web.Request) -> dict[str, Any]:
    """The object in the body of a create. The content type of v2 was checked with the version.

    Raises:
        ServiceError: It is not JSON, or its content type says otherwise.

    """
    if not is_v2(request) and request.content_type != "application/json":
        status = request.app[SERVER_STATE].settings.wrong_content_type_status
        raise ServiceError("UNSUPPORTED_MEDIA_TYPE", request.content_type, status=status)
    return _parse_object(await request.read())


def target_by_name(request: web.Request, project_id: str, name: str) -> Cluster:
    """The cluster of Atlas a restore goes into.

    Raises:
        ServiceError: 404.

    """
    world = request.app[SERVER_STATE].world
    return cluster_by_name(request, project_of(world, project_id, Side.ATLAS), name)


def target_by_id(request: web.Request, project_id: str, cluster_id: str) -> Cluster:
    """The same by id, on either side; a shard of a cluster cannot be restored alone.

    Raises:
        ServiceError: 404, or 400 for a shard.

    """
    world = request.app[SERVER_STATE].world
    target = cluster_by_id(world, project_of(world, project_id, side_of(request)), cluster_id)
    if target.member is not None:
        raise ServiceError("AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")
    return target


def target_fields(target: Cluster) -> dict[str, Any]:
    """The fields of an order that say where a restore goes."""
    return {
        "over_http": False,
        "target_project": target.project.id,
        "target_cluster": target.id,
        "target_name": target.name,
    }


def require_snapshot(
    state: ServerState, cluster: Cluster, snapshot_id: str, *, download: bool, link_ends: float | None = None
) -> None:
    """Check the snapshot of a create; without ``EmulatorSettings.check_snapshots`` every id is accepted.

    Args:
        state: The server.
        cluster: Whose snapshot it has to be.
        snapshot_id: The id that was sent.
        download: Whether a download is wanted, rather than an automated restore.
        link_ends: When the download link ends, seconds since 1970; None without a link or a given end.

    Raises:
        ServiceError: 404 for an unknown one; 409 for one that is incomplete, expired, or gone before the link ends.

    """
    if not state.settings.check_snapshots:
        return
    snapshot = state.world.snapshots.find(cluster, snapshot_id)
    if snapshot is None:
        raise ServiceError(missing_snapshot(cluster), snapshot_id)
    if snapshot.state is not SnapshotState.COMPLETE:
        incomplete = "CANNOT_START_RESTORE_JOB_FOR_INCOMPLETE_CLUSTER_SNAPSHOT"
        raise ServiceError("CANNOT_DOWNLOAD_INCOMPLETE_SNAPSHOT" if download else incomplete, snapshot_id)
    if snapshot.expired(state.clock.now().timestamp()):
        what = "CLUSTER_SNAPSHOT" if cluster.kind.sharded else "SNAPSHOT"
        raise ServiceError(f"CANNOT_START_RESTORE_JOB_FOR_DELETED_{what}", snapshot_id)
    if link_ends is not None and snapshot.expires is not None and link_ends > snapshot.expires:
        raise ServiceError("LINK_EXPIRATION_AFTER_SNAPSHOT_DELETION", snapshot_id)


def require_earlier_snapshot(state: ServerState, cluster: Cluster, moment: float) -> None:
    """The same for a restore to a moment (seconds since 1970): it needs an earlier snapshot.

    Raises:
        ServiceError: 404, every snapshot is newer.

    """
    if state.settings.check_snapshots and state.world.snapshots.before(cluster, moment)[1] is None:
        raise ServiceError("UNABLE_T0_FIND_SNAPSHOT_PRIOR_TO_PIT_RESTORE_OPTIME")


def require_checkpoint(state: ServerState, cluster: Cluster, checkpoint_id: str) -> None:
    """Check the checkpoint of a create; without ``EmulatorSettings.check_snapshots`` every id is accepted.

    Raises:
        ServiceError: 404 for an unknown one, 409 for one that is not restorable.

    """
    if not state.settings.check_snapshots:
        return
    checkpoint = state.world.checkpoints.find(cluster, checkpoint_id)
    if checkpoint is None:
        raise ServiceError("CHECKPOINT_NOT_FOUND", checkpoint_id)
    if not checkpoint.restorable:
        # Which code a real server gives for one that is not restorable is not known.
        raise ServiceError("NO_CHECKPOINT_FOR_PIT_RESTORE", checkpoint_id)


def read_snapshot(state: ServerState, cluster: Cluster, body: BodyFields, *, download: bool) -> str:
    """``snapshotId`` of a create, checked by :func:`require_snapshot`.

    Raises:
        ServiceError: It is missing or malformed, or that snapshot cannot be restored.

    """
    snapshot = body.identifier("snapshotId", "INVALID_SNAPSHOT_ID")
    require_snapshot(state, cluster, snapshot, download=download)
    return snapshot


def read_expiry(state: ServerState, delivery: BodyFields) -> datetime | None:
    """``delivery.expires``, or None without it.

    Raises:
        ServiceError: It is not a date, or lies in the past.

    """
    expires = delivery.moment("expires") if "expires" in delivery else None
    if expires is not None and expires <= state.clock.now():
        raise ServiceError("INVALID_ATTRIBUTE", "delivery.expires", detail="delivery.expires lies in the past.")
    return expires


def require_one_selector(body: BodyFields, wanted: str, *, detail: str | None = None) -> None:
    """Refuse an automated restore that does not say what to restore, or says it twice.

    Args:
        body: The create.
        wanted: Parameter of the error: what may be sent.
        detail: Text of the error, None for the one of its code.

    Raises:
        ServiceError: 400.

    """
    found = {"oplogTs" if name == "oplogInc" else name for name in SELECTORS if name in body}
    if len(found) != 1:
        code = "INVALID_ATTRIBUTE" if found else "MISSING_ONE_OF_MANY_ATTRIBUTES"
        raise ServiceError(code, wanted, detail=detail)


def read_recent_millis(state: ServerState, body: BodyFields, least: int = 1) -> int:
    """``pointInTimeUTCMillis``, which must lie within the last 24 hours.

    Raises:
        ServiceError: It does not, or it is not a whole number from ``least`` up.

    """
    millis, now = body.count("pointInTimeUTCMillis", least), state.clock.now()
    oldest, latest = (int(moment.timestamp() * 1000) for moment in (now - _DAY, now))
    if not oldest <= millis <= latest:
        raise ServiceError("INVALID_PIT_RESTORE_TIME")
    return millis
