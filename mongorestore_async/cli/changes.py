"""Jobs that are followed, told line by line: each change of a job's state once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from mongorestore_async.cli.screen import printable
from mongorestore_async.cli.tables import state_style
from mongorestore_async.waiting.end_rules import describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.cli.screen import Screen
    from mongorestore_async.models import JobDocument

__all__ = ["Changes"]


class Changes:
    """Prints what changed since it was told last.

    Args:
        console: Where to.

    """

    def __init__(self, console: Screen) -> None:
        self._console = console
        self._told: dict[str, str] = {}

    def tell(self, jobs: Iterable[JobDocument]) -> None:
        """Print a line for each job that is new or stands elsewhere than before."""
        now = datetime.now().astimezone()
        for job in jobs:
            name = job.id if job.ref is None else str(job.ref)
            words = describe(job)
            if self._told.get(name) != words:
                self._told[name] = words
                state = (f"{job.state:9}", state_style(job.state))
                line = Text.assemble(f"{now:%H:%M:%S}  ", state, f"  {printable(name)}  {printable(words)}")
                self._console.print(line, soft_wrap=True)
