"""Options that both creates have: what to restore from, and where to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeAlias

import attrs
from cyclopts import Group, Parameter, Token, validators

from mongorestore_async.cli.units import parse_time, require_text
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import OplogTime, PointInTime, Snapshot

__all__ = ["SOURCE", "TARGET", "TARGET_CLUSTER", "SourceOptions", "TargetProject"]

#: Group of these options in the help.
SOURCE = Group("What to restore from (one of them)", sort_key=1)
#: Group of those that name the target.
TARGET = Group("Restore into a cluster", sort_key=3)

#: Names of the option for the cluster that is restored into.
TARGET_CLUSTER = ("--target-cluster-id", "--targetClusterId", "--target-cluster", "--targetClusterName")

TargetProject: TypeAlias = Annotated[
    str | None,
    Parameter(
        validator=require_text,
        alias="--targetProjectId",
        metavar="ID",
        group=TARGET,
        help="Its project. [default: that of the backup]",
    ),
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UINT32 = validators.Number(gte=1, lte=2**32 - 1)


def _milliseconds(_type: Any, tokens: Sequence[Token]) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=int(tokens[0].value))
    except (ValueError, OverflowError):
        raise ValueError("not a number of milliseconds since 1970") from None


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SourceOptions:
    """What to restore from: each option as it was given, or None."""

    snapshot_id: Annotated[
        str | None,
        Parameter(validator=require_text, alias="--snapshotId", metavar="ID", group=SOURCE, help="A snapshot."),
    ] = None
    oplog_ts: Annotated[
        int | None,
        Parameter(
            validator=_UINT32,
            alias="--oplogTs",
            group=SOURCE,
            help="Seconds of an oplog timestamp; needs --oplog-inc.",
        ),
    ] = None
    oplog_inc: Annotated[
        int | None,
        Parameter(
            validator=_UINT32,
            alias="--oplogInc",
            group=SOURCE,
            help="Increment of the oplog timestamp.",
        ),
    ] = None
    point_in_time: Annotated[
        datetime | None,
        Parameter(
            converter=parse_time,
            group=SOURCE,
            help="A time, ISO 8601 with a time zone.",
        ),
    ] = None
    point_in_time_millis: Annotated[
        datetime | None,
        Parameter(
            name="--pointInTimeUTCMillis",
            converter=_milliseconds,
            group=SOURCE,
            show=False,
            help="A point in time, in milliseconds since 1970.",
        ),
    ] = None

    def sources(self) -> list[Snapshot | OplogTime | PointInTime]:
        """Make the sources that were given, in the values of the library; exactly one can be sent.

        Raises:
            ConfigError: One half of an oplog timestamp is missing.

        """
        if (self.oplog_ts is None) != (self.oplog_inc is None):
            raise ConfigError("--oplog-ts and --oplog-inc belong together: pass both")
        found: list[Snapshot | OplogTime | PointInTime] = []
        if self.snapshot_id is not None:
            found.append(Snapshot(self.snapshot_id))
        if self.oplog_ts is not None and self.oplog_inc is not None:
            found.append(OplogTime(self.oplog_ts, self.oplog_inc))
        found += [PointInTime(given) for given in (self.point_in_time, self.point_in_time_millis) if given is not None]
        return found
