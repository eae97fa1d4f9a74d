"""``mongorestore-async wait``."""

import asyncio
from typing import TYPE_CHECKING, cast

import mongorestore_async
from mongorestore_async.cli.console import show_deprecations, stderr_console
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.job_selection import JobRefs, JobSelection
from mongorestore_async.cli.progress_display import PollDisplay
from mongorestore_async.cli.rows import JOB_LAYOUT
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, write_items
from mongorestore_async.cli.wait_options import ResumeHint, WaitClock, WaitOptions, poll_policy
from mongorestore_async.errors import WaitError
from mongorestore_async.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.models import JobDocument

__all__ = ["wait"]


def wait(
    *refs: JobRefs,
    selection: JobSelection | None = None,
    options: WaitOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Wait until restore jobs end; they can belong to any clusters and product families.

    Progress is written to standard error, the final state of the jobs to
    standard output. Ctrl-C or a timeout does not affect the restore; the
    command that resumes the wait is printed.
    """
    selection, options = selection or JobSelection(), options or WaitOptions()
    selection.check(refs)
    resume_hint = ResumeHint("wait", selection.server, options.arguments(), refs)
    with resume_hint.on_early_end():
        asyncio.run(_wait(resume_hint, selection, options, read_credentials(), output, show_secrets=show_secrets))
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
                    batch = await batch.wait(timeout=clock.left, until=options.until, on_poll=display.show)
            except WaitError as error:
                if error.jobs:
                    _write(cast("tuple[JobDocument, ...]", error.jobs), output, show_secrets=show_secrets)
                raise
    _write(batch, output, show_secrets=show_secrets)


def _write(jobs: "Iterable[JobDocument]", output: OutputFormat, *, show_secrets: bool) -> None:
    write_result(lambda: write_items(jobs, output, JOB_LAYOUT, show_secrets=show_secrets))
