"""The forms in which jobs are written."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Protocol

import attrs
from cyclopts import Parameter

from mongorestore_async.cli.rows import JobRow
from mongorestore_async.cli.screen import screen
from mongorestore_async.cli.tables import Column, print_table, state_style

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.models.base import JobDocument

__all__ = ["JobWriter", "OutputFormat", "OutputOption", "SecretsOption", "make_writer"]

_COLUMNS: tuple[Column[JobRow], ...] = (
    Column("Job", lambda row: row.id),
    Column("State", lambda row: row.state, style=lambda row: state_style(row.state)),
    Column("Delivery", lambda row: row.delivery_status or row.delivery, rank=1),
    Column("Created", lambda row: _short(row.created), rank=2),
    Column("Data of", lambda row: _short(row.snapshot_moment), rank=5),
    Column("Finished", lambda row: _short(row.finished), rank=4),
    Column("Expires", lambda row: _short(row.expires), rank=6),
    Column("Target", lambda row: row.target, rank=3),
    Column("Batch", lambda row: row.batch_id, rank=7),
    Column("Snapshot", lambda row: row.snapshot_id, rank=8),
)


class OutputFormat(Enum):
    """Forms of output; ``ndjson`` is another name of ``jsonl``."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    NDJSON = "jsonl"  # noqa: PIE796 - an alias on purpose

    @property
    def collects(self) -> bool:
        """Whether nothing is written before all jobs are there."""
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


class JobWriter(Protocol):
    """Takes jobs as they arrive and writes them to standard output."""

    def add(self, jobs: Iterable[JobDocument]) -> None:
        """Take the next jobs; what streams writes them now."""

    def finish(self) -> None:
        """Write what is left when all jobs were taken."""


def make_writer(form: OutputFormat, *, show_secrets: bool) -> JobWriter:
    """Make the writer of a form.

    Args:
        form: Which one.
        show_secrets: Whether documents are written with their download URLs and tokens. Tables and CSV never
            show any.

    """
    if form is OutputFormat.TABLE:
        return _TableWriter()
    if form is OutputFormat.CSV:
        return _CsvWriter()
    if form is OutputFormat.JSON:
        return _JsonWriter(show_secrets=show_secrets)
    return _JsonLinesWriter(show_secrets=show_secrets)


class _TableWriter:
    def __init__(self) -> None:
        self._rows: list[JobRow] = []

    def add(self, jobs: Iterable[JobDocument]) -> None:
        self._rows += map(JobRow.of, jobs)

    def finish(self) -> None:
        console = screen()
        if not self._rows:
            console.print("no restore jobs")
            return
        print_table(console, _COLUMNS, self._rows)
        counts = Counter(row.state for row in self._rows)
        states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        console.print(f"\n{len(self._rows)} restore job{'s' * (len(self._rows) != 1)}: {states}. Dates are UTC.")


class _CsvWriter:
    """Columns are fixed: the fields of :class:`JobRow`, in their order."""

    def __init__(self) -> None:
        self._names = [field.name for field in attrs.fields(JobRow)]
        self._csv = csv.DictWriter(sys.stdout, self._names, lineterminator="\n")
        self._csv.writeheader()

    def add(self, jobs: Iterable[JobDocument]) -> None:
        for job in jobs:
            row = JobRow.of(job)
            self._csv.writerow({name: getattr(row, name) for name in self._names})
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()


@attrs.define(kw_only=True)
class _JsonWriter:
    """One array, written whole at the end: an error on the way leaves no half of one."""

    show_secrets: bool
    documents: list[dict[str, object]] = attrs.field(factory=list, init=False)

    def add(self, jobs: Iterable[JobDocument]) -> None:
        self.documents += [job.to_dict(redacted=not self.show_secrets) for job in jobs]

    def finish(self) -> None:
        print(json.dumps(self.documents, indent=2), flush=True)


@attrs.define(kw_only=True)
class _JsonLinesWriter:
    show_secrets: bool

    def add(self, jobs: Iterable[JobDocument]) -> None:
        for job in jobs:
            print(json.dumps(job.to_dict(redacted=not self.show_secrets), separators=(",", ":")))
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()


def _short(moment: str) -> str:
    return moment[:16].replace("T", " ")
