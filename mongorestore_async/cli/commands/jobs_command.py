"""``mongorestore-async jobs``."""

import asyncio
import sys
from typing import Annotated, Any

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.console import show_deprecations, stderr_console
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.rows import JOB_LAYOUT
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, make_writer

__all__ = ["ListOptions", "jobs"]

_AT_LEAST_ONE = validators.Number(gte=1)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ListOptions:
    """Which jobs of a cluster to list."""

    batch_id: Annotated[
        str | None, Parameter(help="Only the jobs of this batch (Ops Manager, Cloud Manager, Atlas legacy).")
    ] = None
    limit: Annotated[int | None, Parameter(validator=_AT_LEAST_ONE, help="Maximum number of jobs.")] = None
    page: Annotated[
        int, Parameter(validator=_AT_LEAST_ONE, help="Page to start at; the list is read from there to its end.")
    ] = 1
    items_per_page: Annotated[
        int | None,
        Parameter(validator=validators.Number(gte=1, lte=500), help="Jobs to request in one call. [default: 500]"),
    ] = None

    def arguments(self) -> dict[str, Any]:
        """Arguments of ``Cluster.restore_jobs``."""
        return {
            "batch_id": self.batch_id,
            "limit": self.limit,
            "starting_at": self.page,
            "items_per_page": self.items_per_page,
        }


def jobs(
    *,
    cluster: ClusterOptions,
    options: ListOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the restore jobs of one cluster.

    All pages are read. jsonl and csv are written while pages arrive, table and
    json at the end.
    """
    cluster.resolve()
    asyncio.run(_list(cluster, options or ListOptions(), read_credentials(), output, show_secrets=show_secrets))
    return ExitCode.DONE


async def _list(
    cluster: ClusterOptions, options: ListOptions, environ: dict[str, str], output: OutputFormat, *, show_secrets: bool
) -> None:
    writer = make_writer(output, JOB_LAYOUT, show_secrets=show_secrets)
    status = stderr_console().status("reading restore jobs")
    with show_deprecations(cluster.resolve()):
        async with make_session(environ, cluster.server) as session:
            pager = cluster.source(session).restore_jobs(**options.arguments())
            if output.collects or not sys.stdout.isatty():
                status.start()
            try:
                found = 0
                async for page in pager.pages():
                    writer.add(page)
                    found += len(page)
                    total = "" if page.total_count is None else f" of {page.total_count}"
                    status.update(f"reading restore jobs: {found}{total}")
            finally:
                status.stop()
    writer.finish()
