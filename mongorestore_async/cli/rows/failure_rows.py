"""What of a fleet could not be read, as a table on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import mongorestore_async
from mongorestore_async.cli.columns import Column, print_table
from mongorestore_async.cli.console import plural
from mongorestore_async.cli.exit_codes import error_text
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async import FleetFailure
    from mongorestore_async.cli.console import PlainConsole
    from mongorestore_async.fleet.shard_plan import ShardFailure

__all__ = ["is_unmatched", "print_failures", "print_undiscovered"]

FailureT = TypeVar("FailureT")

_FAILURES: tuple[Column[FleetFailure], ...] = (
    Column("Project", lambda failure: _name(failure.project)),
    Column("Cluster", lambda failure: _name(failure.cluster)),
    Column("Failure", lambda failure: str(failure.kind), style=lambda _: "bold red"),
    Column("Reason", lambda failure: error_text(failure.error)),
)

_UNDISCOVERED: tuple[Column[ShardFailure], ...] = (
    Column("Project id", lambda failure: printable(failure.project or "-")),
    Column("Failure", lambda failure: printable(failure.kind), style=lambda _: "bold red"),
    Column("Reason", lambda failure: printable(" ".join(failure.message.split()))),
)


def is_unmatched(failure: FleetFailure) -> bool:
    """Whether it is only a name that matches nothing, so that there is nothing to retry."""
    return failure.kind is mongorestore_async.FailureKind.UNMATCHED


def print_failures(console: PlainConsole, failures: Sequence[FleetFailure], *, is_merged: bool) -> None:
    """Print what could not be read: a table whose last column is wrapped on a terminal, and nowhere else."""
    if not failures:
        return
    fleet: tuple[Column[FleetFailure], ...] = (Column("Fleet", _fleet_name),) if is_merged else ()
    columns = (*fleet, *_FAILURES)
    _print(console, columns, failures)


def print_undiscovered(console: PlainConsole, failures: Sequence[ShardFailure]) -> None:
    """Print what could not be discovered, likewise."""
    if failures:
        _print(console, _UNDISCOVERED, failures)


def _print(console: PlainConsole, columns: Sequence[Column[FailureT]], failures: Sequence[FailureT]) -> None:
    console.print_sentence(f"{plural(len(failures), 'failure')}:", style="bold")
    if not console.is_terminal:
        print_table(console, columns, failures)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.title, overflow="fold")
    for failure in failures:
        table.add_row(*(Text(column.cell(failure), style=column.style(failure)) for column in columns))
    console.rich.print(table)


def _fleet_name(failure: FleetFailure) -> str:
    return "-" if is_unmatched(failure) else printable(failure.fleet)


def _name(found: Any) -> str:
    return "-" if found is None else printable(found.name or found.id)
