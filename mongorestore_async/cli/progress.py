"""Downloads on their way: bars on a terminal, a line now and then everywhere else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column

from mongorestore_async.cli.screen import printable
from mongorestore_async.cli.units import size

if TYPE_CHECKING:
    from types import TracebackType

    from mongorestore_async.cli.screen import Screen
    from mongorestore_async.downloading.download_types import DownloadProgress

__all__ = ["Bars"]

_SECONDS_BETWEEN_LINES = 10


class Bars:
    """Shows how far files are.

    Args:
        console: Where to.

    """

    def __init__(self, console: Screen) -> None:
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, float] = {}
        self._progress = Progress(
            TextColumn(
                "{task.description}", markup=False, table_column=Column(ratio=2, no_wrap=True, overflow="ellipsis")
            ),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            expand=True,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, progress: DownloadProgress) -> None:
        """Show how far one file is."""
        name = printable(progress.file_name)
        if self._console.is_terminal:
            if name not in self._tasks:
                # What was there before is no speed.
                self._tasks[name] = self._progress.add_task(name, completed=progress.received)
            self._progress.update(self._tasks[name], completed=progress.received, total=progress.total)
        else:
            self._print(name, progress)

    def _print(self, name: str, progress: DownloadProgress) -> None:
        now, over = time.monotonic(), progress.received == progress.total
        if not over and now - self._told.setdefault(name, now) < _SECONDS_BETWEEN_LINES:
            return
        self._told[name] = now
        fetched = progress.received - progress.resumed_from
        speed = fetched / progress.seconds if progress.seconds else 0
        words = [f"{name}:", size(progress.received)]
        if progress.total is not None:
            words.append(f"of {size(progress.total)}")
            if speed and not over:
                words.append(f"({(progress.total - progress.received) / speed:.0f} s left)")
        if speed:
            words.append(f"at {size(int(speed))}/s")
        self._console.print(" ".join(words), soft_wrap=True)
