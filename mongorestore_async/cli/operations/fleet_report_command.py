"""``mongorestore-async fleet report``."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter

import mongorestore_async
from mongorestore_async.cli.commands.fleet_options import FleetChoice
from mongorestore_async.cli.console import plural, show_deprecations, stderr_console, stdout_console
from mongorestore_async.cli.display.progress_display import FleetBar
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.rows.failure_rows import print_failures
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.units import make_directory, parse_duration
from mongorestore_async.errors import RestoreError
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async import FleetFailure
    from mongorestore_async.reports import FleetReport, ReportFiles

__all__ = ["report"]


def report(
    *,
    output: Annotated[
        Path,
        Parameter(alias="-o", metavar="DIRECTORY", help="Directory for report.html, .json and .csv; made if missing."),
    ],
    options: FleetChoice,
    lately: Annotated[
        timedelta,
        Parameter(
            converter=parse_duration,
            show_default=lambda _: "90d",
            help="A cluster without a finished restore in this time counts as not restored lately.",
        ),
    ] = timedelta(days=90),
) -> int:
    """Write a report of all clusters that the key sees.

    The page names clusters that were never restored, not lately, or whose last
    restore failed, and shows the slowest restores and the trend of their
    duration. It is one file without scripts, to be read offline or printed.
    Clusters that cannot be read are in it too, and listed on standard error,
    with exit code 9.
    """
    options.check()
    make_directory(output)
    found, failures = asyncio.run(_read(options, lately, read_credentials()))
    print_failures(stderr_console(), failures, is_merged=len(options.families) > 1)
    files = _write(found, output)
    console = stdout_console()
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.counts.items() if count)
    console.print_sentence(f"{plural(len(found.clusters), 'cluster')}{': ' if counts else ''}{counts}.")
    for path in files:
        console.print(printable(str(path)), soft_wrap=True)
    return ExitCode.INCOMPLETE if failures else ExitCode.DONE


async def _read(
    options: FleetChoice, lately: timedelta, environ: dict[str, str]
) -> "tuple[FleetReport, tuple[FleetFailure, ...]]":
    from mongorestore_async.reports import FleetReport

    bar = FleetBar(stderr_console(), is_shown=True)
    usual = mongorestore_async.Options()
    wanted = options.concurrency * len(options.families)
    settings = attrs.evolve(usual, max_in_flight=max(wanted, usual.max_in_flight))
    with show_deprecations(*options.families):
        async with make_session(environ, options.server, options=settings) as session:
            fleet = options.fleet(session)
            stream = fleet.restore_jobs(**options.limits(), since=options.since, on_progress=bar.show)
            with bar:
                found = await FleetReport.of(stream, lately=lately, since=options.since)
    return found, stream.failures


def _write(found: "FleetReport", directory: Path) -> "ReportFiles":
    from mongorestore_async.reports import write_fleet_report

    try:
        return write_fleet_report(found, directory)
    except OSError as error:
        raise RestoreError(f"the report could not be written to {directory}: {error.strerror}") from None
