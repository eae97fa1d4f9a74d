"""``mongorestore-async create``."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
from rich.table import Table

import mongorestore_async
from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.commands.create_options import CreateOptions, SafetyOptions
from mongorestore_async.cli.console import (
    fold_command,
    plural,
    printable,
    show_deprecations,
    stderr_console,
    stdout_console,
)
from mongorestore_async.cli.exit_codes import ExitCode, error_text
from mongorestore_async.cli.job_selection import job_command
from mongorestore_async.cli.rows import JOB_LAYOUT
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.codec.request_bodies import encode_request
from mongorestore_async.errors import ApiError, MaybeCreated, NotFound
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
    Target,
)

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, ClusterBase, RestoreBatch
    from mongorestore_async.models import ClusterSummary, SnapshotDocument

__all__ = ["OverwritePrompt", "create", "read_prompt"]


def create(
    *,
    cluster: ClusterOptions,
    options: CreateOptions | None = None,
    safety: SafetyOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Restore a backup of a cluster into a cluster, or make a snapshot ready for download.

    A restore into a cluster first removes all data of that cluster. The
    command asks for confirmation; without a terminal it requires --yes. The
    request is sent once. Exit code 6 means that the outcome is unknown: list
    the jobs before you send it again.
    """
    safety = safety or SafetyOptions()
    family = cluster.resolve()
    request = (options or CreateOptions()).request(family, cluster.project_id)
    with show_deprecations(family):
        if safety.dry_run:
            return asyncio.run(_dry_run(cluster, request, safety))
        # The library checks this as well. Here, so that nobody confirms what cannot be sent.
        encode_request(family, request, now=datetime.now(UTC))
        unconfirmed = safety.check(cluster, request)
        environ = read_credentials()
        if unconfirmed is not None and not asyncio.run(_prompt(cluster, unconfirmed, environ)).ask():
            stderr_console().print_sentence("Nothing was sent.")
            return ExitCode.ERROR
        try:
            batch = asyncio.run(_create(cluster, request, safety, environ))
        except (MaybeCreated, KeyboardInterrupt) as end:
            if isinstance(end, KeyboardInterrupt):
                end.add_note("The create was in progress: a restore may be running.")
            command = fold_command(cluster.command_line("jobs", "--limit", "5"), stderr_console().width)
            end.add_note(f"List the jobs before you send it again:\n{command}")
            raise
    if output is OutputFormat.TABLE:
        _print_created(cluster, request, batch)
    else:
        writer = make_writer(output, JOB_LAYOUT, show_secrets=show_secrets)
        writer.add(batch)
        writer.finish()
    return ExitCode.DONE


async def _dry_run(cluster: ClusterOptions, request: HttpRestore | AutomatedRestore, safety: SafetyOptions) -> int:
    console = stderr_console()
    # Without a pre-check nothing is read, and no key is needed.
    settings: dict[str, Any] = {} if safety.precheck else {"auth": None}
    environ = read_credentials() if safety.precheck else dict(os.environ)
    options = mongorestore_async.Options(guard=safety.guard)
    async with make_session(environ, cluster.base_url, options=options, settings=settings) as session:
        plan = await cluster.source(session).dry_run(request, precheck=safety.precheck)
    print(json.dumps(dict(plan.body), indent=2), flush=True)
    console.print_sentence(f"request, not sent: {plan.method} {printable(plan.url)}")
    for finding in plan.findings:
        label, style = ("refused", "bold red") if finding.fatal else ("note", "yellow")
        console.print_sentence(f"{label}: {error_text(finding)}", style=style)
    return ExitCode.ERROR if plan.is_refused else ExitCode.DONE


async def _prompt(cluster: ClusterOptions, request: AutomatedRestore, environ: dict[str, str]) -> "OverwritePrompt":
    async with make_session(environ, cluster.base_url) as session:
        return await read_prompt(session, cluster.source(session), request)


async def _create(
    cluster: ClusterOptions,
    request: HttpRestore | AutomatedRestore,
    safety: SafetyOptions,
    environ: dict[str, str],
) -> "RestoreBatch[Any]":
    options = mongorestore_async.Options(guard=safety.guard)
    async with make_session(environ, cluster.base_url, options=options) as session:
        source = cluster.source(session)
        send = source.ensure_restore if safety.ensure else source.create_restore_job
        return await send(request, precheck=safety.precheck)


