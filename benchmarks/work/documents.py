"""CPU of documents in Python: ``json.dumps`` of what ``to_dict()`` gives, and ``load_jobs`` of many."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import peers
from answers import cluster_id, page
from harness import Goal, Result, ratio, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness import Bench

__all__ = ["WHY", "measure", "way_of"]

_PAGE = 500
#: What to_dict() does beside making a dictionary.
WHY = "A job that nobody looked at is decoded first, and every member is looked at for what is to be redacted."
_TITLES = {
    "to_dict ours": "json.dumps(job.to_dict())",
    "to_dict aiohttp_json": "json.dumps(dict)",
    "load_jobs ours": "load_jobs(family, documents)",
    "load_jobs aiohttp_cattrs": "stock cattrs: structure(documents, list[Job])",
}
#: What each work's ways are divided by, and the goal.
_BESIDE = {"to_dict": ("aiohttp_json", 2.0), "load_jobs": ("aiohttp_cattrs", 1.0)}


def way_of(work: str, peer: str, documents: Sequence[Any], turns: int) -> tuple[Callable[[], object], int]:
    """Say how a peer does a work, and for how many documents at once: the jobs of a page.

    Args:
        work: ``to_dict`` or ``load_jobs``.
        peer: Who does it.
        documents: The documents of a page.
        turns: How often it will be called at most: each time with jobs that nobody has looked at.

    """
    from mongorestore_async import CLOUD_MANAGER, load_jobs

    if work == "load_jobs":
        if peer == peers.OURS:
            return partial(load_jobs, CLOUD_MANAGER, documents), len(documents)
        from peers.aiohttp_cattrs import Job, converter

        return partial(converter().structure, documents, list[Job]), len(documents)
    if peer != peers.OURS:
        return lambda: [json.dumps(document) for document in documents], len(documents)
    from work.structure_page import way_of as structure

    body = page(cluster_id(1, 1_000), 1, _PAGE)
    made = iter([structure(peers.OURS)(body) for _ in range(turns)])
    return lambda: [json.dumps(job.to_dict()) for job in next(made)], _PAGE


def client(url: str, work: str, peer: str, repeats: int) -> dict[str, Any]:
    """In a client process: CPU seconds of a document."""
    del url
    documents = json.loads(page(cluster_id(1, 1_000), 1, _PAGE))["results"]
    way_of(work, peer, documents, 1)[0]()
    spent, done = 0.0, 0
    for _ in range(repeats):
        once, per = way_of(work, peer, documents, 1)  # its jobs are made outside of what is measured
        begun = time.process_time()
        once()
        spent += time.process_time() - begun
        done += per
    return {"cpu": spent / done}


def measure(bench: Bench) -> Result:
    """Measure ours beside what is written by hand."""
    repeats = 2 if bench.fast else 20
    names, skipped = bench.able("documents", (peers.OURS, "aiohttp_json", "aiohttp_cattrs"))
    ways = [(work, peer) for work, (other, _) in _BESIDE.items() for peer in (peers.OURS, other) if peer in names]
    call = partial(bench.child, "work.documents:client", repeats=repeats)
    found = bench.turns({f"{work} {peer}": partial(call, work=work, peer=peer) for work, peer in ways})
    columns: list[str] = []
    rows: list[list[Any]] = []
    goals: list[Goal] = []
    for work, (other, limit) in _BESIDE.items():
        base = found.get(f"{work} {other}")
        mine = {name: samples for name, samples in found.items() if name.startswith(work)}
        columns, more = table(mine, f"{work} {other}", _TITLES, unit="us")
        rows += more
        goals.append(
            Goal(
                text=f"{_TITLES[f'{work} ours']}: at most {limit:.2f} x {_TITLES[f'{work} {other}']}",
                figure=None if base is None else ratio(mine[f"{work} ours"], base, "cpu"),
                limit=limit,
                why=WHY if work == "to_dict" else "",
            )
        )
    columns[1] = "CPU beside the other way"
    return Result(
        title="Documents in Python",
        text=f"{_PAGE} jobs of a page at a time; what is written has just been listed and was not looked at before.",
        columns=columns,
        rows=rows,
        goals=goals,
        skipped=skipped,
        samples=found,
    )
