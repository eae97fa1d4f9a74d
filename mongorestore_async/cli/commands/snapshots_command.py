"""``mongorestore-async snapshots``."""

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.console import fold_command, plural, show_deprecations, stderr_console, stdout_console
from mongorestore_async.cli.exit_codes import ExitCode, no_resume_page
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import Footer, OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.units import format_size, format_time, parse_time, require_text, shorten_time
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import ATLAS_COLLECTION_RESTORE
from mongorestore_async.models import CloudBackupSnapshot, ClusterSnapshot, TenantSnapshot
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async import Pager
    from mongorestore_async.models import SnapshotCollection, SnapshotDatabase, SnapshotDocument

__all__ = ["NameRow", "SnapshotOptions", "SnapshotRow", "snapshot_layout", "snapshots"]

_MOST_OBSTACLES = 20
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SnapshotOptions:
    """Which snapshots of a cluster to list."""

    latest: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Only the newest one that can be restored.")
    ] = False
    before: Annotated[
        datetime | None,
        Parameter(converter=parse_time, help="With --latest: taken at or before this ISO 8601 time."),
    ] = None
    sharded: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Those of a sharded cluster (Atlas cloud backup).",
        ),
    ] = False
    all: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Include incomplete snapshots (not on Atlas v2).",
        ),
    ] = False
    limit: Annotated[
        int | None,
        Parameter(validator=validators.Number(gte=1), help="Most lines to list. [default: all]"),
    ] = None
    browse: Annotated[
        str | None,
        Parameter(
            validator=require_text,
            metavar="ID",
            help="The databases in this snapshot, instead of snapshots.",
        ),
    ] = None
    database: Annotated[
        str | None,
        Parameter(validator=require_text, metavar="NAME", help="With --browse: the collections of this database."),
    ] = None

    def check(self) -> None:
        """Check that the options go together.

        Raises:
            ConfigError: They do not.

        """
        if self.before is not None and not self.latest:
            raise ConfigError("--before chooses the snapshot of --latest: pass both")
        if self.database is not None and self.browse is None:
            raise ConfigError("--database is a database of the snapshot that --browse names: pass both")
        if self.browse is not None and (self.latest or self.sharded or self.all):
            raise ConfigError("--browse shows what is in one snapshot: leave --latest, --sharded and --all out")


def snapshots(
    *,
    cluster: ClusterOptions,
    options: SnapshotOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the snapshots of a cluster, or browse one of them.

    It gives the reasons why a snapshot cannot be restored. All pages are read. A
    table has the newest snapshot first, the other formats keep the order of the
    API.
    """
    cluster.resolve()
    options = options or SnapshotOptions()
    options.check()
    read = _list if options.browse is None else _browse
    with no_resume_page():
        asyncio.run(read(cluster, options, read_credentials(), output, show_secrets=show_secrets))
    return ExitCode.DONE


async def _list(
    cluster: ClusterOptions,
    options: SnapshotOptions,
    environ: dict[str, str],
    output: OutputFormat,
    *,
    show_secrets: bool,
) -> None:
    writer = make_writer(output, snapshot_layout(), show_secrets=show_secrets, footer=_footer(cluster))
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


async def _browse(
    cluster: ClusterOptions,
    options: SnapshotOptions,
    environ: dict[str, str],
    output: OutputFormat,
    *,
    show_secrets: bool,
) -> None:
    snapshot_id, database = options.browse or "", options.database
    writer = make_writer(output, _browse_layout(database), show_secrets=show_secrets)
    with show_deprecations(cluster.resolve()), stderr_console().status("reading the snapshot"):
        async with make_session(environ, cluster.server) as session:
            source = cluster.named_cluster(session)
            found: Pager[Any] = (
                source.snapshot_databases(snapshot_id, limit=options.limit)
                if database is None
                else source.snapshot_collections(snapshot_id, database, limit=options.limit)
            )
            async for page in found.pages():
                writer.add(page)
    writer.finish()


@attrs.frozen(kw_only=True)
class NameRow:
    """The row of a database or a collection of a snapshot.

    Attributes:
        name: Its name, as ``--database`` and ``--collection`` of ``create-collections`` take it.

    """

    name: str


def _browse_layout(database: str | None) -> "ListLayout[SnapshotDatabase | SnapshotCollection, NameRow]":
    noun, before = ("database", "") if database is None else ("collection", f"{database}.")
    return ListLayout(
        row_type=NameRow,
        row=lambda found: NameRow(name=printable(before + found.name)),
        document=lambda found, redacted: found.to_dict(redacted=redacted),
        columns=(Column(noun.capitalize(), lambda row: row.name),),
        summary=lambda rows: f"{plural(len(rows), noun)}.",
        empty_text=f"no {noun}s",
    )


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


#: Longer than some terminals are wide: see :func:`_footer`.
_OBSTACLES: Column[SnapshotRow] = Column("Obstacles", lambda row: row.obstacles, rank=2, style=lambda _: "yellow")


def _footer(cluster: ClusterOptions) -> Footer:
    """Make what follows the table: the obstacles where it has no room for them, and what to do next."""

    def footer(rows: Sequence[SnapshotRow], visible: AbstractSet[Column[Any]]) -> None:
        console = stdout_console()
        hindered = [row for row in rows if row.obstacles]
        if hindered and _OBSTACLES not in visible:
            console.print_sentence("Obstacles:")
            for row in hindered[:_MOST_OBSTACLES]:
                console.print(f"  {row.id}  {row.obstacles}", soft_wrap=True)
            if len(hindered) > _MOST_OBSTACLES:
                console.print_sentence(f"  ... and {len(hindered) - _MOST_OBSTACLES} more, which --output csv has")
        newest = next((row.id for row in rows if not row.obstacles), None)
        if newest is not None and cluster.host_id is None and cluster.family != ATLAS_COLLECTION_RESTORE.name:
            console.print_sentence("Restore one into the cluster TARGET; without the last option it is a download:")
            words = cluster.command_line("create", "--snapshot-id", newest)
            console.print(fold_command([*words, "--target-cluster-id", "TARGET"], console.width), soft_wrap=True)

    return footer


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
            _OBSTACLES,
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
