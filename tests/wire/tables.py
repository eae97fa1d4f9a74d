"""Tables in the documentation whose rows are what tests saw.

A test compares what it saw with its row; with ``--write-tables`` it writes the row instead. Around the tables the pages
are written by hand. A table stands between two comments::

    .. table NAME, written by the tests

    .. end of table NAME
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Book", "Table"]

_INDENT = "   "
_BULLETS = ("-", "*", "+")

Row = tuple[str, ...]


def _escape(cell: str) -> str:
    """Write a cell so that it is read as text: a dash alone would be a list with one empty item."""
    return rf"\{cell}" if cell in _BULLETS else cell


def _unescape(cell: str) -> str:
    return cell[1:] if cell[1:] in _BULLETS and cell[0] == "\\" else cell


class Table:
    """One table.

    Attributes:
        rows: What the page has, by the first columns.

    """

    def __init__(self, page: Path, name: str, *, write: bool) -> None:
        self.rows: dict[Row, Row] = {}
        self._page = page
        self._name = name
        self._write = write
        self._header: Row = ()
        self._keys: Sequence[Row] = ()

    def shape(self, header: Row, keys: Sequence[Row]) -> None:
        """Say what rows there are to be.

        Args:
            header: Titles of all columns.
            keys: First columns of each row, in order.

        """
        self._header, self._keys = header, keys
        if not self.rows and self._page.exists() and (found := self._find(self._page.read_text(encoding="utf-8"))):
            lines = [line.strip() for line in found.group(2).splitlines() if line.startswith(f'{_INDENT}"')]
            width = len(keys[0])
            found_rows = [tuple(map(_unescape, row)) for row in csv.reader(lines)]
            self.rows = {row[:width]: row[width:] for row in found_rows}

    def check(self, key: Row, seen: Row) -> None:
        """Compare a row with what was seen, or write it."""
        if self._write:
            self.rows[key] = seen
        assert self.rows.get(key) == seen, self._advice(f"the row {key} is {self.rows.get(key)}, seen was {seen}")

    def check_keys(self) -> None:
        """Compare the rows there are with those there are to be."""
        if not self._write:
            assert list(self.rows) == list(self._keys), self._advice("it has other rows than the tests")

    def save(self) -> None:
        """Write the rows into the page."""
        if not self._write or not self._keys:
            return
        target = io.StringIO()
        writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
        rows = (key + self.rows[key] for key in self._keys if key in self.rows)
        writer.writerows(map(_escape, row) for row in rows)
        header = ", ".join(f'"{title}"' for title in self._header)
        body = "".join(f"{_INDENT}{line}\n" for line in target.getvalue().splitlines())
        table = f"\n.. csv-table::\n{_INDENT}:header: {header}\n\n{body}\n"
        text = self._page.read_text(encoding="utf-8")
        if self._find(text) is None:
            raise AssertionError(f"{self._page.name} has no place for the table {self._name!r}")
        found = self._find(text)
        assert found is not None
        self._page.write_text(text[: found.start(2)] + table + text[found.end(2) :], encoding="utf-8")

    def _find(self, text: str) -> re.Match[str] | None:
        name = re.escape(self._name)
        return re.search(rf"(?ms)^(\.\. table {name}, written by the tests\n)(.*?)^\.\. end of table {name}\n", text)

    def _advice(self, what: str) -> str:
        return f"docs/{self._page.name}, table {self._name!r}: {what}. Write it anew: pytest tests/wire --write-tables"


class Book:
    """All tables of the documentation."""

    def __init__(self, folder: Path, *, write: bool) -> None:
        self.write = write
        self._folder = folder
        self._tables: dict[tuple[str, str], Table] = {}

    def table(self, page: str, name: str, header: Row, keys: Sequence[Row]) -> Table:
        """Give a table.

        Args:
            page: File in the documentation.
            name: Name of the table in it.
            header: Titles of all columns.
            keys: First columns of each row, in order.

        """
        if (page, name) not in self._tables:
            table = self._tables[page, name] = Table(self._folder / page, name, write=self.write)
            table.shape(header, keys)
        return self._tables[page, name]

    def save(self) -> None:
        """Write what changed."""
        for table in self._tables.values():
            table.save()
