"""``mongorestore-async fleet jobs``."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import App, Parameter

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.fleet_rows import PLAN, is_unmatched, jobs_sheet, print_failures
from mongorestore_async.cli.fleet_view import FleetBar
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.outlet import Outlet
from mongorestore_async.cli.outputs import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.scope import Scope, read_token
from mongorestore_async.cli.screen import screen
from mongorestore_async.cli.shell import folded
from mongorestore_async.errors import ConfigError, RestoreError

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession
    from mongorestore_async.fleet import FleetFailure, FleetStream

__all__ = ["jobs", "make_fleet"]

#: A longer resume token is better kept in a file than in a command line.
_LONG = 1000


def make_fleet(sort_key: int) -> App:
    """Put the commands about fleets together, for this place among the others."""
    app = App(name="fleet", help="List the restore jobs of all clusters a key sees: fleet jobs.", sort_key=sort_key)
    app.command(jobs)
    return app


def jobs(
    *,
    scope: Scope,
    dry_run: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Read no jobs: tell how many requests it would take.")
    ] = False,
    resume: Annotated[
        str | None,
        Parameter(help="Go on with an earlier run: its token, or @FILE with the token in it."),
    ] = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the restore jobs of all clusters of all projects that the key sees.

    jsonl and csv are written on the way, table and json at the end. What cannot be read does not end the run: it is
    told on standard error, with exit code 9 and the command that tries it again. A run that is left (Ctrl-C) writes
    what it has found, and prints the command that goes on with the rest.
    """
    scope.check()
    if dry_run and resume is not None:
        raise ConfigError("--dry-run counts a whole run; leave --resume out")
    run = _Run(scope=scope, output=output, show_secrets=show_secrets, resume=read_token(resume))
    with run.kept():
        asyncio.run(run.plan(find_keys()) if dry_run else run.read(find_keys()))
    return ExitCode.INCOMPLETE if run.failures else ExitCode.DONE


@attrs.define(kw_only=True)
class _Run:
    """One run, and what is to be said when it is over.

    Attributes:
        scope: What is asked for.
        output: The form of output.
        show_secrets: Whether documents are written with their secrets.
        resume: Token of an earlier run.
        stream: What is read, as soon as there is one.
        failures: What could not be read, when the run is over.

    """

    scope: Scope
    output: OutputFormat
    show_secrets: bool
    resume: str | None
    stream: "FleetStream[Any] | None" = None
    failures: "tuple[FleetFailure, ...]" = ()

    async def read(self, environ: dict[str, str]) -> None:
        """List the jobs."""
        bar = FleetBar(screen(error=True), shown=self.output.collects or not sys.stdout.isatty())
        with telling(*self.scope.families):
            async with self._session(environ) as session:
                fleet = self.scope.fleet(session)
                self.stream = fleet.restore_jobs(**self.scope.arguments(), resume=self.resume, on_progress=bar.show)
                sheet = jobs_sheet(merged=self._merged)
                async with Outlet(make_writer(self.output, sheet, show_secrets=self.show_secrets)) as outlet:
                    with bar:
                        async with self.stream as stream:
                            async for found in stream:
                                await outlet.put(found)

    async def plan(self, environ: dict[str, str]) -> None:
        """Tell what listing them would take."""
        with telling(*self.scope.families):
            async with self._session(environ) as session:
                fleet = self.scope.fleet(session)
                fleet.restore_jobs(**self.scope.arguments())  # refuses what a real run would refuse
                plan = await fleet.dry_run(**self.scope.limits())
        self.failures = plan.failures
        writer = make_writer(self.output, PLAN, show_secrets=self.show_secrets)
        writer.add([plan])
        writer.finish()

    @contextmanager
    def kept(self) -> Generator[None]:
        """Tell at the end, whatever the end is, what could not be read and how to go on."""
        notes = screen(error=True)
        try:
            yield
        except (KeyboardInterrupt, RestoreError) as end:
            self._tell_failures()
            if isinstance(end, RestoreError):
                end.resume_at = None  # that of a list within the run: there is no --page here
            if self._has_read or (self.stream is not None and isinstance(end, KeyboardInterrupt)):
                end.add_note(self._advice())
            raise
        self._tell_failures()
        if self._has_read and not all(map(is_unmatched, self.failures)):
            notes.print(self._advice(), soft_wrap=True)

    @property
    def _merged(self) -> bool:
        return len(self.scope.families) > 1

    @property
    def _has_read(self) -> bool:
        """Whether there is something that need not be read again."""
        if self.stream is None:
            return False
        progress = self.stream.progress
        return progress.over > progress.failed or progress.skipped > 0

    def _session(self, environ: dict[str, str]) -> "AsyncSession":
        from mongorestore_async import Options

        wanted = self.scope.concurrency * len(self.scope.families)
        return make_session(environ, self.scope.base_url, max_in_flight=max(wanted, Options().max_in_flight))

    def _tell_failures(self) -> None:
        if self.stream is not None:
            self.failures = self.stream.failures
        print_failures(screen(error=True), self.failures, merged=self._merged)

    def _advice(self) -> str:
        """The token, and the command to go on with."""
        token = "" if self.stream is None else self.stream.resume_token
        words = self.scope.words()
        if self.output is not OutputFormat.TABLE:
            words += "--output", self.output.value
        if self.show_secrets:
            words.append("--show-secrets")
        head, resume = "Go on with what was not read:", token
        if len(token) > _LONG:
            head, resume = f"Put this token into a file:\n{token}\n{head}", "@FILE"
        return f"{head}\n{folded([*words, '--resume', resume], screen(error=True).width)}"
