"""Options of ``create-collections``: which databases and collections to restore, and where to."""

from typing import Annotated, Literal

import attrs
from cyclopts import Group, Parameter

from mongorestore_async.cli.cluster_options import PROJECT, ClusterOptions
from mongorestore_async.cli.creates.source_options import SOURCE, TARGET, TARGET_CLUSTER, SourceOptions, TargetProject
from mongorestore_async.cli.session_factory import ServerOptions
from mongorestore_async.cli.units import require_text
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import (
    CollectionRestore,
    IndexStrategy,
    OplogTime,
    PointInTime,
    Renamed,
    Snapshot,
    Target,
    WriteStrategy,
)

__all__ = ["BackupOptions", "CollectionOptions"]

_WHAT = Group("What to restore (at least one)", sort_key=2)

#: Stands for the snapshot that --latest chooses, so that all else is checked before it is looked for.
_NOT_CHOSEN = "latest"


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class BackupOptions:
    """The cluster whose backup is restored, on a server."""

    # One word only. Options that the other commands print can be pasted here, and MCLI_SERVICE, which may name another
    # API for them, is not read.
    family: Annotated[
        Literal["atlas-collection-restore"],
        Parameter(show=False, help="Product and API; the only one that restores collections."),
    ] = "atlas-collection-restore"
    project_id: Annotated[str, PROJECT]
    cluster_id: Annotated[
        str,
        Parameter(
            name=("--cluster-id", "--clusterId", "--cluster", "--clusterName"),
            metavar="NAME",
            help="Cluster of the backup: its name.",
        ),
    ]
    server: ServerOptions = attrs.field(factory=ServerOptions)

    def cluster(self) -> ClusterOptions:
        """The same as the options that other commands have."""
        return ClusterOptions(
            family=self.family, project_id=self.project_id, cluster_id=self.cluster_id, server=self.server
        )


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class CollectionOptions(SourceOptions):
    """What to restore, from what, and where to: each option as it was given."""

    latest: Annotated[
        bool,
        Parameter(negative=(), show_default=False, group=SOURCE, help="The newest snapshot that can be restored."),
    ] = False
    database: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(), show_default=False, group=_WHAT, metavar="NAME", help="A whole database; may be repeated."
        ),
    ] = ()
    collection: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            group=_WHAT,
            metavar="NAMESPACE",
            help="A collection: DATABASE.COLLECTION; may be repeated.",
        ),
    ] = ()
    rename: Annotated[
        tuple[tuple[str, str], ...],
        Parameter(
            negative=(),
            show_default=False,
            group=_WHAT,
            allow_leading_hyphen=True,
            metavar="NAME NEW-NAME",
            help="Restore one under another name; may be repeated.",
        ),
    ] = ()
    target_cluster_id: Annotated[
        str,
        Parameter(
            validator=require_text,
            name=TARGET_CLUSTER,
            metavar="NAME",
            group=TARGET,
            help="Its name.",
        ),
    ]
    target_project_id: TargetProject = None
    write: Annotated[
        WriteStrategy,
        Parameter(
            group=TARGET,
            metavar="HOW",
            help="If a name is taken: create-new renames what is restored, overwrite-existing drops what is there.",
            show_choices=False,
        ),
    ]
    indexes: Annotated[IndexStrategy, Parameter(group=TARGET, metavar="WHICH", help="Indexes to build.")] = (
        IndexStrategy.ALL
    )
    database_suffix: Annotated[
        str | None,
        Parameter(validator=require_text, group=TARGET, help="Append this to names of databases."),
    ] = None
    collection_suffix: Annotated[
        str | None,
        Parameter(validator=require_text, group=TARGET, help="Append this to names of collections."),
    ] = None

    def request(self, project_id: str) -> CollectionRestore:
        """Make the request of the library; with ``--latest``, its snapshot has yet to be chosen.

        Args:
            project_id: Project of the backup.

        Raises:
            ConfigError: Options are missing, exclude each other, or are out of range.

        """
        source = self._source()
        databases, collections = self._entries()
        if not databases and not collections:
            raise ConfigError("nothing to restore is named: pass --database, --collection or --rename")
        return CollectionRestore(
            source,
            Target(self.target_project_id or project_id, self.target_cluster_id),
            write=self.write,
            databases=databases,
            collections=collections,
            indexes=self.indexes,
            database_suffix=self.database_suffix,
            collection_suffix=self.collection_suffix,
        )

    def _source(self) -> Snapshot | OplogTime | PointInTime:
        found = [*self.sources(), *[Snapshot(_NOT_CHOSEN)] * self.latest]
        if len(found) != 1:
            raise ConfigError(
                "pass exactly one of --snapshot-id, --latest, --oplog-ts with --oplog-inc, --point-in-time and "
                "--pointInTimeUTCMillis"
            )
        return found[0]

    def _entries(self) -> tuple[list[str | Renamed], list[str | Renamed]]:
        """Databases and collections to restore; what is renamed need not be named a second time."""
        renamed = dict(self.rename)
        if len(renamed) != len(self.rename):
            raise ConfigError("--rename has the same name twice: a database or collection is restored once")
        unlisted = [name for name in renamed if name not in {*self.database, *self.collection}]
        names = [*self.database, *(name for name in unlisted if "." not in name)]
        namespaces = [*self.collection, *(name for name in unlisted if "." in name)]

        def entry(name: str) -> str | Renamed:
            return Renamed(name, renamed[name]) if name in renamed else name

        # A database has no dot in its name, the namespace of a collection has one.
        return [entry(name) for name in names], [entry(name) for name in namespaces]
