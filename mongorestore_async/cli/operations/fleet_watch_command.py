"""``mongorestore-async fleet watch``."""

import asyncio
import json
import sys
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import attrs
from cyclopts import Parameter

import mongorestore_async
from mongorestore_async.cli.columns import state_style
from mongorestore_async.cli.commands.fleet_options import FleetPlaces
from mongorestore_async.cli.console import show_deprecations, stderr_console, stdout_console
from mongorestore_async.cli.exit_codes import ExitCode, error_text
from mongorestore_async.cli.rows.failure_rows import print_failures
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import SecretsOption, StdoutWriter
from mongorestore_async.cli.units import format_duration, format_time, parse_duration
from mongorestore_async.cli.wait_options import PollOption, poll_policy
from mongorestore_async.protocol.redaction import printable
from mongorestore_async.waiting.end_rules import describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async import FleetChange, FleetFailure

__all__ = ["watch"]


def watch(
    *,
    options: FleetPlaces,
    until_idle: Annotated[
        bool, Parameter(negative=(), show_default=False, help="End when no restore is running.")
    ] = False,
    poll: PollOption = None,
    idle_interval: Annotated[
        timedelta,
        Parameter(
            converter=parse_duration,
            show_default=format_duration,
            help="Polling interval where no restore runs.",
        ),
    ] = timedelta(minutes=5),
    discovery_interval: Annotated[
        timedelta,
        Parameter(
            converter=parse_duration,
            show_default=format_duration,
            help="Interval to look for new projects and clusters.",
        ),
    ] = timedelta(minutes=15),
    output: Annotated[
        Literal["table", "jsonl"],
        Parameter(alias="-o", metavar="FORMAT", help="A line or a JSON document for each change."),
    ] = "table",
    show_secrets: SecretsOption = False,
) -> int:
    """Watch the running restores of all clusters that the key sees.

    Each running restore is told when it is first seen, at each change of its
    state, and at its end. A project or cluster that cannot be read is told once,
    and once more when it can be read again; the others go on. Polls take at most
    half of each rate limit. Ctrl-C does not affect the restores.

    With --until-idle the exit code is 3 if a restore ended badly, 5 if one can no
    longer be found, and 9 if something cannot be read.
    """
    options.check()
    arguments = options.limits() | {
        "idle_interval": idle_interval.total_seconds(),
        "discovery_interval": discovery_interval.total_seconds(),
        "until_idle": until_idle,
    }
    writer = _JsonLines(redacted=not show_secrets) if output == "jsonl" else _Lines(merged=len(options.families) > 1)
    seen, failures = asyncio.run(_watch(options, arguments, poll, writer, read_credentials()))
    print_failures(stderr_console(), failures, is_merged=len(options.families) > 1)
    if seen["bad"]:
        return ExitCode.RESTORE_FAILED
    if seen["lost"]:
        return ExitCode.TIMED_OUT
    return ExitCode.INCOMPLETE if failures else ExitCode.DONE


async def _watch(
    options: FleetPlaces,
    arguments: dict[str, Any],
    poll: timedelta | None,
    writer: "_Lines | _JsonLines",
    environ: dict[str, str],
) -> "tuple[Counter[str], tuple[FleetFailure, ...]]":
    """Watch until the end; gives what became of the restores, and what cannot be read."""
    usual = mongorestore_async.Options(poll=poll_policy(poll))
    wanted = max(options.concurrency, usual.max_in_flight)
    session_options = attrs.evolve(usual, max_in_flight=wanted)
    seen: Counter[str] = Counter()
    with show_deprecations(*options.families):
        async with (
            make_session(environ, options.server, options=session_options) as session,
            StdoutWriter(writer) as out,
            options.fleet(session).watch(**arguments) as changes,
        ):
            async for change in changes:
                seen["bad"] += change.kind == "ended" and change.job is not None and change.job.ok is False
                seen["lost"] += change.kind == "lost"
                await out.put(change)
            failures = changes.failures
    return seen, failures


@attrs.define(kw_only=True)
class _JsonLines:
    redacted: bool

    def add(self, items: "Iterable[FleetChange[Any]]") -> None:
        for change in items:
            print(json.dumps(_document(change, redacted=self.redacted), separators=(",", ":")))
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()


@attrs.define(kw_only=True)
class _Lines:
    """A line for each change: when it was seen, the state, where, and what the API calls it."""

    merged: bool

    def add(self, items: "Iterable[FleetChange[Any]]") -> None:
        console = stdout_console()
        for change in items:
            when = f"{change.at.astimezone():%H:%M:%S}  "
            word = change.kind.upper() if change.job is None or change.kind == "lost" else str(change.job.state)
            style = state_style(word) or ("bold red" if change.kind in {"failed", "lost"} else "green")
            text = "  ".join(filter(None, [self._place(change), _about(change)]))
            console.print_styled(when, (f"{word:9}", style), f"  {text}")
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()

    def _place(self, change: "FleetChange[Any]") -> str:
        parts = [change.fleet] if self.merged or change.project is None else []
        parts += [found.name or found.id or "" for found in (change.project, change.cluster) if found is not None]
        return printable("/".join(parts))


def _about(change: "FleetChange[Any]") -> str:
    if change.failure is not None:
        return f"cannot be read: {error_text(change.failure.error)}"
    if change.job is None:
        return "can be read again"
    words = "can no longer be found, last seen as " if change.kind == "lost" else ""
    return printable(f"{change.job.ref or change.job.id}  {words}{describe(change.job)}")


def _document(change: "FleetChange[Any]", *, redacted: bool) -> dict[str, Any]:
    project, cluster, failure = change.project, change.cluster, change.failure
    return {
        "kind": str(change.kind),
        "at": format_time(change.at),
        "fleet": change.fleet,
        "project": None if project is None else {"id": project.id, "name": project.name},
        "cluster": None if cluster is None else {"id": cluster.id, "name": cluster.name},
        "before": change.before,
        "state": None if change.job is None else str(change.job.state),
        "ref": None if change.job is None or change.job.ref is None else str(change.job.ref),
        "job": None if change.job is None else change.job.to_dict(redacted=redacted),
        "failure": None if failure is None else {"kind": str(failure.kind), "reason": error_text(failure.error)},
    }
