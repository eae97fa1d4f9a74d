"""What can be asked for when a restore job is created.

The values are the same for every product family; encoding them, or refusing to, is up to the family. Each
checks itself when it is made, so that a mistake is found before any I/O. Rules of the vendor that only the server
can check (versions, topology, what the target allows) are in the docstrings: the server decides.
"""

from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Self

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.validators import require_text, require_whole

__all__ = [
    "SERVER_DEFAULT",
    "AutomatedRestore",
    "Checkpoint",
    "HttpRestore",
    "OplogTime",
    "PointInTime",
    "ServerDefault",
    "Snapshot",
    "Target",
]


class ServerDefault(Enum):
    """Type of :data:`SERVER_DEFAULT`."""

    SERVER_DEFAULT = "SERVER_DEFAULT"


#: Leaves a member out of the request although the vendor's tables require it: servers have a default, and no
#: page says which.
SERVER_DEFAULT: Final = ServerDefault.SERVER_DEFAULT

_UINT32_MAX = 2**32 - 1
_OR_DEFAULT = ", or SERVER_DEFAULT to leave it to the server"


def _text(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    require_text(_called(instance, attribute), value)


def _uint32(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    require_whole(_called(instance, attribute), value, most=_UINT32_MAX)


def _count(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not SERVER_DEFAULT:
        require_whole(_called(instance, attribute), value, instead=_OR_DEFAULT)


def _optional_count(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None:
        _count(instance, attribute, value)


def _moment(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    what = _called(instance, attribute)
    if not isinstance(value, datetime):
        raise ConfigError(f"{what} must be a datetime with a time zone, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise ConfigError(f"{what} has no time zone: pass an aware datetime, such as datetime.now(UTC)")
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ConfigError(f"{what} is out of range: in UTC it falls outside the years 1 to 9999") from None


def _optional_moment(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None:
        _moment(instance, attribute, value)


def _called(instance: object, attribute: "attrs.Attribute[Any]") -> str:
    return f"{type(instance).__name__}.{attribute.name}"


@attrs.frozen
class Snapshot:
    """Restore from a snapshot.

    Attributes:
        id: Snapshot id.

    Raises:
        ConfigError: The id is empty or cannot be sent.

    """

    id: str = attrs.field(validator=_text)


@attrs.frozen
class OplogTime:
    """Restore up to and including one operation of the oplog. Not on serverless instances, M2/M5 and flex clusters.

    Any replica set; a sharded cluster only with feature compatibility version 4.2 or higher. Both numbers come
    from querying ``local.oplog.rs`` on the replica set. Atlas v2 takes nothing before 2008.

    Attributes:
        seconds: Epoch seconds of the operation.
        increment: 32-bit ordinal of the operation within that second.

    Raises:
        ConfigError: A number is no int between 1 and 2**32 - 1.

    """

    seconds: int = attrs.field(validator=_uint32)
    increment: int = attrs.field(validator=_uint32)


@attrs.frozen
class PointInTime:
    """Restore up to a moment of the past (checked when the request is sent). Not on M2/M5 and flex clusters.

    On Ops Manager, Cloud Manager and Atlas legacy it lies within the last 24 hours, on Atlas cloud backup within the
    restore window of the cluster, which only the server knows. Topology: as for :class:`OplogTime`.

    Attributes:
        moment: Aware datetime of any zone. Sent in milliseconds, to Atlas cloud backup and serverless instances in
            seconds; what is finer is cut off.

    Raises:
        ConfigError: The moment is no aware datetime.

    """

    moment: datetime = attrs.field(validator=_moment)


@attrs.frozen
class Checkpoint:
    """Restore from a checkpoint: sharded clusters with feature compatibility version 4.0 or lower only.

    Documented for Cloud Manager; Ops Manager is sent the same request and decides. No other family takes it.

    Attributes:
        id: Checkpoint id.

    Raises:
        ConfigError: The id is empty or cannot be sent.

    """

    id: str = attrs.field(validator=_text)


@attrs.frozen
class Target:
    """Destination of an automated restore.

    Attributes:
        project_id: Project (group) id of the destination.
        cluster: On Atlas the name of the destination. On Ops Manager and Cloud Manager its cluster id:
            ``cluster_id`` of the *target's* snapshots. A target whose backup is switched off has no snapshot with
            one, and there is no id to take: switch backup on first. :meth:`Cluster.restore_target` finds it.

    Raises:
        ConfigError: One of the two is empty or cannot be sent.

    """

    project_id: str = attrs.field(validator=_text)
    cluster: str = attrs.field(validator=_text)


@attrs.frozen
class HttpRestore:
    """Make a snapshot ready for download over HTTP. Not on serverless instances.

    Families whose server sets the terms itself take :meth:`on_server_terms` only, and Atlas legacy v2 no ``expires``.

    Attributes:
        snapshot_id: Snapshot to download.
        max_downloads: How often the URL can be used, at least 1, or :data:`SERVER_DEFAULT`.
        expires: Moment the URL ends, an aware datetime. Sent in whole seconds.
        expiration_hours: Hours the URL is valid, counted from the moment the job completes, at least 1; or
            :data:`SERVER_DEFAULT` to set no expiry at all.

    Raises:
        ConfigError: A value is out of range, or not exactly one of ``expires`` and ``expiration_hours`` is given.

    """

    snapshot_id: str = attrs.field(validator=_text)
    max_downloads: int | ServerDefault = attrs.field(validator=_count)
    expires: datetime | None = attrs.field(default=None, validator=_optional_moment)
    expiration_hours: int | ServerDefault | None = attrs.field(default=None, validator=_optional_count)

    def __attrs_post_init__(self) -> None:
        if self.expires is None and self.expiration_hours is None:
            raise ConfigError(
                "HttpRestore requires an expiry: pass expires or expiration_hours,"
                " or expiration_hours=SERVER_DEFAULT to leave it to the server"
            )
        if self.expires is not None and self.expiration_hours is not None:
            raise ConfigError("HttpRestore takes either expires or expiration_hours: leave one out")

    @classmethod
    def on_server_terms(cls, snapshot_id: str) -> Self:
        """Leave the expiry and the number of downloads to the server.

        The only form that Atlas cloud backup, M2/M5 and flex clusters take: their links live for about one hour
        (cloud backup) or four. Ops Manager, Cloud Manager and Atlas legacy have defaults
        that no page names.

        Args:
            snapshot_id: Id of the snapshot to download.

        Returns:
            The request.

        Raises:
            ConfigError: The id is empty or cannot be sent.

        """
        return cls(snapshot_id, SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT)


_SOURCES = (Snapshot, OplogTime, PointInTime, Checkpoint)


def _source(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, _SOURCES):
        names = ", ".join(source.__name__ for source in _SOURCES)
        advice = "; pass the id of a snapshot as Snapshot(id)" if isinstance(value, str) else ""
        raise ConfigError(f"{_called(instance, attribute)} must be one of {names}, not {type(value).__name__}{advice}")


def _target(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, Target):
        raise ConfigError(f"{_called(instance, attribute)} must be a Target, not {type(value).__name__}")


@attrs.frozen
class AutomatedRestore:
    """Restore into another cluster; its data are replaced.

    Attributes:
        source: What to restore.
        target: Where to.

    Raises:
        ConfigError: One of the two is of another type.

    """

    source: Snapshot | OplogTime | PointInTime | Checkpoint = attrs.field(validator=_source)
    target: Target = attrs.field(validator=_target)
