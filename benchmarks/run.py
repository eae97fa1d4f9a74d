"""All benchmarks in short, as ratios: figures of one machine and one run are for comparing rows, not for quoting.

``python benchmarks/run.py`` takes about a minute; arguments go to pyperf instead of ``--fast`` (``--rigorous``, ...).
What was measured is kept in ``benchmarks/results/`` for ``pyperf compare_to``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyperf

__all__ = ["main"]

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def main(*options: str) -> None:
    """Run each file and print its second benchmark as a multiple of its first."""
    RESULTS.mkdir(exist_ok=True)
    for name in ("structure", "walk"):
        output = RESULTS / f"{name}.json"
        output.unlink(missing_ok=True)
        subprocess.run([sys.executable, HERE / f"{name}.py", "--quiet", *options, "--output", output], check=True)
        bare, ours = pyperf.BenchmarkSuite.load(str(output)).get_benchmarks()
        for row in (bare, ours):
            print(f"{row.get_name():40} {row.median() * 1000:9.2f} ms  (+- {row.median_abs_dev() * 1000:.2f})")
        print(f"{'ratio':40} {ours.median() / bare.median():9.2f}\n")


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["--fast"]))
