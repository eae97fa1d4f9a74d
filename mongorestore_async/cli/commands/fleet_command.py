"""``mongorestore-async fleet jobs``."""

import asyncio
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import App, Parameter

import mongorestore_async
from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.commands.fleet_options import FleetOptions, read_token
from mongorestore_async.cli.console import fold_command, plural, show_deprecations, stderr_console
from mongorestore_async.cli.display.help_pages import OPTIONS
from mongorestore_async.cli.display.progress_display import FleetBar
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.rows.failure_rows import is_unmatched, print_failures
from mongorestore_async.cli.rows.found_rows import found_layout
from mongorestore_async.cli.rows.job_rows import reference_footer
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import (
    OutputFormat,
    OutputOption,
    SecretsOption,
    StdoutWriter,
    make_writer,
    output_arguments,
)
from mongorestore_async.errors import ConfigError, RestoreError
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, FleetFailure, FleetPlan, FleetStream

__all__ = ["PLAN_LAYOUT", "PlanRow", "app", "jobs"]

#: A longer resume token is better kept in a file than in a command line.
_MOST_CHARACTERS = 1000


#: The group of commands for fleets.
app: App = App(
    name="fleet", help="List, watch or report the restores of all clusters.", help_epilogue="", group_parameters=OPTIONS
)
app.command("mongorestore_async.cli.operations.fleet_watch_command:watch", name="watch")
app.command("mongorestore_async.cli.operations.fleet_report_command:report", name="report")


