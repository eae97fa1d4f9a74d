"""``mongorestore-async jobs``."""

import asyncio
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.console import show_deprecations, stderr_console
from mongorestore_async.cli.exit_codes import ExitCode, no_resume_page
from mongorestore_async.cli.rows.job_rows import JOB_LAYOUT, reference_footer
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.units import require_text
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, Pager
    from mongorestore_async.cli.columns import ListLayout

__all__ = ["ListOptions", "jobs"]

_AT_LEAST_ONE = validators.Number(gte=1)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ListOptions:
    """Which jobs of a cluster to list."""

    batch_id: Annotated[str | None, Parameter(metavar="ID", help="Only the jobs of this batch (not on Atlas v2).")] = (
        None
    )
    limit: Annotated[int | None, Parameter(validator=_AT_LEAST_ONE, help="Most lines to list. [default: all]")] = None
    page: Annotated[int, Parameter(validator=_AT_LEAST_ONE, help="Page to start at.")] = 1
    items_per_page: Annotated[
        int | None,
        Parameter(
            validator=validators.Number(gte=1, lte=500),
            help="Page size, 1 to 500. [default: 500]",
        ),
    ] = None
    collections: Annotated[
        str | None,
        Parameter(
            validator=require_text,
            metavar="JOB-ID",
            help="What became of the collections of this job, instead of jobs.",
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
    """List the restore jobs of a cluster.

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
    what = "restore jobs" if options.collections is None else "collections"
    footer = reference_footer(cluster.server) if options.collections is None else None
    writer = make_writer(output, _layout(options), show_secrets=show_secrets, footer=footer)
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


def _layout(options: ListOptions) -> "ListLayout[Any, Any]":
    if options.collections is None:
        return JOB_LAYOUT
    from mongorestore_async.cli.rows.collection_rows import COLLECTION_LAYOUT

    return COLLECTION_LAYOUT
