"""Options of ``create``: what to restore and where to, and what is checked before it is sent."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import attrs
from cyclopts import Group, Parameter, Token, validators

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.units import parse_time
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import Family
from mongorestore_async.models import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    RestoreGuard,
    Snapshot,
    Target,
)

__all__ = ["CreateOptions", "SafetyOptions"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Encodings of a create in which a download has limits.
_LIMITED = frozenset({"manager", "legacy"})

_SOURCE = Group("What to restore (one of them)", sort_key=1)
_TARGET = Group("Restore into a cluster", sort_key=2)
_DOWNLOAD = Group("Download (without a target)", sort_key=3)
_SAFETY = Group("Safety", sort_key=4)


_AT_LEAST_ONE = validators.Number(gte=1)
_UINT32 = validators.Number(gte=1, lte=2**32 - 1)


def _not_empty(_type: Any, value: str | None) -> None:
    if value is not None and not value:
        raise ValueError("it is empty; pass it as the API shows it")


def _milliseconds(_type: Any, tokens: Sequence[Token]) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=int(tokens[0].value))
    except (ValueError, OverflowError):
        raise ValueError("not a number of milliseconds since 1970") from None


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class CreateOptions:
    """What to restore, and where to: each option as it was given, or None."""

    snapshot_id: Annotated[
        str | None, Parameter(validator=_not_empty, alias="--snapshotId", group=_SOURCE, help="A snapshot.")
    ] = None
    checkpoint_id: Annotated[
        str | None,
        Parameter(
            validator=_not_empty,
            alias="--checkpointId",
            group=_SOURCE,
            help="A checkpoint (sharded clusters up to FCV 4.0).",
        ),
    ] = None
    oplog_ts: Annotated[
        int | None,
        Parameter(
            validator=_UINT32,
            alias="--oplogTs",
            group=_SOURCE,
            help="An oplog timestamp: its seconds since 1970; requires --oplog-inc.",
        ),
    ] = None
    oplog_inc: Annotated[
        int | None,
        Parameter(
            validator=_UINT32,
            alias="--oplogInc",
            group=_SOURCE,
            help="The increment of the oplog timestamp within its second.",
        ),
    ] = None
    point_in_time: Annotated[
        datetime | None,
        Parameter(
            converter=parse_time,
            group=_SOURCE,
            help="A point in time within the last 24 hours, ISO 8601 with a time zone.",
        ),
    ] = None
    point_in_time_millis: Annotated[
        datetime | None,
        Parameter(
            name="--pointInTimeUTCMillis",
            converter=_milliseconds,
            group=_SOURCE,
            help="A point in time, in milliseconds since 1970.",
        ),
    ] = None
    target_cluster_id: Annotated[
        str | None,
        Parameter(
            validator=_not_empty,
            name=("--target-cluster-id", "--targetClusterId", "--target-cluster"),
            group=_TARGET,
            help="Cluster to restore into: its id; on Atlas, its name. All its data are removed first.",
        ),
    ] = None
    target_project_id: Annotated[
        str | None,
        Parameter(
            validator=_not_empty,
            alias="--targetProjectId",
            group=_TARGET,
            help="Project of the target cluster. [default: the project of the backup]",
        ),
    ] = None
    max_downloads: Annotated[
        int | None,
        Parameter(
            validator=_AT_LEAST_ONE,
            alias="--maxDownloads",
            group=_DOWNLOAD,
            help="How many times the link can be used.",
        ),
    ] = None
    expires: Annotated[
        datetime | None,
        Parameter(converter=parse_time, group=_DOWNLOAD, help="When the link expires, ISO 8601 with a time zone."),
    ] = None
    expiration_hours: Annotated[
        int | None,
        Parameter(
            validator=_AT_LEAST_ONE,
            alias="--expirationHours",
            group=_DOWNLOAD,
            help="How many hours the link is valid after the job is complete; instead of --expires.",
        ),
    ] = None
    server_defaults: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_DOWNLOAD,
            help="Let the server choose the limits of the link that are not given.",
        ),
    ] = False

    def request(self, family: Family[Any], project_id: str) -> HttpRestore | AutomatedRestore:
        """Make the request of the library.

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
        if self.server_defaults or self._has_limits:
            raise ConfigError(
                "--max-downloads, --expires, --expiration-hours and --server-defaults are for downloads: leave them "
                "out, or leave out the target"
            )
        return AutomatedRestore(source, Target(self.target_project_id or project_id, self.target_cluster_id))

    @property
    def _has_limits(self) -> bool:
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
        if self.expires is not None and self.expiration_hours is not None:
            raise ConfigError("pass --expires or --expiration-hours, never both")
        if family.encoding not in _LIMITED and not self._has_limits:
            return HttpRestore.on_server_terms(source.id)
        has_expiry = self.expires is not None or self.expiration_hours is not None
        missing: list[str] = []
        if self.max_downloads is None:
            missing.append("--max-downloads")
        if not has_expiry:
            missing.append("one of --expires and --expiration-hours")
        if missing and not self.server_defaults:
            raise ConfigError(
                f"a download needs {' and '.join(missing)} (or --server-defaults); a restore into a cluster needs "
                "--target-cluster-id"
            )
        return HttpRestore(
            source.id,
            SERVER_DEFAULT if self.max_downloads is None else self.max_downloads,
            expires=self.expires,
            expiration_hours=self.expiration_hours if has_expiry else SERVER_DEFAULT,
        )