def _print_created(
    cluster: ClusterOptions, request: HttpRestore | AutomatedRestore, batch: "RestoreBatch[Any]"
) -> None:
    out = stdout_console()
    is_download = isinstance(request, HttpRestore)
    if batch.existing:
        out.print_sentence(f"Already running, nothing was sent: {plural(len(batch), 'restore job')}:")
    else:
        out.print_sentence(f"Created {plural(len(batch), 'restore job')}:")
    for job in batch:
        out.print(f"  {job.state:9}  {printable(str(job.ref))}", soft_wrap=True)
    out.print_sentence("Wait for the file and download it:" if is_download else "Wait for the end:")
    command = ("download", "--timeout", "6h") if is_download else ("wait", "--timeout", "6h")
    follow = job_command(command[0], batch.refs, cluster.base_url, *command[1:])
    out.print(fold_command(follow, out.width), soft_wrap=True)


@attrs.frozen(kw_only=True)
class OverwritePrompt:
    """What is shown before a restore into a cluster is sent.

    Attributes:
        request: The restore.
        origin: Cluster or host that the data come from, in words.
        snapshot: The snapshot to restore; None for another source, or where it cannot be read.
        target: The cluster to be overwritten, None where it cannot be read.

    """

    request: AutomatedRestore
    origin: str
    snapshot: "SnapshotDocument | None" = None
    target: "ClusterSummary | None" = None

    def ask(self) -> bool:
        """Ask for the name or the id of the cluster to be overwritten: a y is typed too easily."""
        console = stderr_console()
        target = self.request.target
        name = None if self.target is None else self.target.name
        console.print_sentence("This removes all data of the target and replaces them with those of the backup.")
        console.print()
        facts = Table.grid(padding=(0, 0, 0, 2))
        facts.add_row("", "Restore", self._source())
        facts.add_row("", "of", printable(self.origin))
        facts.add_row("", "into", printable(_describe(target, self.target)), style="bold")
        facts.add_row("", "removed", f"all data of {printable(name or target.cluster)}", style="bold red")
        for warning in self._warnings():
            facts.add_row("", "note", printable(warning), style="yellow")
        console.print(facts)
        console.print()
        either = f" or {target.cluster}" if name not in {None, target.cluster} else ""
        text = f"Type {name or target.cluster}{either} to continue: "
        console.print(printable(text), end="", soft_wrap=True)
        sys.stderr.flush()
        return sys.stdin.readline().strip() in {name or target.cluster, target.cluster}

    def _source(self) -> str:
        match self.request.source:
            case Snapshot(id=snapshot_id):
                taken = None if self.snapshot is None else self.snapshot.taken_at
                when = "" if taken is None else f", data of {shorten_time(format_time(taken))} UTC"
                return f"snapshot {printable(snapshot_id)}{when}"
            case PointInTime(moment=wanted):
                return f"the data of {format_time(wanted)}"
            case OplogTime(seconds=seconds, increment=increment):
                return f"the data up to oplog timestamp {seconds}, {increment}"
            case Checkpoint(id=checkpoint_id):
                return f"checkpoint {printable(checkpoint_id)}"

    def _warnings(self) -> list[str]:
        if self.snapshot is None:
            return []
        return [f"the snapshot: {words}" for words in self.snapshot.obstacles(datetime.now(UTC))]


async def read_prompt(
    session: "AsyncSession", source: "ClusterBase[Any]", request: AutomatedRestore
) -> OverwritePrompt:
    """Read what is shown, as far as the key may: it can have the right to restore and not the right to read.

    Raises:
        RestoreError: The server cannot be reached, or does not accept the key.

    """
    own = source.ref("-")
    snapshot = await _read_snapshot(source, request.source.id) if isinstance(request.source, Snapshot) else None
    origin = await _read_cluster(session, source, Target(own.project, own.cluster or ""))
    target = await _read_cluster(session, source, request.target)
    return OverwritePrompt(
        request=request,
        origin=_describe(Target(own.project, own.cluster or str(own.host)), origin),
        snapshot=snapshot,
        target=target,
    )


async def _read_cluster(session: "AsyncSession", source: "ClusterBase[Any]", wanted: Target) -> "ClusterSummary | None":
    try:
        async for found in session.project(wanted.project_id, source.family).clusters():
            if wanted.cluster == (found.name if source.family.cluster_key == "name" else found.id):
                return found
    except ApiError:
        # A key may have the right to restore and not the right to list.
        return None
    return None


def _describe(target: Target, found: "ClusterSummary | None") -> str:
    if found is None or not found.name:
        return f"cluster {target.cluster} in project {target.project_id}"
    ident = "" if found.name == target.cluster else f" ({target.cluster})"
    kind = f", a {found.type_name.lower().replace('_', ' ')}" if found.type_name else ""
    return f"cluster {found.name}{ident} in project {target.project_id}{kind}"


async def _read_snapshot(source: "ClusterBase[Any]", snapshot_id: str) -> "SnapshotDocument | None":
    try:
        return await source.snapshot(snapshot_id)
    except NotFound:
        if source.family.sharded_snapshot_path is None:
            return None
    except ApiError:
        return None
    try:
        return await source.snapshot(snapshot_id, sharded=True)
    except ApiError:
        return None
