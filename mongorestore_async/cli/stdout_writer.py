"""The output formats of lists, and writing them to standard output without blocking the event loop."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Generic, Protocol, Self, TypeAlias, TypeVar

import attrs
from cyclopts import Parameter

from mongorestore_async.cli.columns import print_table
from mongorestore_async.cli.console import stdout_console
from mongorestore_async.cli.units import format_time
from mongorestore_async.protocol.redaction import without_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from types import TracebackType

    from mongorestore_async.cli.columns import Column, ListLayout

__all__ = [
    "Footer",
    "OutputFormat",
    "OutputOption",
    "SecretsOption",
    "StdoutWriter",
    "Writer",
    "make_writer",
    "output_arguments",
    "write_items",
]

ItemT = TypeVar("ItemT")
ItemT_contra = TypeVar("ItemT_contra", contravariant=True)

#: Prints what follows a table: called with its rows, and with the columns that it has.
Footer: TypeAlias = "Callable[[Sequence[Any], AbstractSet[Column[Any]]], None]"

#: Items kept while others are written.
_MOST_WAITING = 500


class OutputFormat(Enum):
    """Output formats; ``ndjson`` is another name of ``jsonl``."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    NDJSON = "jsonl"  # noqa: PIE796 - an alias on purpose

    @property
    def collects(self) -> bool:
        """Whether all items are collected before anything is written."""
        return self in {OutputFormat.TABLE, OutputFormat.JSON}


OutputOption = Annotated[
    OutputFormat,
    Parameter(
        alias="-o",
        env_var="MCLI_OUTPUT",
        show_choices=False,
        metavar="FORMAT",
        help="Format: table, json, jsonl or csv.",
    ),
]
SecretsOption = Annotated[
    bool,
    Parameter(negative=(), show_default=False, help="Show download URLs and tokens in json and jsonl."),
]


def output_arguments(output: OutputFormat, *, show_secrets: bool = False) -> tuple[str, ...]:
    """The options of the output as arguments of a command line; none for a table."""
    given = () if output is OutputFormat.TABLE else ("--output", output.value)
    return (*given, *("--show-secrets",) * show_secrets)


class Writer(Protocol[ItemT_contra]):
    """Takes items as they arrive and writes them to standard output."""

    def add(self, items: Iterable[ItemT_contra]) -> None:
        """Take the next items; formats that do not collect write them now."""

    def finish(self) -> None:
        """Write what is left after the last item."""


def make_writer(
    output: OutputFormat, layout: ListLayout[ItemT, Any], *, show_secrets: bool, footer: Footer | None = None
) -> Writer[ItemT]:
    """Make the writer of an output format.

    Args:
        output: The format.
        layout: How the items are written.
        show_secrets: Whether documents are written with their download URLs and tokens. Tables and CSV never
            show any.
        footer: Prints what follows a table on a terminal; called with its rows and the columns that it has.

    """
    if output is OutputFormat.TABLE:
        return _TableWriter(layout, footer)
    if output is OutputFormat.CSV:
        return _CsvWriter(layout)
    if output is OutputFormat.JSON:
        return _JsonWriter(layout, redacted=not show_secrets)
    return _JsonLinesWriter(layout, redacted=not show_secrets)


def write_items(
    items: Iterable[ItemT],
    output: OutputFormat,
    layout: ListLayout[ItemT, Any],
    *,
    show_secrets: bool,
    footer: Footer | None = None,
) -> None:
    """Write items that are all there."""
    writer = make_writer(output, layout, show_secrets=show_secrets, footer=footer)
    writer.add(items)
    writer.finish()


@attrs.define
class _TableWriter:
    layout: ListLayout[Any, Any]
    footer: Footer | None
    rows: list[Any] = attrs.field(factory=list, init=False)

    def add(self, items: Iterable[Any]) -> None:
        self.rows += map(self.layout.row, items)

    def finish(self) -> None:
        console = stdout_console()
        if not self.rows:
            console.print(self.layout.empty_text)
            return
        if self.layout.sort_key is not None:
            self.rows.sort(key=self.layout.sort_key)
        visible = print_table(console, self.layout.columns, self.rows)
        console.print()
        console.print_sentence(self.layout.summary(self.rows))
        if self.footer is not None and console.is_terminal:
            self.footer(self.rows, visible)


class _CsvWriter:
    """Columns are fixed: the fields of the row, in their order."""

    def __init__(self, layout: ListLayout[Any, Any]) -> None:
        self._layout = layout
        kind = layout.row_type
        names = [field.name for field in attrs.fields(kind)] if attrs.has(kind) else list(kind.__annotations__)
        self._csv = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        self._csv.writeheader()

    def add(self, items: Iterable[Any]) -> None:
        for row in map(self._layout.row, items):
            cells: dict[str, Any] = row if row.__class__ is dict else attrs.asdict(row, recurse=False)
            self._csv.writerow({name: _csv_cell(value) for name, value in cells.items()})
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return without_formula(value)
    if isinstance(value, datetime):
        return format_time(value)
    return str(value).lower() if isinstance(value, bool) else value


@attrs.define
class _JsonWriter:
    """One array, written at the end, so that an error before leaves no incomplete one."""

    layout: ListLayout[Any, Any]
    redacted: bool = attrs.field(kw_only=True)
    documents: list[dict[str, object]] = attrs.field(factory=list, init=False)

    def add(self, items: Iterable[Any]) -> None:
        self.documents += [self.layout.document(item, self.redacted) for item in items]

    def finish(self) -> None:
        print(json.dumps(self.documents, indent=2), flush=True)


@attrs.define
class _JsonLinesWriter:
    layout: ListLayout[Any, Any]
    redacted: bool = attrs.field(kw_only=True)

    def add(self, items: Iterable[Any]) -> None:
        for item in items:
            print(json.dumps(self.layout.document(item, self.redacted), separators=(",", ":")))
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()


class StdoutWriter(Generic[ItemT]):
    """Writes items in a thread, in their order: the reader of a pipe may take minutes for the next line.

    On the event loop that would block the calls under way until their deadline. On leaving the block, all items taken
    are written, also after an error; a format that collects is written then.

    Args:
        writer: Writer of an output format.

    """

    def __init__(self, writer: Writer[ItemT]) -> None:
        self._writer = writer
        self._waiting: list[ItemT] = []
        self._writing: asyncio.Task[None] | None = None
        self._taken = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._finish_writing()
            await self._write()
            if error is None or self._taken:
                await asyncio.to_thread(self._writer.finish)
        except OSError:
            if error is None:
                raise  # else what failed before is the more important error

    async def put(self, item: ItemT) -> None:
        """Take an item; it is written as soon as the ones before it are.

        Raises:
            OSError: An earlier item could not be written.

        """
        self._taken = True
        self._waiting.append(item)
        if self._writing is not None and (self._writing.done() or len(self._waiting) >= _MOST_WAITING):
            await self._finish_writing()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            items, self._waiting = self._waiting, []
            await asyncio.to_thread(self._writer.add, items)

    async def _finish_writing(self) -> None:
        if (writing := self._writing) is not None:
            # Not awaited itself: a cancellation here must not cancel a write that its thread continues.
            await asyncio.wait([writing])
            self._writing = None
            writing.result()
