"""A wait on its way: one line for each change of what it has come to."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from mongorestore_async.cli.exits import explain
from mongorestore_async.cli.screen import printable

if TYPE_CHECKING:
    from mongorestore_async.cli.screen import Screen
    from mongorestore_async.waiting.wait_errors import PollReport

__all__ = ["Looks"]


class Looks:
    """Prints what a wait has come to, when that changed.

    Args:
        console: Where to.

    """

    def __init__(self, console: Screen) -> None:
        self._console = console
        self._status = console.status("waiting")
        self._counts: tuple[int, int, int] | None = None
        self._failing: set[str] = set()

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def show(self, report: PollReport) -> None:
        """Print what is new, and show on a terminal when the next look is."""
        self._tell_failures(report)
        counts = report.open, report.over, report.bad
        if counts != self._counts:
            self._counts = counts
            bad = f", {report.bad} ended badly" if report.bad else ""
            self._print(f"{report.open} going on, {report.over} done{bad}")
        self._status.update(f"waiting: {report.open} going on, next look in {report.next_delay:.0f} s")

    def _tell_failures(self, report: PollReport) -> None:
        failing = {str(failure.source): failure for failure in report.failures}
        for name in failing.keys() - self._failing:
            self._print(f"{printable(name)} cannot be read, trying on: {explain(failing[name].error)}", style="yellow")
        for name in self._failing - failing.keys():
            self._print(f"{printable(name)} can be read again")
        self._failing = set(failing)

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(f"{datetime.now().astimezone():%H:%M:%S}  {text}", style=style, soft_wrap=True)
