"""``mongorestore-async jobs``."""

import asyncio
import sys
from typing import Annotated, Any

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.outputs import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.place import Place
from mongorestore_async.cli.rows import JOBS
from mongorestore_async.cli.screen import screen

__all__ = ["Listing", "jobs"]

_AT_LEAST_ONE = validators.Number(gte=1)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Listing:
    """Which of a cluster's jobs are wanted; the words of the library's ``restore_jobs``."""

    batch_id: Annotated[
        str | None,
        Parameter(alias="--batchId", help="Only the jobs of this batch (Ops Manager, Cloud Manager)."),
    ] = None
    limit: Annotated[int | None, Parameter(validator=_AT_LEAST_ONE, help="At most so many jobs in all.")] = None
    page: Annotated[
        int,
        Parameter(validator=_AT_LEAST_ONE, help="Page to start at; the list is read from there to its end."),
    ] = 1
    items_per_page: Annotated[
        int | None,
        Parameter(
            alias="--itemsPerPage",
            validator=validators.Number(gte=1, lte=500),
            help="Jobs asked for in one call. [default: 500]",
        ),
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
    place: Place,
    listing: Listing | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the restore jobs of one cluster.

    All pages are read. jsonl and csv are written on the way, table and json at the end.
    """
    place.resolve()
    asyncio.run(_list(place, listing or Listing(), find_keys(), output, show_secrets=show_secrets))
    return 0


async def _list(
    place: Place, listing: Listing, environ: dict[str, str], output: OutputFormat, *, show_secrets: bool
) -> None:
    writer = make_writer(output, JOBS, show_secrets=show_secrets)
    status = screen(error=True).status("reading restore jobs")
    with telling(place.resolve()):
        async with make_session(environ, place.base_url) as session:
            pager = place.source(session).restore_jobs(**listing.arguments())
            if output.collects or not sys.stdout.isatty():
                status.start()
            try:
                found = 0
                async for page in pager.pages():
                    writer.add(page)
                    found += len(page)
                    of_all = "" if page.total_count is None else f" of {page.total_count}"
                    status.update(f"reading restore jobs: {found}{of_all}")
            finally:
                status.stop()
    writer.finish()