@app.command
def jobs(
    *,
    options: FleetOptions,
    dry_run: Annotated[
        bool,
        Parameter(negative=(), show_default=False, help="Count the requests of a run; read no jobs."),
    ] = False,
    resume: Annotated[
        str | None, Parameter(metavar="TOKEN", help="Resume an earlier run; @FILE for a file with the token.")
    ] = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the restore jobs of all clusters that the key sees.

    jsonl and csv are written while jobs are found, table and json at the end.
    The run continues if a cluster cannot be read: the failures are listed on
    standard error, with exit code 9 and the command that retries them. After
    Ctrl-C the jobs found so far are written, and the command that resumes the
    run is printed.
    """
    options.check()
    if dry_run and resume is not None:
        raise ConfigError("--dry-run counts a whole run; leave --resume out")
    run = _FleetRun(options=options, output=output, show_secrets=show_secrets, resume=read_token(resume))
    with run.report_end():
        environ = read_credentials()
        asyncio.run(run.plan(environ) if dry_run else run.read(environ))
    return ExitCode.INCOMPLETE if run.failures or run.is_cut_short else ExitCode.DONE


@attrs.define(kw_only=True)
class _FleetRun:
    """One run, and what is printed at its end.

    Attributes:
        options: Which jobs to list.
        output: The output format.
        show_secrets: Whether documents are written with their secrets.
        resume: Token of an earlier run.
        stream: The stream of jobs, as soon as there is one.
        failures: What could not be read, when the run is over.
        is_cut_short: Whether it stopped because its output could not be written, before all clusters were read.

    """

    options: FleetOptions
    output: OutputFormat
    show_secrets: bool
    resume: str | None
    stream: "FleetStream[Any] | None" = None
    failures: "tuple[FleetFailure, ...]" = ()
    is_cut_short: bool = False

    async def read(self, environ: dict[str, str]) -> None:
        """List the jobs."""
        bar = FleetBar(stderr_console(), is_shown=self.output.collects or not sys.stdout.isatty())
        with show_deprecations(*self.options.families):
            async with self._session(environ) as session:
                fleet = self.options.fleet(session)
                self.stream = fleet.restore_jobs(**self.options.arguments(), resume=self.resume, on_progress=bar.show)
                layout = found_layout(merged=self._is_merged)
                footer = reference_footer(self.options.server)
                made = make_writer(self.output, layout, show_secrets=self.show_secrets, footer=footer)
                async with StdoutWriter(made) as writer:
                    with bar:
                        async with self.stream as stream:
                            async for found in stream:
                                await writer.put(found)

    async def plan(self, environ: dict[str, str]) -> None:
        """Count the requests that listing them would take."""
        with show_deprecations(*self.options.families):
            async with self._session(environ) as session:
                fleet = self.options.fleet(session)
                fleet.restore_jobs(**self.options.arguments())  # refuses what a real run would refuse
                plan = await fleet.dry_run(**self.options.limits())
        self.failures = plan.failures
        writer = make_writer(self.output, PLAN_LAYOUT, show_secrets=self.show_secrets)
        writer.add([plan])
        writer.finish()

    @contextmanager
    def report_end(self) -> Generator[None]:
        """Print at the end, also after an error, what could not be read and how to resume."""
        console = stderr_console()
        try:
            yield
        except (KeyboardInterrupt, RestoreError) as end:
            self._print_failures()
            if isinstance(end, RestoreError):
                end.resume_at = None  # that of a list within the run: there is no --page here
            if self._has_progress or (self.stream is not None and isinstance(end, KeyboardInterrupt)):
                end.add_note(self._resume_text())
            raise
        except OSError as lost:
            # A token to resume would leave out what was read and not written.
            self._print_failures()
            self._report_lost_output(lost)
            return
        self._print_failures()
        if self._has_progress and not all(map(is_unmatched, self.failures)):
            console.print(self._resume_text(), soft_wrap=True)

    @property
    def _is_merged(self) -> bool:
        return len(self.options.families) > 1

    @property
    def _has_progress(self) -> bool:
        """Whether a resumed run would have less to read."""
        if self.stream is None:
            return False
        progress = self.stream.progress
        return progress.over > progress.failed or progress.skipped > 0

    def _report_lost_output(self, lost: OSError) -> None:
        console, is_pipe = stderr_console(), isinstance(lost, BrokenPipeError)
        progress = None if self.stream is None else self.stream.progress
        self.is_cut_short = progress is not None and not (progress.discovered and progress.over >= progress.clusters)
        if not is_pipe and not self.failures:
            raise lost
        if not is_pipe:
            console.print_sentence(f"error: standard output could not be written: {lost.strerror or lost}")
        elif self.is_cut_short and progress is not None:
            known = f"{progress.clusters}{'' if progress.discovered else '+'}"
            console.print_sentence(
                f"stopped: standard output was closed; {progress.over} of {known} clusters were read"
            )

    def _session(self, environ: dict[str, str]) -> "AsyncSession":
        usual = mongorestore_async.Options()
        wanted = self.options.concurrency * len(self.options.families)
        options = attrs.evolve(usual, max_in_flight=max(wanted, usual.max_in_flight))
        return make_session(environ, self.options.server, options=options)

    def _print_failures(self) -> None:
        if self.stream is not None:
            self.failures = self.stream.failures
        print_failures(stderr_console(), self.failures, is_merged=self._is_merged)

    def _resume_text(self) -> str:
        """The token, and the command that resumes the run."""
        token = "" if self.stream is None else self.stream.resume_token
        words = self.options.command_line()
        words += output_arguments(self.output, show_secrets=self.show_secrets)
        head, resume = "Resume with:", token
        if len(token) > _MOST_CHARACTERS:
            head, resume = f"Save this token to a file:\n{token}\n{head}", "@FILE"
        return f"{head}\n{fold_command([*words, '--resume', resume], stderr_console().width)}"


@attrs.frozen(kw_only=True)
class PlanRow:
    """What a run would read.

    Attributes:
        projects: Projects that match.
        clusters: Clusters to read.
        requests: Requests that read them.
        discovery: Requests that find them.
        seconds: Duration of all of them at least.
        bound_by: The rate limit that decides, empty where none does.

    """

    projects: str
    clusters: str
    requests: str
    discovery: str
    seconds: str
    bound_by: str

    @classmethod
    def of(cls, plan: "FleetPlan") -> "PlanRow":
        """Make the row of a plan."""
        return cls(**{name: "" if value is None else str(value) for name, value in _document(plan).items()})


def _document(plan: "FleetPlan") -> dict[str, Any]:
    counts = {name: getattr(plan, name) for name in ("projects", "clusters", "requests", "discovery")}
    limit = plan.bound_by
    named = None if limit is None else f"{limit.name}: {limit}".removeprefix(": ")
    return counts | {"seconds": round(plan.seconds, 1), "bound_by": named}


def _summary(rows: Sequence[PlanRow]) -> str:
    total = sum(int(row.requests) + int(row.discovery) for row in rows)
    held = [f" They take at least {row.seconds} s ({printable(row.bound_by)})." for row in rows if row.bound_by]
    return (
        f"{plural(total, 'request')} in all, and one more for every 500 jobs of a cluster after its first 500."
        f"{''.join(held)} No jobs were read."
    )


#: What a run would read.
PLAN_LAYOUT: "ListLayout[FleetPlan, PlanRow]" = ListLayout(
    row_type=PlanRow,
    row=PlanRow.of,
    document=lambda plan, _redacted: _document(plan),
    columns=(
        Column("Projects", lambda row: row.projects, number=True),
        Column("Clusters", lambda row: row.clusters, number=True),
        Column("Requests for jobs", lambda row: row.requests, number=True),
        Column("Requests to find clusters", lambda row: row.discovery, number=True),
    ),
    summary=_summary,
    empty_text="nothing to read",
)
