"""What all benchmarks share: the server, fresh client processes on a core of their own, turns, and results."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import urlopen

import attrs
import peers
from figures import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = [
    "Bench",
    "Goal",
    "Result",
    "Spread",
    "beside",
    "cores",
    "meter",
    "ratio",
    "serve",
    "spread",
    "table",
    "with_peer",
]

HERE = Path(__file__).parent

#: A sample that takes more CPU, seconds, is taken in so many rounds at most.
_LONG, _PATIENT_ROUNDS = 4.0, 3
#: What a second is in the units of tables.
_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6}


def cores() -> tuple[int, int]:
    """Say which core the server gets and which the clients: the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return usable[0], usable[-1]


def pin(process_id: int, core: int) -> None:
    """Keep a process on a core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process_id, {core})


@attrs.frozen(kw_only=True)
class Goal:
    """What was to be reached, and what was.

    Attributes:
        text: The goal in words.
        figure: What was measured, None where it could not be.
        limit: The most it may be.
        least: The least it may be.
        counted: Whether it is a count, which is the same on every machine, rather than a time.
        spread: The smallest and the largest figure of all rounds.
        why: What is in the way, for where it was not reached.

    """

    text: str
    figure: float | None
    limit: float
    least: float | None = None
    counted: bool = False
    spread: str = "-"
    why: str = ""

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.figure is not None and (self.least or 0) <= self.figure <= self.limit


@attrs.define(kw_only=True)
class Result:
    """What a benchmark found.

    Attributes:
        title: Heading.
        text: What was done, a paragraph of reStructuredText.
        columns: Headings of the table.
        rows: Its rows.
        goals: Goals of the benchmark.
        skipped: What could not be measured, and why.
        samples: All that was measured, by row and round.
        plot: What the report draws: ``bars`` of one figure per row or ``lines`` over two logarithmic axes.

    """

    title: str
    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    goals: Sequence[Goal] = ()
    skipped: Mapping[str, str] = attrs.field(factory=dict[str, str])
    samples: Mapping[str, Sequence[Mapping[str, Any]]] = attrs.field(factory=dict[str, Any])
    plot: Mapping[str, Any] | None = None


@attrs.frozen(kw_only=True)
class Bench:
    """One run of the benchmarks.

    Attributes:
        url: The server's.
        fast: Whether to measure little: for seeing that everything runs.
        rounds: How often everything is measured, in turns.
        failed: Peers that failed on the way, and how; cleared after each benchmark.
        loads: Load of the machine before each sample; cleared after each benchmark.

    """

    url: str
    fast: bool
    rounds: int
    failed: dict[str, str] = attrs.field(factory=dict[str, str])
    loads: list[float] = attrs.field(factory=list[float])
    _obstacles: dict[tuple[str, str], str | None] = attrs.field(factory=dict)

    def set(self, **settings: Any) -> None:
        """Change what the server does, and make it count from nothing."""
        with urlopen(f"{self.url}/set?settings={quote(json.dumps(settings))}") as reply:  # noqa: S310 - our own
            reply.read()

    def stats(self) -> dict[str, int]:
        """Say what the server counted since."""
        with urlopen(f"{self.url}/stats") as reply:  # noqa: S310 - our own
            counts: dict[str, int] = json.loads(reply.read())
        return counts

    def child(self, function: str, **arguments: Any) -> dict[str, Any]:
        """Call ``module:function`` in a fresh process on the clients' core; gives what it returns."""
        self.loads.append(_load())
        command = [sys.executable, str(HERE / "client.py"), function, json.dumps({"url": self.url, **arguments})]
        # Modules are kept compiled, as they are where programs are installed.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            pin(process.pid, cores()[1])
            output, told = process.communicate()
        if process.returncode:
            sys.stderr.write(told)
            raise RuntimeError(told.strip().rpartition("\n")[2] or f"exit code {process.returncode}")
        result: dict[str, Any] = json.loads(output)
        return result

    def turns(self, rows: Mapping[str, Callable[[], dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
        """Measure all rows in turns, as often as there are rounds; each round begins with another row.

        A peer that fails is left out and noted; this library must not fail. Peers that take long are measured in the
        first rounds only.
        """
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in rows}
        for turn in range(self.rounds):
            names = list(found)
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                if turn >= _PATIENT_ROUNDS and found[name][0].get("cpu", 0) > _LONG:
                    continue
                try:
                    load = _load()
                    found[name].append(rows[name]() | {"load": (load + _load()) / 2})
                except RuntimeError as error:
                    if name not in peers.TITLES or name in {peers.OURS, peers.FLEET}:
                        raise
                    self.failed[peers.TITLES[name]] = f"failed: {error}"
                    del found[name]
        return found

    def obstacle(self, name: str, work: str) -> str | None:
        """Tell why a peer cannot do a work here; None if it can."""
        if (name, work) not in self._obstacles:
            self._obstacles[name, work] = self.child("harness:obstacle", name=name, work=work)["why"]
        return self._obstacles[name, work]

    def able(self, work: str, names: Sequence[str] = peers.NAMES) -> tuple[list[str], dict[str, str]]:
        """Say which peers can do a work here, and why the others cannot."""
        chosen: list[str] = []
        skipped: dict[str, str] = {}
        for name in names:
            why = self.obstacle(name, work)
            if why is None:
                chosen.append(name)
            else:
                skipped[peers.TITLES[name]] = why
        return chosen, skipped


def obstacle(url: str, name: str, work: str) -> dict[str, Any]:
    """In a client process: tell why a peer cannot do a work."""
    return {"why": peers.obstacle(name) or peers.peer(name, url).cannot.get(work)}


@attrs.frozen
class Spread:
    """The ratios of all rounds.

    Attributes:
        median: The middle one, which counts.
        least: The smallest.
        most: The largest.
        rounds: How many there are.

    """

    median: float
    least: float
    most: float
    rounds: int

    def __str__(self) -> str:
        return f"{shown(self.least)} to {shown(self.most)}" if self.rounds > 1 else "-"


def spread(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], figure: str) -> Spread:
    """Divide ours by theirs in the same round, for each round."""
    pairs = zip(ours, theirs, strict=False)  # a peer that takes long has fewer rounds
    ratios = [float(mine[figure] / other[figure]) for mine, other in pairs]
    return Spread(statistics.median(ratios), min(ratios), max(ratios), len(ratios))


def ratio(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], figure: str) -> float:
    """Median over the rounds of ours divided by theirs in the same round."""
    return spread(ours, theirs, figure).median


