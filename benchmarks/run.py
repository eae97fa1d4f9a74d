"""Measure this library beside other ways to do the same, in one run, in turns.

``python benchmarks/run.py`` measures everything and keeps it in ``benchmarks/results/``, from which
``python benchmarks/report.py`` writes ``docs/performance.rst``. ``--fast`` measures next to nothing: it shows that
every benchmark runs, and fails only where something that can be counted is not as promised. Times never fail.
``--instructions`` counts instructions only, ``--compare`` five short rows of them against ``recorded.json``, which
``--record`` writes. ``--only`` and ``--missing`` take up a run that ended early: each result is kept when it is there.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import attrs
import counting
import harness
import pyperf
import recorded
import work
from figures import shown

__all__ = ["main"]

RESULTS = Path(__file__).parent / "results"
_ROUNDS = 7


def main() -> int:
    """Run all benchmarks, or those asked for; exit code 1 where a count is wrong."""
    arguments = _arguments()
    rounds = arguments.rounds or (1 if arguments.fast else _ROUNDS)
    RESULTS.mkdir(exist_ok=True)
    broken: list[str] = []
    names = ["instructions"] if arguments.instructions else arguments.only or work.NAMES
    if arguments.missing:
        names = [name for name in names if not (RESULTS / f"{name}.json").exists()]
    with harness.serve(fast=arguments.fast, rounds=rounds) as bench:
        if arguments.compare or arguments.record:
            return _compare(bench, anew=arguments.record)
        for name in names:
            started = time.perf_counter()
            result: harness.Result = importlib.import_module(f"work.{name}").measure(bench)
            result.skipped = {**result.skipped, **bench.failed}
            bench.failed.clear()
            seconds = time.perf_counter() - started
            _show(result, seconds)
            broken += [goal.text for goal in result.goals if goal.counted and not goal.met]
            document = {"machine": _machine(), "fast": bench.fast, "rounds": rounds, **attrs.asdict(result)}
            document["load"] = [min(bench.loads, default=0.0), max(bench.loads, default=0.0)]
            bench.loads.clear()
            document["goals"] = [{**attrs.asdict(goal), "met": goal.met} for goal in result.goals]
            place = RESULTS / f"{name}{'-fast' if bench.fast else ''}.json"
            place.write_text(json.dumps(document | {"seconds": seconds}, indent=1) + "\n")
            _keep(place.with_suffix(".pyperf.json"), result)
    for text in broken:
        print(f"FAILED: {text}", file=sys.stderr)
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="only show that every benchmark runs")
    parser.add_argument("--only", action="append", choices=work.NAMES, help="this benchmark; may be repeated")
    parser.add_argument("--missing", action="store_true", help="only what has no result yet")
    parser.add_argument("--instructions", action="store_true", help="count instructions, nothing else")
    parser.add_argument("--compare", action="store_true", help="count five short rows, fail where worse than recorded")
    parser.add_argument("--record", action="store_true", help="count the same rows and record them")
    parser.add_argument("--rounds", type=int, help=f"how often everything is measured; {_ROUNDS}, or 1 with --fast")
    return parser.parse_args()


def _compare(bench: harness.Bench, *, anew: bool) -> int:
    """Count the short rows, and compare them with what was recorded or record them; exit code 1 where one is worse."""
    from work import instructions

    why = counting.obstacle()
    if why is not None:
        print(f"Nothing was counted: {why}.")
        return int(anew)
    found, _ = instructions.ratios(bench, instructions.SHORT)
    if anew:
        recorded.record(found)
    kept = recorded.read()
    for row, figure in found.items():
        print(f"{row:90} {figure:8.3f}, recorded {kept['rows'].get(row)}")
    print(f"Recorded with {', '.join(f'{name} {version}' for name, version in kept['with'].items())}.")
    wrong = recorded.compare(kept["rows"], found)
    for text in wrong:
        print(f"FAILED: {text}", file=sys.stderr)
    return 1 if wrong else 0


def _show(result: harness.Result, seconds: float) -> None:
    print(f"\n== {result.title} ({seconds:.0f} s)")
    for row in [result.columns, *result.rows]:
        print(f"{row[0]:34}", *(f"{shown(cell):>16}" for cell in row[1:]))
    for goal in result.goals:
        print(f"   {'met' if goal.met else 'NOT MET'}: {goal.text}: {shown(goal.figure)}")
    for what, why in result.skipped.items():
        print(f"   skipped: {what}: {why}")
    sys.stdout.flush()


def _keep(place: Path, result: harness.Result) -> None:
    """Write the CPU seconds for ``pyperf compare_to``, which tells whether two runs differ."""
    benchmarks = []
    for name, samples in result.samples.items():
        seconds = [one["cpu"] for one in samples if "cpu" in one]
        facts = {"name": name, "unit": "second"}
        if seconds:
            benchmarks.append(pyperf.Benchmark([pyperf.Run(seconds, metadata=facts, collect_metadata=False)]))
    if benchmarks:
        pyperf.BenchmarkSuite(benchmarks).dump(str(place), replace=True)


def _machine() -> dict[str, str]:
    server, clients = harness.cores()
    return {
        "processor": f"{platform.machine()}, {_processor()}",
        "cores": "one for the server, one for the clients" if server != clients else "one for all",
        "system": platform.system(),
        "build": _build(),
        "Python": platform.python_version(),
        **{name: version(name) for name in ("aiohttp", "attrs", "cattrs", "mongorestore-async")},
    }


def _build() -> str:
    command = ("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty")
    try:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    sys.exit(main())
