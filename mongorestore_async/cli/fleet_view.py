"""A fleet on its way, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from mongorestore_async.cli.rows import some

if TYPE_CHECKING:
    from types import TracebackType

    from mongorestore_async.cli.screen import Screen
    from mongorestore_async.fleet import FleetProgress

__all__ = ["FleetBar"]


class FleetBar:
    """Shows how many clusters are read, of how many that are known; nothing where there is no terminal.

    Args:
        console: Where to.
        shown: Whether to show anything.

    """

    def __init__(self, console: Screen, *, shown: bool) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not (shown and console.is_terminal),
        )
        self._task = self._progress.add_task("looking for clusters", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, progress: FleetProgress) -> None:
        """Show how far it is."""
        known = f"{progress.clusters}{'' if progress.discovered else '+'}"
        told = [f"{progress.over} of {known} clusters", some(progress.jobs, "job")]
        if progress.failed:
            told.append(f"{progress.failed} failed")
        self._progress.update(
            self._task,
            description=", ".join(told),
            completed=progress.over,
            total=progress.clusters if progress.discovered else None,
        )
