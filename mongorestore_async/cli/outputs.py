"""The forms in which lists are written."""

from __future__ import annotations

import csv
import json
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import attrs
from cyclopts import Parameter

from mongorestore_async.cli.screen import screen
from mongorestore_async.cli.tables import print_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.cli.sheets import Sheet

__all__ = ["OutputFormat", "OutputOption", "SecretsOption", "Writer", "make_writer"]

ItemT = TypeVar("ItemT")
ItemT_contra = TypeVar("ItemT_contra", contravariant=True)


class OutputFormat(Enum):
    """Forms of output; ``ndjson`` is another name of ``jsonl``."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    NDJSON = "jsonl"  # noqa: PIE796 - an alias on purpose

    @property
    def collects(self) -> bool:
        """Whether nothing is written before everything is there."""
        return self in {OutputFormat.TABLE, OutputFormat.JSON}


OutputOption = Annotated[
    OutputFormat,
    Parameter(
        alias="-o",
        env_var="MCLI_OUTPUT",
        help="json and jsonl (or ndjson) are documents as the API sent them; csv has fixed columns.",
    ),
]
SecretsOption = Annotated[
    bool,
    Parameter(negative=(), show_default=False, help="Show download URLs and tokens in json and jsonl."),
]


class Writer(Protocol[ItemT_contra]):
    """Takes items as they arrive and writes them to standard output."""

    def add(self, items: Iterable[ItemT_contra]) -> None:
        """Take the next items; what streams writes them now."""

    def finish(self) -> None:
        """Write what is left when all items were taken."""


def make_writer(form: OutputFormat, sheet: Sheet[ItemT, Any], *, show_secrets: bool) -> Writer[ItemT]:
    """Make the writer of a form.

    Args:
        form: Which one.
        sheet: What is written.
        show_secrets: Whether documents are written with their download URLs and tokens. Tables and CSV never
            show any.

    """
    if form is OutputFormat.TABLE:
        return _TableWriter(sheet)
    if form is OutputFormat.CSV:
        return _CsvWriter(sheet)
    if form is OutputFormat.JSON:
        return _JsonWriter(sheet, redacted=not show_secrets)
    return _JsonLinesWriter(sheet, redacted=not show_secrets)


@attrs.define
class _TableWriter:
    sheet: Sheet[Any, Any]
    rows: list[Any] = attrs.field(factory=list, init=False)

    def add(self, items: Iterable[Any]) -> None:
        self.rows += map(self.sheet.row, items)

    def finish(self) -> None:
        console = screen()
        if not self.rows:
            console.print(self.sheet.nothing)
            return
        if self.sheet.order is not None:
            self.rows.sort(key=self.sheet.order)
        print_table(console, self.sheet.columns, self.rows)
        console.print()
        console.say(self.sheet.summary(self.rows))


class _CsvWriter:
    """Columns are fixed: the fields of the row, in their order."""

    def __init__(self, sheet: Sheet[Any, Any]) -> None:
        self._sheet = sheet
        self._names = [field.name for field in attrs.fields(sheet.row_type)]
        self._csv = csv.DictWriter(sys.stdout, self._names, lineterminator="\n")
        self._csv.writeheader()

    def add(self, items: Iterable[Any]) -> None:
        for row in map(self._sheet.row, items):
            self._csv.writerow({name: getattr(row, name) for name in self._names})
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()


@attrs.define
class _JsonWriter:
    """One array, written whole at the end: an error on the way leaves no half of one."""

    sheet: Sheet[Any, Any]
    redacted: bool = attrs.field(kw_only=True)
    documents: list[dict[str, object]] = attrs.field(factory=list, init=False)

    def add(self, items: Iterable[Any]) -> None:
        self.documents += [self.sheet.document(item, self.redacted) for item in items]

    def finish(self) -> None:
        print(json.dumps(self.documents, indent=2), flush=True)


@attrs.define
class _JsonLinesWriter:
    sheet: Sheet[Any, Any]
    redacted: bool = attrs.field(kw_only=True)

    def add(self, items: Iterable[Any]) -> None:
        for item in items:
            print(json.dumps(self.sheet.document(item, self.redacted), separators=(",", ":")))
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()
