"""The way of items from the event loop to standard output."""

from __future__ import annotations

import asyncio
import csv
import io
import threading

import pytest

from mongorestore_async.cli.rows.inventory_rows import PROJECT_LAYOUT
from mongorestore_async.cli.stdout_writer import OutputFormat, StdoutWriter, write_items
from mongorestore_async.models import ProjectSummary


class Pen:
    """A writer that notes what it is told, and takes its time."""

    def __init__(self, *, error=None):
        self.written = []
        self.batches = 0
        self.finished = False
        self.busy = asyncio.Event()
        self.free = threading.Event()
        self._error = error
        self._loop = asyncio.get_running_loop()

    def add(self, items):
        self._loop.call_soon_threadsafe(self.busy.set)
        assert self.free.wait(20)
        if self._error is not None:
            raise self._error
        self.batches += 1
        self.written += items

    def finish(self):
        self.finished = True


async def test_a_slow_reader_does_not_block_the_event_loop():
    pen = Pen()
    async with StdoutWriter(pen) as writer:
        await writer.put(0)
        await asyncio.wait_for(pen.busy.wait(), 120)
        for number in range(1, 300):
            await writer.put(number)
        assert pen.written == []
        pen.free.set()

    assert pen.written == list(range(300))
    assert pen.batches == 2
    assert pen.finished


async def test_no_more_than_a_page_is_kept_meanwhile():
    pen, taken = Pen(), []

    async def fill():
        async with StdoutWriter(pen) as writer:
            for number in range(2000):
                await writer.put(number)
                taken.append(number)

    filling = asyncio.create_task(fill())
    await asyncio.wait_for(pen.busy.wait(), 120)
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(taken) <= 1000
    pen.free.set()
    await asyncio.wait_for(filling, 120)

    assert pen.written == list(range(2000))


async def test_what_was_taken_is_written_once_when_it_is_left_early():
    pen = Pen()

    async def fill():
        async with StdoutWriter(pen) as writer:
            for number in range(5000):
                await writer.put(number)

    filling = asyncio.create_task(fill())
    await asyncio.wait_for(pen.busy.wait(), 120)
    filling.cancel()
    asyncio.get_running_loop().call_later(0.05, pen.free.set)
    with pytest.raises(asyncio.CancelledError):
        await filling

    assert pen.written == list(range(len(pen.written)))
    assert 500 <= len(pen.written) <= 1000
    assert pen.finished


async def test_an_error_before_the_first_item_writes_nothing():
    pen = Pen()
    with pytest.raises(ValueError, match="early"):
        async with StdoutWriter(pen):
            raise ValueError("early")

    assert not pen.finished


async def test_a_write_that_fails_ends_the_block():
    pen = Pen(error=BrokenPipeError())
    pen.free.set()

    async def fill():
        async with StdoutWriter(pen) as writer:
            while True:
                await writer.put(1)
                await asyncio.sleep(0.01)

    with pytest.raises(BrokenPipeError):
        await asyncio.wait_for(fill(), 120)


def test_no_cell_of_csv_is_a_formula_to_a_spreadsheet(capsys):
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain", "a=b"]
    projects = [ProjectSummary(id="1", name=name) for name in names]

    write_items(projects, OutputFormat.CSV, PROJECT_LAYOUT, show_secrets=False)

    found = [row["name"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert found == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "\\t=1", "plain", "a=b"]
