"""``mongorestore-async watch``."""

import asyncio
import sys
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from mongorestore_async.cli.changes import Changes
from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.picks import Pick, Refs
from mongorestore_async.cli.rows import JOBS, JobRow, some
from mongorestore_async.cli.screen import Screen, screen
from mongorestore_async.cli.tables import state_style, table_lines
from mongorestore_async.cli.units import duration
from mongorestore_async.cli.waits import Patience, Terms, poll_policy
from mongorestore_async.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from mongorestore_async.models import JobDocument

__all__ = ["watch"]

#: Lines of a terminal that are kept free: the head of the table, the line below it, and the prompt.
_OTHER_LINES = 6


def watch(
    *refs: Refs,
    pick: Pick | None = None,
    terms: Terms | None = None,
) -> int:
    """Watch restore jobs until they are over: a live table on a terminal, else a line for each change.

    It ends as wait does, with the same exit codes. Leaving it does not touch the restore.
    """
    pick, terms = pick or Pick(), terms or Terms()
    pick.check(refs)
    patience = Patience("watch", pick.base_url, terms.words(), refs)
    with patience.kept():
        asyncio.run(_watch(patience, pick, terms, find_keys()))
    return ExitCode.DONE


async def _watch(
    patience: Patience,
    pick: Pick,
    terms: Terms,
    environ: dict[str, str],
) -> None:
    out = screen()
    async with make_session(environ, pick.base_url, poll=poll_policy(terms.poll)) as session:
        patience.refs = await pick.find(session, patience.refs)
        with telling(*(FAMILIES[ref.family] for ref in patience.refs)):
            batch = await session.batch(patience.refs, until=terms.until)
            with _LiveTable(out) if sys.stdout.isatty() else _Lines(out) as view:
                view.show(batch)
                async for job in batch.watch(timeout=terms.timeout):
                    view.show([job])


class _Lines:
    def __init__(self, console: Screen) -> None:
        self._changes = Changes(console)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def show(self, jobs: "Iterable[JobDocument]") -> None:
        self._changes.tell(jobs)
        sys.stdout.flush()


class _LiveTable:
    """The jobs as they stand; those that are not over first, where there are more than the terminal has lines."""

    def __init__(self, console: Screen) -> None:
        self._console = console
        self._rows: dict[str, JobRow] = {}
        self._started = time.monotonic()
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, jobs: "Iterable[JobDocument]") -> None:
        self._rows |= {row.ref or row.id: row for row in map(JobRow.of, jobs)}

    def _render(self) -> "RenderableType":
        rows = list(self._rows.values())
        room = max(1, self._console.height - _OTHER_LINES)
        if len(rows) > room:
            rows = sorted(rows, key=lambda row: row.state not in {"PENDING", "RUNNING", "UNKNOWN"})
        left_out = [] if len(rows) <= room else [Text(f"... and {len(rows) - room} more")]
        counts = Counter(row.state for row in rows)
        told = Text(f"{some(len(rows), 'restore job')}:")
        for state, count in counts.items():
            told.append(f"  {count} ").append(state, style=state_style(state))
        elapsed = timedelta(seconds=int(time.monotonic() - self._started))
        told.append(f"  after {duration(elapsed)}", style="dim")
        return Group(*table_lines(self._console, JOBS.columns, rows[:room]), *left_out, Text(), told)
