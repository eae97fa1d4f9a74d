"""Rows of restore jobs as Arrow, and what pandas and polars make of them."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from builders.tools import tool
from mongorestore_async import CLOUD_MANAGER, OPS_MANAGER, ConfigError, JobRow, RestoreError, ServerError, load_job
from mongorestore_async import arrow as exits

MOMENT = datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC)
WHOLE = load_job(
    OPS_MANAGER,
    {
        "id": "j",
        "created": "2026-11-02T12:00:00.123456Z",
        "statusName": "FINISHED",
        "batchId": "half a pair: \ud800",
        "delivery": {"methodName": "HTTP", "statusName": "READY", "url": "https://restore.example.com/key"},
    },
    project="p",
    cluster="c",
).to_row()
BARE = load_job(CLOUD_MANAGER, {"id": "k"}).to_row()


class Rows:
    """Rows that arrive, and then an error or an end."""

    def __init__(self, rows, error=None, at=lambda _: None):
        self.given = 0
        self._rows = iter(rows)
        self._error = error
        self._at = at

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(0)
        row = next(self._rows, None)
        if row is None:
            raise self._error or StopAsyncIteration
        self.given += 1
        self._at(self.given)
        return row


@pytest.fixture(autouse=True)
def pyarrow():
    return tool("pyarrow")


def test_every_value_comes_back(pyarrow):
    table = exits.job_table([WHOLE, BARE])

    assert table.to_pylist() == [WHOLE, BARE]
    assert table.schema == exits.job_schema()
    assert table.column("requested_at").to_pylist() == [MOMENT, None]


def test_the_schema_follows_the_row_and_not_the_data(pyarrow):
    schema = exits.job_schema()

    assert schema.names == list(JobRow.__annotations__)
    kinds = {str(field.type) for field in schema}
    assert kinds == {"string", "bool", "int64", "timestamp[us, tz=UTC]"}
    assert [field.name for field in schema if not field.nullable] == ["id", "state"]
    assert exits.job_table([]).schema == exits.job_table([BARE]).schema == schema


@pytest.mark.parametrize("size", [1, 2, 7, 100])
async def test_batches_are_cut_by_size(pyarrow, size):
    rows = [WHOLE, BARE, WHOLE, BARE, WHOLE, BARE, WHOLE]

    batches = [batch async for batch in exits.record_batches(Rows(rows), rows_per_batch=size)]

    assert [batch.num_rows for batch in batches] == [*[size] * (7 // size), *[7 % size] * bool(7 % size)]
    assert pyarrow.Table.from_batches(batches).to_pylist() == rows
    assert [batch async for batch in exits.record_batches(Rows([]))] == []


async def test_a_batch_that_a_cancelled_anext_waited_for_is_given_by_the_next():
    hanging = asyncio.Event()
    batches = exits.record_batches(Rows([WHOLE] * 4, at=lambda given: given == 3 and hanging.set()), rows_per_batch=4)
    waiting = asyncio.ensure_future(anext(batches))
    await hanging.wait()
    waiting.cancel()
    await asyncio.wait({waiting})

    assert waiting.cancelled()
    assert (await anext(batches)).num_rows == 4
    assert await anext(batches, None) is None


def read(pyarrow, path):
    if path.suffix == ".parquet":
        file = tool("pyarrow.parquet").ParquetFile(path)
        return file.read(), [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    with pyarrow.OSFile(str(path)) as source:
        table = pyarrow.ipc.open_file(source).read_all()
    return table, [batch.num_rows for batch in table.to_batches()]


FORMS = {"jobs.parquet": (exits.write_parquet, "rows_per_group"), "jobs.arrow": (exits.write_ipc, "rows_per_batch")}
each_form = pytest.mark.parametrize("name", FORMS)


@each_form
@pytest.mark.parametrize(
    ("size", "expected"), [(2000, [2000, 2000, 1000]), (1500, [1500, 1500, 1500, 500]), (5000, [5000])]
)
async def test_a_file_has_all_rows_in_groups(pyarrow, name, tmp_path, size, expected):
    write, noun = FORMS[name]
    path = tmp_path / name
    path.write_bytes(b"of before")

    written = await write(Rows([WHOLE, BARE] * 2500), path, **{noun: size})

    table, groups = read(pyarrow, path)
    assert (written, groups) == (5000, expected)
    assert table.schema == exits.job_schema()
    assert table.slice(4998).to_pylist() == [WHOLE, BARE]
    assert list(tmp_path.iterdir()) == [path]
    assert await write(Rows([]), path) == 0
    assert read(pyarrow, path)[0].to_pylist() == []


def idle():
    """Wait until no thread of a writer is left."""
    for thread in threading.enumerate():
        if thread.name.startswith("mongorestore_async arrow"):
            thread.join(30)


async def test_the_end_of_a_file_is_written_once(tmp_path):
    path = tmp_path / "jobs.arrow"

    await exits.write_ipc(Rows([WHOLE, BARE]), path)
    at_once = path.read_bytes()

    idle()
    assert path.read_bytes() == at_once
    assert at_once.count(b"ARROW1") == 2  # at its begin and at its end


@each_form
@pytest.mark.parametrize("there", [True, False])
async def test_an_error_leaves_nothing_behind(name, tmp_path, there):
    write, noun = FORMS[name]
    path = tmp_path / name
    if there:
        path.write_bytes(b"of before")

    with pytest.raises(RestoreError, match="gone"):
        await write(Rows([WHOLE] * 9, ServerError("gone", status=500)), path, **{noun: 4})

    idle()
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"of before"] * there


@each_form
async def test_a_cancellation_leaves_nothing_behind(name, tmp_path):
    write, noun = FORMS[name]
    many = asyncio.Event()
    rows = Rows([WHOLE] * 100_000, at=lambda given: given == 10 and many.set())
    writing = asyncio.create_task(write(rows, tmp_path / name, **{noun: 3}))
    await many.wait()
    writing.cancel()
    await asyncio.wait({writing})

    idle()
    assert writing.cancelled()
    assert list(tmp_path.iterdir()) == []


@each_form
async def test_a_directory_that_is_not_there_is_told_before_a_row_is_taken(name, tmp_path):
    rows = Rows([WHOLE])

    with pytest.raises(FileNotFoundError):
        await FORMS[name][0](rows, tmp_path / "none" / name)

    assert rows.given == 0


async def test_bad_sizes_are_refused_before_anything_is_read(tmp_path):
    rows = Rows([WHOLE])

    for write, noun in FORMS.values():
        with pytest.raises(ConfigError, match=noun):
            await write(rows, tmp_path / "x", **{noun: 0})
    with pytest.raises(ConfigError, match="rows_per_batch"):
        exits.record_batches(rows, rows_per_batch=0)

    assert (rows.given, list(tmp_path.iterdir())) == (0, [])


def test_without_pyarrow_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(exits, "find_spec", lambda _: None)

    for call in (exits.job_schema, lambda: exits.job_table([]), lambda: exits.record_batches(Rows([]))):
        with pytest.raises(ConfigError, match=r"mongorestore-async\[arrow\]"):
            call()


async def test_a_list_is_written_while_it_is_read(pyarrow, emulate, connect, first_cluster, tmp_path):
    async with emulate(jobs_per_cluster=1200) as emulator, connect(emulator) as session:
        pager = first_cluster(session, emulator).restore_jobs()

        written = await exits.write_parquet(pager.to_rows(), tmp_path / "jobs.parquet")
        page = await pager

    table, _ = read(pyarrow, tmp_path / "jobs.parquet")
    assert (written, table.num_rows) == (1200, 1200)
    assert table.slice(0, 100).to_pylist() == page.to_rows()[:100]
    assert b"://" not in (tmp_path / "jobs.parquet").read_bytes()


def test_polars_and_pandas_take_the_table():
    polars, pandas = tool("polars"), tool("pandas")
    table = exits.job_table([WHOLE, BARE])

    frame = polars.from_arrow(table)
    assert frame.to_dicts() == [WHOLE, BARE]
    assert frame.schema["requested_at"] == polars.Datetime("us", "UTC")
    assert frame.schema["restored_documents"] == polars.Int64
    assert polars.DataFrame(table).equals(frame)  # by the PyCapsule Interface

    frame = table.to_pandas(types_mapper=pandas.ArrowDtype)
    assert frame["requested_at"][0] == MOMENT
    assert str(frame["requested_at"].dtype) == "timestamp[us, tz=UTC][pyarrow]"
    assert str(frame["ok"].dtype) == "bool[pyarrow]"
    assert frame["ok"].isna().tolist() == [False, True]


def test_polars_and_pandas_take_rows_without_pyarrow():
    polars, pandas = tool("polars"), tool("pandas")

    frame = pandas.DataFrame([WHOLE, BARE], columns=list(JobRow.__annotations__))
    assert frame["requested_at"][0] == MOMENT
    assert str(frame["requested_at"].dtype) == "datetime64[us, UTC]"
    assert polars.DataFrame([WHOLE, BARE]).to_dicts() == [WHOLE, BARE]
