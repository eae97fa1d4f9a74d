"""Restore jobs as Apache Arrow: tables, record batches, Parquet and IPC files (extra ``arrow``).

In come rows (``page.to_rows()``, ``pager.to_rows()``, ``stream.to_rows()``); out go columns with the types that
:class:`~mongorestore_async.JobRow` names. pandas, polars, DuckDB and whatever else reads the Arrow PyCapsule Interface
take them. A list is converted as it is read, so memory holds one batch or one row group of it, not the list.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from mongorestore_async.errors import ConfigError
from mongorestore_async.listing.iterators import ResumableIterator
from mongorestore_async.models.rows import JobRow
from mongorestore_async.models.validators import require_whole
from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Callable, Iterable

__all__ = ["RecordBatches", "job_schema", "job_table", "record_batches", "write_ipc", "write_parquet"]


def job_schema() -> Any:
    """Make the schema of :class:`JobRow`: strings, booleans, 64-bit numbers, and ``timestamp[us, tz=UTC]``.

    Returns:
        A ``pyarrow.Schema``. Columns that a row always fills are not nullable.

    Raises:
        ConfigError: pyarrow is not installed.

    """
    _require_pyarrow()
    return _make_schema(import_module("pyarrow"))


def job_table(rows: Iterable[JobRow]) -> Any:
    """Make a table of rows, such as those of a page, with the same schema also where a column is empty.

    A page of 500 rows takes about a millisecond, the first one half a second: pyarrow is imported then, with pandas
    where that is installed. Write long lists by :func:`write_parquet`, or read them by :func:`record_batches`.

    Args:
        rows: The rows.

    Returns:
        A ``pyarrow.Table``: ``polars.from_arrow(table)``, ``table.to_pandas()``.

    Raises:
        ConfigError: pyarrow is not installed.

    """
    _require_pyarrow()
    pyarrow = import_module("pyarrow")
    return pyarrow.Table.from_pylist(list(rows), schema=_make_schema(pyarrow))


def record_batches(rows: AsyncIterable[JobRow], *, rows_per_batch: int = 1000) -> RecordBatches:
    """Convert rows as they arrive, for ``async for batch in ...``.

    Args:
        rows: The rows, such as ``pager.to_rows()``.
        rows_per_batch: Rows of a batch, from 1; the last one may have fewer. A thousand take about two milliseconds,
            in which the event loop does nothing else.

    Returns:
        An iterator of ``pyarrow.RecordBatch``.

    Raises:
        ConfigError: pyarrow is not installed, or ``rows_per_batch`` is below 1.

    """
    require_whole("rows_per_batch", rows_per_batch)
    _require_pyarrow()
    return RecordBatches(rows, rows_per_batch)


class RecordBatches(ResumableIterator[Any]):
    """Record batches of rows, made by :func:`record_batches`. A cancelled ``anext`` loses nothing; see :class:`Pager`.

    Args:
        rows: The rows.
        size: Rows of a batch.

    """

    def __init__(self, rows: AsyncIterable[JobRow], size: int) -> None:
        super().__init__()
        self._rows = aiter(rows)
        self._size = size
        self._gathered: list[JobRow] = []
        self._pyarrow: Any = None
        self._schema: Any = None

    async def _refill(self) -> None:
        if self._pyarrow is None:
            threads = WorkerThreads("import", 1)
            try:
                self._pyarrow = await threads.run(_import_pyarrow)
            finally:
                threads.close()
            self._schema = _make_schema(self._pyarrow)
        while len(self._gathered) < self._size:
            row = await anext(self._rows, None)
            if row is None:
                self._is_last = True
                break
            self._gathered.append(row)
        gathered, self._gathered = self._gathered, []
        batches = [self._pyarrow.RecordBatch.from_pylist(gathered, schema=self._schema)] if gathered else []
        self._ready = iter(batches)


async def write_parquet(
    rows: AsyncIterable[JobRow],
    path: str | os.PathLike[str],
    *,
    rows_per_group: int = 65_536,
    compression: str = "zstd",
) -> int:
    """Write rows as they arrive into a Parquet file.

    The file stands under its name only when it is whole: it is written beside it, and takes the place of one that is
    there. After an error or a cancellation nothing is left. Disk work is done in a thread.

    Args:
        rows: The rows, such as ``pager.to_rows()``.
        path: The file; its directory exists.
        rows_per_group: Rows of a row group, from 1; so many are held in memory, about 350 bytes each.
        compression: As pyarrow takes it: ``"zstd"``, ``"snappy"``, ``"none"``.

    Returns:
        How many rows were written.

    Raises:
        ConfigError: pyarrow is not installed, or ``rows_per_group`` is below 1.
        OSError: The file cannot be written.
        RestoreError: Any error of the list, with ``resume_at``.

    """

    def opened(part: Path, schema: Any) -> Any:
        return import_module("pyarrow.parquet").ParquetWriter(part, schema, compression=compression)

    return await _write(rows, Path(path), "rows_per_group", rows_per_group, opened)


async def write_ipc(
    rows: AsyncIterable[JobRow],
    path: str | os.PathLike[str],
    *,
    rows_per_batch: int = 65_536,
    compression: str | None = "zstd",
) -> int:
    """Write rows as they arrive into an Arrow IPC file (Feather V2): else as :func:`write_parquet`.

    Args:
        rows: The rows, such as ``pager.to_rows()``.
        path: The file; its directory exists.
        rows_per_batch: Rows of a record batch, from 1; so many are held in memory, about 350 bytes each.
        compression: ``"zstd"``, ``"lz4"`` or None. Only a file without can be mapped into memory.

    Returns:
        How many rows were written.

    Raises:
        ConfigError: pyarrow is not installed, or ``rows_per_batch`` is below 1.
        OSError: The file cannot be written.
        RestoreError: Any error of the list, with ``resume_at``.

    """

    def opened(part: Path, schema: Any) -> Any:
        ipc = import_module("pyarrow").ipc
        return ipc.new_file(str(part), schema, options=ipc.IpcWriteOptions(compression=compression))

    return await _write(rows, Path(path), "rows_per_batch", rows_per_batch, opened)


async def _write(
    rows: AsyncIterable[JobRow], path: Path, noun: str, size: int, opened: Callable[[Path, Any], Any]
) -> int:
    require_whole(noun, size)
    _require_pyarrow()
    written, waiting, batches = 0, 0, list[Any]()
    file, threads = _File(path, opened), WorkerThreads("arrow", 1)
    try:
        await threads.run(file.open)
        async for batch in record_batches(rows, rows_per_batch=min(size, 1000)):
            batches.append(batch)
            waiting += batch.num_rows
            if waiting >= size:
                batches = await threads.run(file.write, batches, size)
                written, waiting = written + size, waiting - size
        written += waiting
        await threads.run(file.finish, batches, size)
    finally:
        # Behind what the thread does now, and not awaited: a cancellation goes on at once.
        threads.submit(file.drop)
        threads.close()
    return written


class _File:
    """The file that is written, and the one it becomes. All methods block."""

    def __init__(self, path: Path, opened: Callable[[Path, Any], Any]) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        self._opened = opened
        self._writer: Any = None

    def open(self) -> None:
        _import_pyarrow()
        self._writer = self._opened(self._part, job_schema())

    def write(self, batches: list[Any], size: int) -> list[Any]:
        """Write so many rows, and give back the others."""
        # In one piece: each chunk would become a record batch of its own.
        table = import_module("pyarrow").Table.from_batches(batches, job_schema()).combine_chunks()
        self._writer.write_table(table.slice(0, size), size)
        others: list[Any] = table.slice(size).to_batches()
        return others

    def finish(self, batches: list[Any], size: int) -> None:
        if batches:
            self.write(batches, size)
        self._writer.close()
        self._writer = None  # closed again, it would write the end of the file once more, and users read it by then
        self._part.replace(self._path)

    def drop(self) -> None:
        """Close and remove what is left of it."""
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                writer.close()
        finally:
            self._part.unlink(missing_ok=True)


def _make_schema(pyarrow: Any) -> Any:
    types = {
        str: pyarrow.string(),
        bool: pyarrow.bool_(),
        int: pyarrow.int64(),
        datetime: pyarrow.timestamp("us", tz="UTC"),
    }
    columns = ((name, get_args(kind) or (kind,)) for name, kind in get_type_hints(JobRow).items())
    return pyarrow.schema(pyarrow.field(name, types[kind], nullable=bool(rest)) for name, (kind, *rest) in columns)


def _import_pyarrow() -> Any:
    """Import it whole, which takes half a second: the first conversion imports pandas, where that is installed."""
    pyarrow = import_module("pyarrow")
    pyarrow.array([None], pyarrow.string())
    return pyarrow


def _require_pyarrow() -> None:
    if find_spec("pyarrow") is None:
        raise ConfigError("Arrow requires the package pyarrow: install mongorestore-async[arrow]")
