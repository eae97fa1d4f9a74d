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

What this library costs beside other ways to list restore jobs: ratios of one run on one machine, written by
``benchmarks/report.py``. All rows of a table were measured in turns within that run. Run it yourself before you rely on
a figure:

.. code-block:: console

   $ nox -s bench                     # everything, about half an hour; writes this page
   $ nox -s bench -- --only fan_out   # one benchmark; python benchmarks/report.py then writes the page anew
   $ nox -s bench -- --instructions   # counts instructions, which the load of the machine does not touch
   $ nox -s bench -- --fast           # only shows that every benchmark runs

Server and clients run on different cores where there are two; the server answers with prepared bytes and checks every
digest login. Each sample is taken in a fresh process, whose imports and set-up do not count. A ratio is the median,
over the rounds, of ours divided by theirs in the same round; beside it stand the smallest and the largest of them, and
the load of the machine (processes that want a core) while the row was measured. Times are examples: they belong to this
machine and this load.

The peers read the same bytes into the same fields, and are written as their best users would write them: httpx with its
limits set and one ``TypeAdapter.validate_json`` on the bytes; aiohttp with its own digest middleware; stock cattrs with
its converter for orjson, hooks generated and detailed validation off; msgspec with one decoder. A peer written by hand
has no deadline for a whole call, repeats nothing, keeps no rate limit, and its errors may hold secrets.
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
    parts = [_HEAD, *_machine(results), *_summary(results), *_unmet(results)]
    for name, result in results.items():
        parts += _section(name, result)
    text = "\n".join([*parts, _TAIL])
    (DOCS / "performance.rst").write_text(text)


def _unmet(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Say which goals were missed, by how much, and why."""
    missed = [(result, goal) for result in results.values() for goal in result["goals"] if not goal["met"]]
    if not missed:
        yield "All goals were met.\n"
        return
    yield f"Goals that were not met: {len(missed)} of {sum(len(result['goals']) for result in results.values())}.\n"
    for result, goal in missed:
        why = f" {goal['why']}" if goal.get("why") else ""
        yield f"* `{result['title']}`_: {goal['text']}; it was {shown(goal['figure'])}.{why}"
    yield ""


def _machine(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    machines: dict[str, list[Mapping[str, Any]]] = {}
    for result in results.values():
        machines.setdefault(json.dumps([result["machine"], result["rounds"]]), []).append(result)
    for of_one in machines.values():
        facts = ", ".join(f"{name} {fact}" for name, fact in of_one[0]["machine"].items())
        yield f"The machine: {facts}. Rounds: {of_one[0]['rounds']}, fewer of what takes long."
        if len(machines) > 1:
            yield f"So it was for: {', '.join(result['title'] for result in of_one)}."
        yield ""
    if missing := [name for name in work.NAMES if name not in results]:
        yield f"Not measured in this run: {', '.join(missing)}.\n"


def _summary(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield from _heading("Goals")
    rows = [
        [
            f"`{result['title']}`_",
            goal["text"],
            shown(goal["figure"]),
            goal.get("spread", "-"),
            "yes" if goal["met"] else "**no**",
        ]
        for result in results.values()
        for goal in result["goals"]
    ]
    yield from _table(["work", "goal", "figure", "smallest to largest", "met"], rows)


def _section(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    yield from _heading(result["title"])
    least, most = result["load"]
    load = f" Load of the machine: {least:.1f} to {most:.1f}." if most else ""
    yield f"{result['text']}{load}\n"
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
        # A dash alone would be a list with one empty item.
        cells = (r"\-" if cell == "-" else cell for cell in row)
        yield "\n".join(f"   {'* -' if place == 0 else '  -'} {cell}" for place, cell in enumerate(cells))
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
