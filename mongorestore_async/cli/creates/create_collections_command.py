"""``mongorestore-async create-collections``."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Group, Parameter

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.commands.wait_command import wait_for_jobs
from mongorestore_async.cli.console import stderr_console, stdout_console
from mongorestore_async.cli.creates.collection_options import BackupOptions, CollectionOptions
from mongorestore_async.cli.creates.safety_options import SafetyOptions
from mongorestore_async.cli.creates.sending import print_created, run_create
from mongorestore_async.cli.job_selection import JobSelection
from mongorestore_async.cli.rows.job_rows import JOB_LAYOUT
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, write_items
from mongorestore_async.cli.units import format_time, shorten_time
from mongorestore_async.cli.wait_options import ACCEPT_INCOMPLETE, TIMEOUT, PollOption, WaitOptions
from mongorestore_async.errors import ConfigError, NotRestorable
from mongorestore_async.models import Snapshot
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async import RestoreBatch
    from mongorestore_async.models import SnapshotDocument

__all__ = ["FollowOptions", "create_collections"]

_WAIT = Group("Waiting", sort_key=5)
_USUAL = WaitOptions()


@Parameter(name="*", group=_WAIT)
@attrs.frozen(kw_only=True)
class FollowOptions:
    """Whether to wait for the end of the restore, and how."""

    wait: Annotated[
        bool,
        Parameter(negative=(), show_default=False, group=_WAIT, help="Wait for the end, as the command wait does."),
    ] = False
    accept_incomplete: Annotated[bool, ACCEPT_INCOMPLETE, Parameter(group=_WAIT)] = False
    timeout: Annotated[timedelta, TIMEOUT, Parameter(group=_WAIT)] = _USUAL.timeout
    poll: Annotated[PollOption, Parameter(group=_WAIT)] = None

    def options(self) -> WaitOptions | None:
        """Options of the wait, None if there is none.

        Raises:
            ConfigError: There is none, and an option belongs to it.

        """
        if self.wait:
            return WaitOptions(timeout=self.timeout, poll=self.poll, accept_incomplete=self.accept_incomplete)
        if self != FollowOptions():
            raise ConfigError("--accept-incomplete, --timeout and --poll belong to --wait: pass it as well")
        return None


def create_collections(
    *,
    backup: BackupOptions,
    options: CollectionOptions,
    safety: SafetyOptions | None = None,
    follow: FollowOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Restore databases and collections into a cluster (Atlas).

    Views, time series and search indexes are not restored. snapshots --browse
    lists what a snapshot has. After exit code 6, list the jobs first.
    """
    cluster = backup.cluster()
    cluster.resolve()
    request = options.request(backup.project_id)
    safety = safety or SafetyOptions()
    wait_options = (follow or FollowOptions()).options()
    environ = None
    if options.latest:
        environ = read_credentials()
        request = attrs.evolve(request, source=Snapshot(asyncio.run(_find_latest(cluster, environ))))
    created: list[tuple[RestoreBatch[Any], dict[str, str]]] = []

    def report(batch: "RestoreBatch[Any]", environ: dict[str, str]) -> None:
        def write_created() -> None:
            print_created(stdout_console(), batch, cluster.server, "Wait for the end:", "wait", "--timeout", "6h")

        def write() -> None:
            if output is OutputFormat.TABLE:
                write_created()
            else:
                write_items(batch, output, JOB_LAYOUT, show_secrets=show_secrets)

        created.append((batch, environ))
        if wait_options is not None:
            # Standard output is for the jobs at their end.
            print_created(stderr_console(), batch, cluster.server)
        else:
            write_result(write, write_created)

    code = run_create(cluster, request, safety, report, environ=environ)
    if wait_options is None or not created:
        return code
    batch, environ = created[0]
    selection = JobSelection(server=cluster.server)
    return wait_for_jobs(batch.refs, selection, wait_options, environ, output, show_secrets=show_secrets)


async def _find_latest(cluster: ClusterOptions, environ: dict[str, str]) -> str:
    """Choose the newest snapshot that can be restored, and say which; a sharded cluster has a list of its own.

    Raises:
        NotRestorable: There is none.

    """
    with stderr_console().status("reading snapshots"):
        async with make_session(environ, cluster.server) as session:
            source = cluster.source(session)
            try:
                found = await source.snapshots().latest_restorable()
            except NotRestorable as error:
                try:
                    found = await source.snapshots(sharded=True).latest_restorable()
                except NotRestorable:
                    raise error from None
    _tell_latest(found)
    return found.id


def _tell_latest(snapshot: "SnapshotDocument") -> None:
    when = shorten_time(format_time(snapshot.taken_at))
    stderr_console().print_sentence(f"latest snapshot: {printable(snapshot.id)}, data of {when} UTC")
