"""``mongorestore-async create``."""

from typing import TYPE_CHECKING, Any

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.commands.create_options import CreateOptions
from mongorestore_async.cli.console import fold_command, plural, printable, stdout_console
from mongorestore_async.cli.creates.safety_options import SafetyOptions
from mongorestore_async.cli.creates.sending import run_create
from mongorestore_async.cli.job_selection import job_command
from mongorestore_async.cli.rows import JOB_LAYOUT
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, write_items
from mongorestore_async.models import AutomatedRestore, HttpRestore

if TYPE_CHECKING:
    from mongorestore_async import RestoreBatch

__all__ = ["create"]


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
    request = (options or CreateOptions()).request(cluster.resolve(), cluster.project_id)

    def report(batch: "RestoreBatch[Any]") -> None:
        def write() -> None:
            if output is OutputFormat.TABLE:
                _print_created(cluster, request, batch)
            else:
                write_items(batch, output, JOB_LAYOUT, show_secrets=show_secrets)

        # The restore was started: its reference must not get lost.
        write_result(write, lambda: _print_created(cluster, request, batch))

    return run_create(cluster, request, safety or SafetyOptions(), report)


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
    follow = job_command(command[0], batch.refs, cluster.server, *command[1:])
    out.print(fold_command(follow, out.width), soft_wrap=True)