def _protected(text: str) -> Target:
    project, slash, cluster = text.partition("/")
    if not (project and slash and cluster) or "/" in cluster:
        raise ConfigError(f"--protect takes PROJECT/CLUSTER, or PROJECT/* for all clusters of a project, not {text!r}")
    return Target(project, cluster)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SafetyOptions:
    """What is checked, or asked for, before a create is sent."""

    yes: Annotated[
        bool,
        Parameter(
            name=("--yes", "--force", "-y"),
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Remove the data of the target without asking for confirmation.",
        ),
    ] = False
    dry_run: Annotated[
        bool,
        Parameter(negative=(), show_default=False, group=_SAFETY, help="Print the request, but do not send it."),
    ] = False
    precheck: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Check the snapshot and the target first: versions, topology, whether the backup is complete.",
        ),
    ] = False
    ensure: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="If the same restore is already running, show it and do not start another one.",
        ),
    ] = False
    protect: Annotated[
        tuple[str, ...],
        Parameter(
            env_var="MONGORESTORE_PROTECTED",
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Refuse to overwrite this cluster: PROJECT/CLUSTER, or PROJECT/* for a project; may be repeated.",
        ),
    ] = ()
    overwrite_source: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Allow a restore into the cluster that the backup comes from.",
        ),
    ] = False

    @property
    def guard(self) -> RestoreGuard:
        """The clusters that the session must not overwrite.

        Raises:
            ConfigError: A protected cluster is not written as documented.

        """
        return RestoreGuard(tuple(map(_protected, self.protect)), protect_source=not self.overwrite_source)

    def check(self, cluster: ClusterOptions, request: HttpRestore | AutomatedRestore) -> AutomatedRestore | None:
        """Check whether a request may be sent; returns it if it has to be confirmed first.

        Args:
            cluster: Where the data come from.
            request: What is asked for.

        Raises:
            ProtectedTarget: The target must not be overwritten.
            ConfigError: A confirmation is needed, and there is no terminal.

        """
        guard = self.guard  # a bad --protect is told for a download as well
        if not isinstance(request, AutomatedRestore):
            return None
        own, target = Target(cluster.project_id, cluster.cluster_id or cluster.host_id or ""), request.target
        guard.check(own, target)
        if self.yes:
            return None
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ConfigError(
                f"this removes all data of cluster {target.cluster} of project {target.project_id}, and there is no"
                f" terminal to ask for confirmation: pass --yes"
            )
        return request
