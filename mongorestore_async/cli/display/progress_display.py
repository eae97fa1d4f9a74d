"""Progress of waits, downloads and fleets on standard error: bars on a terminal, lines everywhere else."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from mongorestore_async.cli.columns import state_style
from mongorestore_async.cli.console import plural
from mongorestore_async.cli.exit_codes import explain
from mongorestore_async.cli.units import format_size
from mongorestore_async.protocol.redaction import printable
from mongorestore_async.waiting.end_rules import describe
from mongorestore_async.waiting.job_source import describe_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.progress import Progress, TaskID

    from mongorestore_async import DownloadProgress, FleetProgress, PollReport
    from mongorestore_async.cli.console import PlainConsole
    from mongorestore_async.models import JobDocument

__all__ = ["DownloadBars", "FleetBar", "PollDisplay", "StateLog"]

_SECONDS_BETWEEN_LINES = 10


class PollDisplay:
    """Prints how many jobs a wait is still waiting for: a line when that changes.

    Args:
        console: Where to print.

    """

    def __init__(self, console: PlainConsole) -> None:
        self._console = console
        self._status = console.status("waiting")
        self._counts: tuple[int, ...] | None = None
        self._failing: set[str] = set()

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def look_for(self, jobs: int, seconds: float) -> None:
        """Say at once that so many jobs are being looked for: right after a create that may take some seconds."""
        text = f"looking for {plural(jobs, 'job')}"
        if not self._console.is_live:
            self._print(text)
        self._status.update(f"{text}, for up to {seconds:.0f} s")

    def found(self, jobs: Iterable[JobDocument]) -> None:
        """Show on a terminal the states in which the jobs were found: the first poll comes some seconds later."""
        states = Counter(printable(job.state) for job in jobs)
        self._status.update(f"waiting: {', '.join(f'{count} {state}' for state, count in states.items())}")

    def show(self, report: PollReport) -> None:
        """Print what changed, and on a terminal the time of the next poll."""
        self._show_failures(report)
        running, bad = report.open - report.missing, report.bad - report.lost
        counts = running, report.missing, report.over, bad, report.lost
        if counts != self._counts:
            self._counts = counts
            words = [f"{running} running", f"{report.over} done"]
            words += [f"{report.missing} not found at the moment"] if report.missing else []
            words += [f"{bad} ended badly"] if bad else []
            words += [f"{report.lost} lost"] if report.lost else []
            self._print(", ".join(words))
        due = datetime.now().astimezone() + timedelta(seconds=report.next_delay)
        self._status.update(f"waiting: {running} running, next poll at {due:%H:%M:%S}")

    def _show_failures(self, report: PollReport) -> None:
        failing = {describe_source(failure.source): failure for failure in report.failures}
        for name in failing.keys() - self._failing:
            self._print(f"{printable(name)} cannot be read, retrying: {explain(failing[name].error)}", style="yellow")
        for name in self._failing - failing.keys():
            self._print(f"{printable(name)} can be read again")
        self._failing = set(failing)

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(f"{datetime.now().astimezone():%H:%M:%S}  {text}", style=style, soft_wrap=True)


class StateLog:
    """Prints a line for each change of a job's state.

    Args:
        console: Where to print.

    """

    def __init__(self, console: PlainConsole) -> None:
        self._console = console
        self._printed: dict[str, str] = {}

    def show(self, jobs: Iterable[JobDocument]) -> None:
        """Print a line for each job that is new or has changed."""
        now = datetime.now().astimezone()
        for job in jobs:
            name = job.id if job.ref is None else str(job.ref)
            words = describe(job)
            if self._printed.get(name) != words:
                self._printed[name] = words
                state = (f"{job.state:9}", state_style(job.state))
                self._console.print_styled(f"{now:%H:%M:%S}  ", state, f"  {printable(name)}  {printable(words)}")


class _Bars:
    """Shows bars while its block is open; nothing where there are none."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


class DownloadBars(_Bars):
    """Shows the progress of files.

    Args:
        console: Where to print.

    """

    def __init__(self, console: PlainConsole) -> None:
        super().__init__(_download_bars(console) if console.is_live else None)
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._printed: dict[str, float] = {}

    def show(self, progress: DownloadProgress) -> None:
        """Show the progress of one file."""
        name = printable(progress.file_name)
        if self._progress is not None:
            if name not in self._tasks:
                # Bytes of an earlier run must not count as speed.
                self._tasks[name] = self._progress.add_task(name, completed=progress.received)
            self._progress.update(self._tasks[name], completed=progress.received, total=progress.total)
        else:
            self._print(name, progress)

    def _print(self, name: str, progress: DownloadProgress) -> None:
        now, is_complete = time.monotonic(), progress.received == progress.total
        if not is_complete and now - self._printed.setdefault(name, now) < _SECONDS_BETWEEN_LINES:
            return
        self._printed[name] = now
        fetched = progress.received - progress.resumed_from
        speed = fetched / progress.seconds if progress.seconds else 0
        words = [f"{name}:", format_size(progress.received)]
        if progress.total is not None:
            words.append(f"of {format_size(progress.total)}")
            if speed and not is_complete:
                words.append(f"({(progress.total - progress.received) / speed:.0f} s left)")
        if speed:
            words.append(f"at {format_size(int(speed))}/s")
        self._console.print(" ".join(words), soft_wrap=True)


def _download_bars(console: PlainConsole) -> Progress:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.table import Column

    return Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=2, no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=console.rich,
        expand=True,
        transient=True,
    )


class FleetBar(_Bars):
    """Shows how many of the known clusters are read; nothing where there is no terminal.

    Args:
        console: Where to print.
        is_shown: Whether to show anything.

    """

    def __init__(self, console: PlainConsole, *, is_shown: bool) -> None:
        super().__init__(_fleet_bar(console) if is_shown and console.is_live else None)

    def show(self, progress: FleetProgress) -> None:
        """Show the progress of a run."""
        if self._progress is None:
            return
        known = f"{progress.clusters}{'' if progress.discovered else '+'}"
        words = [f"{progress.over} of {known} clusters", plural(progress.jobs, "job")]
        if progress.failed:
            words.append(f"{progress.failed} failed")
        self._progress.update(
            self._progress.task_ids[0],
            description=", ".join(words),
            completed=progress.over,
            total=progress.clusters if progress.discovered else None,
        )


def _fleet_bar(console: PlainConsole) -> Progress:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    made = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        console=console.rich,
        transient=True,
    )
    made.add_task("looking for clusters", total=None)
    return made
