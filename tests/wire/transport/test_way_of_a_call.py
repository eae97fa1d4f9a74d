"""How much of this package one page of a list passes: counted by the benchmark, bounded here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"

# Against the server of the benchmarks, in a process of its own.
PROGRAM = """
import json, sys
sys.path.insert(0, ".")
import harness
with harness.serve(fast=True, rounds=1) as bench:
    print(json.dumps({way: bench.child("work.calls:client", way=way) for way in ("page", "walk")}))
"""


@pytest.fixture(scope="module")
def counted():
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=BENCHMARKS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", ["page", "walk"])
@pytest.mark.parametrize(("what", "most"), [("functions", 68), ("modules", 19), ("frames", 8)])
def test_one_page_passes_few_of_ours(counted, way, what, most):
    assert 0 < counted[way][what] <= most, counted[way]["names"]


@pytest.mark.parametrize("way", ["page", "walk"])
def test_nothing_in_between_only_passes_on(counted, way):
    files = [name for name, _ in counted[way]["stack"]]
    assert files[-1] == "transport/sender.py"
    assert max(Counter(files).values()) <= 2  # no file is passed three times


@pytest.mark.parametrize("way", ["page", "walk"])
def test_what_only_errors_show_is_not_made(counted, way):
    files = {name for name, _ in counted[way]["names"]}
    assert not files & {"protocol/redaction.py", "listing/paging.py"}  # the URL of the call, what a walk remembers
