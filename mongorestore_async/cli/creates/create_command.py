"""``mongorestore-async create``."""

from typing import TYPE_CHECKING, Any

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.console import stdout_console
from mongorestore_async.cli.creates.create_options import CreateOptions
from mongorestore_async.cli.creates.safety_options import SafetyOptions
from mongorestore_async.cli.creates.sending import print_created, run_create
from mongorestore_async.cli.rows.job_rows import JOB_LAYOUT
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, write_items
from mongorestore_async.models import HttpRestore

if TYPE_CHECKING:
    from mongorestore_async import RestoreBatch

__all__ = ["create"]

_DOWNLOAD = ("Wait for the file and download it:", "download", "--timeout", "6h")
_WAIT = ("Wait for the end:", "wait", "--timeout", "6h")


def create(
    *,
    cluster: ClusterOptions,
    options: CreateOptions | None = None,
    safety: SafetyOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Restore a backup into a cluster, or prepare a download.

    It asks before data are overwritten. After exit code 6, list the jobs first.
    """
    request = (options or CreateOptions()).request(cluster.resolve(), cluster.project_id)
    is_download = isinstance(request, HttpRestore)

    def report(batch: "RestoreBatch[Any]", _environ: dict[str, str]) -> None:
        def write_created() -> None:
            print_created(stdout_console(), batch, cluster.server, *(_DOWNLOAD if is_download else _WAIT))

        def write() -> None:
            if output is OutputFormat.TABLE:
                write_created()
            else:
                write_items(batch, output, JOB_LAYOUT, show_secrets=show_secrets)

        # The restore was started: its reference must not get lost.
        write_result(write, write_created)

    return run_create(cluster, request, safety or SafetyOptions(), report)
