"""What a task is asked to restore, as Airflow can store and map it: dictionaries of text and numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import SERVER_DEFAULT, AutomatedRestore, HttpRestore, JobRef, PointInTime, Snapshot
from mongorestore_async.models import Target as RestoreTarget
from mongorestore_async.models.validators import require_text, require_whole

__all__ = ["LATEST", "RestoreOrder", "read_orders", "read_place"]

#: Stands for the newest snapshot that can be restored when the task first runs.
LATEST = "latest"

_EXAMPLE = '{"cluster": "ops-manager/PROJECT/CLUSTER", "snapshot": "ID", "target": "PROJECT/CLUSTER"}'


@attrs.frozen(kw_only=True)
class RestoreOrder:
    """One restore to start.

    Attributes:
        cluster: Where the backup is: ``family/project/cluster``, percent-encoded as in a job reference.
        snapshot: Snapshot id, or ``"latest"``.
        point_in_time: Moment to restore to (ISO 8601 with a zone), in place of a snapshot.
        target: ``project/cluster`` to restore into; None makes an archive ready for download.
        max_downloads: How often an archive may be fetched; the server decides unless given.
        expiration_hours: Hours for which it may be fetched; the server decides unless given.

    Raises:
        ConfigError: A value that does not fit.

    """

    cluster: str
    snapshot: str | None = None
    point_in_time: str | None = None
    target: str | None = None
    max_downloads: int | None = None
    expiration_hours: int | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("cluster", "snapshot", "point_in_time", "target"):
            if (text := getattr(self, name)) is not None:
                require_text(f"{name} of an order", text)
        for name in ("max_downloads", "expiration_hours"):
            if (number := getattr(self, name)) is not None:
                require_whole(f"{name} of an order", number)
        read_place(self.cluster)
        if (self.snapshot is None) == (self.point_in_time is None):
            raise ConfigError(f"an order has either a snapshot or a point_in_time, such as {_EXAMPLE}")
        if self.target is None and self.point_in_time is not None:
            raise ConfigError("an order with a point_in_time needs a target: archives are made of snapshots")
        if self.target is not None and (self.max_downloads, self.expiration_hours) != (None, None):
            raise ConfigError("max_downloads and expiration_hours are of downloads: an order with a target has none")
        self.request(self.snapshot)

    @property
    def place(self) -> JobRef:
        """The cluster of the backup, as the reference of no job."""
        return read_place(self.cluster)

    @property
    def key(self) -> str:
        """A name that is the same for equal orders only, short enough for the state of a task."""
        text = json.dumps(attrs.asdict(self), sort_keys=True)
        return f"restore-{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def request(self, snapshot: str | None) -> HttpRestore | AutomatedRestore:
        """Give what is asked of the API.

        Args:
            snapshot: Id of the snapshot, where the order has one.

        """
        if self.target is None:
            return HttpRestore(
                cast("str", snapshot),
                SERVER_DEFAULT if self.max_downloads is None else self.max_downloads,
                expiration_hours=SERVER_DEFAULT if self.expiration_hours is None else self.expiration_hours,
            )
        into = _parse(f"-/{self.target}/-", "target of an order must be project/cluster")
        source = PointInTime(_moment(self.point_in_time)) if snapshot is None else Snapshot(snapshot)
        return AutomatedRestore(source, RestoreTarget(into.project, str(into.cluster)))


def read_place(text: str) -> JobRef:
    """Read ``family/project/cluster``.

    Raises:
        ConfigError: It is not of that form, or the family is unknown.

    """
    place = _parse(f"{text}/-", "cluster must be family/project/cluster")
    if place.family not in FAMILIES:
        raise ConfigError(f"{text} has an unknown product family; known families: {', '.join(FAMILIES)}")
    return place


def read_orders(value: object) -> tuple[RestoreOrder, ...]:
    """Read one order or a list of them.

    Raises:
        ConfigError: One is no dictionary, has a member that is not known, or stands there twice.

    """
    listed: list[Any] = [value] if isinstance(value, Mapping) else _listed(value)
    orders = [_order(each) for each in listed]
    if len(set(orders)) < len(orders):
        raise ConfigError("an order stands in the list twice: a task starts each restore once")
    return tuple(orders)


def _listed(value: object) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"restores must be a list of dictionaries, such as {_EXAMPLE}, not {type(value).__name__}")
    return list(cast("list[Any]", value))


def _order(value: object) -> RestoreOrder:
    if not isinstance(value, Mapping):
        raise ConfigError(f"an order must be a dictionary, such as {_EXAMPLE}, not {type(value).__name__}")
    members = dict(cast("Mapping[str, Any]", value))
    known = [field.name for field in attrs.fields(RestoreOrder)]
    if unknown := sorted(str(name) for name in members if name not in known):
        raise ConfigError(f"an order has unknown members: {', '.join(unknown)}; known are {', '.join(known)}")
    if "cluster" not in members:
        raise ConfigError(f"an order needs a cluster, such as {_EXAMPLE}")
    return RestoreOrder(**members)


def _parse(text: str, what: str) -> JobRef:
    try:
        ref = JobRef.parse(text)
    except ConfigError:
        ref = None
    if ref is None or ref.cluster is None:
        raise ConfigError(f"{what}, each piece percent-encoded") from None
    return ref


def _moment(text: str | None) -> datetime:
    try:
        return datetime.fromisoformat(cast("str", text))
    except ValueError:
        raise ConfigError("point_in_time of an order must be a date and time in ISO 8601") from None
