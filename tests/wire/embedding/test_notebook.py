"""The notebook of the examples, cell by cell, as Jupyter runs it: in one event loop that goes on between cells."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from builders.tools import tool
from mongorestore_async import CLOUD_MANAGER, AsyncSession, WrongLoop

tool("IPython")


@pytest.fixture
def shell(monkeypatch, tmp_path):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    yield made
    made.restore_sys_module_state()
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


async def run(shell, source):
    result = await shell.run_cell_async(source, transformed_cell=shell.transform_cell(source))
    result.raise_error()
    return result.result


@pytest.fixture
def cells(examples):
    notebook = json.loads((examples / "notebook.ipynb").read_text(encoding="utf-8"))
    assert all(not cell.get("outputs") for cell in notebook["cells"])
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"}


async def test_all_cells_run_in_their_order_and_show_no_link(behind, shell, cells):
    before = asyncio.all_tasks()
    async with behind(projects=2, clusters_per_project=2, jobs_per_cluster=30) as emulator:
        shown = {name: await run(shell, source) for name, source in cells.items()}

        assert emulator.counts.challenges == 1
    assert sum(shown.pop("count").values()) == 4 * 30
    tables = {name: value._repr_html_() for name, value in shown.items() if value is not None}
    assert tables.keys() == {"fleet", "rows", "cluster", "job"}
    assert all("<table" in table and "://" not in table for table in tables.values())
    assert "restore jobs" in tables["rows"]
    assert "Page 1: 30 of 30 items" in tables["cluster"]
    assert asyncio.all_tasks() <= before


async def test_a_session_of_another_loop_says_so(behind, shell):
    async with behind() as emulator, AsyncSession.from_env() as session:
        shell.user_ns |= {"session": session, "family": CLOUD_MANAGER, "asyncio": asyncio}
        assert await run(shell, "(await session.projects(family)).total_count")

        failures = []
        source = "reading = session.projects(family).collect()\ntry: asyncio.run(reading)\nfinally: reading.close()"

        def elsewhere():
            try:
                exec(source, {"asyncio": asyncio, "session": session, "family": CLOUD_MANAGER})  # noqa: S102
            except WrongLoop as error:
                failures.append(str(error))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)

        with pytest.raises(RuntimeError, match=r"asyncio\.run\(\) cannot be called from a running event loop"):
            await run(shell, source)
    assert len(failures) == 1
    assert "create one AsyncSession per loop" in failures[0]
    assert emulator.counts.challenges == 1
