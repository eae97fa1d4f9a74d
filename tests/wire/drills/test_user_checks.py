from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from mongorestore_async.drills import CheckContext, DrillCheck, DrillCluster, DrillTarget
from mongorestore_async.drills.checks.user_checks import run_check

CLUSTER = DrillCluster(name="c", project="p", cluster="c", target=DrillTarget("d", "t"))
CONTEXT = CheckContext(
    cluster=CLUSTER, job="cloud-manager/p/c/1", snapshot="5f", archives=(Path("/a b.tgz"),), directory=Path("/x")
)


def python(code, *arguments, timeout=60.0):
    return DrillCheck(name="script", command=(sys.executable, "-c", code, *arguments), timeout=timeout)


@pytest.fixture
def checks(tmp_path, monkeypatch):
    """A module with checks, as a user writes them."""
    (tmp_path / "own_checks.py").write_text(
        "import asyncio\n"
        "async def good(context): return f'{context.snapshot} is good'\n"
        "async def silent(context): pass\n"
        "async def bad(context): raise ValueError('17 documents are missing')\n"
        "async def slow(context): await asyncio.sleep(600)\n"
        "def plain(context): pass\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("own_checks", None)


@pytest.mark.parametrize(
    ("name", "passed", "detail"),
    [
        ("good", True, "5f is good"),
        ("silent", True, "passed"),
        ("bad", False, "ValueError: 17 documents are missing"),
        ("slow", False, "not over within 0.2 s, so it was ended"),
        ("plain", False, "TypeError: own_checks:plain is no async function"),
        ("none", False, "AttributeError: module 'own_checks' has no attribute 'none'"),
    ],
)
async def test_a_function_passes_unless_it_raises(checks, name, passed, detail):
    found = await run_check(DrillCheck(name="f", call=f"own_checks:{name}", timeout=0.2), CONTEXT)

    assert (found.name, found.passed, found.detail) == ("f", passed, detail)


async def test_a_module_that_is_not_there_fails():
    found = await run_check(DrillCheck(name="f", call="no_such_module_here:f"), CONTEXT)

    assert (found.passed, found.detail) == (False, "ModuleNotFoundError: No module named 'no_such_module_here'")


async def test_a_command_gets_paths_in_arguments_and_environment():
    code = "import os, sys; print(sys.argv[1:], os.environ['DRILL_SNAPSHOT'], os.environ['DRILL_ADDRESS'] == '')"
    found = await run_check(python(code, "{archive}", "--into={target}", "{directory}", "{}"), CONTEXT)

    assert (found.passed, found.detail) == (True, "['/a b.tgz', '--into=d/t', '/x', '{}'] 5f True")


async def test_a_command_gets_no_keys_of_the_api(monkeypatch):
    monkeypatch.setenv("MCLI_PRIVATE_API_KEY", "secret")
    monkeypatch.setenv("MONGODB_ATLAS_PRIVATE_API_KEY", "secret")
    found = await run_check(python("import os; print('secret' in os.environ.values())"), CONTEXT)

    assert found.detail == "False"


@pytest.mark.parametrize(
    ("code", "passed", "detail"),
    [
        ("pass", True, "exit code 0"),
        ("import sys; sys.exit('wrong\\ncounts')", False, "exit code 1: wrong counts"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", False, "exit code -9"),
    ],
)
async def test_a_command_passes_by_its_exit_code(code, passed, detail):
    found = await run_check(python(code), CONTEXT)

    assert (found.passed, found.detail) == (passed, detail)


async def test_output_without_end_is_cut_and_read_all_the_same():
    found = await run_check(python("print('x' * 10_000_000)"), CONTEXT)

    assert found.passed
    assert len(found.detail) < 310


async def test_a_command_that_hangs_is_ended_with_all_it_started():
    code = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); print('x', flush=True); time.sleep(600)"
    found = await run_check(python(code, timeout=1.0), CONTEXT)

    assert (found.passed, found.detail) == (False, "not over within 1 s, so it was ended")


async def test_a_command_that_is_not_there_fails():
    found = await run_check(DrillCheck(name="x", command=("/no/such/program",)), CONTEXT)

    assert not found.passed
    assert found.detail.startswith("FileNotFoundError")


async def test_a_cancelled_check_leaves_no_process():
    task = asyncio.create_task(run_check(python("import time; time.sleep(600)"), CONTEXT))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