def table(
    found: Mapping[str, Sequence[Mapping[str, Any]]],
    base: str,
    titles: Mapping[str, str] = peers.TITLES,
    *,
    figure: str = "cpu",
    unit: str = "s",
) -> tuple[list[str], list[list[Any]]]:
    """Make a table of ratios to a base, the smallest first: each with its spread, the load, and a figure as example."""
    name = {"cpu": "CPU"}.get(figure, figure)
    columns = ["way", f"{name} beside {titles[base]}", "smallest to largest", "load", f"{name}, {unit}, for example"]
    rows: list[list[Any]] = []
    for way, samples in found.items():
        ratios = spread(samples, found[base], figure) if base in found else None
        load = statistics.median(one["load"] for one in samples)
        example = statistics.median(one[figure] for one in samples) * _UNITS[unit]
        rows.append([titles[way], ratios and ratios.median, str(ratios or "-"), load, example])
    return columns, sorted(rows, key=lambda row: row[-1])


def beside(
    found: Mapping[str, Sequence[Mapping[str, Any]]],
    ours: str,
    limits: Mapping[str, float],
    titles: Mapping[str, str] = peers.TITLES,
    *,
    figure: str = "cpu",
    why: str = "",
) -> list[Goal]:
    """Make goals: ours at most so many times what each of these takes, or else ``why`` not."""
    goals: list[Goal] = []
    for name, limit in limits.items():
        ratios = spread(found[ours], found[name], figure) if name in found and ours in found else None
        text = f"at most {limit:.2f} x {titles[name]}"
        goals.append(Goal(text=text, figure=ratios and ratios.median, limit=limit, spread=str(ratios or "-"), why=why))
    return goals


def _load() -> float:
    """Say how many processes want a core, over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


class meter:  # noqa: N801 - used as a context manager only
    """Measures CPU and wall seconds of a block."""

    def __enter__(self) -> dict[str, Any]:
        self.figures: dict[str, Any] = {}
        self._begun = time.process_time(), time.perf_counter()
        return self.figures

    def __exit__(self, *_: object) -> None:
        cpu, wall = self._begun
        self.figures |= {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


def with_peer(name: str, url: str, work: str, *arguments: Any, loop: str = "asyncio") -> dict[str, Any]:
    """In a client process: open a peer, call one of its methods, and measure that call, its login included."""
    import asyncio

    from peers.base import BlockingPeer

    made = peers.peer(name, url)

    async def run() -> dict[str, Any]:
        assert not isinstance(made, BlockingPeer)
        async with made:
            with meter() as figures:
                count: int = await getattr(made, work)(*arguments)
        return {**figures, "count": count}

    if isinstance(made, BlockingPeer):
        with made, meter() as figures:
            count = getattr(made, work)(*arguments)
        return {**figures, "count": count}
    factory = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(run())


@contextmanager
def serve(*, fast: bool, rounds: int) -> Iterator[Bench]:
    """Run the server on its core."""
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        pin(process.pid, cores()[0])
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield Bench(url=f"http://127.0.0.1:{port}", fast=fast, rounds=rounds)
        finally:
            process.stdin.close()
            process.wait()
