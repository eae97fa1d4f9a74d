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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Bench", "Goal", "Result", "cores", "meter", "ratio", "serve", "with_peer"]

HERE = Path(__file__).parent

#: A sample that takes longer, seconds, is taken in so many rounds at most.
_LONG, _PATIENT_ROUNDS = 2.5, 3


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

    """

    text: str
    figure: float | None
    limit: float
    least: float | None = None
    counted: bool = False

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

    """

    url: str
    fast: bool
    rounds: int
    failed: dict[str, str] = attrs.field(factory=dict[str, str])
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
                if turn >= _PATIENT_ROUNDS and found[name][0].get("wall", 0) > _LONG:
                    continue
                try:
                    found[name].append(rows[name]())
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


def ratio(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], figure: str) -> float:
    """Median over the rounds of ours divided by theirs in the same round."""
    pairs = zip(ours, theirs, strict=False)  # a peer that takes long has fewer rounds
    return statistics.median(float(mine[figure] / other[figure]) for mine, other in pairs)


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
    """In a client process: open a peer, call one of its methods, and measure both."""
    import asyncio

    from peers.base import BlockingPeer

    made = peers.peer(name, url)

    async def run() -> int:
        assert not isinstance(made, BlockingPeer)
        async with made:
            count: int = await getattr(made, work)(*arguments)
            return count

    if isinstance(made, BlockingPeer):
        with meter() as figures, made:
            count = getattr(made, work)(*arguments)
    else:
        factory = None
        if loop == "uvloop":
            import uvloop

            factory = uvloop.new_event_loop
        with meter() as figures, asyncio.Runner(loop_factory=factory) as runner:
            count = runner.run(run())
    return {**figures, "count": count}


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
