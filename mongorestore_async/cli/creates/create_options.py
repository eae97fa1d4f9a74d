"""Options of ``create``: what to restore, and where to."""

from datetime import datetime
from typing import Annotated, Any

import attrs
from cyclopts import Group, Parameter, validators

from mongorestore_async.cli.creates.source_options import SOURCE, TARGET, TARGET_CLUSTER, SourceOptions, TargetProject
from mongorestore_async.cli.units import parse_time, require_text
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

__all__ = ["CreateOptions"]

#: Encodings of a create in which a download has limits.
_LIMITED = frozenset({"manager", "legacy"})

_DOWNLOAD = Group("Download (without a target)", sort_key=4)

_AT_LEAST_ONE = validators.Number(gte=1)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class CreateOptions(SourceOptions):
    """What to restore, and where to: each option as it was given, or None."""

    checkpoint_id: Annotated[
        str | None,
        Parameter(
            validator=require_text,
            alias="--checkpointId",
            metavar="ID",
            group=SOURCE,
            help="A checkpoint (sharded clusters up to FCV 4.0).",
        ),
    ] = None
    target_cluster_id: Annotated[
        str | None,
        Parameter(
            validator=require_text,
            name=TARGET_CLUSTER,
            metavar="ID",
            group=TARGET,
            help="Its id; on Atlas, its name. All its data are removed.",
        ),
    ] = None
    target_project_id: TargetProject = None
    max_downloads: Annotated[
        int | None,
        Parameter(
            validator=_AT_LEAST_ONE,
            alias="--maxDownloads",
            group=_DOWNLOAD,
            help="How often the link can be used.",
        ),
    ] = None
    expires: Annotated[
        datetime | None,
        Parameter(converter=parse_time, group=_DOWNLOAD, help="When the link expires, ISO 8601."),
    ] = None
    expiration_hours: Annotated[
        int | None,
        Parameter(
            validator=_AT_LEAST_ONE,
            alias="--expirationHours",
            group=_DOWNLOAD,
            help="Or how many hours after the job is complete.",
        ),
    ] = None
    server_defaults: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_DOWNLOAD,
            help="Let the server set what is not given.",
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
        found: list[Snapshot | OplogTime | PointInTime | Checkpoint] = [*self.sources()]
        if self.checkpoint_id is not None:
            found.append(Checkpoint(self.checkpoint_id))
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
