"""Bytes of a job that is kept, with its document: made of the same bytes, counted by tracemalloc."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import attrs
import peers
from answers import cluster_id, page
from harness import Goal, Result

from work.structure_page import way_of

if TYPE_CHECKING:
    from harness import Bench

__all__ = ["measure"]

_PAGE = 500
_WAYS = {
    ("ours", "two"): "this library, id and state looked at",
    ("ours", "all"): "this library, all fields looked at",
    ("ours", "raw"): "this library, all fields and raw looked at",
    ("aiohttp_msgspec", "all"): "msgspec Structs",
    ("aiohttp_cattrs", "all"): "stock cattrs over orjson",
    ("httpx_pydantic", "all"): "pydantic",
    ("aiohttp_json", "all"): "json dicts",
}
#: Most bytes of ours.
_LIMITS = {("ours", "two"): 2_000, ("ours", "all"): 2_300}


def _look(thing: Any) -> None:
    """Look at all that is public of an attrs object and of those in it."""
    if isinstance(thing, tuple):
        for each in thing:
            _look(each)
    elif attrs.has(type(thing)):
        for field in attrs.fields(type(thing)):
            _look(getattr(thing, field.name.removeprefix("_"), None))


def client(url: str, name: str, looked: str, pages: int) -> dict[str, Any]:
    """In a client process: keep the jobs of so many pages, and say what each added."""
    del url
    way = way_of(name)
    kept: list[Any] = []

    def take(number: int) -> None:
        made = way(page(cluster_id(number, 1_000), 1, _PAGE))
        found = made if isinstance(made, tuple) else made["results"] if isinstance(made, dict) else made.results
        for job in found:
            if name == peers.OURS:
                assert job.id
                assert job.state
                if looked != "two":
                    _look(job)
                if looked == "raw":
                    assert len(job.raw)
            kept.append(job)

    take(0)  # what is made once
    kept.clear()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(pages):
        take(number)
    gc.collect()
    added = tracemalloc.get_traced_memory()[0] - before - sys.getsizeof(kept)
    return {"bytes": added / len(kept)}


def measure(bench: Bench) -> Result:
    """Count for ours and the peers; it is a count, so once is enough."""
    pages = 2 if bench.fast else 40
    names, skipped = bench.able("pages", tuple(dict.fromkeys(name for name, _ in _WAYS)))
    figures = {
        way: bench.child("work.kept_job:client", name=way[0], looked=way[1], pages=pages)["bytes"]
        for way in _WAYS
        if way[0] in names
    }
    structs = figures.get(("aiohttp_msgspec", "all"))
    rows = [[_WAYS[way], figure, structs and figure / structs] for way, figure in figures.items()]
    return Result(
        title="Memory of a job that is kept",
        text=f"{pages * _PAGE:,} jobs of about 870 bytes, {_PAGE} of a page, all kept, as tracemalloc counts what is "
        "left. Ours keep their document as received, for ``raw``; of the others only dictionaries do.",
        columns=["way", "bytes of a job", "beside msgspec Structs"],
        rows=rows,
        goals=[
            Goal(
                text=f"{_WAYS[way]}: at most {limit:,} bytes",
                figure=figures.get(way),
                limit=limit,
                counted=not bench.fast,  # few jobs have the caches to themselves
            )
            for way, limit in _LIMITS.items()
        ],
        skipped=skipped,
    )
