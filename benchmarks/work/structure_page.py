"""CPU of making 500 typed jobs of the bytes of a page."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import peers
from answers import cluster_id, page
from harness import Result, beside, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Bench

__all__ = ["measure", "way_of"]

_PAGE = 500
#: Stands for the same jobs looked at one after the other, as a walk does, so that none is kept.
_ONE_BY_ONE = "one_by_one"
_NAMES = (
    peers.OURS,
    "aiohttp_orjson",
    "aiohttp_json",
    "aiohttp_msgspec",
    "aiohttp_cattrs",
    "httpx_pydantic",
)
_TITLES = {
    peers.OURS: "this library",
    _ONE_BY_ONE: "this library, one job after the other",
    "aiohttp_orjson": "orjson dicts",
    "aiohttp_json": "json dicts",
    "aiohttp_msgspec": "msgspec Structs",
    "aiohttp_cattrs": "stock cattrs over orjson",
    "httpx_pydantic": "pydantic",
}


def way_of(name: str) -> Callable[[bytes], Any]:
    """Say how a peer makes jobs of the bytes of a page."""
    match name:
        case "aiohttp_orjson":
            import orjson

            return orjson.loads
        case "aiohttp_json":
            return json.loads
        case "aiohttp_msgspec":
            import msgspec
            from peers.aiohttp_msgspec import JobPage

            return msgspec.json.Decoder(JobPage).decode
        case "aiohttp_cattrs":
            from peers.aiohttp_cattrs import JobPage as Attrs
            from peers.aiohttp_cattrs import converter

            loads = converter().loads
            return lambda body: loads(body, Attrs)
        case "httpx_pydantic":
            from peers.httpx_pydantic import PAGES

            return PAGES.validate_json
        case _:
            return _ours(partial(deque, maxlen=0) if name == _ONE_BY_ONE else tuple)


def _ours(take: Callable[[Any], Any]) -> Callable[[bytes], Any]:
    from mongorestore_async import CLOUD_MANAGER, RestoreJob
    from mongorestore_async.codec.documents import read_jobs
    from mongorestore_async.codec.list_documents import decode_in_turns, read_list
    from mongorestore_async.errors import RequestContext
    from mongorestore_async.models.headers import Headers
    from mongorestore_async.protocol.replies import RawReply, read_reply

    decode = partial(decode_in_turns, RestoreJob)
    headers = Headers([("Content-Type", "application/json")])
    request = RequestContext(method="GET", url="http://localhost/")

    def read(body: bytes) -> Any:
        raw = RawReply(status=200, reason="OK", headers=headers, body=body, request=request)
        found = read_list(read_reply(raw, decode_list=decode).document)
        return take(read_jobs(CLOUD_MANAGER, found.results, project="p", cluster="c"))

    return read


def client(url: str, name: str, repeats: int) -> dict[str, Any]:
    """In a client process: decode a page again and again; the median counts."""
    del url
    way = way_of(name)
    body = page(cluster_id(1, 1_000), 1, _PAGE)
    samples: list[float] = []
    way(body)
    gc.collect()
    for _ in range(repeats):
        begun = time.process_time()
        way(body)
        samples.append(time.process_time() - begun)
    return {"cpu": statistics.median(samples)}


def parts(url: str, repeats: int) -> dict[str, Any]:
    """In a client process: what of ours the pieces of the work take, in milliseconds."""
    del url
    from mongorestore_async import RestoreJob
    from mongorestore_async.codec.list_documents import decode_list, page_form

    body = page(cluster_id(1, 1_000), 1, _PAGE)
    decode = page_form(RestoreJob).decode
    found: dict[str, list[float]] = {"decode": [], "check": [], "make": []}
    for _ in range(repeats):
        moments = [time.process_time()]
        decode(body)
        moments.append(time.process_time())
        listed = decode_list(RestoreJob, body)
        moments.append(time.process_time())
        assert listed is not None
        deque(listed.results, maxlen=0)
        moments.append(time.process_time())
        for name, begun, ended in zip(found, moments, moments[1:], strict=False):
            found[name].append(ended - begun)
    medians = {name: statistics.median(each) * 1000 for name, each in found.items()}
    return {**medians, "check": medians["check"] - medians["decode"]}


def measure(bench: Bench) -> Result:
    """Measure ours beside the peers."""
    names, skipped = bench.able("pages", _NAMES)
    repeats = 5 if bench.fast else 100
    names = [*names, *([_ONE_BY_ONE] if peers.OURS in names else [])]
    found = bench.turns({n: partial(bench.child, "work.structure_page:client", name=n, repeats=repeats) for n in names})
    base = "aiohttp_msgspec"
    columns, rows = table(found, base, _TITLES, unit="ms")
    pieces = bench.child("work.structure_page:parts", repeats=repeats)
    return Result(
        title=f"Structure one page of {_PAGE} jobs",
        text="From the bytes of the body to a sequence of checked, typed jobs, without a network or an event loop. "
        f"Of ours, decoding the page costs {pieces['decode']:.2f} ms, proving that nothing was lost "
        f"{pieces['check']:.2f} ms, and making the models {pieces['make']:.2f} ms: each is one object, whose parts are "
        "made when they are looked at. The rest is the garbage collector's, where all jobs are kept at once.",
        columns=columns,
        rows=rows,
        goals=[
            attrs.evolve(goal, text=f"{what}: {goal.text}")
            for what, name, limit in (("one by one", _ONE_BY_ONE, 1.6), ("kept", peers.OURS, 2.0))
            for goal in beside(found, name, {base: limit}, _TITLES)
        ],
        skipped=skipped,
        samples=found,
        plot={"kind": "bars", "label": columns[1], "values": {row[0]: row[1] for row in rows}},
    )
