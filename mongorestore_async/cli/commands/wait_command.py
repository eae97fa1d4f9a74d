"""``mongorestore-async wait``."""

import asyncio
from typing import TYPE_CHECKING, Any, cast

import mongorestore_async
from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.console import fold_command, show_deprecations, stderr_console
from mongorestore_async.cli.display.progress_display import PollDisplay
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.job_selection import JobRefs, JobSelection
from mongorestore_async.cli.rows.collection_rows import describe_collection
from mongorestore_async.cli.rows.job_rows import JOB_LAYOUT
from mongorestore_async.cli.session_factory import ServerOptions, make_session, read_credentials
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.cli.stdout_writer import (
    OutputFormat,
    OutputOption,
    SecretsOption,
    output_arguments,
    write_items,
)
from mongorestore_async.cli.wait_options import ResumeHint, WaitClock, WaitOptions, poll_policy
from mongorestore_async.errors import RestoreIncomplete, WaitError
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import CollectionRestoreJob
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mongorestore_async import RestoreBatch
    from mongorestore_async.models import JobDocument, JobRef

__all__ = ["wait", "wait_for_jobs"]

#: Lines about collections, and about jobs; the commands that are printed list all.
_MOST_LINES = 20


def wait(
    *refs: JobRefs,
    selection: JobSelection | None = None,
    options: WaitOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Wait until restore jobs end.

    Progress is written to standard error, the final state of the jobs to
    standard output. Ctrl-C or a timeout does not affect the restore; the
    command that resumes the wait is printed.
    """
    selection, options = selection or JobSelection(), options or WaitOptions()
    selection.check(refs)
    return wait_for_jobs(refs, selection, options, None, output, show_secrets=show_secrets)


def wait_for_jobs(
    refs: "tuple[JobRef, ...]",
    selection: JobSelection,
    options: WaitOptions,
    environ: dict[str, str] | None,
    output: OutputFormat,
    *,
    show_secrets: bool,
) -> int:
    """Wait for jobs that were checked, and write what they are at their end.

    Args:
        refs: The jobs, or none if the selection names them.
        selection: Other ways to name jobs, and where the API is.
        options: What to wait for, and how long.
        environ: Variables with the credentials; None to read them.
        output: The output format.
        show_secrets: Whether documents are written with their secrets.

    Returns:
        The exit code of a wait that ended well.

    Raises:
        RestoreError: It did not.

    """
    shown = output_arguments(output, show_secrets=show_secrets)
    resume_hint = ResumeHint("wait", selection.server, (*options.arguments(), *shown), refs)
    with resume_hint.on_early_end():
        environ = environ or read_credentials()
        asyncio.run(_wait(resume_hint, selection, options, environ, output, show_secrets=show_secrets))
    return ExitCode.DONE


async def _wait(
    resume_hint: ResumeHint,
    selection: JobSelection,
    options: WaitOptions,
    environ: dict[str, str],
    output: OutputFormat,
    *,
    show_secrets: bool,
) -> None:
    session_options = mongorestore_async.Options(poll=poll_policy(options.poll))
    async with make_session(environ, selection.server, options=session_options) as session:
        clock = WaitClock(options.timeout)
        async with clock.finding():
            resume_hint.refs = await selection.find(session, resume_hint.refs)
        with show_deprecations(*(FAMILIES[ref.family] for ref in resume_hint.refs)):
            try:
                with PollDisplay(stderr_console()) as display:
                    display.look_for(len(resume_hint.refs))
                    async with clock.finding():
                        batch = await session.batch(resume_hint.refs, until=options.until)
                    display.found(batch)
                    batch = await batch.wait(
                        timeout=clock.left,
                        until=options.until,
                        on_poll=display.show,
                        accept_incomplete=options.accept_incomplete,
                    )
            except WaitError as error:
                jobs = cast("tuple[JobDocument, ...]", error.jobs)
                if jobs:
                    _write(jobs, output, show_secrets=show_secrets)
                if isinstance(error, RestoreIncomplete):
                    for line in _list_commands(jobs, selection.server):
                        error.add_note(line)
                raise
    _write(batch, output, show_secrets=show_secrets)
    _print_collections(batch, selection.server)


def _write(jobs: "Iterable[JobDocument]", output: OutputFormat, *, show_secrets: bool) -> None:
    write_result(lambda: write_items(jobs, output, JOB_LAYOUT, show_secrets=show_secrets))


def _print_collections(batch: "RestoreBatch[Any]", server: ServerOptions) -> None:
    """Say what restores of collections left out, and how to see what became of each collection."""
    console = stderr_console()
    outcomes = [job.outcome for job in batch if isinstance(job, CollectionRestoreJob) and job.outcome is not None]
    accepted = [describe_collection(each) for outcome in outcomes for each in outcome.incomplete]
    accepted += [_describe_missing(name) for outcome in outcomes for name in outcome.missing]
    for head, found in (
        ("Not restored as asked, which was accepted", accepted),
        ("Skipped, because such collections cannot be restored", list(map(describe_collection, batch.skipped))),
    ):
        if found:
            console.print_sentence(f"{head}: {len(found)}")
            for line in _shortened(found):
                console.print(line, soft_wrap=True)
    for line in _list_commands(batch, server):
        console.print(line, soft_wrap=True)


def _describe_missing(name: str) -> str:
    return f"{printable(name)}  not listed"


def _shortened(found: "Sequence[str]") -> "Iterator[str]":
    yield from (f"  {each}" for each in found[:_MOST_LINES])
    if len(found) > _MOST_LINES:
        yield f"  ... and {len(found) - _MOST_LINES} more"


def _list_commands(jobs: "Iterable[JobDocument]", server: ServerOptions) -> "Iterator[str]":
    """Commands that list the collections of jobs."""
    width = stderr_console().width
    refs = [job.ref for job in jobs if isinstance(job, CollectionRestoreJob) and job.ref is not None]
    if refs:
        yield "List what became of each collection, and how it is called now:"
    for ref in refs[:_MOST_LINES]:
        where = ClusterOptions(family=ref.family, project_id=ref.project, cluster_id=ref.cluster, server=server)
        yield fold_command(where.command_line("jobs", "--collections", ref.job), width)
