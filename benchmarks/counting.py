"""Instructions of a process, counted by valgrind: the load of the machine does not touch them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from harness import HERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness import Bench

__all__ = ["count", "count_command", "obstacle"]

#: Counts instructions alone: no caches, no branches.
_VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_VALGRINDS_OWN = re.compile(r"(==|--)\d+(==|--)")
_COUNT = re.compile(r"I\s+refs:\s+([\d,]+)")


def obstacle() -> str | None:
    """Tell why nothing can be counted here; None if it can."""
    return None if shutil.which("valgrind") else "valgrind is not installed"


def count_command(command: Iterable[str]) -> int:
    """Run a command and say how many instructions its process took; hashes are the same each time."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONHASHSEED"] = "0"
    done = subprocess.run([*_VALGRIND, *command], env=environment, capture_output=True, text=True, check=False)
    found = _COUNT.search(done.stderr)
    if done.returncode or found is None:
        told = [line for line in done.stderr.splitlines() if not _VALGRINDS_OWN.match(line)]
        sys.stderr.write("\n".join([*told, ""]))
        raise RuntimeError(told[-1] if told else f"exit code {done.returncode}")
    return int(found[1].replace(",", ""))


def count(bench: Bench, function: str, runs: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Call ``module:function`` once for each set of arguments, in processes of their own; says what each took.

    Two are under way at a time, where there are two cores: counts do not suffer from it.
    """

    def run(arguments: Mapping[str, Any]) -> int:
        given = json.dumps({"url": bench.url, **arguments})
        return count_command([sys.executable, str(HERE / "client.py"), function, given])

    # Once without counting, so that no process that is counted has to compile a module.
    bench.child(function, **next(iter(runs.values())))
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return dict(zip(runs, pool.map(run, runs.values()), strict=True))
