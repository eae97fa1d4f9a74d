"""What ``create`` is asked for on the command line, and the request that it makes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import attrs
from cyclopts import Group, Parameter, Token

from mongorestore_async.cli.units import parse_moment
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import Family
from mongorestore_async.models import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
    Target,
)

__all__ = ["Order"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Ways of writing a create in which a download has limits.
_LIMITED = frozenset({"manager", "legacy"})

_SOURCE = Group("What to restore (one of them)", sort_key=1)
_TARGET = Group("Into a cluster", sort_key=2)
_DOWNLOAD = Group("As a download (without a target)", sort_key=3)


def _milliseconds(_type: Any, tokens: Sequence[Token]) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=int(tokens[0].value))
    except (ValueError, OverflowError):
        raise ValueError("it is no number of milliseconds since 1970") from None


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Order:
    """The options of ``create``, each as it was given or None."""

    snapshot_id: Annotated[str | None, Parameter(alias="--snapshotId", group=_SOURCE, help="A snapshot.")] = None
    checkpoint_id: Annotated[
        str | None,
        Parameter(alias="--checkpointId", group=_SOURCE, help="A checkpoint (sharded clusters up to FCV 4.0)."),
    ] = None
    oplog_ts: Annotated[
        int | None,
        Parameter(alias="--oplogTs", group=_SOURCE, help="An oplog entry: its epoch seconds, with --oplog-inc."),
    ] = None
    oplog_inc: Annotated[
        int | None, Parameter(alias="--oplogInc", group=_SOURCE, help="The entry's ordinal in its second.")
    ] = None
    point_in_time: Annotated[
        datetime | None,
        Parameter(
            converter=parse_moment, group=_SOURCE, help="A moment in the last 24 hours, ISO 8601 with a time zone."
        ),
    ] = None
    point_in_time_millis: Annotated[
        datetime | None,
        Parameter(
            name="--pointInTimeUTCMillis",
            converter=_milliseconds,
            group=_SOURCE,
            help="The same in milliseconds since 1970.",
        ),
    ] = None
    target_cluster_id: Annotated[
        str | None,
        Parameter(
            name=("--target-cluster-id", "--targetClusterId", "--target-cluster"),
            group=_TARGET,
            help="Cluster to restore into, by id, on Atlas by name. All its data are removed first.",
        ),
    ] = None
    target_project_id: Annotated[
        str | None,
        Parameter(alias="--targetProjectId", group=_TARGET, help="Its project. [default: the project of the backup]"),
    ] = None
    max_downloads: Annotated[
        int | None, Parameter(alias="--maxDownloads", group=_DOWNLOAD, help="How often the link can be used.")
    ] = None
    expires: Annotated[
        datetime | None,
        Parameter(converter=parse_moment, group=_DOWNLOAD, help="When the link ends, ISO 8601 with a time zone; or"),
    ] = None
    expiration_hours: Annotated[
        int | None,
        Parameter(alias="--expirationHours", group=_DOWNLOAD, help="hours it is valid once the job is complete."),
    ] = None
    server_defaults: Annotated[
        bool,
        Parameter(
            negative=(), show_default=False, group=_DOWNLOAD, help="Leave to the server what is not given of these."
        ),
    ] = False

    def request(self, family: Family[Any], project_id: str) -> HttpRestore | AutomatedRestore:
        """The request of the library.

        Args:
            family: Product family it is for.
            project_id: Project of the backup.

        Raises:
            ConfigError: Options are missing, exclude each other, or are out of range.

        """
        source = self._source()
        if self.target_cluster_id is None:
            if self.target_project_id is not None:
                raise ConfigError("a restore into a cluster needs --target-cluster-id")
            return self._download(source, family)
        if self.server_defaults or self._limits():
            raise ConfigError(
                "--max-downloads, --expires, --expiration-hours and --server-defaults are for downloads: leave them "
                "out, or leave out the target"
            )
        return AutomatedRestore(source, Target(self.target_project_id or project_id, self.target_cluster_id))

    def _limits(self) -> bool:
        return any(value is not None for value in (self.max_downloads, self.expires, self.expiration_hours))

    def _source(self) -> Snapshot | OplogTime | PointInTime | Checkpoint:
        if (self.oplog_ts is None) != (self.oplog_inc is None):
            raise ConfigError("--oplog-ts and --oplog-inc belong together: pass both")
        found: list[Snapshot | OplogTime | PointInTime | Checkpoint] = []
        if self.snapshot_id is not None:
            found.append(Snapshot(self.snapshot_id))
        if self.checkpoint_id is not None:
            found.append(Checkpoint(self.checkpoint_id))
        if self.oplog_ts is not None and self.oplog_inc is not None:
            found.append(OplogTime(self.oplog_ts, self.oplog_inc))
        found += [PointInTime(given) for given in (self.point_in_time, self.point_in_time_millis) if given is not None]
        if len(found) != 1:
            raise ConfigError(
                "pass exactly one of --snapshot-id, --checkpoint-id, --oplog-ts with --oplog-inc, --point-in-time and "
                "--pointInTimeUTCMillis"
            )
        return found[0]

    def _download(self, source: Snapshot | OplogTime | PointInTime | Checkpoint, family: Family[Any]) -> HttpRestore:
        if not isinstance(source, Snapshot):
            raise ConfigError(
                "only a snapshot can be downloaded: pass --snapshot-id, or a cluster to restore into with "
                "--target-cluster-id"
            )
        if family.encoding not in _LIMITED and not self._limits():
            return HttpRestore.on_server_terms(source.id)
        missing: list[str] = []
        if self.max_downloads is None:
            missing.append("--max-downloads")
        if self.expires is None and self.expiration_hours is None:
            missing.append("one of --expires and --expiration-hours")
        if missing and not self.server_defaults:
            raise ConfigError(
                f"a download needs {' and '.join(missing)} (or --server-defaults); a restore into a cluster needs "
                "--target-cluster-id"
            )
        without_expiry = self.expires is None and self.expiration_hours is None
        return HttpRestore(
            source.id,
            SERVER_DEFAULT if self.max_downloads is None else self.max_downloads,
            expires=self.expires,
            expiration_hours=SERVER_DEFAULT if without_expiry else self.expiration_hours,
        )
