"""Sending one create: dry runs, the question, one request, and what is told when that is interrupted."""

import asyncio
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

import mongorestore_async
from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.console import PlainConsole, fold_command, plural, show_deprecations, stderr_console
from mongorestore_async.cli.creates.overwrite_prompt import OverwritePrompt, OverwritingRestore, read_prompt
from mongorestore_async.cli.creates.safety_options import SafetyOptions
from mongorestore_async.cli.exit_codes import ExitCode, error_text
from mongorestore_async.cli.job_selection import job_command
from mongorestore_async.cli.session_factory import ServerOptions, make_session, read_credentials
from mongorestore_async.codec.request_bodies import encode_request
from mongorestore_async.errors import MaybeCreated
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import RestoreRequest
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async import RestoreBatch, SessionArguments

__all__ = ["print_created", "run_create"]


def run_create(
    cluster: ClusterOptions,
    request: RestoreRequest,
    safety: SafetyOptions,
    report: "Callable[[RestoreBatch[Any], dict[str, str]], None]",
    *,
    environ: dict[str, str] | None = None,
) -> int:
    """Check a create, ask for confirmation where data are overwritten, send it once, and report what was created.

    Args:
        cluster: Where the data come from.
        request: What is asked for.
        safety: What is checked before it is sent.
        report: Writes what was created, and takes the variables with the credentials, so that nobody is asked for them
            twice.
        environ: Variables with the credentials, if they were read already.

    Returns:
        The exit code: of a dry run, or of a create that was sent or declined.

    Raises:
        RestoreError: It was not sent, it was refused, or its outcome is unknown.
        KeyboardInterrupt: It was interrupted before it was sent.

    """
    family = cluster.resolve()
    with show_deprecations(family):
        if safety.dry_run:
            return asyncio.run(_dry_run(cluster, request, safety, environ))
        # The library checks this as well. Here, so that nobody confirms what cannot be sent.
        encode_request(family, request, now=datetime.now(UTC))
        unconfirmed = safety.check(cluster, request)
        environ = environ or read_credentials()
        if unconfirmed is not None and not asyncio.run(_prompt(cluster, unconfirmed, environ)).ask():
            stderr_console().print_sentence("Nothing was sent.")
            return ExitCode.ERROR
        report(_Create(cluster, request, safety).run(environ), environ)
    return ExitCode.DONE


def print_created(console: PlainConsole, batch: "RestoreBatch[Any]", server: ServerOptions, *follow: str) -> None:
    """Print what was created, and the command that follows it.

    Args:
        console: Where to print.
        batch: What was created.
        server: Where the API is, and how to get there.
        follow: What to do next, in words; then a command and its options. Nothing to print no command.

    """
    if batch.existing:
        console.print_sentence(f"Already running, nothing was sent: {plural(len(batch), 'restore job')}:")
    else:
        console.print_sentence(f"Created {plural(len(batch), 'restore job')}:")
    for job in batch:
        console.print(f"  {job.state:9}  {printable(str(job.ref))}", soft_wrap=True)
    if follow:
        sentence, command, *options = follow
        console.print_sentence(sentence)
        words = job_command(command, batch.refs, server, *options)
        console.print(fold_command(words, console.width), soft_wrap=True)


async def _dry_run(
    cluster: ClusterOptions, request: RestoreRequest, safety: SafetyOptions, environ: dict[str, str] | None
) -> int:
    console = stderr_console()
    # Without a pre-check nothing is read, and no key is needed.
    settings: SessionArguments = {} if safety.precheck else {"auth": None}
    environ = environ or (read_credentials() if safety.precheck else dict(os.environ))
    options = mongorestore_async.Options(guard=safety.guard)
    async with make_session(environ, cluster.server, options=options, settings=settings) as session:
        plan = await cluster.source(session).dry_run(request, precheck=safety.precheck)
    with suppress(BrokenPipeError):  # the exit code tells whether it would be refused, also to who does not read
        print(json.dumps(dict(plan.body), indent=2), flush=True)
    console.print_sentence(f"request, not sent: {plan.method} {printable(plan.url)}")
    for finding in plan.findings:
        label, style = ("refused", "bold red") if finding.fatal else ("note", "yellow")
        console.print_sentence(f"{label}: {error_text(finding)}", style=style)
    return ExitCode.ERROR if plan.is_refused else ExitCode.DONE


async def _prompt(cluster: ClusterOptions, request: OverwritingRestore, environ: dict[str, str]) -> OverwritePrompt:
    async with make_session(environ, cluster.server) as session:
        return await read_prompt(session, cluster.source(session), request)


@attrs.define
class _Create:
    """One create, and what became of it when it is interrupted.

    Attributes:
        cluster: Where the data come from.
        request: What is asked for.
        safety: What is checked before it is sent.
        batch: What was created, as soon as that is known.
        open: Creates that were sent and whose outcome is unknown.

    """

    cluster: ClusterOptions
    request: RestoreRequest
    safety: SafetyOptions
    batch: "RestoreBatch[Any] | None" = None
    open: "tuple[MaybeCreated, ...]" = ()

    def run(self, environ: dict[str, str]) -> "RestoreBatch[Any]":
        """Send it.

        Raises:
            MaybeCreated: Its outcome is unknown, also because it was interrupted.
            KeyboardInterrupt: It was interrupted before it was sent.
            RestoreError: It was not sent, or refused.

        """
        try:
            asyncio.run(self._send(environ))
        except MaybeCreated as error:
            raise self._with_advice(error) from error.__cause__
        except KeyboardInterrupt as end:
            if self.open:
                raise self._with_advice(self.open[-1]) from None
            if self.batch is None:
                end.add_note("Nothing was sent.")
                raise
        if self.batch is None:  # pragma: no cover - it is there, or an error was raised
            raise RuntimeError("a create ended without an outcome")
        return self.batch

    async def _send(self, environ: dict[str, str]) -> None:
        options = mongorestore_async.Options(guard=self.safety.guard)
        async with make_session(environ, self.cluster.server, options=options) as session:
            source = self.cluster.source(session)
            send = source.ensure_restore if self.safety.ensure else source.create_restore_job
            try:
                self.batch = await send(self.request, precheck=self.safety.precheck)
            finally:
                self.open = session.open_creates

    def _with_advice(self, error: MaybeCreated) -> MaybeCreated:
        # Elsewhere no order is promised: the new job may be the last of the list.
        few = ("--limit", "5") if FAMILIES[self.cluster.family].newest_first else ()
        command = fold_command(self.cluster.command_line("jobs", *few), stderr_console().width)
        error.add_note(f"List the jobs before you send it again:\n{command}")
        return error
