"""``mongorestore-async watch``."""

import asyncio
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import mongorestore_async
from mongorestore_async.cli.columns import state_style, table_lines
from mongorestore_async.cli.console import PlainConsole, plural, show_deprecations, stderr_console, stdout_console
from mongorestore_async.cli.display.progress_display import PollDisplay, StateLog
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.job_selection import JobRefs, JobSelection
from mongorestore_async.cli.rows.job_rows import JOB_LAYOUT
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.units import format_duration
from mongorestore_async.cli.wait_options import ResumeHint, WaitClock, WaitOptions, poll_policy
from mongorestore_async.errors import RestoreFailed, WaitError
from mongorestore_async.families import FAMILIES
from mongorestore_async.waiting.end_rules import WaitOutcome, end_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from mongorestore_async.models import JobDocument
    from mongorestore_async.models.rows import JobRow

__all__ = ["watch"]

#: Lines of a terminal that are kept free: the head of the table, the line below it, and the prompt.
_OTHER_LINES = 6


def watch(
    *refs: JobRefs,
    selection: JobSelection | None = None,
    options: WaitOptions | None = None,
) -> int:
    """Watch restore jobs until they end.

    On a terminal it shows a live table, elsewhere a line for each change. It has
    the same exit codes as wait. Ctrl-C or a timeout does not affect the restore.
    """
    selection, options = selection or JobSelection(), options or WaitOptions()
    selection.check(refs)
    resume_hint = ResumeHint("watch", selection.server, options.arguments(), refs)
    with resume_hint.on_early_end():
        asyncio.run(_watch(resume_hint, selection, options, read_credentials()))
    return ExitCode.DONE


async def _watch(
    resume_hint: ResumeHint, selection: JobSelection, options: WaitOptions, environ: dict[str, str]
) -> None:
    out = stdout_console()
    session_options = mongorestore_async.Options(poll=poll_policy(options.poll))
    async with make_session(environ, selection.server, options=session_options) as session:
        clock = WaitClock(options.timeout)
        async with clock.finding():
            resume_hint.refs = await selection.find(session, resume_hint.refs)
        with show_deprecations(*(FAMILIES[ref.family] for ref in resume_hint.refs)):
            with PollDisplay(stderr_console()) as display:
                display.look_for(len(resume_hint.refs), session_options.poll.grace)
                async with clock.finding():
                    batch = await session.batch(resume_hint.refs, until=options.until)
            with _LiveTable(out) if out.is_live else _Lines(out) as view:
                found = {job.ref: job for job in batch}
                try:
                    view.show(batch)
                    async for job in batch.watch(timeout=clock.left, accept_incomplete=options.accept_incomplete):
                        found |= {job.ref: job}
                        view.show([job])
                except OSError as lost:
                    _stop(tuple(found.values()), options, lost)


def _stop(jobs: "tuple[JobDocument, ...]", options: WaitOptions, lost: OSError) -> None:
    """End a watch that nobody sees: by the jobs as they were seen last.

    Raises:
        RestoreFailed: A job has ended badly.
        WaitError: Not all jobs have ended.

    """
    endings = [(job, end_of(job, options.until, datetime.now(UTC))) for job in jobs]
    bad_ends = {WaitOutcome.BAD} if options.accept_incomplete else {WaitOutcome.BAD, WaitOutcome.INCOMPLETE}
    bad = tuple(job for job, ending in endings if ending.outcome in bad_ends)
    problem = f"stopped watching: standard output cannot be written ({lost.strerror or lost})"
    if bad:
        raise RestoreFailed(f"{problem}; {plural(len(bad), 'job')} ended badly", jobs=jobs, failed=bad)
    if not all(ending.over for _, ending in endings):
        raise WaitError(problem, jobs=jobs)


class _Lines:
    def __init__(self, console: PlainConsole) -> None:
        self._log = StateLog(console)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def show(self, jobs: "Iterable[JobDocument]") -> None:
        self._log.show(jobs)
        sys.stdout.flush()


class _LiveTable:
    """The jobs in their present state. If the terminal has too few lines, jobs that have not ended come first."""

    def __init__(self, console: PlainConsole) -> None:
        from rich.live import Live

        self._console = console
        self._rows: dict[str, JobRow] = {}
        self._started = time.monotonic()
        self._live = Live(get_renderable=self._render, console=console.rich, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, jobs: "Iterable[JobDocument]") -> None:
        self._rows |= {row["ref"] or row["id"]: row for row in (job.to_row() for job in jobs)}

    def _render(self) -> "RenderableType":
        from rich.console import Group
        from rich.text import Text

        rows = list(self._rows.values())
        most = max(1, self._console.rich.height - _OTHER_LINES)
        if len(rows) > most:
            rows = sorted(rows, key=lambda row: row["state"] not in {"PENDING", "RUNNING", "UNKNOWN"})
        left_out = [] if len(rows) <= most else [Text(f"... and {len(rows) - most} more")]
        counts = Counter(row["state"] for row in rows)
        summary = Text(f"{plural(len(rows), 'restore job')}:")
        for state, count in counts.items():
            summary.append(f"  {count} ").append(state, style=state_style(state))
        elapsed = timedelta(seconds=int(time.monotonic() - self._started))
        summary.append(f"  after {format_duration(elapsed)}", style="dim")
        lines = [Text.assemble(*line) for line in table_lines(self._console, JOB_LAYOUT.columns, rows[:most])]
        return Group(*lines, *left_out, Text(), summary)
