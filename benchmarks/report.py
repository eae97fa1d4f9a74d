"""Write ``docs/performance.rst`` and its plots from what the last whole run kept in ``benchmarks/results/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import peers
import work
from figures import shown

mpl.use("svg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["main"]

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PLOTS = DOCS / "_static" / "performance"

_HEAD = """\
Performance
===========

What this library costs beside other ways to list restore jobs: figures of one run on one machine, written by
``benchmarks/report.py``. All rows of a table were measured in turns within that run, so compare rows of a table, and
run it yourself before you rely on a figure:

.. code-block:: console

   $ nox -s bench             # everything, about ten minutes; writes this page
   $ nox -s bench -- --fast   # only shows that every benchmark runs

Server and clients run on different cores; the server answers with prepared bytes and checks every digest login. Each
sample is taken in a fresh process. Ratios are the median, over the rounds, of ours divided by theirs in the same round.

Goals that were not met, and why: `What a call is made of`_ shows the steps. A call costs more than with aiohttp and
its own digest login (deadline, repetition, rate limits, errors that hold no secret), jobs are checked and typed, and a
fleet keeps account of its clusters. `Structure one page of 500 jobs`_ shows the pieces of that work. A fleet over a
slow network waits one latency more than who is told the clusters, for it has to find them.
"""

_TAIL = """\
Advice
------

* Look at jobs with ``async for`` rather than page by page, where one after the other will do: they are made as they are
  looked at, and the garbage collector has next to nothing to do.
* A page of 500 jobs costs little more than one of 100: leave ``items_per_page`` as it is.
* Where the network is slow, ``collect(concurrency=16)`` beats every saving of CPU.
* A program that does nothing but list, such as a worker, can spare the garbage collector some passes over objects that
  live on: ``gc.freeze()`` once it has started, and a higher ``gc.set_threshold()``. The library leaves both alone, for
  they belong to the whole process.
* uvloop needs no setting: ``uvloop.run(main())``.
"""

_OURS = {
    title
    for title in [*peers.TITLES.values(), "this library, one job after the other"]
    if title.startswith("this library")
}


def main() -> None:
    """Write the page."""
    results: dict[str, dict[str, Any]] = {}
    for name in work.NAMES:
        place = HERE / "results" / f"{name}.json"
        if place.exists():
            results[name] = json.loads(place.read_text())
    PLOTS.mkdir(parents=True, exist_ok=True)
    parts = [_HEAD, *_machine(results), *_summary(results)]
    for name, result in results.items():
        parts += _section(name, result)
    text = "\n".join([*parts, _TAIL])
    (DOCS / "performance.rst").write_text(text)


def _machine(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    machines = {json.dumps(result["machine"]): result for result in results.values()}
    for result in machines.values():
        facts = ", ".join(f"{name} {fact}" for name, fact in result["machine"].items())
        yield f"The machine: {facts}. Rounds: {result['rounds']}, fewer of what takes long.\n"


def _summary(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield from _heading("Goals")
    rows = [
        [f"`{result['title']}`_", goal["text"], shown(goal["figure"]), "yes" if goal["met"] else "**no**"]
        for result in results.values()
        for goal in result["goals"]
    ]
    yield from _table(["work", "goal", "figure", "met"], rows)


def _section(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    yield from _heading(result["title"])
    yield f"{result['text']}\n"
    if result["rows"]:
        yield from _table(result["columns"], [[shown(cell) for cell in row] for row in result["rows"]])
    if result["skipped"]:
        reasons = "; ".join(f"{what}: {why}" for what, why in result["skipped"].items())
        yield f"Not measured: {reasons}.\n"
    if result["plot"]:
        _draw(PLOTS / f"{name}.svg", result["title"], result["plot"])
        yield f".. image:: _static/performance/{name}.svg\n   :alt: {result['title']}: {result['plot']['label']}\n"


def _heading(text: str) -> tuple[str, str]:
    return text, "-" * len(text) + "\n"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ".. list-table::\n   :header-rows: 1\n"
    for row in (columns, *rows):
        yield "\n".join(f"   {'* -' if place == 0 else '  -'} {cell}" for place, cell in enumerate(row))
    yield ""


def _draw(place: Path, title: str, plot: Mapping[str, Any]) -> None:
    # The same figures give the same file.
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": title, "font.size": 9}):
        if plot["kind"] == "bars":
            values = {name: value for name, value in plot["values"].items() if value is not None}
            names = sorted(values, key=values.__getitem__, reverse=True)
            figure, axes = plt.subplots(figsize=(7.5, 0.6 + 0.3 * len(names)), layout="constrained")
            colours = ["#00684a" if name in _OURS else "#b8c4c2" for name in names]
            bars = axes.barh(names, [values[name] for name in names], color=colours)
            axes.bar_label(bars, [shown(values[name]) for name in names], padding=3)
            axes.set_xmargin(0.12)
        else:
            figure, axes = plt.subplots(figsize=(7.5, 3.5), layout="constrained")
            for name, (sizes, values) in plot["series"].items():
                axes.loglog(sizes, values, marker="o", label=name)
            axes.legend()
            axes.set_ylabel(plot["label"])
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel(plot["label"] if plot["kind"] == "bars" else "items")
        figure.savefig(place, metadata={"Date": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
