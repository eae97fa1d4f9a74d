"""``mongorestore-async snapshots``."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.console import plural, printable, show_deprecations, stderr_console
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.units import format_size, format_time, parse_time, shorten_time
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import CloudBackupSnapshot, ClusterSnapshot, TenantSnapshot

if TYPE_CHECKING:
    from mongorestore_async.models import SnapshotDocument

__all__ = ["SnapshotOptions", "SnapshotRow", "snapshot_layout", "snapshots"]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SnapshotOptions:
    """Which snapshots of a cluster to list."""

    latest: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Only the newest snapshot that can be restored.")
    ] = False
    before: Annotated[
        datetime | None,
        Parameter(converter=parse_time, help="With --latest: taken at or before this time, ISO 8601 with a time zone."),
    ] = None
    sharded: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Snapshots of a sharded cluster, which Atlas cloud backup has in a list of its own.",
        ),
    ] = False
    all: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Include incomplete snapshots (Ops Manager, Cloud Manager, Atlas legacy).",
        ),
    ] = False
    limit: Annotated[int | None, Parameter(validator=validators.Number(gte=1), help="Maximum number of snapshots.")] = (
        None
    )


def snapshots(
    *,
    cluster: ClusterOptions,
    options: SnapshotOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the snapshots of one cluster, with the reasons why a snapshot cannot be restored.

    All pages are read. A table has the newest snapshot first, the other
    formats keep the order of the API.
    """
    cluster.resolve()
    options = options or SnapshotOptions()
    if options.before is not None and not options.latest:
        raise ConfigError("--before chooses the snapshot of --latest: pass both")
    asyncio.run(_list(cluster, options, read_credentials(), output, show_secrets=show_secrets))
    return ExitCode.DONE


async def _list(
    cluster: ClusterOptions,
    options: SnapshotOptions,
    environ: dict[str, str],
    output: OutputFormat,
    *,
    show_secrets: bool,
) -> None:
    writer = make_writer(output, snapshot_layout(), show_secrets=show_secrets)
    with show_deprecations(cluster.resolve()), stderr_console().status("reading snapshots"):
        async with make_session(environ, cluster.server) as session:
            found = cluster.source(session).snapshots(
                sharded=options.sharded, completed="all" if options.all else None, limit=options.limit
            )
            if options.latest:
                writer.add([await found.latest_restorable(before=options.before)])
            elif output is OutputFormat.TABLE:
                writer.add(sorted(await found.collect(), key=_taken_at, reverse=True))
            else:
                async for page in found.pages():
                    writer.add(page)
    writer.finish()


def _taken_at(snapshot: "SnapshotDocument") -> datetime:
    return snapshot.taken_at or _LONG_AGO


@attrs.frozen(kw_only=True)
class SnapshotRow:
    """The row of a snapshot of any family: text, empty where the API sends no value.

    Attributes:
        id: Snapshot id.
        restorable: ``yes``, or ``no``.
        obstacles: The reasons why it cannot be restored.
        taken: The time that its data are of, UTC, ISO 8601, as all dates.
        expires: When it is deleted; empty when it is kept for ever.
        kind: ``sharded cluster`` or ``replica set``.
        version: Version of the server, or else its feature compatibility version.
        bytes: Size on disk; for a cluster, of all its parts.

    """

    id: str
    restorable: str
    obstacles: str = ""
    taken: str = ""
    expires: str = ""
    kind: str = ""
    version: str = ""
    bytes: str = ""

    @classmethod
    def of(cls, snapshot: "SnapshotDocument", now: datetime) -> "SnapshotRow":
        """Make the row of a snapshot of any family.

        Args:
            snapshot: The snapshot.
            now: The present time, which decides whether it has expired.

        """
        obstacles = snapshot.obstacles(now)
        version, stored = _version_and_size(snapshot)
        return cls(
            id=printable(snapshot.id),
            restorable="no" if obstacles else "yes",
            obstacles=printable(", ".join(obstacles)),
            taken=format_time(snapshot.taken_at),
            expires=format_time(snapshot.kept_until),
            kind={None: "", True: "sharded cluster", False: "replica set"}[snapshot.is_sharded],
            version=printable(version or ""),
            bytes="" if stored is None else str(stored),
        )


def snapshot_layout() -> "ListLayout[SnapshotDocument, SnapshotRow]":
    """The layout of snapshots, as of the present time."""
    now = datetime.now(UTC)
    return ListLayout(
        row_type=SnapshotRow,
        row=lambda snapshot: SnapshotRow.of(snapshot, now),
        document=lambda snapshot, redacted: snapshot.to_dict(redacted=redacted),
        columns=(
            Column("Snapshot", lambda row: row.id),
            Column("Restorable", lambda row: row.restorable, style=_style),
            Column("Data of", lambda row: shorten_time(row.taken), rank=1),
            Column("Obstacles", lambda row: row.obstacles, rank=2, style=lambda _: "yellow"),
            Column("Expires", lambda row: shorten_time(row.expires), rank=3),
            Column("Size", lambda row: format_size(int(row.bytes)) if row.bytes else "", rank=5, number=True),
            Column("Version", lambda row: row.version, rank=6),
            Column("Kind", lambda row: row.kind, rank=4),
        ),
        summary=_summary,
        empty_text="no snapshots",
    )


def _version_and_size(snapshot: "SnapshotDocument") -> tuple[str | None, int | None]:
    if isinstance(snapshot, ClusterSnapshot):
        sizes = [part.storage_size_bytes for part in snapshot.parts if part.storage_size_bytes is not None]
        versions = [part.mongod_version or part.fcv for part in snapshot.parts]
        return next(filter(None, versions), None), sum(sizes) if sizes else None
    if isinstance(snapshot, CloudBackupSnapshot):
        return snapshot.mongod_version, snapshot.storage_size_bytes
    return (snapshot.mongo_db_version, None) if isinstance(snapshot, TenantSnapshot) else (None, None)


def _style(row: SnapshotRow) -> str:
    return "green" if row.restorable == "yes" else "yellow"


def _summary(rows: Sequence[SnapshotRow]) -> str:
    restorable = sum(row.restorable == "yes" for row in rows)
    return f"{plural(len(rows), 'snapshot')}, {restorable} of them restorable. Dates are UTC."
