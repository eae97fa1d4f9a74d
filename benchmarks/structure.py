"""A page of 500 restore jobs: decoding its JSON, and making typed jobs of it.

``python benchmarks/structure.py`` measures it in full, ``--fast`` roughly; all options are pyperf's.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyperf

from mongorestore_async import CLOUD_MANAGER
from mongorestore_async.protocol.documents import read_jobs
from mongorestore_async.protocol.lists import read_list

__all__ = ["BARE", "JOBS", "TYPED"]

BARE = "500 jobs: json.loads"
TYPED = "500 jobs: json.loads, then typed jobs"
JOBS = 500

_SEED = Path(__file__).parent.parent / "tests" / "fixtures" / "cloud_manager_list.json"


def page() -> str:
    """Make a page of the vendor's example jobs, each with an id of its own."""
    document = json.loads(_SEED.read_text(encoding="utf-8"))
    examples = document["results"]
    document["results"] = [examples[n % len(examples)] | {"id": f"{n:024x}"} for n in range(JOBS)]
    return json.dumps(document | {"totalCount": JOBS})


def typed(text: str) -> int:
    """Do what the session does with the body of a page."""
    found = read_list(json.loads(text))
    return len(read_jobs(CLOUD_MANAGER, found.results, project="p", cluster="c"))


def main() -> None:
    """Measure both."""
    text = page()
    assert typed(text) == JOBS
    runner = pyperf.Runner()
    runner.bench_func(BARE, json.loads, text)
    runner.bench_func(TYPED, typed, text)


if __name__ == "__main__":
    main()
