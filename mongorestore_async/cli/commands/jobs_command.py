"""``mongorestore-async jobs``."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.console import plural, printable, show_deprecations, stderr_console
from mongorestore_async.cli.creates.source_options import require_text
from mongorestore_async.cli.exit_codes import ExitCode, no_resume_page
from mongorestore_async.cli.rows import JOB_LAYOUT
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import RestoredCollection, RestoredCollectionState
from mongorestore_async.models.secret import without_urls

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, Pager

__all__ = ["COLLECTION_LAYOUT", "CollectionRow", "ListOptions", "describe_collection", "jobs"]

_AT_LEAST_ONE = validators.Number(gte=1)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ListOptions:
    """Which jobs of a cluster to list."""

    batch_id: Annotated[
        str | None, Parameter(help="Only the jobs of this batch (Ops Manager, Cloud Manager, Atlas legacy).")
    ] = None
    limit: Annotated[
        int | None, Parameter(validator=_AT_LEAST_ONE, help="Maximum number of jobs, or of collections.")
    ] = None
    page: Annotated[
        int, Parameter(validator=_AT_LEAST_ONE, help="Page to start at; the list is read from there to its end.")
    ] = 1
    items_per_page: Annotated[
        int | None,
        Parameter(
            validator=validators.Number(gte=1, lte=500),
            help="Jobs, or collections, to request in one call. [default: 500]",
        ),
    ] = None
    collections: Annotated[
        str | None,
        Parameter(
            validator=require_text,
            help="Instead of jobs: what became of each collection of this job (atlas-collection-restore).",
        ),
    ] = None

    def check(self) -> None:
        """Check that options of the list of jobs do not stand beside --collections, which reads another one.

        Raises:
            ConfigError: They do.

        """
        if self.collections is not None and (self.batch_id is not None or self.page != 1):
            raise ConfigError("--collections lists the collections of one job: leave --batch-id and --page out")

    def pager(self, session: "AsyncSession", cluster: ClusterOptions) -> "Pager[Any]":
        """The list that is asked for.

        Args:
            session: What to call the API with.
            cluster: Whose jobs they are.

        Raises:
            ConfigError: An id that cannot be sent.
            Unsupported: The family has no such list, or no such filter.

        """
        if self.collections is not None:
            return cluster.named_cluster(session).restored_collections(
                self.collections, limit=self.limit, items_per_page=self.items_per_page
            )
        return cluster.source(session).restore_jobs(
            batch_id=self.batch_id, limit=self.limit, starting_at=self.page, items_per_page=self.items_per_page
        )


def jobs(
    *,
    cluster: ClusterOptions,
    options: ListOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the restore jobs of one cluster, or what became of the collections of one.

    All pages are read. jsonl and csv are written while pages arrive, table and
    json at the end.
    """
    cluster.resolve()
    options = options or ListOptions()
    options.check()
    with nullcontext() if options.collections is None else no_resume_page():
        asyncio.run(_list(cluster, options, read_credentials(), output, show_secrets=show_secrets))
    return ExitCode.DONE


async def _list(
    cluster: ClusterOptions, options: ListOptions, environ: dict[str, str], output: OutputFormat, *, show_secrets: bool
) -> None:
    layout: ListLayout[Any, Any] = JOB_LAYOUT if options.collections is None else COLLECTION_LAYOUT
    what = "restore jobs" if options.collections is None else "collections"
    writer = make_writer(output, layout, show_secrets=show_secrets)
    status = stderr_console().status(f"reading {what}")
    with show_deprecations(cluster.resolve()):
        async with make_session(environ, cluster.server) as session:
            pager = options.pager(session, cluster)
            if output.collects or not sys.stdout.isatty():
                status.start()
            try:
                found = 0
                async for page in pager.pages():
                    writer.add(page)
                    found += len(page)
                    total = "" if page.total_count is None else f" of {page.total_count}"
                    status.update(f"reading {what}: {found}{total}")
            finally:
                status.stop()
    writer.finish()


@attrs.frozen(kw_only=True)
class CollectionRow:
    """The row of a restored collection: text, empty where the API sends no value.

    Attributes:
        source: Its ``database.collection`` in the backup.
        state: Where it stands, as the API calls it.
        target: What it was to be called in the target.
        effective_target: What it is called there; empty if it is not restored.
        renamed: ``yes`` if that is another name than was asked for, because that one was taken.
        restored_documents: Documents restored so far.
        total_documents: Documents in all, an estimate at first.
        indexes: State of its indexes, as the API calls it.
        index_error: Why indexes could not be built.

    """

    source: str
    state: str = ""
    target: str = ""
    effective_target: str = ""
    renamed: str = ""
    restored_documents: str = ""
    total_documents: str = ""
    indexes: str = ""
    index_error: str = ""

    @classmethod
    def of(cls, collection: RestoredCollection) -> "CollectionRow":
        """Make the row of a collection."""
        indexes = collection.index_status
        return cls(
            source=_words(collection.source_namespace),
            state=_words(collection.state),
            target=_words(collection.target_namespace),
            effective_target=_words(collection.effective_target_namespace),
            renamed="yes" if collection.renamed else "",
            restored_documents=_words(collection.restored_documents),
            total_documents=_words(collection.total_documents),
            indexes="" if indexes is None else _words(indexes.state),
            index_error="" if indexes is None else _words(without_urls(indexes.error_message or "")),
        )


def describe_collection(collection: RestoredCollection) -> str:
    """Write on one line what became of a collection."""
    row = CollectionRow.of(collection)
    words = [row.source, row.state]
    if row.indexes not in {"", "SUCCESSFUL"} and row.state == RestoredCollectionState.SUCCESSFUL:
        words.append(f"indexes {row.indexes}{': ' * bool(row.index_error)}{row.index_error}")
    return "  ".join(words)


def _words(value: object) -> str:
    return "" if value is None else printable(str(value))


def _collection_style(row: CollectionRow) -> str:
    if row.state == RestoredCollectionState.SUCCESSFUL:
        return "green"
    return "cyan" if row.state in {"NOT_STARTED", "IN_PROGRESS", "FINALIZING"} else "yellow"


def _collection_summary(rows: Sequence[CollectionRow]) -> str:
    counts = Counter(row.state or "unknown" for row in rows)
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    renamed = sum(row.renamed == "yes" for row in rows)
    names = f" {renamed} got another name, because the one asked for was taken." if renamed else ""
    return f"{plural(len(rows), 'collection')}: {states}.{names}"


#: Collections of a restore as ``jobs --collections`` shows them.
COLLECTION_LAYOUT: ListLayout[RestoredCollection, CollectionRow] = ListLayout(
    row_type=CollectionRow,
    row=CollectionRow.of,
    document=lambda collection, redacted: collection.to_dict(redacted=redacted),
    columns=(
        Column("Collection", lambda row: row.source),
        Column("State", lambda row: row.state, style=_collection_style),
        Column("Restored as", lambda row: row.effective_target, rank=1),
        Column("Name taken", lambda row: row.renamed, rank=3, style=lambda _: "yellow"),
        Column("Documents", lambda row: row.restored_documents, rank=4, number=True),
        Column("of", lambda row: row.total_documents, rank=5, number=True),
        Column("Indexes", lambda row: row.indexes, rank=2),
        Column("Index error", lambda row: row.index_error, rank=6),
    ),
    summary=_collection_summary,
    empty_text="no collections: the restore has not begun, or names none that exist",
)
