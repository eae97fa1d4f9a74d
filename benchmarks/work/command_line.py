"""CPU of a whole process: ``mongorestore-async jobs`` beside a program that does the same by the library."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import counting
from answers import PROJECT, cluster_id
from harness import Goal, Result, beside, table

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_JOBS = 20
_CLUSTER = cluster_id(1, _JOBS)
_PROGRAM = f"""
import asyncio
import json

from mongorestore_async import CLOUD_MANAGER, AsyncSession


async def main():
    async with AsyncSession.from_env() as session:
        async for job in session.project("{PROJECT}", CLOUD_MANAGER).cluster("{_CLUSTER}").restore_jobs():
            print(json.dumps(job.to_dict(), separators=(",", ":")))


asyncio.run(main())
"""
_COMMAND = (sys.executable, "-m", "mongorestore_async.cli")
_ADDRESS = ("--family", "cloud-manager", "--project-id", PROJECT, "--cluster-id", _CLUSTER)
_COMMANDS = {
    "library": (sys.executable, "-c", _PROGRAM),
    "jobs": (*_COMMAND, "jobs", *_ADDRESS, "--output", "jsonl"),
    "help": (*_COMMAND, "jobs", "--help"),
    "version": (*_COMMAND, "--version"),
}
_TITLES = {
    "library": "a program that prints the same by the library",
    "jobs": "mongorestore-async jobs --output jsonl",
    "help": "mongorestore-async jobs --help",
    "version": "mongorestore-async --version",
}
#: Instructions of ``jobs --help`` before its modules were loaded one by one, with Python 3.11.7 and cyclopts 5.
_HELP_BEFORE = 2_451_034_841


def client(url: str, name: str) -> dict[str, Any]:
    """In a client process: run a command, and say what its process took."""
    from server import PRIVATE_KEY, PUBLIC_KEY

    names = {"BASE_URL": url, "PUBLIC_API_KEY": PUBLIC_KEY, "PRIVATE_API_KEY": PRIVATE_KEY}
    environment = {**os.environ, **{f"MONGODB_ATLAS_{what}": value for what, value in names.items()}}
    for _ in range(2):  # the first time, modules are compiled and read from the disk
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(_COMMANDS[name], env=environment, check=True, stdout=subprocess.PIPE, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "lines": done.stdout.count("\n")}


def measure(bench: Bench) -> Result:
    """Measure whole processes, in turns."""
    bench.set()
    title, columns = "Command line", ["way"]
    try:
        import cyclopts  # noqa: F401 - the extra
        import rich  # noqa: F401
    except ImportError as error:
        skipped = {"the command line": f"not installed here ({error})"}
        return Result(title=title, text="Not measured.", columns=columns, rows=[], skipped=skipped)
    found = bench.turns({name: partial(bench.child, "work.command_line:client", name=name) for name in _COMMANDS})
    assert {one["lines"] for name in ("library", "jobs") for one in found[name]} == {_JOBS}, found
    columns, rows = table(found, "library", _TITLES, unit="ms")
    goals = beside(found, "jobs", {"library": 1.25}, _TITLES)
    skipped = {}
    why = counting.obstacle()
    if why is None and not bench.fast:
        instructions = counting.count_command(_COMMANDS["help"])
        goals.append(
            Goal(
                text="jobs --help: at most 0.60 x the instructions of before",
                figure=instructions / _HELP_BEFORE,
                limit=0.6,
            )
        )
    elif why is not None:
        skipped = {"instructions of --help": why}
    return Result(
        title=title,
        text=f"Whole processes, from their start to their end; the list has {_JOBS} jobs.",
        columns=columns,
        rows=rows,
        goals=goals,
        skipped=skipped,
        samples=found,
    )
